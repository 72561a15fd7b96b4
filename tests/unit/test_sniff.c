/*
 * sniff: kinds by their first bytes. Signatures are those that the programs write: taken from files
 * that pg_dump, sqlite3, COPY and iconv made, and from the documentation of mysqldump.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/dump/sniff.h"

static void is(enum dump_kind wanted, struct str head)
{
    enum dump_kind got = dump_sniff(head);
    if (got != wanted)
        fail_msg("%.*s: %s, not %s", STR_ARG(str_slice(head, 0, 40)), dump_kind_name(got),
                 dump_kind_name(wanted));
}

static void text_is(enum dump_kind wanted, const char *text)
{
    is(wanted, str_from(text));
}

static void scripts_with_and_without_a_header_are_sql(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n",
        "--\n-- PostgreSQL database cluster dump\n--\n",
        "\n\n  -- a comment\nSELECT 1;",
        "/* c */ x",
        "SET statement_timeout = 0;\nSET x = 1;\n",
        "COPY public.users (id, email) FROM stdin;\n1\ta\n\\.\n",
        "copy t from stdin with (format text);\n",
        "CREATE TABLE a (\n  x int);",
        "create\n table a();",
        "INSERT INTO a VALUES (1, 'x');",
        "\\connect a\n",
        "\\restrict abc\n",
        "\\set ON_ERROR_STOP on\n",
        "BEGIN;\nCOPY a FROM stdin;\n",
        "START TRANSACTION;\n",
        "SELECT pg_catalog.set_config('search_path', '', false);\n",
        "ALTER TABLE ONLY a ADD CONSTRAINT b;",
        "DO $$ BEGIN END $$;",
        "TRUNCATE TABLE a;",
        "\xef\xbb\xbf-- PostgreSQL database dump\n",
        "GO\nUSE x\nINSERT INTO t VALUES (1)\n",
        "With x as (select 1)\nselect 2;\nCREATE TABLE b (x int);\n",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        text_is(DUMP_PLAIN_SQL, scripts[i]);
}

static void tables_that_begin_like_statements_are_csv(void **state)
{
    (void)state;
    static const char *const tables[] = {
        "id,email,secret\n1,a,v2:Z0FB\n",
        "id\tname\n1\tx\n",
        "Set Name;Theme;Year\nCastle;x;1990\n",
        "Insert Date,Name\n2020-01-01,x\n",
        "copy,paste,from\n1,2,3\n",
        "begin,end\n1,2\n",
        "comment,created\nx,y\n",
        "select,update\n1,2\n",
        "Create Time,Table\n1,2\n",
        "\\N\tx\n\\N\ty\n",
        "v2:Z0FBQUFB\nv1:Z0FBQUFB\n",
        "\"--\",1\n",
        "1|2|3\n",
        "{\"a\":1}\t2\n",
        "x",
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        text_is(DUMP_CSV, tables[i]);
}

static void binary_kinds_are_told_by_their_signatures(void **state)
{
    (void)state;
    is(DUMP_PG_CUSTOM, STR("PGDMP\x01\x0e\x00\x04\x08\x01\x01\x01"));
    is(DUMP_BINARY_COPY, STR("PGCOPY\n\377\r\n\0\0\0\0\0"));
    is(DUMP_BINARY_COPY, STR("PGCOPY\n\377"));
    is(DUMP_BINARY_COPY, STR("PGCOPY"));
    is(DUMP_CSV, STR("PGCOPY\n1\n"));
    is(DUMP_SQLITE, STR("SQLite format 3\0\x10\0"));
    is(DUMP_PARQUET, STR("PAR1\x15\x04"));
    is(DUMP_UNKNOWN, STR("\x7f"
                         "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0"));
    is(DUMP_UNKNOWN, STR("id,a\n1,\0\n2,b\n"));
    is(DUMP_UNKNOWN, STR("\x01\x02\x03\x04 text"));
    text_is(DUMP_UNKNOWN, "<?xml version=\"1.0\"?><a/>");
}

static void a_stream_that_ends_within_a_signature_is_of_its_kind(void **state)
{
    (void)state;
    text_is(DUMP_PG_CUSTOM, "PGDM");
    text_is(DUMP_PG_CUSTOM, "P");
    text_is(DUMP_BINARY_COPY, "PGC");
    text_is(DUMP_BINARY_COPY, "PGCOPY\n\377");
    text_is(DUMP_SQLITE, "SQLite format 3");
    text_is(DUMP_PLAIN_SQL, "-");
    text_is(DUMP_PLAIN_SQL, "/");
    text_is(DUMP_CSV, "PGX");
    text_is(DUMP_CSV, "PGCOPY\nx");
}

static void an_archive_ruined_by_utf16_is_named_and_utf32_too(void **state)
{
    (void)state;
    is(DUMP_PG_CUSTOM_UTF16, STR("\xff\xfeP\0G\0D\0M\0P\0\x01\0"));
    is(DUMP_PG_CUSTOM_UTF16, STR("\xfe\xff\0P\0G\0D\0M\0P\0\x01"));
    is(DUMP_UTF32_TEXT, STR("\xff\xfe\0\0i\0\0\0"));
}

static void dumps_of_others_are_named(void **state)
{
    (void)state;
    text_is(DUMP_MYSQL, "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n");
    text_is(DUMP_MYSQL, "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n");
    text_is(DUMP_MYSQL, "DROP TABLE IF EXISTS `a`;\n/*!40101 SET x */;\n");
    text_is(DUMP_MYSQL, "CREATE TABLE `a` (\n");
    text_is(DUMP_JSON_LINES, "{\"id\": 1, \"a\": \"x\"}\n{\"id\": 2}\n");
    text_is(DUMP_JSON, "[\n  {\"id\": 1},\n");
    text_is(DUMP_JSON, "[{\"id\": 1}]\n");
}

static void statements_in_a_cell_make_no_script(void **state)
{
    (void)state;
    text_is(DUMP_CSV, "id,q\n1,\"a\nINSERT INTO t VALUES (1);\n\"\n");
    text_is(DUMP_CSV, "id,q\n1,\"a \"\"b\"\"\nCREATE TABLE t (\n\"\n2,c\n");
    text_is(DUMP_CSV, "id,q\n1,\"\nCOPY t (a) FROM stdin;\n\"\n");
    text_is(DUMP_CSV, "id,q\n1,\"\nINSERT INTO `t` VALUES (1);\n\"\n");
    text_is(DUMP_PLAIN_SQL, "a \"b\" c\nINSERT INTO t VALUES (1);\n");
    text_is(DUMP_MYSQL, "a \"b\" c\nINSERT INTO `t` VALUES (1);\n");
}

static void tables_drawn_for_people_are_named(void **state)
{
    (void)state;
    text_is(DUMP_DRAWN_TABLE, " id | secret \n----+--------\n  1 | v2:Z\n(1 row)\n\n");
    text_is(DUMP_DRAWN_TABLE, " secret \n--------\n v2:Z\n(1 row)\n");
    text_is(DUMP_DRAWN_TABLE, "+----+------+\n| id | name |\n+----+------+\n| 1  | x    |\n");
    text_is(DUMP_DRAWN_TABLE, "-[ RECORD 1 ]-\nid     | 1\nsecret | x\n");
    text_is(DUMP_DRAWN_TABLE,
            "*************************** 1. row **************************\nid: 1\n");
    /* and these are none */
    text_is(DUMP_CSV, "id|secret\n1|v2:Z\n(1 row)\n");
    text_is(DUMP_CSV, "id,range\n---,---\n1,2\n");
    text_is(DUMP_CSV, "secret\n--------\nx\n");
    text_is(DUMP_CSV, " a,b\n-1,-2\n");
}

static void nothing_and_white_space_are_empty(void **state)
{
    (void)state;
    is(DUMP_EMPTY, STR(""));
    is(DUMP_EMPTY, STR(" \r\n\t\n"));
    is(DUMP_EMPTY, STR("\xef\xbb\xbf\n"));
}

/* S1: what is not read has its name and a way out, and never passes. */
static void every_kind_that_is_not_read_says_what_it_is_and_what_to_do(void **state)
{
    (void)state;
    for (int k = 0; k < DUMP_KIND_COUNT; k++) {
        enum dump_kind kind = (enum dump_kind)k;
        struct err err = {0};
        bool read = dump_accept(kind, &err);
        assert_int_equal(read, kind == DUMP_PLAIN_SQL || kind == DUMP_CSV ||
                                   kind == DUMP_PG_CUSTOM || kind == DUMP_BINARY_COPY ||
                                   kind == DUMP_JSON_LINES || kind == DUMP_MYSQL ||
                                   kind == DUMP_SQLITE_SCRIPT);
        assert_true(dump_kind_name(kind)[0] != 0);
        if (read)
            continue;
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_non_null(err_lookup(err.id));
        assert_true(err.hint[0] != 0);
    }
}

static void ruined_archive_has_a_hint_of_its_own(void **state)
{
    (void)state;
    struct err err = {0};
    assert_true(dump_accept(DUMP_PG_CUSTOM, &err));
    assert_false(dump_accept(DUMP_PG_CUSTOM_UTF16, &err));
    assert_non_null(strstr(err.hint, "--file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_with_and_without_a_header_are_sql),
        cmocka_unit_test(tables_that_begin_like_statements_are_csv),
        cmocka_unit_test(binary_kinds_are_told_by_their_signatures),
        cmocka_unit_test(a_stream_that_ends_within_a_signature_is_of_its_kind),
        cmocka_unit_test(an_archive_ruined_by_utf16_is_named_and_utf32_too),
        cmocka_unit_test(dumps_of_others_are_named),
        cmocka_unit_test(statements_in_a_cell_make_no_script),
        cmocka_unit_test(tables_drawn_for_people_are_named),
        cmocka_unit_test(nothing_and_white_space_are_empty),
        cmocka_unit_test(every_kind_that_is_not_read_says_what_it_is_and_what_to_do),
        cmocka_unit_test(ruined_archive_has_a_hint_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
