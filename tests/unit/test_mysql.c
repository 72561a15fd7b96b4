/*
 * mysql: events and rows of scripts of MySQL and MariaDB, each read whole and in pieces of one and
 * three bytes. What is wanted follows from the manual of either (string literals, comment syntax,
 * CREATE TABLE, INSERT) and from what mysqldump writes, by hand.
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

static void put_columns(struct buf *out, const struct sql_event *e)
{
    buf_text(out, " (");
    for (size_t i = 0; i < e->column_count; i++) {
        buf_text(out, i ? "," : "");
        buf_add(out, e->columns[i].name);
    }
    buf_text(out, e->columns_known ? ")" : ")?");
}

static void put_fact(struct buf *out, const struct sql_event *e)
{
    switch (e->fact) {
    case SQL_FACT_HEADER:
        buf_text(out, "header");
        break;
    case SQL_FACT_TRAILER:
        buf_text(out, "trailer");
        break;
    case SQL_FACT_SERVER_VERSION:
        buf_printf(out, "server %.*s", STR_ARG(e->text));
        break;
    case SQL_FACT_COMPLETED:
        buf_printf(out, "completed %lld", (long long)e->local);
        break;
    case SQL_FACT_ENCODING:
        buf_printf(out, "encoding %.*s", STR_ARG(e->text));
        break;
    case SQL_FACT_WHERE:
        buf_text(out, "where");
        break;
    case SQL_FACT_DATA_OF:
        buf_printf(out, "data of %.*s", STR_ARG(e->name));
        break;
    case SQL_FACT_CLUSTER_HEADER:
    case SQL_FACT_CLUSTER_TRAILER:
    case SQL_FACT_DUMP_VERSION:
    case SQL_FACT_STARTED:
    case SQL_FACT_ROW_SECURITY:
    case SQL_FACT_THROUGH_ROOT:
        fail_msg("a fact of PostgreSQL");
    }
}

static void put_event(struct buf *out, const struct sql_event *e)
{
    switch (e->kind) {
    case SQL_EVENT_DATABASE:
        buf_printf(out, "database %.*s", STR_ARG(e->database));
        break;
    case SQL_EVENT_TABLE:
        buf_text(out, e->relation == SQL_VIEW ? "view " : "table ");
        buf_add(out, e->name);
        put_columns(out, e);
        break;
    case SQL_EVENT_REFERENCE:
        buf_printf(out, "key %.*s -> %.*s", STR_ARG(e->name), STR_ARG(e->to_name));
        break;
    case SQL_EVENT_INSERT:
        buf_text(out, "insert ");
        buf_add(out, e->name);
        put_columns(out, e);
        break;
    case SQL_EVENT_UNREAD:
        buf_printf(out, "unread %.*s: %d %.*s", STR_ARG(e->name), (int)e->count, STR_ARG(e->what));
        break;
    case SQL_EVENT_FACT:
        put_fact(out, e);
        break;
    case SQL_EVENT_END:
        buf_text(out, e->end.truncated ? "end truncated" : "end");
        break;
    case SQL_EVENT_COPY:
    case SQL_EVENT_OBJECT:
        fail_msg("neither COPY nor large objects in MySQL");
    }
    assert_int_equal(e->schema.len, 0);
    buf_byte(out, '\n');
}

static struct str told(struct str text, size_t piece)
{
    struct buf out = {.arena = &arena};
    struct window w;
    struct sql_reader r;
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    struct source *src = source_memory(text, piece, &err);
    assert_non_null(src);
    assert_true(window_open(&w, src, 1, &err));
    w.name = "x.sql";
    sql_open_mysql(&r, &w);
    bool ok = true;
    while (ok && (ok = sql_next(&r, &e, &err))) {
        put_event(&out, &e);
        if (e.kind == SQL_EVENT_INSERT)
            ok = put_rows(&out, sql_insert_rows(&r, NULL, 0), 100);
        if (e.kind == SQL_EVENT_END)
            break;
    }
    if (!ok)
        buf_printf(&out, "!%d %d %s\n", err.kind, err.id, err.place);
    sql_close(&r);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

static void tells_of(struct str script, struct str wanted)
{
    const size_t pieces[] = {0, 1, 3};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        err = (struct err){0};
        struct str got = told(script, pieces[i]);
        if (!str_eq(got, wanted))
            fail_msg("told\n%s\nwanted\n%s", arena_text(&arena, got), arena_text(&arena, wanted));
    }
}

static void tells(const char *script, const char *wanted)
{
    tells_of(str_from(script), str_from(arena_printf(&arena, "%send\n", wanted)));
}

static void row_gives(const char *values, const char *wanted)
{
    tells(arena_printf(&arena, "INSERT INTO `t` VALUES (%s);", values),
          arena_printf(&arena, "insert t ()?\n%s\n", wanted));
}

static void row_is_odd(const char *values, const char *wanted)
{
    row_gives(values,
              arena_printf(&arena, "%s\nunread t: 1 INSERT of a value that is no literal", wanted));
}

/* ---- values ---- */

static void strings_have_the_escapes_of_mysql(void **state)
{
    (void)state;
    row_gives("'a', \"b\", '', 'it\\'s ''x''', \"a\"\"b'\"", "a\tb\t\tit's 'x'\ta\"b'");
    row_gives("'\\b\\n\\r\\t\\\\\\\"\\q'", "\\b\\n\\r\\t\\\\\"q");
    row_gives("'\\%\\_\\a\\f\\v'", "\\\\%\\\\_afv");
    row_gives("'); INSERT', '-- x', '# y', '/* z', '`'", "); INSERT\t-- x\t# y\t/* z\t`");
    row_gives("'a' 'b'\n'c'", "abc");
    tells_of(STR("INSERT INTO t VALUES ('\\0\\Z');"), STR("insert t ()?\n\0\032\nend\n"));
}

static void charsets_and_hexadecimal_stand_before_bytes(void **state)
{
    (void)state;
    row_gives("_binary 'a\\'b', _utf8mb4'c', _latin1 \"d\", N'e', n'f'", "a'b\tc\td\te\tf");
    row_gives("0x76313A, x'7632', X'', _binary 0x763a, 0xff0A", "v1:\tv2\t\tv:\t\xff\\n");
    row_gives("b'0101', B'', 1, -2.5e-3, 1E5, .5", "0101\t\t1\t-2.5e-3\t1E5\t.5");
    row_gives("NULL, null, TRUE, false", "\\N\t\\N\t1\t0");
}

static void what_is_no_literal_is_counted(void **state)
{
    (void)state;
    row_is_odd("UUID()", "UUID()");
    row_is_odd("DEFAULT", "DEFAULT");
    row_is_odd("1 + 1", "1+ 1");
    row_is_odd("CONCAT('v1:', \"x)\", `c)`)", "CONCAT(v1:, x), c))");
    row_is_odd("0xABC", "\xab");
    row_is_odd("/*!40000 5 */", "/*!40000 5 */");
    row_is_odd("CONVERT(_binary 'a' USING latin1)", "CONVERT(_binary a USING latin1)");
    row_is_odd("'a'::text", "a::text");
    row_is_odd("@x", "@x");
}

static void blanks_and_comments_are_those_of_mysql(void **state)
{
    (void)state;
    tells("INSERT INTO t VALUES # (9)\n (1, -- (8)\n 2 /* /* (7) */ ) /**/, (3 --4\n);",
          "insert t ()?\n1\t2\n3--4\\n\nunread t: 1 INSERT of a value that is no literal\n");
}

static void strings_follow_the_sql_mode(void **state)
{
    (void)state;
    tells("SET @saved_sql_mode = @@sql_mode;\n"
          "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';\n"
          "INSERT INTO \"a b\" VALUES ('\\', 'x');\n"
          "SET sql_mode = @saved_sql_mode ;\n"
          "INSERT INTO t VALUES (\"\\\"\", 'x');\n",
          "insert a b ()?\n\\\\\tx\ninsert t ()?\n\"\tx\n");
    tells("/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ANSI' */;\n"
          "INSERT INTO \"t\" VALUES ('\\'');",
          "insert t ()?\n'\n");
}

/* ---- statements ---- */

static void statements_that_differ_in_their_values_are_one_run(void **state)
{
    (void)state;
    tells(
        "INSERT INTO `t` VALUES (1),(2);\nINSERT INTO `t` VALUES\n(3),\n(4);\n"
        "REPLACE INTO t VALUES (5);\nREPLACE INTO t VALUES (6);\nINSERT  IGNORE INTO t (a,`b``c`) "
        "VALUES (7,8);\nINSERT DELAYED t VALUE (9);",
        "insert t ()?\n1\n2\n3\n4\ninsert t ()?\n5\n6\ninsert t (a,b`c)\n7\t8\ninsert t ()?\n9\n");
}

static void what_brings_other_rows_is_unread(void **state)
{
    (void)state;
    const char *whole = "unread t: 1 INSERT ... SELECT or SET\n";
    tells("INSERT INTO t SELECT 1;", whole);
    tells("INSERT INTO t SET a = 1;", whole);
    tells("INSERT INTO t (a) (SELECT 1);", whole);
    tells("INSERT INTO t () VALUES ();", whole);
    tells("/*!40000 INSERT INTO t VALUES (1) */;", whole);
    tells("DELIMITER //\nINSERT INTO t VALUES (1)//\n", "unread t: 1 INSERT behind DELIMITER\n");
    tells("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2;",
          "insert t ()?\n1\nunread t: 1 INSERT with more behind its rows\n");
    tells("UPDATE t SET a = 1; DELETE FROM t; TRUNCATE TABLE t; LOAD DATA INFILE 'x' INTO TABLE t;"
          "CALL p(); SELECT f(); DO f(); secret;",
          "unread t: 1 UPDATE\nunread t: 1 DELETE\nunread t: 1 TRUNCATE\nunread : 1 LOAD\n"
          "unread : 1 CALL\nunread : 1 SELECT\nunread : 1 DO\nunread : 1 unknown statement\n");
}

static void what_brings_nothing_is_passed(void **state)
{
    (void)state;
    tells(
        "/*!40101 SET @OLD_X=@@X */;\nSET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a:1-2';\n"
        "LOCK TABLES x READ; UNLOCK TABLES; START TRANSACTION; COMMIT; DROP TABLE IF EXISTS `t`;\n"
        "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\n"
        "/*!40000 ALTER TABLE `t` DISABLE KEYS */;\nCHANGE MASTER TO MASTER_LOG_FILE='x';\n"
        "CREATE SEQUENCE s; DO SETVAL(`s`, 1, 0); SELECT SETVAL(s, 1); GRANT ALL ON *.* TO x;\n"
        "ALTER TABLE t ADD PRIMARY KEY (a), ADD KEY `k` (`b`), MODIFY a int, AUTO_INCREMENT=5;\n"
        "ALTER DATABASE d CHARACTER SET utf8; ALTER TABLE t ENABLE KEYS, ENGINE=InnoDB;;\n"
        "CREATE USER x; CREATE UNIQUE INDEX i ON t (a); /*M!999999\\- enable the sandbox mode */\n",
        "");
    tells(
        "ALTER TABLE t ADD COLUMN b int;ALTER TABLE t DROP b;ALTER TABLE t ADD KEY k (a), RENAME u;"
        "ALTER TABLE t CHANGE a b int;",
        "unread t: 4 ALTER TABLE that changes columns or rows\n");
}

static void bodies_behind_a_delimiter_bring_nothing(void **state)
{
    (void)state;
    tells("DELIMITER ;;\n"
          "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER tr BEFORE "
          "INSERT ON "
          "t FOR EACH ROW BEGIN INSERT INTO t VALUES (1); SET @x = ';;'; END */;;\n"
          "CREATE PROCEDURE p()\nBEGIN INSERT INTO t VALUES (2); -- ;;\n END ;;\n"
          "delimiter $$\r\nCREATE FUNCTION f() RETURNS int RETURN 1; INSERT INTO t VALUES (3)$$\n"
          "DELIMITER ;\nINSERT INTO t VALUES (4);",
          "insert t ()?\n4\n");
}

static void databases_are_followed(void **state)
{
    (void)state;
    tells("-- Host: localhost    Database: a b\nUSE `a b`;\nUSE `c``d`;\nINSERT INTO `c``d`.t "
          "VALUES (1);"
          "INSERT INTO `a b`.t VALUES (2);",
          "database a b\ndatabase c`d\ninsert t ()?\n1\nunread : 1 INSERT into another database\n");
    tells("-- Host: localhost    Database: \nINSERT INTO x.t VALUES (1);",
          "database x\ninsert t ()?\n1\n");
    tells("use a\nINSERT INTO t VALUES (1);", "database a\nunread : 1 USE without a semicolon\n"
                                              "unread : 1 INSERT inside of another statement\n");
}

static void a_statement_inside_of_one_that_holds_none_is_unread(void **state)
{
    (void)state;
    const char *const found = "unread : 1 INSERT inside of another statement\n";
    tells("UNLOCK TABLES\nINSERT INTO t VALUES (1);", found);
    tells("SET NAMES utf8mb4 INSERT IGNORE INTO `t` VALUES (1);",
          arena_printf(&arena, "encoding utf8mb4\n%s", found));
    tells("/*!40000 ALTER TABLE `t` DISABLE KEYS */\nREPLACE INTO `t` VALUES (1);", found);
    tells("UNLOCK TABLES\nCREATE TABLE t (a int);",
          "unread : 1 CREATE TABLE inside of another statement\n");
    tells(
        "CREATE OR REPLACE DEFINER=root@localhost TRIGGER a AFTER INSERT ON t FOR EACH ROW INSERT "
        "INTO u VALUES (1); ALTER EVENT e DO REPLACE INTO u VALUES (1); SHOW CREATE TABLE t;"
        "DROP TABLE `insert`, `into`; LOCK TABLES `replace` READ;",
        "");
}

static void unsafe_character_sets_are_refused(void **state)
{
    (void)state;
    const char *sets[] = {"sjis", "CP932", "big5", "gbk", "gb18030"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        err = (struct err){0};
        (void)told(str_from(arena_printf(&arena, "/*!40101 SET NAMES %s */;", sets[i])), 1);
        assert_int_equal(err.id, 313);
        err = (struct err){0};
        (void)told(str_from(arena_printf(&arena, "SET character_set_client = %s;", sets[i])), 1);
        assert_int_equal(err.id, 313);
    }
    tells("/*!40101 SET NAMES utf8mb4 */;SET character_set_client = @saved;SET CHARACTER SET "
          "'latin1';",
          "encoding utf8mb4\nencoding latin1\n");
}

/* ---- tables ---- */

static void columns_are_told_from_keys(void **state)
{
    (void)state;
    tells(
        "CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'a, ) `b`',\n"
        "  `gen` varchar(9) GENERATED ALWAYS AS (concat(`id`,'x')) STORED,\n  `key` enum('a','b)') "
        "DEFAULT 'a',\n  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`key`(3)),\n  KEY `k` "
        "(`id`,`key`),\n"
        "  FULLTEXT KEY `f` (`key`),\n  CONSTRAINT `c` FOREIGN KEY (`id`) REFERENCES `other` (`x`) "
        "ON "
        "DELETE CASCADE,\n  CONSTRAINT `d` CHECK (json_valid(`key`)),\n  PERIOD FOR SYSTEM_TIME "
        "(`a`, "
        "`b`)\n) ENGINE=InnoDB COMMENT='SELECT' /*!50100 PARTITION BY HASH (id) PARTITIONS 3 */;",
        "table t (id,gen,key)\nkey t -> other\n");
    tells("CREATE TABLE IF NOT EXISTS t (a int /*!80023 INVISIBLE */, b int);", "table t (a,b)?\n");
    tells("CREATE TABLE t LIKE u; CREATE OR REPLACE TABLE t (LIKE u);",
          "table t ()?\ntable t ()?\n");
    tells("CREATE TABLE t AS SELECT 1;", "table t ()?\nunread t: 1 CREATE TABLE ... SELECT\n");
    tells("CREATE TABLE t (a int) IGNORE SELECT 1;",
          "table t (a)?\nunread t: 1 CREATE TABLE ... SELECT\n");
    tells("CREATE TABLE m (a int) ENGINE=MRG_MyISAM UNION=(`x`,`y`);", "view m (a)\n");
    tells("ALTER TABLE `t` ADD CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `u` (`id`);",
          "key t -> u\n");
}

static void views_are_no_tables(void **state)
{
    (void)state;
    tells(
        "/*!50001 CREATE VIEW `v` AS SELECT 1 AS `id`*/;\n/*!50001 CREATE ALGORITHM=UNDEFINED */\n"
        "/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select "
        "1 */;",
        "view v ()?\nview v ()?\n");
}

/* ---- comments ---- */

static void header_and_trailer_frame_a_dump(void **state)
{
    (void)state;
    const char *dump = "-- MySQL dump 10.13  Distrib 8.0.36\n-- Server version\t8.0.36\n"
                       "-- Dumping data for table `a``b`\n-- WHERE:  id = 'secret'\n"
                       "LOCK TABLES `a``b` WRITE;\n";
    const char *events = "header\nserver 8.0.36\ndata of a`b\nwhere\ndata of a`b\n";
    tells(arena_printf(&arena, "%s-- Dump completed on 2024-05-01 10:00:00\n", dump),
          arena_printf(&arena, "%strailer\ncompleted 1714557600\n", events));
    tells(arena_printf(&arena, "%s-- Dump completed on 2024-05-01  9:00:00\n", dump),
          arena_printf(&arena, "%strailer\ncompleted 1714554000\n", events));
    tells(arena_printf(&arena, "%s-- Dump completed\n", dump),
          arena_printf(&arena, "%strailer\n", events));
    tells_of(str_from(dump), str_from(arena_printf(&arena, "%send truncated\n", events)));
    tells_of(STR("-- MariaDB dump 10.19\n-- MariaDB dump 10.19\n-- Dump completed\n"),
             STR("header\nheader\ntrailer\nend truncated\n"));
    tells_of(STR("START TRANSACTION;\nSET time_zone = '+00:00';\n"), STR("end truncated\n"));
    tells_of(STR("START TRANSACTION;\nCOMMIT;\nSTART SLAVE;\n"), STR("end\n"));
    tells_of(STR("LOCK TABLES `t` WRITE;\n"), STR("data of t\nend truncated\n"));
    tells_of(STR("LOCK TABLES `t` WRITE;\nUNLOCK TABLES;\n"), STR("data of t\nend\n"));
    tells_of(STR("LOCK TABLES `t` READ;\n"), STR("end\n"));
    tells_of(STR("BEGIN;\nEND;\n"), STR("unread : 1 unknown statement\nend truncated\n"));
}

static void cut_off_inside_a_statement_is_incomplete(void **state)
{
    (void)state;
    struct str whole =
        STR("INSERT INTO `t` (`a`) VALUES (0x76,_binary 'a\\'b',\"c\",b'1',-1,NULL,f('x'))/*x*/;");
    for (size_t n = 1; n < whole.len; n++) {
        err = (struct err){0};
        (void)told(str_slice(whole, 0, n), 1);
        assert_int_equal(err.kind, ERR_INCOMPLETE);
    }
    err = (struct err){0};
    (void)told(whole, 1);
    assert_int_equal(err.kind, ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(strings_have_the_escapes_of_mysql),
        TEST(charsets_and_hexadecimal_stand_before_bytes),
        TEST(what_is_no_literal_is_counted),
        TEST(blanks_and_comments_are_those_of_mysql),
        TEST(strings_follow_the_sql_mode),
        TEST(statements_that_differ_in_their_values_are_one_run),
        TEST(what_brings_other_rows_is_unread),
        TEST(what_brings_nothing_is_passed),
        TEST(bodies_behind_a_delimiter_bring_nothing),
        TEST(databases_are_followed),
        TEST(a_statement_inside_of_one_that_holds_none_is_unread),
        TEST(unsafe_character_sets_are_refused),
        TEST(columns_are_told_from_keys),
        TEST(views_are_no_tables),
        TEST(header_and_trailer_frame_a_dump),
        TEST(cut_off_inside_a_statement_is_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
