/*
 * insert: rows of INSERT as COPY text. What is wanted is what COPY TO writes of the same values
 * (copyto.c), by hand. Every script is read whole and in pieces of one and three bytes, into rooms
 * of one, 17 and many bytes.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/dump/sql.h"
#include "tests/unit/copy_rows.h"

static const bool *left_out;
static size_t left_out_count;

static void put_event(struct buf *out, const struct sql_event *e)
{
    buf_printf(out, "%s %.*s", e->kind == SQL_EVENT_INSERT ? "insert" : "unread", STR_ARG(e->name));
    for (size_t i = 0; i < e->column_count; i++)
        buf_printf(out, "%s%.*s", i ? "," : " ", STR_ARG(e->columns[i].name));
    if (e->kind == SQL_EVENT_UNREAD)
        buf_printf(out, ": %d %.*s", (int)e->count, STR_ARG(e->what));
    buf_byte(out, '\n');
}

/* Events and rows, and the error. */
static struct str told(struct str text, size_t piece, size_t room)
{
    struct buf out = {.arena = &arena};
    struct window w;
    struct sql_reader r;
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    struct source *src = source_memory(text, piece, &err);
    assert_non_null(src);
    assert_true(window_open(&w, src, 1, &err));
    w.name = "x.sql";
    sql_open(&r, &w);
    bool ok = true;
    while (ok && (ok = sql_next(&r, &e, &err)) && e.kind != SQL_EVENT_END) {
        if (e.kind == SQL_EVENT_INSERT || e.kind == SQL_EVENT_UNREAD)
            put_event(&out, &e);
        if (e.kind == SQL_EVENT_INSERT)
            ok = put_rows(&out, sql_insert_rows(&r, left_out, left_out_count), room);
    }
    if (!ok)
        buf_printf(&out, "!%d %d %s\n", err.kind, err.id, err.place);
    sql_close(&r);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

static void gives(const char *script, const char *wanted)
{
    const size_t pieces[] = {0, 1, 3};
    const size_t rooms[] = {65536, 1, 17, 64};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 4; k++) {
            err = (struct err){0};
            struct str got = told(str_from(script), pieces[i], rooms[k]);
            assert_string_equal(arena_text(&arena, got), wanted);
        }
}

/* The fields of one row of values; behind them, if need be, what is unread. */
static void row_gives(const char *values, const char *wanted)
{
    gives(arena_printf(&arena, "INSERT INTO t VALUES (%s);", values),
          arena_printf(&arena, "insert t\n%s\n", wanted));
}

static void row_is_odd(const char *values, const char *wanted)
{
    row_gives(values,
              arena_printf(&arena, "%s\nunread t: 1 INSERT of a value that is no literal", wanted));
}

/* ---- literals ---- */

static void strings_are_escaped_as_copy_does(void **state)
{
    (void)state;
    row_gives("'a', '', 'it''s', ''''", "a\t\tit's\t'");
    row_gives("'tab\there\nnl \\ back\r\b\f\v'", "tab\\there\\nnl \\\\ back\\r\\b\\f\\v");
    row_gives("'\\N', '\\.', ');', 'a, (b', '-- c', '/* d', ';'",
              "\\\\N\t\\\\.\t);\ta, (b\t-- c\t/* d\t;");
    row_gives("'\\x6162ff'", "\\\\x6162ff");
    row_gives("'\xc3\xa9\xf0\x9f\x94\x91'", "\xc3\xa9\xf0\x9f\x94\x91");
}

static void escape_strings_are_decoded(void **state)
{
    (void)state;
    row_gives("E'a\\tb\\nc\\\\d\\'e''f\\q'", "a\\tb\\nc\\\\d'e'fq");
    row_gives("E'\\101\\x42\\x4g\\60', e'\\b\\f\\r\\v'", "AB\4g0\t\\b\\f\\r\\v");
    row_gives("E'\\u00e9\\U0001F511\\ud83d\\udd11\\u20acx'",
              "\xc3\xa9\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xe2\x82\xacx");
}

static void unicode_strings_are_decoded(void **state)
{
    (void)state;
    row_gives("U&'d\\0061t\\+000061', u&'\\\\''\\00e9', U&'\\d83d\\dd11'",
              "data\t\\\\'\xc3\xa9\t\xf0\x9f\x94\x91");
}

static void dollar_quotes_hold_anything(void **state)
{
    (void)state;
    row_gives("$$a'b;)$c$$, $x$ $$ $y$ $x$, $_1$$_1$", "a'b;)$c\t $$ $y$ \t");
}

static void numbers_words_and_bits_are_as_copy_writes_them(void **state)
{
    (void)state;
    row_gives("1, -2, +3.5, .5, -.5e-10, 1E+5, 1_000, 0x1F",
              "1\t-2\t+3.5\t.5\t-.5e-10\t1E+5\t1_000\t0x1F");
    row_gives("NULL, null, true, FALSE, True", "\\N\t\\N\tt\tf\tt");
    row_gives("B'0101', b'', X'1Fa0', x''", "0101\t\t0001111110100000\t");
    row_gives("N'a''b'", "a'b");
}

static void casts_are_passed_over(void **state)
{
    (void)state;
    row_gives(
        "'a'::text, 'b' :: character varying(10), '1'::numeric(10, 2), '{}'::text[], NULL::int",
        "a\tb\t1\t{}\t\\N");
    row_gives("'x'::\"char\", 'y'::pg_catalog.\"my type\", '3'::interval day to second(3)::text",
              "x\ty\t3");
    row_gives("'2020-01-01'::timestamp(3) with time zone, 5::double precision, true::boolean",
              "2020-01-01\t5\tt");
}

static void strings_go_on_in_the_next_line(void **state)
{
    (void)state;
    row_gives("'a'\n  'b' -- c\n 'd', E'x\\t'\n'\\ty'", "abd\tx\\t\\ty");
    row_is_odd("'a' 'b'", "ab");
}

static void blanks_and_comments_stand_anywhere(void **state)
{
    (void)state;
    gives("INSERT INTO t VALUES/**/(/* ( */ 1 --,\n , 2/* /* */ ' */)--;\n,\n(3,4) ;",
          "insert t\n1\t2\n3\t4\n");
}

/* ---- what is no literal ---- */

static void expressions_are_counted_and_their_text_is_kept(void **state)
{
    (void)state;
    row_is_odd("now()", "now()");
    row_is_odd("1 + 2", "1+ 2");
    row_is_odd("'v1:x' || E'\\x41'", "v1:x|| EA");
    row_is_odd("decode('a,)''b', 'hex')", "decode(a,)'b, hex)");
    row_is_odd("ARRAY['a', ')']", "ARRAY[a, )]");
    row_is_odd("ROW(1, 2)", "ROW(1, 2)");
    row_is_odd("(SELECT $$)$$ -- )\n)", "(SELECT ) )");
    row_is_odd("CAST('1' AS int)", "CAST(1 AS int)");
    row_is_odd("DATE '2020-01-01'", "DATE 2020-01-01");
    row_is_odd("'a'::text IS NULL", "aIS NULL");
    row_is_odd("DEFAULT", "DEFAULT");
    row_is_odd(":var", ":var");
    row_is_odd("\"col)\"", "col)");
    row_is_odd("", "");
}

static void each_odd_value_is_counted_and_rows_beside_it_are_whole(void **state)
{
    (void)state;
    gives(
        "INSERT INTO t VALUES (1, f('a'), g(2)), (2, 'b', 'c');INSERT INTO t VALUES (h(3), 4, 5);",
        "insert t\n1\tf(a)\tg(2)\n2\tb\tc\nh(3)\t4\t5\n"
        "unread t: 3 INSERT of a value that is no literal\n");
}

static void generated_columns_are_no_field(void **state)
{
    (void)state;
    static const bool second[] = {false, true, false};
    left_out = second;
    left_out_count = 3;
    gives("INSERT INTO t VALUES (1, DEFAULT, 'x'), (2, default, NULL);",
          "insert t\n1\tx\n2\t\\N\n");
    /* a value there is none of a generated column: the row is not what it was taken for */
    gives("INSERT INTO t VALUES (1, 'v', 'x');", "insert t\n1\tv\tx\n");
    gives("INSERT INTO t VALUES (DEFAULT, DEFAULT, 'x');",
          "insert t\nDEFAULT\tx\nunread t: 1 INSERT of a value that is no literal\n");
    left_out_count = 0;
}

static void rows_without_any_field_are_empty_lines(void **state)
{
    (void)state;
    static const bool only[] = {true};
    gives("INSERT INTO t DEFAULT VALUES;\nINSERT INTO t DEFAULT VALUES ;", "insert t\n\n\n");
    left_out = only;
    left_out_count = 1;
    gives("INSERT INTO t VALUES (DEFAULT), (DEFAULT);", "insert t\n\n\n");
    left_out_count = 0;
}

/* ---- statements ---- */

static void statements_that_differ_in_their_values_are_one_run(void **state)
{
    (void)state;
    gives("INSERT INTO s.t VALUES (1);\nINSERT INTO s.t VALUES (2);\r\ninsert INTO s.t "
          "VALUES\n\t(3),\n"
          "\t(4);\n\nINSERT INTO s.t (a) VALUES (5);\nINSERT INTO s.t (a) VALUES (6);INSERT INTO u "
          "VALUES (7);",
          "insert t\n1\n2\n3\n4\ninsert t a\n5\n6\ninsert u\n7\n");
}

static void shapes_of_the_head(void **state)
{
    (void)state;
    gives("INSERT INTO \"a b\".\"T\"\"\" (\"x y\", z) OVERRIDING SYSTEM VALUE VALUES (1, 2);",
          "insert T\" x y,z\n1\t2\n");
    gives("INSERT INTO t OVERRIDING USER VALUE VALUES (1);", "insert t\n1\n");
    gives("INSERT INTO t AS u (a) VALUES (1);", "insert t a\n1\n");
    gives("/* c */ INSERT /* d */ INTO t -- e\n VALUES (1);", "insert t\n1\n");
}

static void conflicts_that_do_nothing_change_nothing(void **state)
{
    (void)state;
    gives("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING;\nINSERT INTO t VALUES (2)\n"
          "on conflict do nothing ;\n",
          "insert t\n1\n2\n");
    gives("INSERT INTO t VALUES (1) ON CONFLICT (a) DO NOTHING;INSERT INTO t VALUES (2) ON "
          "CONFLICT ON "
          "CONSTRAINT c DO NOTHING;",
          "insert t\n1\ninsert t\n2\n");
}

static void what_else_stands_behind_rows_is_unread(void **state)
{
    (void)state;
    const char *unread = "insert t\n1\nunread t: 1 INSERT with more behind its rows\ninsert u\n2\n";
    const char *tails[] = {"ON CONFLICT (a) DO UPDATE SET b = 'v1:x;'",
                           "RETURNING a",
                           "ON CONFLICT DO NOTHING RETURNING a",
                           "ON DUPLICATE KEY UPDATE a = 1",
                           "UNION SELECT 1",
                           "garbage",
                           "ON CONFLICT DO NOTHINGX"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
        gives(arena_printf(&arena, "INSERT INTO t VALUES (1) %s;\nINSERT INTO u VALUES (2);",
                           tails[i]),
              unread);
}

static void what_brings_other_rows_is_unread(void **state)
{
    (void)state;
    const char *bodies[] = {"SELECT 1",   "(a) SELECT 1", "TABLE u",
                            "(SELECT 1)", "(VALUES (1))", "WITH x AS (SELECT 1) SELECT 1"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        err = (struct err){0};
        struct str got =
            told(str_from(arena_printf(&arena, "INSERT INTO t %s;", bodies[i])), 1, 64);
        const char *text = arena_text(&arena, got);
        assert_true(strncmp(text, "unread t: 1 INSERT", 18) == 0);
    }
}

static void old_strings_have_escapes_while_the_setting_is_off(void **state)
{
    (void)state;
    gives("SET standard_conforming_strings = off;\nINSERT INTO t VALUES ('a\\'b\\\\c\\td', "
          "f('\\')'));\n"
          "SET standard_conforming_strings = on;\nINSERT INTO t VALUES ('\\');",
          "insert t\na'b\\\\c\\td\tf('))\nunread t: 1 INSERT of a value that is no literal\n"
          "insert t\n\\\\\n");
}

static void rows_that_nobody_reads_are_passed(void **state)
{
    (void)state;
    struct window w;
    struct sql_reader r;
    struct sql_event e = {0};
    struct source *src = source_memory(STR("INSERT INTO t VALUES (1, ';'), (2, 'x');INSERT INTO t "
                                           "VALUES (3, f());SELECT 1 INTO z;"),
                                       1, &err);
    assert_true(window_open(&w, src, 1, &err));
    sql_open(&r, &w);
    assert_true(sql_next(&r, &e, &err));
    assert_int_equal(e.kind, SQL_EVENT_INSERT);
    assert_true(sql_next(&r, &e, &err));
    assert_int_equal(e.kind, SQL_EVENT_UNREAD);
    assert_true(str_starts(e.what, STR("INSERT of a value")));
    assert_true(sql_next(&r, &e, &err));
    assert_true(str_eq(e.what, STR("SELECT ... INTO")));
    assert_true(sql_next(&r, &e, &err));
    assert_int_equal(e.kind, SQL_EVENT_END);
    sql_close(&r);
    window_close(&w);
    source_close(src);
}

/* ---- ends ---- */

static void cut_off_anywhere_inside_a_statement_is_incomplete(void **state)
{
    (void)state;
    struct str whole =
        STR("INSERT INTO t VALUES (1, E'a\\tb', $q$c$q$, X'1F', U&'\\0061', f(2), NULL::text) "
            "ON CONFLICT DO NOTHING;");
    for (size_t n = 1; n < whole.len; n++) {
        err = (struct err){0};
        (void)told(str_slice(whole, 0, n), 1, 64);
        assert_int_equal(err.kind, ERR_INCOMPLETE);
        assert_true(strstr(err.place, "x.sql, byte ") != NULL);
    }
    err = (struct err){0};
    (void)told(whole, 1, 64);
    assert_int_equal(err.kind, ERR_NONE);
}

static void error_names_the_statement_of_a_run(void **state)
{
    (void)state;
    gives("INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nINSERT INTO t VALUES ('x",
          "insert t\n1\n2\nx!3 310 x.sql, byte 52 of the decoded stream (line 3)\n");
}

static void value_larger_than_any_buffer_passes_in_pieces(void **state)
{
    (void)state;
    enum { LENGTH = 5 << 20 };
    struct buf script = {.arena = &arena};
    buf_text(&script, "INSERT INTO t VALUES ('");
    for (size_t i = 0; i < LENGTH; i++)
        buf_byte(&script, (unsigned char)("ab'd"[i % 4]));
    buf_text(&script, "');"); /* every quote in it is followed by 'd': doubled below */
    struct buf doubled = {.arena = &arena};
    struct str s = buf_str(&script);
    for (size_t i = 0; i < s.len; i++) {
        buf_byte(&doubled, s.at[i]);
        if (i >= 23 && i < 23 + LENGTH && s.at[i] == '\'')
            buf_byte(&doubled, '\'');
    }
    struct str got = told(buf_str(&doubled), 0, 65536);
    assert_int_equal(got.len, strlen("insert t\n") + LENGTH + 1);
    assert_true(str_starts(got, STR("insert t\nab'dab'd")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(strings_are_escaped_as_copy_does),
        TEST(escape_strings_are_decoded),
        TEST(unicode_strings_are_decoded),
        TEST(dollar_quotes_hold_anything),
        TEST(numbers_words_and_bits_are_as_copy_writes_them),
        TEST(casts_are_passed_over),
        TEST(strings_go_on_in_the_next_line),
        TEST(blanks_and_comments_stand_anywhere),
        TEST(expressions_are_counted_and_their_text_is_kept),
        TEST(each_odd_value_is_counted_and_rows_beside_it_are_whole),
        TEST(generated_columns_are_no_field),
        TEST(rows_without_any_field_are_empty_lines),
        TEST(statements_that_differ_in_their_values_are_one_run),
        TEST(shapes_of_the_head),
        TEST(conflicts_that_do_nothing_change_nothing),
        TEST(what_else_stands_behind_rows_is_unread),
        TEST(what_brings_other_rows_is_unread),
        TEST(old_strings_have_escapes_while_the_setting_is_off),
        TEST(rows_that_nobody_reads_are_passed),
        TEST(cut_off_anywhere_inside_a_statement_is_incomplete),
        TEST(error_names_the_statement_of_a_run),
        TEST(value_larger_than_any_buffer_passes_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
