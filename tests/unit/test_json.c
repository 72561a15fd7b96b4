/*
 * json, json_lines: records as rows of COPY text. What is wanted is by hand: RFC 8259 for the
 * values, copyto.c for the text. Every text is read whole and in pieces of one and three bytes,
 * into rooms of one, 17 and many bytes, and with lines that are looked at whole and that are not.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/dump/json_lines.h"
#include "formats/dump/sniff.h"
#include "tests/unit/copy_rows.h"

#include <stdio.h>
#include <stdlib.h>

/* Runs with their columns, cells with theirs, and the error. */
static struct str told(struct str text, size_t piece, size_t room, size_t line_max)
{
    struct buf out = {.arena = &arena};
    struct window w;
    struct json_lines l;
    struct source *src = source_memory(text, piece, &err);
    assert_non_null(src);
    assert_true(window_open(&w, src, 1, &err));
    json_lines_open(&l, &w, &arena);
    l.line_max = line_max;
    enum json_lines_next next = JSON_LINES_APART;
    while (next != JSON_LINES_END && next != JSON_LINES_FAILED) {
        next = json_lines_next(&l, &err);
        if (next == JSON_LINES_ROWS) {
            for (size_t i = 0; i < l.key_count; i++)
                buf_printf(&out, "%s%.*s", i ? "," : "[", STR_ARG(l.keys[i]));
            buf_text(&out, l.key_count ? "]\n" : "[]\n");
        }
        if (next == JSON_LINES_CELL)
            buf_printf(&out, "%.*s=", STR_ARG(l.keys[l.cell]));
        if (next == JSON_LINES_APART)
            buf_text(&out, ".\n");
        if (next == JSON_LINES_ROWS || next == JSON_LINES_CELL)
            (void)put_rows(&out, &l.source, room);
    }
    if (next == JSON_LINES_FAILED)
        buf_printf(&out, "!%d %d %s", err.kind, err.id, err.text);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

static void gives_at(struct str text, const char *wanted, size_t line_max)
{
    const size_t pieces[] = {0, 1, 3};
    const size_t rooms[] = {65536, 1, 17, 64};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 4; k++) {
            err = (struct err){0};
            struct str got = told(text, pieces[i], rooms[k], line_max);
            assert_string_equal(arena_text(&arena, got), wanted);
        }
}

static void gives(const char *text, const char *wanted)
{
    gives_at(str_from(text), wanted, SIZE_MAX);
}

static void gives_apart(const char *text, const char *wanted)
{
    gives_at(str_from(text), wanted, 0);
}

/* One value, both ways. */
static void value_gives(const char *value, const char *wanted)
{
    const char *line = arena_printf(&arena, "{\"a\":%s}", value);
    gives(line, arena_printf(&arena, "[a]\n%s\n", wanted));
    gives_apart(line, arena_printf(&arena, "a=%s\n.\n", wanted));
}

static void value_is_bad(const char *value, const char *why)
{
    const char *line = arena_printf(&arena, "{\"a\":%s}\n", value);
    gives(line, arena_printf(&arena, "!12 360 %s", why));
    err = (struct err){0};
    struct str got = told(str_from(line), 1, 64, 0);
    assert_true(str_ends(got, str_from(arena_printf(&arena, "!12 360 %s", why))));
}

/* ---- values ---- */

static void a_string_is_its_text(void **state)
{
    (void)state;
    value_gives("\"\"", "");
    value_gives("\"abc\"", "abc");
    value_gives("\"a long text without anything in it\"", "a long text without anything in it");
    value_gives("\"null\"", "null");
    value_gives("\"\xc3\xa9\"", "\xc3\xa9");
}

static void escapes_of_a_string_are_decoded(void **state)
{
    (void)state;
    value_gives("\"\\\"\\/\\u0041\"", "\"/A");
    value_gives("\"\\\\N\"", "\\\\N");
    value_gives("\"\\b\\f\\n\\r\\t\"", "\\b\\f\\n\\r\\t");
    value_gives("\"\\u00e9\\u6f22\\u007f\"", "\xc3\xa9\xe6\xbc\xa2\x7f");
    value_gives("\"x\\uD83D\\uDE00y\"", "x\xf0\x9f\x98\x80y");
    value_gives("\"v1:Z0FB\\u003d\\u003D\"", "v1:Z0FB==");
}

static void half_of_a_surrogate_pair_is_an_error(void **state)
{
    (void)state;
    const char *why = "half of a surrogate pair stands alone";
    value_is_bad("\"\\ud83d\"", why);
    value_is_bad("\"\\ud83dx\"", why);
    value_is_bad("\"\\ud83d\\n\"", why);
    value_is_bad("\"\\ud83d\\u0041\"", why);
    value_is_bad("\"\\ud83d\\ud83d\"", why);
    value_is_bad("\"\\ude00\"", why);
}

static void null_is_null_and_other_words_and_numbers_are_their_text(void **state)
{
    (void)state;
    value_gives("null", "\\N");
    value_gives("true", "true");
    value_gives("false", "false");
    value_gives("0", "0");
    value_gives("-0.5e+10", "-0.5e+10");
    value_gives("12345678901234567890123456789012345678901234567890.25E7",
                "12345678901234567890123456789012345678901234567890.25E7");
    value_gives("NaN", "NaN");
    value_gives("-Infinity", "-Infinity");
}

static void what_is_no_value_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {"nul",   "nulll", "True", "01",      "-",  "1.",
                                      "1e",    "1e+",   "-x",   "1x",      "+1", ".5",
                                      "1.5.5", "0x1f",  "1e5e", "-Infinit"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bool missing = strchr("+.", bad[i][0]) != NULL;
        value_is_bad(bad[i], missing ? "a value is missing" : "a value is none of JSON");
    }
    value_is_bad("", "a value is missing");
    value_is_bad("'x'", "a value is missing");
    value_is_bad("\"a\tb\"", "a control character stands in a string");
    value_is_bad("\"\\x41\"", "a backslash stands before a letter that has no meaning there");
    value_is_bad("\"\\u00g0\"", "\\u lacks its four digits");
}

static void what_is_nested_is_its_text_with_its_strings_decoded(void **state)
{
    (void)state;
    value_gives("[]", "[]");
    value_gives("{ }", "{}");
    value_gives("[null, true ,1.5]", "[null,true,1.5]");
    value_gives("{\"k\\u0041\" : \"v1:x\\u003d\", \"n\":[{\"a\":{}},[]]}",
                "{\"kA\":\"v1:x=\",\"n\":[{\"a\":{}},[]]}");
}

static void what_is_nested_must_be_json(void **state)
{
    (void)state;
    const char *comma = "a comma or the end of the object or array is missing";
    value_is_bad("[1 2]", comma);
    value_is_bad("[1}", comma);
    value_is_bad("{\"a\":1]", comma);
    value_is_bad("[1,]", "a value is missing");
    value_is_bad("{\"a\":1,}", "a key is missing");
    value_is_bad("{a:1}", "a key is missing");
    value_is_bad("{\"a\" 1}", "a colon is missing behind a key");
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    struct buf deep = {.arena = &arena};
    struct buf text = {.arena = &arena};
    for (unsigned i = 1; i < JSON_DEPTH_MAX; i++)
        buf_byte(&text, '[');
    for (unsigned i = 1; i < JSON_DEPTH_MAX; i++)
        buf_byte(&text, ']');
    value_gives(arena_text(&arena, buf_str(&text)), arena_text(&arena, buf_str(&text)));
    buf_printf(&deep, "{\"a\":[%.*s]}", STR_ARG(buf_str(&text)));
    gives(arena_text(&arena, buf_str(&deep)),
          "!12 362 objects and arrays stand in one another too deep");
}

/* ---- records ---- */

static void keys_are_columns_in_the_order_of_their_coming(void **state)
{
    (void)state;
    gives("{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n", "[a,b]\n1\tx\n2\ty\n");
    gives("{\"b\":1,\"a\":2}", "[b,a]\n1\t2\n");
}

static void keys_in_another_order_find_their_column(void **state)
{
    (void)state;
    gives("{\"a\":1,\"b\":2,\"c\":3}\n{\"c\":6,\"a\":4,\"b\":5}\n", "[a,b,c]\n1\t2\t3\n4\t5\t6\n");
}

static void a_missing_key_is_null(void **state)
{
    (void)state;
    gives("{\"a\":1,\"b\":2}\n{\"b\":3}\n{}\n", "[a,b]\n1\t2\n\\N\t3\n\\N\t\\N\n");
}

/* The lines in view tell their keys before the first row is written; from one-byte pieces only the
 * first one is in view. */
static void a_new_key_is_a_new_column(void **state)
{
    (void)state;
    const char *text = "{\"a\":1}\n{\"a\":2,\"b\":3}\n{\"c\":4}\n";
    assert_string_equal(arena_text(&arena, told(str_from(text), 0, 64, SIZE_MAX)),
                        "[a,b,c]\n1\t\\N\t\\N\n2\t3\t\\N\n\\N\t\\N\t4\n");
    assert_string_equal(arena_text(&arena, told(str_from(text), 8, 64, SIZE_MAX)),
                        "[a]\n1\n[a,b]\n2\t3\n[a,b,c]\n\\N\t\\N\t4\n");
}

static void a_key_that_comes_twice_counts_twice(void **state)
{
    (void)state;
    gives("{\"a\":1,\"b\":2,\"a\":3}\n{\"a\":4}\n", "a=1\nb=2\na=3\n.\n[a,b]\n4\t\\N\n");
}

static void a_record_without_keys_is_an_empty_row(void **state)
{
    (void)state;
    gives("{}\n{ }\n", "[]\n\n\n");
    gives_apart("{}\n{ }\n", ".\n.\n");
}

static void long_lines_are_given_cell_by_cell(void **state)
{
    (void)state;
    gives_apart("{\"a\":\"x\",\"b\":null} \n\n{\"b\":[1]}", "a=x\nb=\\N\n.\nb=[1]\n.\n");
}

/* Longer than the window. */
static void a_value_may_be_of_any_length(void **state)
{
    (void)state;
    enum { LENGTH = 300000 };
    char *text = malloc(LENGTH + 100);
    assert_non_null(text);
    int at = snprintf(text, 100, "{\"a\":\"");
    memset(text + at, 'x', LENGTH);
    (void)snprintf(text + at + LENGTH, 50, "\",\"b\":1}\n{\"a\":2}\n");
    struct str got = told(str_from(text), 0, 65536, SIZE_MAX);
    assert_int_equal(got.len, 2 + LENGTH + 1 + strlen("b=1\n.\n[a,b]\n2\t\\N\n"));
    assert_true(str_starts(got, STR("a=xxxx")));
    assert_true(str_ends(got, STR("xxxx\nb=1\n.\n[a,b]\n2\t\\N\n")));
    free(text);
}

static void names_of_keys_are_decoded(void **state)
{
    (void)state;
    gives("{\"\\u0061\\n\":1}\n{\"a\\n\":2}", "[a\n]\n1\n2\n");
    gives("{\"\":1}\n{\"(no name)\":2}\n", "[(no name)]\n1\n2\n");
    gives("{\"a\\u0000b\":1}\n", "!12 360 a key holds a zero byte");
}

static void keys_have_limits(void **state)
{
    (void)state;
    char key[JSON_KEY_MAX + 2];
    memset(key, 'k', sizeof key);
    key[JSON_KEY_MAX] = 0;
    gives(arena_printf(&arena, "{\"%s\":1}", key), arena_printf(&arena, "[%s]\n1\n", key));
    key[JSON_KEY_MAX] = 'k';
    key[JSON_KEY_MAX + 1] = 0;
    gives(arena_printf(&arena, "{\"%s\":1}", key), "!12 362 a key is too long");
    struct buf many = {.arena = &arena};
    for (int i = 0; i <= JSON_LINES_KEYS; i++)
        buf_printf(&many, "%s\"%d\":0", i ? "," : "{", i);
    buf_text(&many, "}\n");
    err = (struct err){0};
    struct str got = told(buf_str(&many), 0, 64, SIZE_MAX);
    assert_string_equal(arena_text(&arena, got),
                        "!12 362 the records have more keys than any table has columns");
}

/* ---- lines ---- */

static void blank_lines_and_the_mark_at_the_begin_are_passed_over(void **state)
{
    (void)state;
    gives("\xef\xbb\xbf{\"a\":1}\r\n\r\n \t\n{\"a\":2}\r\n\n", "[a]\n1\n2\n");
    gives("\n\n", "");
}

static void a_line_that_is_no_object_is_an_error(void **state)
{
    (void)state;
    gives("{\"a\":1}\n[1]\n", "[a]\n1\n!12 360 the line is no object");
    gives("{\"a\":1}\nx", "[a]\n1\n!12 360 the line is no object");
    gives("{\"a\":1}\n{\"a\":2,}\n{\"a\":3}\n", "[a]\n1\n!12 360 a key is missing");
    const char *behind = "[a]\n1\n!12 360 something stands behind the object on its line";
    gives("{\"a\":1}\n{\"a\":2}x\n", behind);
    gives("{\"a\":1}\n{\"a\":2}{\"a\":3}\n", behind);
    gives_apart("{\"a\":1},\n", "a=1\n!12 360 something stands behind the object on its line");
    gives("{\"a\":1}\n{\"a\":\n2}\n", "[a]\n1\n!12 360 the line ends inside its record");
    gives_apart("{\"a\":\"\n2}\n", "a=!12 360 the line ends inside its record");
}

static void the_error_says_in_which_line_it_is(void **state)
{
    (void)state;
    (void)told(STR("{\"a\":1}\n\n{\"a\":\"\t\"}\n"), 0, 64, SIZE_MAX);
    assert_string_equal(err.place, "byte 15 of the decoded stream (line 3)");
}

static void a_last_line_that_breaks_off_is_incomplete(void **state)
{
    (void)state;
    const char *whole = "{\"a\":\"x\\u00e9\",\"b\":[1,null]}";
    for (size_t n = 1; n < strlen(whole); n++) {
        const char *text = arena_printf(&arena, "{\"a\":1}\n%.*s", (int)n, whole);
        gives(text, "[a]\n1\n!3 361 the last line ends inside its record");
        struct str got = told(str_from(text), 1, 64, 0);
        assert_true(str_ends(got, STR("!3 361 the last line ends inside its record")));
        err = (struct err){0};
    }
    gives("{\"a\":1}\n{\"a\":2}", "[a]\n1\n2\n");
}

/* ---- what it is ---- */

static void an_object_on_the_first_line_makes_json_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {"{\"a\":1}\n",  "\n {\"a\":1}\n{",
                                        "{}",           "{\"a\":1}",
                                        "{\"a\":",      "{\"a",
                                        "{ \"a\":x}\n", "{\"a\":1} x\n",
                                        "{\"a\":1}*{",  "{\"a\":[1,\"b\"],\"c\":{}}\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_int_equal(dump_sniff(str_from(lines[i])), DUMP_JSON_LINES);
    struct buf b = {.arena = &arena};
    buf_text(&b, "{\"a\":\"");
    for (int i = 0; i < 10000; i++)
        buf_text(&b, "xyz");
    assert_int_equal(dump_sniff(buf_str(&b)), DUMP_JSON_LINES);
}

static void other_json_is_told_from_it(void **state)
{
    (void)state;
    static const char *const documents[] = {"[{\"a\":1},\n{\"a\":2}]\n", "[\n{\"a\":1}]",
                                            "{\n \"a\":1\n}\n", "{\"a\":{\n\"b\":1}}\n", "[]\n"};
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        assert_int_equal(dump_sniff(str_from(documents[i])), DUMP_JSON);
    struct buf b = {.arena = &arena};
    buf_text(&b, "[{\"a\":\"x\"}");
    for (int i = 0; i < 10000; i++)
        buf_text(&b, ",{\"a\":\"x\"}");
    assert_int_equal(dump_sniff(buf_str(&b)), DUMP_JSON); /* whatever the head ends in */
    assert_int_equal(dump_sniff(str_slice(buf_str(&b), 0, 8191)), DUMP_JSON);
    assert_int_equal(dump_sniff(STR("[1,2]|v1:a|[]\n[1]|v2:a|[]\n")), DUMP_CSV);
    assert_int_equal(dump_sniff(STR("{a},b\n1,2\n")), DUMP_CSV);
    assert_int_equal(dump_sniff(STR("{\"a\":1}\t{\"b\":2}\n")), DUMP_CSV);
    assert_int_equal(dump_sniff(STR("[1],b\n1,2\n")), DUMP_CSV);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_string_is_its_text),
        TEST(escapes_of_a_string_are_decoded),
        TEST(half_of_a_surrogate_pair_is_an_error),
        TEST(null_is_null_and_other_words_and_numbers_are_their_text),
        TEST(what_is_no_value_is_an_error),
        TEST(what_is_nested_is_its_text_with_its_strings_decoded),
        TEST(what_is_nested_must_be_json),
        TEST(depth_has_a_limit),
        TEST(keys_are_columns_in_the_order_of_their_coming),
        TEST(keys_in_another_order_find_their_column),
        TEST(a_missing_key_is_null),
        TEST(a_new_key_is_a_new_column),
        TEST(a_key_that_comes_twice_counts_twice),
        TEST(a_record_without_keys_is_an_empty_row),
        TEST(long_lines_are_given_cell_by_cell),
        TEST(a_value_may_be_of_any_length),
        TEST(names_of_keys_are_decoded),
        TEST(keys_have_limits),
        TEST(blank_lines_and_the_mark_at_the_begin_are_passed_over),
        TEST(a_line_that_is_no_object_is_an_error),
        TEST(the_error_says_in_which_line_it_is),
        TEST(a_last_line_that_breaks_off_is_incomplete),
        TEST(an_object_on_the_first_line_makes_json_lines),
        TEST(other_json_is_told_from_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
