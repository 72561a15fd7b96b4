/*
 * sql: events of scripts, each read whole and in pieces of one and three bytes. The fixtures are
 * real dumps (tests/data/sql); what they hold is known from the statements that made the database.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "common/buf.h"
#include "formats/dump/sql.h"
#include "tests/unit/arena_case.h"

#include <stdio.h>

/* ---- events as text, one a line ---- */

static void put_name(struct buf *out, struct str schema, struct str name)
{
    buf_byte(out, ' ');
    buf_add(out, schema);
    buf_byte(out, '.');
    buf_add(out, name);
}

static void put_columns(struct buf *out, const struct sql_event *e)
{
    buf_text(out, " (");
    for (size_t i = 0; i < e->column_count; i++) {
        buf_text(out, i ? "," : "");
        buf_add(out, e->columns[i].name);
        buf_text(out, e->columns[i].generated ? "*" : "");
    }
    buf_text(out, e->columns_known ? ")" : ")?");
}

static void put_event(struct buf *out, const struct sql_event *e)
{
    static const char *const relations[] = {"table", "partitioned", "foreign", "view", "matview"};
    static const char *const references[] = {"key", "partition", "inherits"};
    static const char *const facts[] = {
        "header",  "trailer", "cluster-header", "cluster-trailer", "server",
        "pg_dump", "started", "completed",      "row-security",    "encoding",
        "where",   "data-of", "through-root"};
    switch (e->kind) {
    case SQL_EVENT_DATABASE:
        buf_printf(out, "database %.*s", STR_ARG(e->database));
        break;
    case SQL_EVENT_TABLE:
        buf_text(out, e->temporary ? "temporary " : "");
        buf_text(out, relations[e->relation]);
        put_name(out, e->schema, e->name);
        put_columns(out, e);
        break;
    case SQL_EVENT_REFERENCE:
        buf_text(out, references[e->reference]);
        put_name(out, e->schema, e->name);
        buf_text(out, " ->");
        put_name(out, e->to_schema, e->to_name);
        break;
    case SQL_EVENT_COPY:
        buf_text(out, "copy");
        put_name(out, e->schema, e->name);
        put_columns(out, e);
        buf_text(out, e->crlf ? " crlf" : "");
        break;
    case SQL_EVENT_INSERT:
        buf_text(out, "insert");
        put_name(out, e->schema, e->name);
        if (e->defaults)
            buf_text(out, " defaults");
        else
            put_columns(out, e);
        break;
    case SQL_EVENT_OBJECT:
        buf_text(out, "object");
        break;
    case SQL_EVENT_UNREAD:
        buf_text(out, "unread ");
        buf_add(out, e->what);
        put_name(out, e->schema, e->name);
        buf_printf(out, " x%d", (int)e->count);
        break;
    case SQL_EVENT_FACT:
        buf_text(out, facts[e->fact]);
        if (e->fact == SQL_FACT_THROUGH_ROOT || e->fact == SQL_FACT_DATA_OF)
            put_name(out, e->schema, e->name);
        buf_text(out, e->text.len ? " " : "");
        buf_add(out, e->text);
        if (e->time != UTC_NONE)
            buf_printf(out, " =%lld", (long long)e->time);
        break;
    case SQL_EVENT_END:
        buf_text(out, "end");
        if (e->end.truncated)
            buf_printf(out, " truncated: header at line %d of %.*s", (int)e->end.header_line,
                       STR_ARG(e->end.header_database));
        break;
    }
    buf_byte(out, '\n');
}

enum events { ALL_EVENTS, NO_FACTS };

static struct str told(struct str text, size_t piece, enum events which)
{
    struct buf out = {.arena = &arena};
    struct window w;
    struct sql_reader r;
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    struct source *src = source_memory(text, piece, &err);
    assert_non_null(src);
    assert_true(window_open(&w, src, 1, &err));
    w.name = "x.sql";
    if (piece)
        w.piece = piece;
    sql_open(&r, &w);
    bool ok = true;
    while (ok && (ok = sql_next(&r, &e, &err))) {
        if (which == ALL_EVENTS || e.kind != SQL_EVENT_FACT)
            put_event(&out, &e);
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

static void tells_of(struct str text, enum events which, const char *wanted)
{
    const size_t pieces[] = {0, 1, 3};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        err = (struct err){0};
        assert_string_equal(arena_text(&arena, told(text, pieces[i], which)), wanted);
    }
}

static void tells(const char *text, const char *wanted)
{
    tells_of(str_from(text), ALL_EVENTS, wanted);
}

static struct str fixture(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "tests/data/sql/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    unsigned char *bytes = arena_alloc(&arena, 1 << 20);
    size_t n = fread(bytes, 1, 1 << 20, f);
    (void)fclose(f);
    assert_true(n > 0 && n < 1 << 20);
    return str_make(bytes, n);
}

/* ---- real dumps ---- */

#define TABLES                                                                                     \
    "table public.users (id,email,Secret,full_name*,ident,note)\n"                                 \
    "table public.empty_one ()\n"                                                                  \
    "foreign public.ft (id)\n"                                                                     \
    "table public.kid (extra)?\n"                                                                  \
    "inherits public.kid -> public.users\n"                                                        \
    "matview public.mv ()?\n"                                                                      \
    "partitioned public.parted (k,v)\n"                                                            \
    "table public.parted_1 (k,v)\n"                                                                \
    "table public.parted_2 (k,v)\n"                                                                \
    "table public.unl (x)\n"                                                                       \
    "view public.v_users ()?\n"                                                                    \
    "table we ird.ta\"b;le (a,b c,exclude)\n"                                                      \
    "partition public.parted_1 -> public.parted\n"                                                 \
    "partition public.parted_2 -> public.parted\n"
#define COPIES                                                                                     \
    "copy public.empty_one ()?\n"                                                                  \
    "copy public.kid (id,email,Secret,ident,note,extra)\n"                                         \
    "copy public.parted_1 (k,v)\n"                                                                 \
    "copy public.parted_2 (k,v)\n"                                                                 \
    "copy public.unl (x)\n"                                                                        \
    "copy public.users (id,email,Secret,ident,note)\n"                                             \
    "copy we ird.ta\"b;le (a,b c,exclude)\n"
#define FOREIGN_KEY "key we ird.ta\"b;le -> public.users\n"

static void dump_of_awkward_names_tells_tables_rows_and_references(void **state)
{
    (void)state;
    tells_of(fixture("plain.sql"), NO_FACTS, TABLES COPIES "object\n" FOREIGN_KEY "end\n");
}

static void cluster_dump_names_each_database(void **state)
{
    (void)state;
    tells_of(fixture("cluster.sql"), NO_FACTS,
             "database template1\n"
             "database app\n" TABLES COPIES "object\n" FOREIGN_KEY "database odd name='x'\n"
             "database postgres\n"
             "end\n");
}

static void inserts_in_a_row_are_one_event(void **state)
{
    (void)state;
    tells_of(fixture("inserts.sql"), NO_FACTS,
             TABLES "insert public.parted_1 ()?\n"
                    "insert public.parted_2 ()?\n"
                    "insert public.users ()?\n"
                    "unread INSERT of a value that is no literal public.users x3\n"
                    "insert we ird.ta\"b;le ()?\n"
                    "object\n" FOREIGN_KEY "end\n");
}

/* A dump cut anywhere is an error or a missing trailer, never a whole dump with less in it. */
static void dump_cut_at_any_byte_is_noticed(void **state)
{
    (void)state;
    struct str whole = fixture("plain.sql");
    size_t header = str_search(whole, STR("database dump")) + 13;
    for (size_t cut = header; cut < str_search(whole, STR("complete\n--\n\n\\unrestrict")); cut++) {
        err = (struct err){0};
        struct arena_mark mark = arena_mark(&arena);
        struct str got = told(str_slice(whole, 0, cut), 0, NO_FACTS);
        bool noticed = err.kind == ERR_INCOMPLETE || str_search(got, STR("truncated")) < got.len;
        if (!noticed)
            fail_msg("cut at byte %zu is not noticed", cut);
        arena_reset(&arena, mark);
    }
}

static void facts_of_a_verbose_dump(void **state)
{
    (void)state;
    struct str got = told(fixture("plain.sql"), 1, ALL_EVENTS);
    const char *wanted[] = {"header\n", "server 15.18 (Debian 15.18-0+deb12u1)\n",
                            "pg_dump 15.18 (Debian 15.18-0+deb12u1)\n",
                            /* date -ud '2026-11-21 16:26:28' +%s */
                            "started 2026-11-21 16:26:28 UTC =1795278388\n", "encoding UTF8\n",
                            "completed 2026-11-21 16:26:28 UTC =1795278388\n", "trailer\n"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_true(str_search(got, str_from(wanted[i])) < got.len);
}

/* As pg_dump --load-via-partition-root writes it. */
static void partition_loaded_through_its_root_is_named(void **state)
{
    (void)state;
    struct str got =
        told(STR("-- Data for Name: leaf; of; Type: TABLE DATA; Schema: a b; Owner: me\n"
                 "-- load via partition root public.root\n"
                 "-- load via partition root public.root\n"),
             1, ALL_EVENTS);
    assert_string_equal(arena_text(&arena, got),
                        "data-of a b.leaf; of\nthrough-root a b.leaf; of\nend\n");
}

static void names_that_can_be_read_in_two_ways_name_no_partition(void **state)
{
    (void)state;
    struct str got =
        told(STR("-- Data for Name: x; Type: TABLE DATA; Schema: s; Type: TABLE DATA; Schema: t;"
                 " Owner: me\n-- load via partition root public.root\n"
                 "-- Data for Name: x; Type: TABLE DATA; Schema: s; Owner: t; Owner: me\n"
                 "-- load via partition root public.root\n"
                 "-- Data for Name: x; Type: SEQUENCE SET; Schema: s; Owner: me\n"
                 "-- load via partition root public.root\n"),
             1, ALL_EVENTS);
    assert_string_equal(arena_text(&arena, got), "end\n");
}

/* ---- tables ---- */

static void create_table_in_all_its_forms(void **state)
{
    (void)state;
    tells("CREATE TABLE a (x int, y text);"
          "create unlogged table if not exists S.\"B\" (\"x\" int);"
          "CREATE TEMP TABLE t (a int); CREATE GLOBAL TEMPORARY TABLE u (a int);"
          "CREATE TABLE db.s.c (LIKE a INCLUDING ALL, z int);"
          "CREATE TABLE d OF some_type (PRIMARY KEY (a));"
          "CREATE FOREIGN TABLE f (a int OPTIONS (x 'y')) SERVER s;"
          "CREATE OR REPLACE VIEW v AS SELECT 1; CREATE RECURSIVE VIEW w (n) AS SELECT 1;"
          "CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT 1 WITH NO DATA;"
          "CREATE FOREIGN DATA WRAPPER x; CREATE INDEX i ON a (x); CREATE SCHEMA q;",
          "table public.a (x,y)\n"
          "table s.B (x)\n"
          "temporary table public.t (a)\n"
          "temporary table public.u (a)\n"
          "table s.c (z)?\n"
          "table public.d ()?\n"
          "foreign public.f (a)\n"
          "view public.v ()?\n"
          "view public.w ()?\n"
          "matview public.m ()?\n"
          "end\n");
}

static void columns_are_told_from_constraints(void **state)
{
    (void)state;
    tells(
        "CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY (START 1), "
        "b numeric(10,2) DEFAULT (1+(2*3)) NOT NULL, c text GENERATED ALWAYS AS (b || ',' ) STORED,"
        "v int GENERATED ALWAYS AS (id) VIRTUAL, i int GENERATED BY DEFAULT AS IDENTITY, "
        "exclude text, \"primary\" int, generated int, key int, references_x int, "
        "CONSTRAINT k PRIMARY KEY (id), UNIQUE (b, c), CHECK ((b > 0) AND c <> 'x,y'), "
        "EXCLUDE USING gist (c WITH =), EXCLUDE (b WITH =), FOREIGN KEY (b) REFERENCES o.p (q), "
        "w int REFERENCES \"Other\" ON DELETE CASCADE);",
        "table public.a (id,b,c*,v*,i,exclude,primary,generated,key,references_x,w)\n"
        "key public.a -> o.p\n"
        "key public.a -> public.Other\n"
        "end\n");
}

static void partitions_and_heirs_refer_to_their_roots(void **state)
{
    (void)state;
    tells("CREATE TABLE r (a int) PARTITION BY LIST (a);"
          "CREATE TABLE p PARTITION OF s.r (b DEFAULT 1) FOR VALUES IN (1) PARTITION BY HASH (b);"
          "CREATE FOREIGN TABLE fp PARTITION OF r DEFAULT SERVER x;"
          "CREATE TABLE h (c int) INHERITS (x, y.z) WITH (fillfactor=70) TABLESPACE t;"
          "ALTER TABLE ONLY r ATTACH PARTITION y.p2 FOR VALUES IN (2);"
          "ALTER TABLE h INHERIT q, NO INHERIT x; ALTER TABLE r DETACH PARTITION p;"
          "ALTER INDEX i ATTACH PARTITION j;",
          "partitioned public.r (a)\n"
          "partitioned public.p (b)?\n"
          "partition public.p -> s.r\n"
          "foreign public.fp ()?\n"
          "partition public.fp -> public.r\n"
          "table public.h (c)?\n"
          "inherits public.h -> public.x\n"
          "inherits public.h -> y.z\n"
          "partition y.p2 -> public.r\n"
          "inherits public.h -> public.q\n"
          "end\n");
}

static void columns_called_like_actions_are_no_references(void **state)
{
    (void)state;
    tells("ALTER TABLE ONLY t ALTER COLUMN inherit SET DEFAULT 1;"
          "ALTER TABLE t ALTER COLUMN attach SET NOT NULL;"
          "ALTER TABLE ONLY public.t ADD CONSTRAINT f FOREIGN KEY (a, b) REFERENCES s.u(c, d), "
          "ADD COLUMN z int REFERENCES v;",
          "key public.t -> s.u\n"
          "key public.t -> public.v\n"
          "end\n");
}

static void table_made_from_a_query_is_unread_unless_it_has_no_data(void **state)
{
    (void)state;
    tells("CREATE TABLE a AS SELECT 1; CREATE TABLE b (x) AS SELECT 1 WITH NO DATA;"
          "SELECT 1 INTO c; SELECT 'into', (SELECT 1 AS into);"
          "CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1;",
          "table public.a ()?\n"
          "unread CREATE TABLE ... AS public.a x1\n"
          "table public.b (x)?\n"
          "unread SELECT ... INTO . x1\n"
          "unread CREATE SCHEMA ... CREATE . x1\n"
          "unread CREATE TABLE inside of another statement . x1\n"
          "end\n");
}

/* ---- COPY ---- */

static void copy_leaves_the_window_at_its_rows(void **state)
{
    (void)state;
    const size_t pieces[] = {0, 1};
    for (size_t i = 0; i < 2; i++) {
        struct window w;
        struct sql_reader r;
        struct sql_event e;
        struct source *src =
            source_memory(STR("COPY a FROM stdin; -- x ;\n1\t2\n\\\\.\n\\.\nCOPY b (c) FROM stdin;"
                              "\n\\.\nCREATE TABLE c ();"),
                          pieces[i], &err);
        assert_true(window_open(&w, src, 1, &err));
        sql_open(&r, &w);
        assert_true(sql_next(&r, &e, &err));
        assert_int_equal(e.kind, SQL_EVENT_COPY);
        assert_int_equal(e.line, 1);
        assert_int_equal(w.offset, 26);
        assert_int_equal(w.line, 2);
        while (window_rest(&w).len < 11)
            assert_true(window_more(&w, &err));
        assert_true(str_starts(window_rest(&w), STR("1\t2\n\\\\.\n\\.\n")));
        window_skip(&w, 11);
        assert_true(sql_next(&r, &e, &err));
        assert_true(str_eq(e.name, STR("b")));
        assert_int_equal(e.line, 5);
        assert_true(sql_skip_rows(&r, &err));
        assert_true(sql_next(&r, &e, &err));
        assert_int_equal(e.kind, SQL_EVENT_TABLE);
        assert_true(sql_next(&r, &e, &err));
        assert_int_equal(e.kind, SQL_EVENT_END);
        assert_true(sql_next(&r, &e, &err)); /* and again */
        assert_int_equal(e.kind, SQL_EVENT_END);
        sql_close(&r);
        window_close(&w);
        source_close(src);
    }
}

static void copy_in_every_spelling_of_the_text_format(void **state)
{
    (void)state;
    tells("COPY a (x, \"Y z\") FROM stdin;\n\\.\n"
          "copy s.a from STDIN WITH (FORMAT text, FREEZE, DELIMITER E'\\t', NULL '\\N');\n\\.\n"
          "COPY a (x) WITH OIDS FROM stdin;\n16384\t1\n\\.\n"
          "COPY a WITH OIDS FROM stdin;\n16384\t1\n\\.\n"
          "COPY a FROM stdin WITH DELIMITER AS '\t' NULL AS '\\N';\n\\.\n"
          "COPY a FROM stdin WHERE csv > 1;\n\\.\n"
          "COPY crlf FROM stdin;\r\n1\r\n\\.\r\n",
          "copy public.a (x,Y z)\n"
          "copy s.a ()?\n"
          "copy public.a (oid,x)\n"
          "copy public.a ()?\n"
          "copy public.a ()?\n"
          "copy public.a ()?\n"
          "copy public.crlf ()? crlf\n"
          "end\n");
}

static void copy_in_other_forms_is_unread_and_its_rows_are_skipped(void **state)
{
    (void)state;
    tells("COPY a FROM stdin WITH (FORMAT csv);\n\"INSERT INTO x\n\\.\n"
          "COPY b FROM stdin CSV HEADER;\n1\n\\.\n"
          "COPY BINARY c FROM '/x'; COPY d FROM PROGRAM 'ls'; COPY e FROM '/x' CSV;"
          "COPY f FROM stdin DELIMITER ',';\n'\n\\.\n"
          "COPY g (x) FROM stdin WITH (NULL '');\n'\n\\.\n"
          "COPY :t FROM stdin;\n'\n\\.\n"
          "COPY h TO stdout; COPY (SELECT 'x' FROM stdin) TO '/x'; COPY i (a) TO PROGRAM 'x';",
          "unread COPY ... CSV public.a x1\n"
          "unread COPY ... CSV public.b x1\n"
          "unread COPY ... FROM a file public.c x1\n"
          "unread COPY ... FROM a program public.d x1\n"
          "unread COPY ... FROM a file public.e x1\n"
          "unread COPY ... with other than the usual options public.f x1\n"
          "unread COPY ... with other than the usual options public.g x1\n"
          "unread COPY without a readable name . x1\n"
          "end\n");
}

static void text_behind_copy_on_its_line_is_refused(void **state)
{
    (void)state;
    tells("COPY a FROM stdin; SELECT 1;\n\\.\n",
          "!12 316 x.sql, byte 19 of the decoded stream (line 1)\n");
}

static void rows_that_look_like_sql_stay_rows(void **state)
{
    (void)state;
    tells("COPY a FROM stdin;\nINSERT INTO x VALUES (1);\n'unclosed\n\\connect b\n\\.x\n \\.\n\\.\n"
          "CREATE TABLE b (x int);",
          "copy public.a ()?\ntable public.b (x)\nend\n");
}

/* ---- what is text ---- */

static void bodies_rules_and_strings_bring_nothing(void **state)
{
    (void)state;
    tells("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $x$ INSERT INTO a VALUES (1); $x$;\n"
          "CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC INSERT INTO a "
          "VALUES (1); SELECT CASE WHEN true THEN 1 ELSE 2 END; UPDATE a SET b = 1; END;\n"
          "CREATE PROCEDURE p() BEGIN ATOMIC COPY a FROM stdin; END;\n"
          "CREATE RULE r AS ON INSERT TO a DO INSTEAD (INSERT INTO b VALUES (1); DELETE FROM c);\n"
          "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f();\n"
          "COMMENT ON TABLE a IS 'COPY a FROM stdin;\n\\.\n-- PostgreSQL database dump\n';\n"
          "COMMENT ON TABLE a IS E'\\';INSERT INTO a VALUES (1);';\n"
          "GRANT INSERT, UPDATE ON a TO b; ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO x;\n"
          "SELECT 'x' FROM a FOR UPDATE; WITH x AS (SELECT 1) SELECT * FROM x FOR NO KEY UPDATE;\n"
          "/* INSERT INTO a; */ BEGIN; SAVEPOINT s; COMMIT; END;\n"
          "PREPARE q AS INSERT INTO a VALUES (1);\n"
          "CREATE TABLE z (a int DEFAULT 1);",
          "table public.z (a)\nend\n");
}

static void statements_that_bring_or_change_rows_are_unread(void **state)
{
    (void)state;
    tells("INSERT INTO a VALUES (');'), (2); INSERT INTO public.a (x) VALUES (1);"
          "INSERT INTO \"B\" DEFAULT VALUES; UPDATE ONLY a SET x = 1; MERGE INTO s.a USING b ON 1;"
          "DO $$ BEGIN INSERT INTO a VALUES (1); END $$; CALL p(); EXECUTE q;"
          "WITH x AS (INSERT INTO a VALUES (1)) SELECT 1; EXPLAIN ANALYZE INSERT INTO a SELECT 1;"
          "SELECT lo_put(1, 0, 'x'); SELECT pg_catalog.lo_create('1');"
          "LOAD 'lib'; LOAD DATA INFILE 'x'; FROBNICATE secret; 12; \"secret\";",
          "insert public.a ()?\n"
          "insert public.a (x)\n"
          "insert public.B defaults\n"
          "unread UPDATE public.a x1\n"
          "unread MERGE s.a x1\n"
          "unread DO . x1\n"
          "unread CALL . x1\n"
          "unread EXECUTE . x1\n"
          "unread WITH ... that writes . x1\n"
          "unread EXPLAIN of a statement that writes . x1\n"
          "unread large object . x1\n"
          "unread LOAD . x1\n"
          "unread unknown statement . x3\n"
          "end\n");
}

static void statement_inside_of_one_that_holds_none_is_unread(void **state)
{
    (void)state;
    tells("ALTER TABLE public.rule OWNER TO a\n-- Data\nINSERT INTO b VALUES (1);"
          "SET a = rule INSERT INTO b VALUES (1);"
          "COMMENT ON TRIGGER a ON b IS 'x' CREATE UNLOGGED TABLE c (a int);",
          "unread INSERT inside of another statement . x2\n"
          "unread CREATE TABLE inside of another statement . x1\n"
          "end\n");
    tells(
        "CREATE TABLE a (insert int, replace text, create text); CREATE POLICY p ON a FOR INSERT "
        "TO b;"
        "CREATE RULE r AS ON INSERT TO a DO ALSO\n INSERT INTO b VALUES (1);"
        "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION create();"
        "CREATE PUBLICATION p FOR TABLE a WITH (publish = 'insert');"
        "GRANT INSERT, CREATE ON SCHEMA a TO b; DECLARE c CURSOR FOR SELECT 1;"
        "COMMENT ON COLUMN a.insert IS 'INSERT INTO a'; ALTER TABLE a RENAME \"insert\" TO into_a;",
        "table public.a (insert,replace,create)\nend\n");
}

static void statements_that_take_rows_away_are_unread(void **state)
{
    (void)state;
    tells("DELETE FROM ONLY a WHERE x = 1; TRUNCATE TABLE ONLY s.a, \"B\" RESTART IDENTITY;"
          "TRUNCATE a *, b CASCADE; WITH x AS (DELETE FROM a RETURNING *) SELECT 1;"
          "EXPLAIN ANALYZE DELETE FROM a;",
          "unread DELETE public.a x1\n"
          "unread TRUNCATE s.a x1\n"
          "unread TRUNCATE public.B x1\n"
          "unread TRUNCATE public.a x1\n"
          "unread TRUNCATE public.b x1\n"
          "unread WITH ... that writes . x1\n"
          "unread EXPLAIN of a statement that writes . x1\n"
          "end\n");
}

/* What a function of the user's does is not known; what the server brings with it is. */
static void functions_of_the_user_are_unread_wherever_a_query_calls_them(void **state)
{
    (void)state;
    tells("SELECT my_function(); SELECT s.f(1) FROM a; SELECT 1 FROM a WHERE \"F\" (2) > 1;"
          "SELECT public.setval('x', 1); SELECT x.pg_catalog.f(); (SELECT f());"
          "SELECT \"all\"(1) FROM a; VALUES (1, f()); DECLARE c CURSOR FOR SELECT f();"
          "WITH x AS (SELECT f()) SELECT 1; EXPLAIN ANALYZE SELECT f();",
          "unread call of a function . x11\n"
          "end\n");
}

/* pg_dump.c, pg_dumpall.c, pg_backup_db.c and the statistics of version 18. */
static void queries_that_dumps_hold_are_no_cause_for_alarm(void **state)
{
    (void)state;
    tells(
        "SELECT pg_catalog.set_config('search_path', '', false); SELECT setval('s', 1, true);"
        "SELECT pg_catalog.lo_open(pg_catalog.lo_create('1'), 131072); SELECT lo_close(0);"
        "SELECT CASE WHEN EXISTS(SELECT 1 FROM pg_catalog.pg_largeobject_metadata WHERE oid = '1')"
        " THEN pg_catalog.lo_unlink('1') END;"
        "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = '1';"
        "SELECT * FROM pg_catalog.pg_restore_relation_stats(\n\t'version', '180000'::integer,"
        " 'relpages', '0'::numeric(10, 2), 'x', CAST('a' AS varchar(10)));"
        "SELECT pg_catalog.binary_upgrade_set_next_pg_type_oid('1'::pg_catalog.oid);"
        "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'x';"
        "DELETE FROM pg_catalog.pg_description; TRUNCATE pg_catalog.pg_largeobject;"
        "SELECT count(*), max(x) FROM (SELECT 1) AS t (x) WHERE x IN (1, 2) AND NOT (x = 3);"
        "VALUES (1), (2); EXPLAIN SELECT 1 FOR NO KEY UPDATE; DECLARE c CURSOR FOR SELECT 1; FETCH "
        "ALL FROM c;"
        "WITH x AS (SELECT 1) SELECT * FROM x; REFRESH MATERIALIZED VIEW m; TABLE a;",
        "end\n");
}

static void system_large_objects_are_data(void **state)
{
    (void)state;
    tells("UPDATE pg_catalog.pg_largeobject SET data = 'x';",
          "unread UPDATE pg_catalog.pg_largeobject x1\nend\n");
}

static void alter_table_that_fills_or_rewrites_a_column_is_unread(void **state)
{
    (void)state;
    tells("ALTER TABLE a ADD COLUMN x text DEFAULT 'v1:x'; ALTER TABLE ONLY s.a ADD y text NOT NULL"
          " DEFAULT 'z', ADD z int; ALTER TABLE a ALTER COLUMN x TYPE text USING upper(x);"
          "ALTER TABLE a ALTER x SET DATA TYPE text USING (y);",
          "unread ALTER TABLE ... ADD COLUMN ... DEFAULT public.a x1\n"
          "unread ALTER TABLE ... ADD COLUMN ... DEFAULT s.a x1\n"
          "unread ALTER TABLE ... USING public.a x2\n"
          "end\n");
    tells("ALTER TABLE ONLY a ALTER COLUMN x SET DEFAULT nextval('s'), ADD COLUMN y int;"
          "ALTER TABLE a ALTER COLUMN i ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 1);"
          "ALTER TABLE ONLY a ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES b(y) ON DELETE SET"
          " DEFAULT; ALTER TABLE ONLY a ADD CONSTRAINT e EXCLUDE USING gist (r WITH &&);"
          "ALTER TABLE ONLY a REPLICA IDENTITY USING INDEX i; ALTER TABLE a ADD NOT NULL x;"
          "ALTER TABLE ONLY a ADD CHECK (x > 1) NOT VALID, ADD UNIQUE USING INDEX i;"
          "ALTER TABLE a ALTER COLUMN x TYPE text; ALTER TABLE a ADD inherit text, ADD attach int;",
          "key public.a -> public.b\nend\n");
}

static void subscription_that_copies_its_tables_is_unread(void **state)
{
    (void)state;
    tells("CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION p WITH (slot_name = 'a');"
          "CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION p;"
          "CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION p WITH (connect = true);"
          "CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION p WITH (connect = false, slot_name = "
          "'a');",
          "unread CREATE SUBSCRIPTION . x3\nend\n");
}

static void template_variables_are_unread(void **state)
{
    (void)state;
    tells("SELECT :'x'; COMMENT ON TABLE a IS :'y'; SELECT a::\"char\", b[1:2];",
          "unread :variable of psql . x2\nend\n");
}

/* ---- psql ---- */

static void harmless_commands_are_passed_and_others_are_unread(void **state)
{
    (void)state;
    tells(
        "\\restrict abc\n\\echo 'a' \\set x 1\n\\pset null x\n\\timing\n\\! ls\n\\i a.sql\n"
        "\\ir b.sql\n\\copy s.t(a) from 'x' csv\n\\copy t to 'x'\n\\copy (select 1) to 'x'\n"
        "\\if true\n\\else\n\\endif\n\\.\n\\nonsense secret\nSELECT 1 \\gexec\nSELECT 2 \\gset p_\n"
        "SELECT 3 \\g\n\\unrestrict abc\n\\lo_import x\n",
        "unread \\! . x1\n"
        "unread \\i . x1\n"
        "unread \\ir . x1\n"
        "unread \\copy s.t x1\n"
        "unread \\if . x1\n"
        "unread \\. . x1\n"
        "unread unknown backslash command . x1\n"
        "unread \\gexec . x1\n"
        "unread \\gset . x1\n"
        "unread \\lo_import . x1\n"
        "end\n");
}

static void connect_takes_a_name_or_a_connection_string(void **state)
{
    (void)state;
    tells("\\connect a\n\\c b user host 5432\n\\connect - other\n\\c\n\\connect \"c d\"\n"
          "\\connect -reuse-previous=on \"dbname='e \\'f\\\\g'\"\n\\c 'host=x dbname = h port=1'\n"
          "\\c postgresql://u@h:1/i%20j?x=y\n\\connect \"k\"\"l\"\n\\connect 'm''n'\n",
          "database a\ndatabase b\ndatabase c d\ndatabase e 'f\\g\ndatabase h\ndatabase i j\n"
          "database k\"l\ndatabase m'n\nend\n");
}

static void announced_database_is_named_once(void **state)
{
    (void)state;
    tells("--\n-- Database \"a b\" dump\n--\n\n\\connect \"a b\"\nCREATE TABLE t ();\n",
          "database a b\ntable public.t ()\nend\n");
}

static void run_of_unread_statements_ends_with_its_database(void **state)
{
    (void)state;
    tells("UPDATE a SET b = 1;\nUPDATE a SET b = 2;\n\\connect x\nUPDATE a SET b = 1;",
          "unread UPDATE public.a x2\ndatabase x\nunread UPDATE public.a x1\nend\n");
}

/* ---- the session ---- */

static void search_path_names_the_schema_of_bare_names(void **state)
{
    (void)state;
    tells("SET search_path = a, pg_catalog; CREATE TABLE t (); COPY t FROM stdin;\n\\.\n"
          "SET SESSION search_path TO \"$user\", \"B\", c; CREATE TABLE t ();"
          "SET search_path = 'D'; CREATE TABLE t (); SET search_path TO DEFAULT; CREATE TABLE t ();"
          "SELECT pg_catalog.set_config('search_path', '\"x\"\"y\", z', false); CREATE TABLE t ();"
          "SELECT set_config('search_path', 'pg_catalog, Zz', false); CREATE TABLE t ();"
          "SET SCHEMA 'e'; CREATE TABLE t (); RESET search_path; CREATE TABLE t ();"
          "SET search_path = f; SELECT pg_catalog.set_config('search_path', '', false);"
          "CREATE TABLE t (); SET search_path = g; RESET ALL; CREATE TABLE t ();"
          "SET search_path = h;\n\\connect x\nCREATE TABLE t ();",
          "table a.t ()\ncopy a.t ()?\ntable B.t ()\ntable D.t ()\ntable public.t ()\n"
          "table x\"y.t ()\ntable zz.t ()\ntable e.t ()\ntable public.t ()\ntable public.t ()\n"
          "table public.t ()\ndatabase x\ntable public.t ()\nend\n");
}

static void encodings_with_backslash_trail_bytes_are_refused(void **state)
{
    (void)state;
    tells("SET client_encoding = 'SJIS';",
          "!12 313 x.sql, byte 0 of the decoded stream (line 1)\n");
    tells("set client_encoding to gb18030;",
          "!12 313 x.sql, byte 0 of the decoded stream (line 1)\n");
    tells("\n\\encoding Shift_JIS_2004\n",
          "!12 313 x.sql, byte 1 of the decoded stream (line 2)\n");
    tells("SET NAMES 'big-5';", "!12 313 x.sql, byte 0 of the decoded stream (line 1)\n");
    tells("SELECT set_config('client_encoding', 'WIN949', false);",
          "!12 313 x.sql, byte 0 of the decoded stream (line 1)\n");
    tells("COPY a FROM stdin WITH (ENCODING 'JOHAB');\n\\.\n",
          "!12 313 x.sql, byte 0 of the decoded stream (line 1)\n");
    tells("SET client_encoding = 'EUC_JP'; SET client_encoding = 'LATIN1';",
          "encoding EUC_JP\nencoding LATIN1\nend\n");
}

static void old_strings_follow_the_setting(void **state)
{
    (void)state;
    tells("SET standard_conforming_strings = off; COMMENT ON TABLE a IS 'x\\'; INSERT INTO a;';"
          "SET standard_conforming_strings = on; COMMENT ON TABLE a IS 'x\\'; CREATE TABLE b ();",
          "table public.b ()\nend\n");
}

static void row_security_is_a_fact_when_on(void **state)
{
    (void)state;
    tells("SET row_security = off; SET row_security = on;", "row-security on\nend\n");
}

static void start_time_needs_a_zone_that_is_known(void **state)
{
    (void)state;
    /* date -ud '2024-05-01 10:00:00' +%s -> 1714557600 */
    tells("-- Started on 2024-05-01 10:00:00 UTC\n-- Started on 2024-05-01 10:00:00 -03\n"
          "-- Started on 2024-05-01 10:00:00 +0530\n-- Started on 2024-05-01 12:00:00 CEST\n"
          "-- Started on 2024-05-01 10:00:00 CST\n-- Started on 2024-05-01 10:00:00\n"
          "-- Started on 2024-02-30 10:00:00 UTC\n-- Completed on 2024-05-01 10:00:00 GMT\n",
          "started 2024-05-01 10:00:00 UTC =1714557600\n"
          "started 2024-05-01 10:00:00 -03 =1714568400\n"
          "started 2024-05-01 10:00:00 +0530 =1714537800\n"
          "started 2024-05-01 12:00:00 CEST =1714557600\n"
          "started 2024-05-01 10:00:00 CST\n"
          "started 2024-05-01 10:00:00\n"
          "started 2024-02-30 10:00:00 UTC\n"
          "completed 2024-05-01 10:00:00 GMT =1714557600\n"
          "end\n");
}

/* ---- truncation ---- */

#define HEADER  "--\n-- PostgreSQL database dump\n--\n"
#define TRAILER "--\n-- PostgreSQL database dump complete\n--\n"
#define CLUSTER "--\n-- PostgreSQL database cluster dump\n--\n"

static void header_without_its_trailer_is_a_truncated_dump(void **state)
{
    (void)state;
    tells(HEADER "SELECT 1;\n", "header\nend truncated: header at line 2 of \n");
    tells(HEADER "\\connect a\n" HEADER TRAILER,
          "header\ndatabase a\nheader\ntrailer\nend truncated: header at line 2 of a\n");
    tells(CLUSTER "\\connect a\n" HEADER TRAILER,
          "cluster-header\ndatabase a\nheader\ntrailer\nend truncated: header at line 2 of \n");
    tells(HEADER TRAILER HEADER TRAILER, "header\ntrailer\nheader\ntrailer\nend\n");
    tells("SELECT 1;\n", "end\n");
}

static void transaction_without_its_end_is_a_truncated_dump(void **state)
{
    (void)state;
    static const char cut[] = "end truncated: header at line 2 of \n";
    static const char *const open[] = {"BEGIN;",
                                       "begin work;",
                                       "START TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
                                       "BEGIN; BEGIN;",
                                       "BEGIN; ROLLBACK TO SAVEPOINT s;",
                                       "BEGIN; COMMIT AND CHAIN;",
                                       "BEGIN; PREPARE p AS SELECT 1;"};
    static const char *const closed[] = {"BEGIN; COMMIT;",
                                         "BEGIN; END;",
                                         "BEGIN; ROLLBACK WORK;",
                                         "BEGIN; ABORT;",
                                         "BEGIN; COMMIT AND NO CHAIN;",
                                         "BEGIN; PREPARE TRANSACTION 'x';",
                                         "COMMIT;"};
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
        tells(arena_printf(&arena, "\n%s\n", open[i]), cut);
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
        tells(arena_printf(&arena, "\n%s\n", closed[i]), "end\n");
    tells(HEADER "BEGIN;\n", "header\nend truncated: header at line 2 of \n");
}

static void script_that_ends_too_early_says_where(void **state)
{
    (void)state;
    tells("\nCREATE TABLE a (\n x int", "!3 310 x.sql, byte 1 of the decoded stream (line 2)\n");
    tells("COMMENT ON TABLE a IS 'x", "!3 311 x.sql, byte 22 of the decoded stream (line 1)\n");
    tells("COPY a FROM stdin", "!3 310 x.sql, byte 0 of the decoded stream (line 1)\n");
    tells("COPY a FROM stdin;", "!3 312 x.sql, byte 18 of the decoded stream (line 1)\n");
    tells("COPY a FROM stdin;\n1\n2",
          "copy public.a ()?\n!3 312 x.sql, byte 22 of the decoded stream (line 3)\n");
    tells("COPY a FROM stdin;\n1\n\\",
          "copy public.a ()?\n!3 312 x.sql, byte 22 of the decoded stream (line 3)\n");
    tells("COPY a FROM stdin;\n1\n\\.", "copy public.a ()?\nend\n");
}

/* ---- limits ---- */

static void memory_does_not_grow_with_the_number_of_tables(void **state)
{
    (void)state;
    struct buf text = {.arena = &arena};
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "CREATE TABLE s.table_%d (a int REFERENCES s.b, c text);\n", i);
    struct window w;
    struct sql_reader r;
    struct sql_event e;
    struct source *src = source_memory(buf_str(&text), 0, &err);
    assert_true(window_open(&w, src, 1, &err));
    sql_open(&r, &w);
    struct arena_block *block = r.arena.top;
    size_t tables = 0;
    do {
        assert_true(sql_next(&r, &e, &err));
        assert_ptr_equal(r.arena.top, block);
        tables += e.kind == SQL_EVENT_TABLE;
    } while (e.kind != SQL_EVENT_END);
    assert_int_equal(tables, 20000);
    sql_close(&r);
    window_close(&w);
    source_close(src);
}

static void memory_does_not_grow_within_one_statement(void **state)
{
    (void)state;
    struct buf text = {.arena = &arena};
    buf_text(&text, "SELECT (");
    for (int i = 0; i < 20000; i++)
        buf_text(&text, "\n\\echo some words that are passed\n-- Database \"\" dump\n"
                        "set_config('search_path', 'a, \"b\"', false), 'x',");
    buf_text(&text, "1); CREATE TABLE t ();");
    struct window w;
    struct sql_reader r;
    struct sql_event e;
    struct source *src = source_memory(buf_str(&text), 0, &err);
    assert_true(window_open(&w, src, 1, &err));
    sql_open(&r, &w);
    struct arena_block *block = r.arena.top;
    assert_true(sql_next(&r, &e, &err));
    assert_true(str_eq(e.schema, STR("a")));
    assert_ptr_equal(r.arena.top, block);
    sql_close(&r);
    window_close(&w);
    source_close(src);
}

static void statement_beyond_the_limits_is_refused(void **state)
{
    (void)state;
    struct buf text = {.arena = &arena};
    buf_text(&text, "CREATE TABLE a (");
    for (int i = 0; i <= SQL_COLUMNS_MAX; i++)
        buf_printf(&text, "%sc%d int", i ? "," : "", i);
    buf_text(&text, ");");
    tells_of(buf_str(&text), ALL_EVENTS, "!12 315 x.sql, byte 0 of the decoded stream (line 1)\n");
    text.len = 0;
    buf_text(&text, "COPY ");
    for (int i = 0; i <= SQL_NAME_MAX; i++)
        buf_byte(&text, 'n');
    buf_text(&text, " FROM stdin;\n\\.\n");
    tells_of(buf_str(&text), ALL_EVENTS, "!12 315 x.sql, byte 5 of the decoded stream (line 1)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dump_of_awkward_names_tells_tables_rows_and_references),
        cmocka_unit_test(cluster_dump_names_each_database),
        cmocka_unit_test(inserts_in_a_row_are_one_event),
        cmocka_unit_test(dump_cut_at_any_byte_is_noticed),
        cmocka_unit_test(facts_of_a_verbose_dump),
        cmocka_unit_test(partition_loaded_through_its_root_is_named),
        cmocka_unit_test(names_that_can_be_read_in_two_ways_name_no_partition),
        cmocka_unit_test(create_table_in_all_its_forms),
        cmocka_unit_test(columns_are_told_from_constraints),
        cmocka_unit_test(partitions_and_heirs_refer_to_their_roots),
        cmocka_unit_test(columns_called_like_actions_are_no_references),
        cmocka_unit_test(table_made_from_a_query_is_unread_unless_it_has_no_data),
        cmocka_unit_test(copy_leaves_the_window_at_its_rows),
        cmocka_unit_test(copy_in_every_spelling_of_the_text_format),
        cmocka_unit_test(copy_in_other_forms_is_unread_and_its_rows_are_skipped),
        cmocka_unit_test(text_behind_copy_on_its_line_is_refused),
        cmocka_unit_test(rows_that_look_like_sql_stay_rows),
        cmocka_unit_test(bodies_rules_and_strings_bring_nothing),
        cmocka_unit_test(statements_that_bring_or_change_rows_are_unread),
        cmocka_unit_test(statement_inside_of_one_that_holds_none_is_unread),
        cmocka_unit_test(statements_that_take_rows_away_are_unread),
        cmocka_unit_test(functions_of_the_user_are_unread_wherever_a_query_calls_them),
        cmocka_unit_test(queries_that_dumps_hold_are_no_cause_for_alarm),
        cmocka_unit_test(system_large_objects_are_data),
        cmocka_unit_test(alter_table_that_fills_or_rewrites_a_column_is_unread),
        cmocka_unit_test(subscription_that_copies_its_tables_is_unread),
        cmocka_unit_test(template_variables_are_unread),
        cmocka_unit_test(harmless_commands_are_passed_and_others_are_unread),
        cmocka_unit_test(connect_takes_a_name_or_a_connection_string),
        cmocka_unit_test(announced_database_is_named_once),
        cmocka_unit_test(run_of_unread_statements_ends_with_its_database),
        cmocka_unit_test(search_path_names_the_schema_of_bare_names),
        cmocka_unit_test(encodings_with_backslash_trail_bytes_are_refused),
        cmocka_unit_test(old_strings_follow_the_setting),
        cmocka_unit_test(row_security_is_a_fact_when_on),
        cmocka_unit_test(start_time_needs_a_zone_that_is_known),
        cmocka_unit_test(header_without_its_trailer_is_a_truncated_dump),
        cmocka_unit_test(transaction_without_its_end_is_a_truncated_dump),
        cmocka_unit_test(script_that_ends_too_early_says_where),
        cmocka_unit_test(memory_does_not_grow_with_the_number_of_tables),
        cmocka_unit_test(memory_does_not_grow_within_one_statement),
        cmocka_unit_test(statement_beyond_the_limits_is_refused),
    };
    struct CMUnitTest with[sizeof tests / sizeof tests[0]];
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        with[i] = tests[i];
        with[i].setup_func = setup;
        with[i].teardown_func = teardown;
    }
    return cmocka_run_group_tests(with, NULL, NULL);
}
