/* Tests of table: the same rows as text, JSON, JSON Lines and CSV. */
#include "common/table.h"
#include "common/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int set_up(void **state)
{
    static struct arena arena;
    arena = (struct arena){0};
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static const char *written(struct table *t, enum table_format format)
{
    struct buf out = {.arena = t->arena};
    table_write(&out, t, format);
    return arena_text(t->arena, buf_str(&out));
}

/* Two rows with a cell of every kind, null in each numeric column once. */
static struct table every_kind(struct arena *a)
{
    struct table t = {.arena = a};
    static const char *const names[] = {"name", "rows", "change", "share", "ok"};
    for (size_t i = 0; i < 5; i++)
        table_heading(&t, names[i]);
    table_text(&t, STR("public.users"));
    table_count(&t, 1234567);
    table_integer(&t, -1234);
    table_real(&t, 200.0 / 3);
    table_boolean(&t, true);
    table_text(&t, STR("t"));
    table_count(&t, 5);
    table_null(&t);
    table_real(&t, 100);
    table_boolean(&t, false);
    return t;
}

static void text_aligns_numbers_to_the_right(void **state)
{
    struct table t = every_kind(*state);
    assert_int_equal(table_rows(&t), 2);
    assert_string_equal(written(&t, TABLE_TEXT), "name               rows  change   share  ok\n"
                                                 "public.users  1,234,567  -1,234   66.67  yes\n"
                                                 "t                     5       -  100.00  no\n");
}

static void text_is_indented_and_has_no_space_at_line_ends(void **state)
{
    struct table t = {.arena = *state, .indent = 4};
    table_heading(&t, "a");
    table_heading(&t, "long heading");
    table_heading(&t, "");
    table_text(&t, STR("x"));
    table_text(&t, STR(""));
    table_text(&t, STR(""));
    table_text(&t, STR("longer"));
    table_text(&t, STR("y"));
    table_text(&t, STR("z"));
    assert_string_equal(written(&t, TABLE_TEXT), "    a       long heading\n"
                                                 "    x\n"
                                                 "    longer  y             z\n");
}

static void json_is_an_array_of_objects_with_numbers_as_numbers(void **state)
{
    struct table t = every_kind(*state);
    assert_string_equal(
        written(&t, TABLE_JSON),
        "[\n{\"name\":\"public.users\",\"rows\":1234567,\"change\":-1234,"
        "\"share\":66.66666666666667,\"ok\":true},\n"
        "{\"name\":\"t\",\"rows\":5,\"change\":null,\"share\":100.0,\"ok\":false}\n]\n");
}

static void json_lines_are_one_object_each(void **state)
{
    struct table t = every_kind(*state);
    assert_string_equal(
        written(&t, TABLE_JSON_LINES),
        "{\"name\":\"public.users\",\"rows\":1234567,\"change\":-1234,"
        "\"share\":66.66666666666667,\"ok\":true}\n"
        "{\"name\":\"t\",\"rows\":5,\"change\":null,\"share\":100.0,\"ok\":false}\n");
}

static void csv_follows_rfc_4180(void **state)
{
    struct table t = {.arena = *state};
    table_heading(&t, "plain");
    table_heading(&t, "a,b");
    table_heading(&t, "n");
    table_text(&t, STR("say \"x\""));
    table_text(&t, STR(""));
    table_null(&t);
    table_text(&t, STR("a,b"));
    table_text(&t, STR("c"));
    table_count(&t, 1234567);
    assert_string_equal(written(&t, TABLE_CSV), "plain,\"a,b\",n\r\n"
                                                "\"say \"\"x\"\"\",\"\",\r\n"
                                                "\"a,b\",c,1234567\r\n");
}

static void table_without_rows_has_its_headings(void **state)
{
    struct table t = {.arena = *state};
    table_heading(&t, "a");
    table_heading(&t, "b");
    assert_string_equal(written(&t, TABLE_TEXT), "a  b\n");
    assert_string_equal(written(&t, TABLE_JSON), "[]\n");
    assert_string_equal(written(&t, TABLE_JSON_LINES), "");
    assert_string_equal(written(&t, TABLE_CSV), "a,b\r\n");
    struct table none = {.arena = *state};
    assert_int_equal(table_rows(&none), 0);
    assert_string_equal(written(&none, TABLE_TEXT), "");
    assert_string_equal(written(&none, TABLE_JSON), "[]\n");
}

/* S5: a name must not move the cursor, end a line or turn it around. */
static void names_from_outside_are_escaped_in_every_format(void **state)
{
    static const enum table_format formats[] = {TABLE_TEXT, TABLE_JSON, TABLE_JSON_LINES,
                                                TABLE_CSV};
    for (size_t i = 0; i < 4; i++) {
        struct table t = {.arena = *state};
        table_heading(&t, "n");
        table_text(&t, STR("a\033[2J\nb\r\xe2\x80\xae\xff\0z"));
        const char *text = written(&t, formats[i]);
        assert_null(strchr(text, '\033'));
        assert_null(strstr(text, "\xe2\x80\xae"));
        assert_null(strchr(text, '\xff'));
        assert_null(strstr(text, "\nb"));
        assert_non_null(strchr(text, 'z'));
    }
}

static void width_counts_terminal_cells(void **state)
{
    (void)state;
    assert_int_equal(text_width(STR("abc")), 3);
    assert_int_equal(text_width(STR("na\xc3\xafve")), 5);
    assert_int_equal(text_width(STR("\xe6\xbc\xa2\xe5\xad\x97")), 4); /* two Han characters */
    assert_int_equal(text_width(STR("\xf0\x9f\x94\x91")), 2);         /* a key */
    assert_int_equal(text_width(STR("e\xcc\x81")), 1);                /* combining acute */
    struct table t = {.arena = *state};
    table_heading(&t, "n");
    table_heading(&t, "x");
    table_text(&t, STR("\xe6\xbc\xa2"));
    table_text(&t, STR("1"));
    table_text(&t, STR("\xc3\xa9"));
    table_text(&t, STR("2"));
    assert_string_equal(written(&t, TABLE_TEXT), "n   x\n\xe6\xbc\xa2  1\n\xc3\xa9   2\n");
}

static const char *as_json(struct arena *a, struct cell cell)
{
    struct buf out = {.arena = a};
    cell_json(&out, &cell);
    return arena_text(a, buf_str(&out));
}

static void extremes_are_written_in_full(void **state)
{
    struct arena *a = *state;
#define REAL(n)    as_json(a, (struct cell){CELL_REAL, {.real = (n)}})
#define INTEGER(n) as_json(a, (struct cell){CELL_INTEGER, {.integer = (n)}})
#define COUNT(n)   as_json(a, (struct cell){CELL_COUNT, {.count = (n)}})
    assert_string_equal(INTEGER(INT64_MIN), "-9223372036854775808");
    assert_string_equal(COUNT(UINT64_MAX), "18446744073709551615");
    assert_string_equal(REAL(0.1), "0.1");
    assert_string_equal(REAL(0), "0.0");
    assert_string_equal(REAL(1e300), "1e+300");
    assert_string_equal(REAL(100.0 / 3), "33.333333333333336"); /* python3: 100/3 */
    assert_string_equal(REAL((double)NAN), "null");
    assert_string_equal(REAL((double)INFINITY), "null");
    struct table t = {.arena = a};
    table_heading(&t, "n");
    table_integer(&t, INT64_MIN);
    assert_string_equal(written(&t, TABLE_TEXT), "                         n\n"
                                                 "-9,223,372,036,854,775,808\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_aligns_numbers_to_the_right),
        TEST(text_is_indented_and_has_no_space_at_line_ends),
        TEST(json_is_an_array_of_objects_with_numbers_as_numbers),
        TEST(json_lines_are_one_object_each),
        TEST(csv_follows_rfc_4180),
        TEST(table_without_rows_has_its_headings),
        TEST(names_from_outside_are_escaped_in_every_format),
        TEST(width_counts_terminal_cells),
        TEST(extremes_are_written_in_full),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
