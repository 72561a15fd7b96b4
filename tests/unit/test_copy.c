/*
 * copy: fields of COPY text. Expected values are PostgreSQL's: what COPY FROM made of these bytes,
 * and what its documentation says of escapes.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/dump/copy.h"

static void unescapes(struct str raw, struct str wanted)
{
    unsigned char into[64];
    size_t len = 99;
    assert_true(raw.len <= sizeof into);
    assert_true(copy_unescape(raw, into, &len));
    assert_int_equal(len, wanted.len);
    assert_memory_equal(into, wanted.at, wanted.len);
    memcpy(into, raw.at, raw.len); /* and in place */
    assert_true(copy_unescape(str_make(into, raw.len), into, &len));
    assert_int_equal(len, wanted.len);
    assert_memory_equal(into, wanted.at, wanted.len);
}

static void every_escape_of_the_manual_is_decoded(void **state)
{
    (void)state;
    unescapes(STR("\\b\\f\\n\\r\\t\\v\\\\"), STR("\b\f\n\r\t\v\\"));
    unescapes(STR("a\\tb\\\\n"), STR("a\tb\\n"));
    unescapes(STR("\\101\\7x\\60"), STR("A\007x0"));
    unescapes(STR("\\x41\\x4g\\xg\\x414"), STR("A\004gxgA4"));
    unescapes(STR("\\777"), STR("\377"));
    unescapes(STR("\\1234"), STR("S4"));
    unescapes(STR("\\8"), STR("8"));
}

static void any_other_escaped_byte_is_itself(void **state)
{
    (void)state;
    unescapes(STR("\\a\\\"\\\t\\'"), STR("a\"\t'"));
    unescapes(STR("\\."), STR("."));
}

static void bytea_reads_as_its_hex_form(void **state)
{
    (void)state;
    unescapes(STR("\\\\x6162"), STR("\\x6162"));
}

static void only_the_whole_field_is_null(void **state)
{
    (void)state;
    unsigned char into[8];
    size_t len = 99;
    assert_false(copy_unescape(STR("\\N"), into, &len));
    assert_int_equal(len, 0);
    unescapes(STR("\\Nx"), STR("Nx"));
    unescapes(STR("x\\N"), STR("xN"));
    unescapes(STR("N"), STR("N"));
    unescapes(STR(""), STR(""));
    unescapes(STR("\\\\N"), STR("\\N")); /* the text \N */
}

static void lone_backslash_at_the_end_is_dropped_as_in_the_server(void **state)
{
    (void)state;
    unescapes(STR("abc\\"), STR("abc"));
    unescapes(STR("\\"), STR(""));
}

static void fields_are_parted_by_tabs_and_empty_ones_count(void **state)
{
    (void)state;
    struct copy_fields f = copy_fields(STR("1\t\t\\N\t"));
    struct str raw;
    const char *wanted[] = {"1", "", "\\N", ""};
    for (size_t i = 0; i < 4; i++) {
        assert_true(copy_next(&f, &raw));
        assert_true(str_eq(raw, str_from(wanted[i])));
    }
    assert_false(copy_next(&f, &raw));
    f = copy_fields(STR(""));
    assert_true(copy_next(&f, &raw)); /* an empty line is one empty field */
    assert_int_equal(raw.len, 0);
    assert_false(copy_next(&f, &raw));
}

static void end_line_is_told_from_an_escaped_dot(void **state)
{
    (void)state;
    assert_true(copy_is_end(STR("\\.")));
    assert_true(copy_is_end(STR("\\.\r")));
    assert_false(copy_is_end(STR("\\\\.")));
    assert_false(copy_is_end(STR("\\.x")));
    assert_false(copy_is_end(STR("\\.\t1")));
    assert_false(copy_is_end(STR("\\")));
    assert_false(copy_is_end(STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_escape_of_the_manual_is_decoded),
        cmocka_unit_test(any_other_escaped_byte_is_itself),
        cmocka_unit_test(bytea_reads_as_its_hex_form),
        cmocka_unit_test(only_the_whole_field_is_null),
        cmocka_unit_test(lone_backslash_at_the_end_is_dropped_as_in_the_server),
        cmocka_unit_test(fields_are_parted_by_tabs_and_empty_ones_count),
        cmocka_unit_test(end_line_is_told_from_an_escaped_dot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
