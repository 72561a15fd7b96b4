/* large_object: what pg_dump writes is read byte for byte, anything else is told as unread. */
#include "common/buf.h"
#include "formats/dump/sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

#define OPEN       "SELECT pg_catalog.lo_open('16400', 131072);\n"
#define WRITE(hex) "SELECT pg_catalog.lowrite(0, '\\x" hex "');\n"
#define CLOSE      "SELECT pg_catalog.lo_close(0);\n"

static int close_test(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

enum reading { READ, LEFT_ALONE };

static bool put_bytes(struct buf *out, struct source *s, struct err *err)
{
    unsigned char into[7];
    size_t got = 0;
    enum pull p;
    buf_byte(out, '[');
    while ((p = source_read(s, into, sizeof into, &got, err)) == PULL_OK)
        buf_add(out, str_make(into, got));
    buf_byte(out, ']');
    return p == PULL_END;
}

static struct str told(struct str text, size_t piece, enum reading how)
{
    struct buf out = {.arena = &arena};
    struct err err = {0};
    struct window w;
    struct sql_reader r;
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    struct source *src = source_memory(text, piece, &err);
    assert_true(src && window_open(&w, src, 1, &err));
    w.piece = piece;
    sql_open(&r, &w);
    bool ok = true;
    while (ok && (ok = sql_next(&r, &e, &err)) && e.kind != SQL_EVENT_END) {
        if (e.kind == SQL_EVENT_OBJECT) {
            buf_printf(&out, "object@%d", (int)e.line);
            ok = how == LEFT_ALONE || put_bytes(&out, sql_object_bytes(&r), &err);
        } else if (e.kind == SQL_EVENT_UNREAD) {
            buf_printf(&out, "(%.*s x%d@%d)", STR_ARG(e.what), (int)e.count, (int)e.line);
        } else if (e.kind == SQL_EVENT_TABLE) {
            buf_printf(&out, "{%.*s}", STR_ARG(e.name));
        }
    }
    if (!ok)
        buf_printf(&out, "!%d", err.id);
    sql_close(&r);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

static void tells(const char *script, const char *expected)
{
    for (size_t piece = 1; piece < 400; piece = piece * 2 + 1) {
        const char *seen = arena_text(&arena, told(str_from(script), piece, READ));
        assert_string_equal(seen, expected);
    }
}

static void bytes_of_all_writes_are_one_run(void **state)
{
    (void)state;
    tells("BEGIN;\n\n" OPEN WRITE("6162") WRITE("63") WRITE("6465") CLOSE "\nCOMMIT;\n"
                                                                          "CREATE TABLE t (a int);",
          "object@3[abcde]{t}");
    tells(OPEN WRITE("") CLOSE OPEN CLOSE, "object@1[]object@4[]");
    tells(OPEN "\r\n\r\n" WRITE("4A4b") "\r\n" CLOSE, "object@1[JK]");
}

static void backslashes_are_doubled_where_strings_have_escapes(void **state)
{
    (void)state;
    tells("SET standard_conforming_strings = off;" OPEN
          "SELECT pg_catalog.lowrite(0, '\\\\x6162');" CLOSE,
          "object@1[ab]");
    /* \x6162 is one escape there, and \\x6162 no bytes of hexadecimal digits here */
    tells("SET standard_conforming_strings = off;" OPEN WRITE("6162") CLOSE, "(large object x1@2)");
    tells(OPEN "SELECT pg_catalog.lowrite(0, '\\\\x6162');" CLOSE, "(large object x1@2)");
}

static void another_shape_is_unread(void **state)
{
    (void)state;
    tells("SELECT pg_catalog.lo_open('1', 262144);" WRITE("61") CLOSE, "(large object x1@1)");
    tells("SELECT lo_open('1', 131072);" WRITE("61") CLOSE, "(large object x1@1)");
    tells(OPEN "SELECT pg_catalog.lowrite(1, '\\x61');" CLOSE, "(large object x1@2)");
    tells(OPEN "SELECT pg_catalog.lowrite(0, 'a\\001');" CLOSE, "(large object x1@2)");
    tells(OPEN "SELECT pg_catalog.lowrite(0, E'\\\\x61');" CLOSE, "(large object x1@2)");
    tells("SELECT pg_catalog.lo_put(1, 0, '\\x61');", "(large object x1@1)");
}

/* What was read counts, and what was not makes the whole unread. */
static void object_that_goes_on_in_another_shape_is_read_and_unread(void **state)
{
    (void)state;
    tells(OPEN WRITE("6162") "-- a comment\n" WRITE("63") CLOSE "CREATE TABLE t (a int);",
          "object@1[ab](large object x2@1){t}");
    tells(OPEN WRITE("6162") "COMMIT;\n" WRITE("63") CLOSE, "object@1[ab](large object x2@1)");
    tells(OPEN WRITE("616") CLOSE "CREATE TABLE t (a int);", "object@1[a](large object x1@1){t}");
    tells(OPEN WRITE("61 62") CLOSE "CREATE TABLE t (a int);", "object@1[a](large object x1@1){t}");
    tells(OPEN WRITE("61'');CREATE TABLE u (a int);--") "CREATE TABLE t (a int);",
          "object@1[a](large object x1@1){t}");
    tells(OPEN "SELECT pg_catalog.lowrite(0, '\\x6162' || f());" CLOSE,
          "object@1[ab](large object x1@1)");
    tells("SET standard_conforming_strings = off;" OPEN
          "SELECT pg_catalog.lowrite(0, '\\\\x61\\');CREATE TABLE u (a int);');\n"
          "CREATE TABLE t (a int);",
          "object@1[a](large object x1@1){t}");
}

static void script_that_ends_inside_an_object_is_cut_off(void **state)
{
    (void)state;
    struct str script = STR(OPEN WRITE("6162") WRITE("6364") CLOSE);
    size_t first = sizeof(OPEN WRITE("")) - sizeof("');\n"); /* its value begins */
    for (size_t n = first; n < script.len - 1; n++)
        for (size_t piece = 1; piece < 60; piece += 29) {
            struct str seen = told(str_slice(script, 0, n), piece, READ);
            assert_true(str_starts(seen, STR("object@1[")));
            assert_true(str_ends(seen, STR("!310")) || str_ends(seen, STR("!311")));
        }
}

static void object_that_nobody_reads_is_passed(void **state)
{
    (void)state;
    struct str script = STR(OPEN WRITE("6162") CLOSE OPEN CLOSE "CREATE TABLE t (a int);");
    assert_true(str_eq(told(script, 5, LEFT_ALONE), STR("object@1object@4{t}")));
}

static void value_of_any_length_is_read_in_any_pieces(void **state)
{
    (void)state;
    enum { BYTES = 40000 };
    struct buf script = {.arena = &arena};
    struct buf expected = {.arena = &arena};
    buf_text(&expected, "object@1[");
    buf_text(&script, OPEN "SELECT pg_catalog.lowrite(0, '\\x");
    for (int i = 0; i < BYTES; i++) {
        unsigned char byte = (unsigned char)('a' + i % 23);
        buf_printf(&script, "%02x", byte);
        buf_byte(&expected, byte);
    }
    buf_text(&script, "');" CLOSE);
    buf_byte(&expected, ']');
    for (size_t piece = 1; piece < 100000; piece = piece * 10 + 3)
        assert_true(str_eq(told(buf_str(&script), piece, READ), buf_str(&expected)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(bytes_of_all_writes_are_one_run, close_test),
        cmocka_unit_test_teardown(backslashes_are_doubled_where_strings_have_escapes, close_test),
        cmocka_unit_test_teardown(another_shape_is_unread, close_test),
        cmocka_unit_test_teardown(object_that_goes_on_in_another_shape_is_read_and_unread,
                                  close_test),
        cmocka_unit_test_teardown(script_that_ends_inside_an_object_is_cut_off, close_test),
        cmocka_unit_test_teardown(object_that_nobody_reads_is_passed, close_test),
        cmocka_unit_test_teardown(value_of_any_length_is_read_in_any_pieces, close_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
