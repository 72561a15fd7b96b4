/*
 * sqlite: what the .dump of SQLite's shell tells. The scripts are what sqlite3 3.40 writes, and for
 * unistr() what the documentation of 3.50 says; rows are what COPY TO writes of the same values.
 * Every script is read whole and in pieces of one and three bytes, into rooms of one, 17 and more.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/dump/sniff.h"
#include "formats/dump/sql.h"
#include "tests/unit/copy_rows.h"

static void put_event(struct buf *out, const struct sql_event *e)
{
    static const char *const kinds[] = {
        [SQL_EVENT_TABLE] = "table", [SQL_EVENT_INSERT] = "insert", [SQL_EVENT_UNREAD] = "unread"};
    if (e->kind == SQL_EVENT_REFERENCE)
        buf_printf(out, "%.*s -> %.*s\n", STR_ARG(e->name), STR_ARG(e->to_name));
    if (e->kind == SQL_EVENT_FACT && e->fact == SQL_FACT_DATA_OF)
        buf_printf(out, "rows of %.*s\n", STR_ARG(e->name));
    if (e->kind != SQL_EVENT_TABLE && e->kind != SQL_EVENT_INSERT && e->kind != SQL_EVENT_UNREAD)
        return;
    buf_printf(out, "%s %.*s",
               e->kind == SQL_EVENT_TABLE && e->relation == SQL_VIEW ? "view" : kinds[e->kind],
               STR_ARG(e->name));
    for (size_t i = 0; i < e->column_count; i++)
        buf_printf(out, "%s%.*s", i ? "," : " ", STR_ARG(e->columns[i].name));
    if (e->kind == SQL_EVENT_UNREAD)
        buf_printf(out, ": %d %.*s", (int)e->count, STR_ARG(e->what));
    buf_byte(out, '\n');
}

static struct str told(struct str text, size_t piece, size_t room)
{
    struct buf out = {.arena = &arena};
    struct window w;
    struct sql_reader r;
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    struct source *src = source_memory(text, piece, &err);
    assert_non_null(src);
    assert_true(window_open(&w, src, 1, &err));
    sql_open_sqlite(&r, &w);
    bool ok = true;
    while (ok && (ok = sql_next(&r, &e, &err)) && e.kind != SQL_EVENT_END) {
        put_event(&out, &e);
        if (e.kind == SQL_EVENT_INSERT)
            ok = put_rows(&out, sql_insert_rows(&r, NULL, 0), room);
    }
    if (!ok)
        buf_printf(&out, "!%d %d\n", err.kind, err.id);
    else if (e.end.truncated)
        buf_text(&out, "cut off\n");
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

/* One value of a row. */
static void value_gives(const char *value, const char *wanted)
{
    gives(arena_printf(&arena, "INSERT INTO t VALUES(%s,1);", value),
          arena_printf(&arena, "insert t\n%s\t1\n", wanted));
}

static void value_is_odd(const char *value, const char *wanted)
{
    gives(arena_printf(&arena, "INSERT INTO t VALUES(%s,1);", value),
          arena_printf(&arena,
                       "insert t\n%s\t1\nunread t: 1 INSERT of a value that is no literal\n",
                       wanted));
}

/* ---- values ---- */

static void text_has_no_escapes_but_the_doubled_quote(void **state)
{
    (void)state;
    value_gives("'a''b'", "a'b");
    value_gives("'\\n'", "\\\\n");
    value_gives("''", "");
    value_gives("'a\nb'", "a\\nb");
    value_gives("'$x$'", "$x$");
}

static void numbers_and_null_are_as_they_stand(void **state)
{
    (void)state;
    value_gives("NULL", "\\N");
    value_gives("-9223372036854775808", "-9223372036854775808");
    value_gives("1.0000000000000000047e+300", "1.0000000000000000047e+300");
    value_gives("-1e999", "-1e999");
}

static void a_blob_is_its_bytes(void **state)
{
    (void)state;
    value_gives("X'76313a41'", "v1:A");
    value_gives("x'0a5C'", "\\n\\\\");
    value_gives("X''", "");
}

static void what_stands_for_line_ends_is_told_behind_the_text(void **state)
{
    (void)state;
    value_gives("replace('a\\nb','\\n',char(10))", "a\\nb");
    value_gives("replace(replace('a\\r\\n''v1:x','\\r',char(13)),'\\n',char(10))", "a\\r\\n'v1:x");
    /* a text that holds \n itself gets another stand-in, and keeps it */
    value_gives("replace('\\n\\012v1','\\012',char(10))", "\\\\n\\nv1");
    value_gives("replace('\\n\\012(\n1)','(\n1)',char(10))", "\\\\n\\\\012\\n");
    value_gives("replace('\\r only','\\n',char(10))", "\\\\r only");
}

static void another_call_is_no_literal(void **state)
{
    (void)state;
    value_is_odd("replace('a','b','c')", "replace(a,b,c)");
    value_is_odd("char(10)", "char(10)");
    value_is_odd("E'a'", "Ea");
    value_is_odd("'a'||'b'", "a||b");
    value_is_odd("X'123'", "\x12");
}

static void unistr_is_decoded(void **state)
{
    (void)state;
    value_gives("unistr('a\\u000ab\\\\c''d')", "a\\nb\\\\c'd");
    value_gives("unistr('\\u00e9\\U0001f600\\+01f600\\000d')",
                "\xc3\xa9\xf0\x9f\x98\x80\xf0\x9f\x98\x80\\r");
    value_gives("unistr('x')", "x");
}

/* ---- statements ---- */

static const char dump[] =
    "PRAGMA foreign_keys=OFF;\n"
    "BEGIN TRANSACTION;\n"
    "CREATE TABLE Users(Id integer primary key, s text default 'x,y', g as (s||')'), b blob "
    "references \"o''x\"(a) on delete cascade, check (b > 1), foreign key (s) references [p q]);\n"
    "INSERT INTO Users VALUES(1,'a',NULL);\n"
    "INSERT INTO Users VALUES(2,'b',X'00');\n"
    "CREATE TABLE IF NOT EXISTS 'ft_data'(`id` INTEGER PRIMARY KEY, [b c]) WITHOUT ROWID;\n"
    "CREATE TABLE IF NOT EXISTS \"odd \"\"n\"(\"a b\" generated always as (1) stored, c);\n"
    "INSERT INTO \"odd \"\"n\" VALUES(1);\n"
    "PRAGMA writable_schema=ON;\n"
    "INSERT INTO sqlite_schema(type,name)VALUES('table','CREATE VIRTUAL TABLE; ft');\n"
    "DELETE FROM sqlite_sequence;\n"
    "INSERT INTO sqlite_sequence VALUES('t',4);\n"
    "CREATE VIEW v as select ';';\n"
    "CREATE TRIGGER tr after insert on t when case when 1 then 1 end begin insert into w values"
    "(1,2); select case 1 when 1 then 2 end; end;\n"
    "CREATE INDEX i on t(s); -- COMMIT;\n"
    "/* COMMIT; */ PRAGMA writable_schema=OFF;\n"
    "COMMIT;\n";

static const char wanted[] = "table Users Id,s,b\n"
                             "Users -> o''x\n"
                             "Users -> p q\n"
                             "rows of Users\n"
                             "insert Users\n1\ta\t\\N\n2\tb\t\\0\n"
                             "table ft_data id,b c\n"
                             "rows of ft_data\n"
                             "table odd \"n c\n"
                             "rows of odd \"n\n"
                             "insert odd \"n\n1\n"
                             "view v\n";

static void a_dump_tells_its_tables_and_rows(void **state)
{
    (void)state;
    /* the byte 0 goes as it is */
    const char *zero = strstr(wanted, "\\0");
    struct buf all = {.arena = &arena};
    buf_add(&all, str_make(wanted, (size_t)(zero - wanted)));
    buf_byte(&all, 0);
    buf_text(&all, zero + 2);
    for (size_t piece = 0; piece < 4; piece++)
        assert_true(str_eq(told(str_from(dump), piece, 17), buf_str(&all)));
}

static void a_dump_without_its_commit_was_cut_off(void **state)
{
    (void)state;
    size_t commit = strlen(dump) - strlen("COMMIT;\n");
    for (size_t n = strlen("PRAGMA foreign_keys=OFF;"); n < commit + 7; n++) {
        err = (struct err){0};
        struct str got = told(str_make(dump, n), 0, 4096);
        assert_true(str_ends(got, STR("cut off\n")) || err.kind == ERR_INCOMPLETE);
    }
}

static void a_dump_that_was_rolled_back_says_so(void **state)
{
    (void)state;
    gives("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(a);\n"
          "/****** CORRUPTION ERROR *******/\nROLLBACK; -- due to errors\n",
          "table t a\nrows of t\n"
          "unread : 1 ROLLBACK in place of COMMIT: rows that SQLite could not read\n");
}

static void what_changes_rows_is_not_read(void **state)
{
    (void)state;
    gives("DELETE FROM t;", "unread t: 1 DELETE\n");
    gives("UPDATE t SET a=1;", "unread t: 1 UPDATE\n");
    gives("INSERT INTO t SELECT 1;", "unread t: 1 INSERT ... SELECT\n");
    gives("CREATE TABLE t AS SELECT 1;", "table t\nunread t: 1 CREATE TABLE ... AS\n");
    gives("COPY t FROM stdin;", "unread : 1 unknown statement\n");
}

static void columns_may_be_listed_and_rows_be_many(void **state)
{
    (void)state;
    gives("INSERT OR IGNORE INTO main.t(\"a b\",c) VALUES(1,2),(3,NULL);",
          "insert t a b,c\n1\t2\n3\t\\N\n");
}

static void the_first_line_tells_a_dump_of_sqlite(void **state)
{
    (void)state;
    assert_int_equal(dump_sniff(str_from(dump)), DUMP_SQLITE_SCRIPT);
    assert_int_equal(dump_sniff(STR("BEGIN TRANSACTION;\r\nCREATE TABLE `a` (b);\n")),
                     DUMP_SQLITE_SCRIPT);
    assert_int_equal(dump_sniff(STR("BEGIN;\nCREATE TABLE a (b int);\n")), DUMP_PLAIN_SQL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_has_no_escapes_but_the_doubled_quote),
        TEST(numbers_and_null_are_as_they_stand),
        TEST(a_blob_is_its_bytes),
        TEST(what_stands_for_line_ends_is_told_behind_the_text),
        TEST(another_call_is_no_literal),
        TEST(unistr_is_decoded),
        TEST(a_dump_tells_its_tables_and_rows),
        TEST(a_dump_without_its_commit_was_cut_off),
        TEST(a_dump_that_was_rolled_back_says_so),
        TEST(what_changes_rows_is_not_read),
        TEST(columns_may_be_listed_and_rows_be_many),
        TEST(the_first_line_tells_a_dump_of_sqlite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
