/* Tests of show: what a person must see, and JSON that says exactly what the file's views say. */
#include "analyzer/render/show.h"
#include "tests/unit/report_sample.h"
#include "tests/unit/report_shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct err err;
    struct report r;
    struct show_style style;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->r = sample_report(&f->arena);
    f->style.now = T_2026_11_20 + 36 * 3600 + 60;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_free(&f->arena);
    free(f);
    return 0;
}

static const char *show(struct fixture *f, enum table_format format)
{
    struct buf out = {.arena = &f->arena};
    assert_true(report_seal(&f->r, &f->err));
    assert_true(show_report(&out, &f->r, "report.db", &f->style, format, &f->err));
    return arena_text(&f->arena, buf_str(&out));
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("missing: %s\n%s", words, text);
}

static void assert_silent(const char *text, const char *words)
{
    if (strstr(text, words))
        fail_msg("should not be said: %s\n%s", words, text);
}

static void text_begins_with_the_verdict(void **state)
{
    struct fixture *f = *state;
    const char *text = show(f, TABLE_TEXT);
    assert_memory_equal(text, "COMPLETE, PARTIAL INPUT: ", 25);
    f->r.partial = false;
    text = show(f, TABLE_TEXT);
    assert_memory_equal(text, "COMPLETE: ", 10);
    assert_silent(text, "--tables");
    f->r.complete = false;
    text = show(f, TABLE_TEXT);
    assert_memory_equal(text, "INCOMPLETE: ", 12);
    assert_silent(text, "keyretire plan --report"); /* it would be refused */
}

static void text_names_the_evidence_and_its_age(void **state)
{
    struct fixture *f = *state;
    const char *text = show(f, TABLE_TEXT);
    assert_says(text, "LABELS ONLY");
    assert_says(text, "2026-11-20T00:00:00Z (header), 1 d 12 h old: keyretire plan will warn\n");
    assert_says(text, "databases   crm, shop\n");
    assert_says(text, "server      15.4\n");
    assert_says(text, "active      v3, of 4 versions in the env file\n");
    assert_says(text, "read        5 tables, 150 rows, 250 cells\n");
    assert_says(text, "shop.sql.gz  gzip+plain-sql  1.0 kB  5.0 kB       100\n");
    assert_says(text, "INCOMPLETE mtime is all there is\n");
    assert_says(text, arena_text(&f->arena, f->r.content_digest));
    f->style.now = T_2026_11_20 + 8 * 86400;
    assert_says(show(f, TABLE_TEXT), "8 d 0 h old: too old for keyretire plan");
    f->style.now = T_2026_11_20 + 3600;
    assert_says(show(f, TABLE_TEXT), "(header), 1 h 0 min old\n");
    f->style.now = T_2026_11_20 - 1;
    assert_says(show(f, TABLE_TEXT), "(header), later than the clock of this machine\n");
    f->r.data_time = UTC_NONE;
    assert_says(show(f, TABLE_TEXT), "data time   not known");
    f->r.verified = true;
    assert_silent(show(f, TABLE_TEXT), "LABELS ONLY");
}

static void versions_of_all_columns_are_added_up_in_natural_order(void **state)
{
    struct fixture *f = *state;
    const char *text = show(f, TABLE_TEXT);
    /* 89 values use a key: 86 and 3; v3 is 60 and the 4 that were proven */
    assert_says(text, "  v1                  1   1.12        1  2026-01-01T00:00:00Z  in use\n"
                      "  v2                 21  23.60        1  2026-01-01T00:00:00Z  in use\n"
                      "  v3                 64  71.91        1  2026-11-19T23:59:59Z  active\n"
                      "  v10                 0   0.00        0  -                     not seen\n");
    assert_says(text, "  (no version)        5   5.62        1  2026-01-01T00:01:01Z  any key");
    assert_says(text, "  (other)             2   2.25        1  -                     not in the");
    f->r.active_version = STR("v10");
    assert_says(show(f, TABLE_TEXT), "active, not seen\n");
    f->r.active_version = STR("");
    f->r.version_count = 0;
    text = show(f, TABLE_TEXT);
    assert_says(text, "not known: no env file was read");
    assert_says(text, "no name of a version\n");
    assert_silent(text, "v10");
}

static void versions_of_any_name_are_added_up(void **state)
{
    static const char *const names[] = {"v1a", "v9", "v10", "v", "10", "9", "a1", "v01", "v2-prod"};
    struct fixture *f = *state;
    f->r = (struct report){.arena = &f->arena, .data_time = UTC_NONE};
    for (size_t t = 0; t < 9; t++) { /* each table has them in another order */
        struct str name = str_from(arena_printf(&f->arena, "t%zu", t));
        struct report_table *table = sample_table(&f->r, STR(""), STR(""), name, COVERAGE_DATA, 9);
        struct report_column *c = report_add_column(&f->r, table, STR("c"));
        for (size_t u = 0; u < 9; u++)
            sample_usage(&f->r, c, str_from(names[(t + u) % 9]), BASIS_HINT, 1, UTC_NONE, UTC_NONE);
    }
    assert_says(show(f, TABLE_TEXT),
                "  version  records      %  columns  newest write\n"
                "  9              9  11.11        9  -             in use\n"
                "  10             9  11.11        9  -             in use\n"
                "  a1             9  11.11        9  -             in use\n"
                "  v01            9  11.11        9  -             in use\n"
                "  v9             9  11.11        9  -             in use\n"
                "  v10            9  11.11        9  -             in use\n"
                "  v              9  11.11        9  -             in use\n"
                "  v1a            9  11.11        9  -             in use\n"
                "  v2-prod        9  11.11        9  -             in use\n\n");
}

static void column_shows_its_versions_and_what_blocks(void **state)
{
    struct fixture *f = *state;
    const char *text = show(f, TABLE_TEXT);
    assert_says(text,
                "  shop: public.users.totp (declared): 100 records, 86 with a key, 10 null\n");
    assert_says(text, "    v3                 60  69.77  hint    2026-01-01T00:00:00Z  "
                      "2026-11-19T23:59:59Z  active\n");
    assert_says(text, "    v3                  4   4.65  proven  -                     -");
    assert_says(text, "    blocks: 5 unversioned, 1 malformed, 2 plaintext\n");
    assert_says(text, "    3 tokens are dated after the data");
    /* plain text blocks in declared columns only */
    assert_says(text, "  crm: sales.leads.note: 50 records, 3 with a key, 0 null\n");
    assert_says(text, "    blocks: 2 under names that no key has\n");
    assert_silent(text, "users.id");
}

static void findings_coverage_and_jobs_are_listed(void **state)
{
    struct fixture *f = *state;
    const char *text = show(f, TABLE_TEXT);
    assert_says(text, "Findings: 1 error, 1 warning, 0 notes\n  error plaintext shop: "
                      "public.users.totp: plain text in a declared column (2)\n  warning ");
    assert_says(text,
                "Coverage: 5 tables, 2 data, 1 no-data, 1 referenced-but-absent, 1 skipped\n");
    assert_says(text, "  shop: public.gone  referenced-but-absent  table\n");
    assert_says(text, "  shop: public.tmp   skipped                table              "
                      "--exclude-table\n");
    assert_says(text,
                "  7    app.models:User  totp    v3        40  100       2  failed (dry run)\n");
    assert_says(text, "Next\n  keyretire plan --report report.db --env-file FILE -o plan.txt "
                      "--tables FILE\n");
    f->r.job_count = 0;
    assert_says(show(f, TABLE_TEXT), "Re-encryption jobs: none\n");
    f->r.jobs_known = false;
    text = show(f, TABLE_TEXT);
    assert_says(text, "Re-encryption jobs: unknown\n");
    assert_silent(text, "jobs: none");
    f->r.finding_count = 0;
    assert_says(show(f, TABLE_TEXT), "Findings: none\n");
}

static void long_lists_are_cut_and_counted(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 30; i++) {
        struct str name = str_from(arena_printf(&f->arena, "gone%02d", i));
        struct report_table *t =
            sample_table(&f->r, STR("shop"), STR("public"), name, COVERAGE_ABSENT, 0);
        (void)report_add_finding(&f->r, SEVERITY_INFO, STR("note"), t, STR(""));
    }
    const char *text = show(f, TABLE_TEXT);
    /* 33 tables without data, 32 findings, 20 of each shown */
    assert_says(text, "  ... and 13 more: SELECT * FROM coverage\n");
    assert_says(text, "  ... and 12 more: SELECT * FROM findings\n");
    assert_says(text, "gone15");
    assert_silent(text, "gone25");
}

static void colour_is_only_there_when_asked_for(void **state)
{
    struct fixture *f = *state;
    assert_silent(show(f, TABLE_TEXT), "\033");
    f->style.colour = SHOW_ANSI;
    assert_memory_equal(show(f, TABLE_TEXT), "\033[1;33mCOMPLETE, PARTIAL INPUT\033[0m:", 35);
    assert_silent(show(f, TABLE_JSON), "\033");
    assert_silent(show(f, TABLE_CSV), "\033");
}

static void report_of_nothing_can_be_shown(void **state)
{
    struct fixture *f = *state;
    f->r = (struct report){.arena = &f->arena, .data_time = UTC_NONE, .created = UTC_NONE};
    const char *text = show(f, TABLE_TEXT);
    assert_says(text, "no value that uses a key was seen\n");
    assert_says(text, "read        0 tables, 0 rows, 0 cells\n");
    assert_says(text, "databases   not named in the data\n");
    assert_says(show(f, TABLE_JSON), "\"key_usage\":[]");
}

/* S5 */
static void names_cannot_reach_the_terminal(void **state)
{
    struct fixture *f = *state;
    struct str bad = STR("x\033[31m\n\xe2\x80\xae");
    f->r.tables[0].name = f->r.tables[0].columns[0].name = f->r.tables[0].database = bad;
    f->r.tables[2].name = f->r.tables[2].note = bad;
    f->r.inputs[0].path = f->r.inputs[0].kind = f->r.inputs[1].note = bad;
    f->r.inputs[0].server_version = f->r.jobs[0].status = f->r.jobs[0].id = bad;
    f->r.findings[0].message = f->r.findings[0].code = f->r.findings[0].table = bad;
    f->r.versions[1].name = f->r.active_version = f->r.data_time_source = bad;
    f->r.program_version = bad;
    static const enum table_format formats[] = {TABLE_TEXT, TABLE_JSON, TABLE_JSON_LINES,
                                                TABLE_CSV};
    for (size_t i = 0; i < 4; i++) {
        const char *text = show(f, formats[i]);
        assert_silent(text, "\033");
        assert_silent(text, "\xe2\x80\xae");
        assert_silent(text, "\nx");
    }
}

static void next_command_quotes_what_the_shell_would_read(void **state)
{
    struct fixture *f = *state;
    struct buf out = {.arena = &f->arena};
    assert_true(report_seal(&f->r, &f->err));
    show_text(&out, &f->r, "it's $(mine).db", &f->style);
    assert_says(arena_text(&f->arena, buf_str(&out)),
                "keyretire plan --report 'it'\\''s $(mine).db' --env-file FILE");
}

/*
 * python3 reads our JSON and, with its own sqlite3 module, the views of the file that report_write
 * made of the same report: rows, columns, their order and the types must be the same.
 */
static void json_says_what_the_views_of_the_file_say(void **state)
{
    static const char script[] =
        "import json, sqlite3, sys\n"
        "shown = json.load(open(sys.argv[1]))\n"
        "db = sqlite3.connect(sys.argv[2])\n"
        "views = [n for (n,) in db.execute(\"SELECT name FROM sqlite_master WHERE type='view'\")]\n"
        "assert sorted(views) == sorted(shown), (views, list(shown))\n"
        "def typed(x): return [(k, type(v).__name__, v) for k, v in x]\n"
        "assert typed(shown['summary'].items()) == typed(db.execute('SELECT * FROM summary'))\n"
        "for view in set(views) - {'summary'}:\n"
        "    cursor = db.execute('SELECT * FROM ' + view)\n"
        "    names = [d[0] for d in cursor.description]\n"
        "    want = [typed(zip(names, row)) for row in cursor]\n"
        "    assert [typed(row.items()) for row in shown[view]] == want, view\n"
        "print('same', len(views))\n";
    struct fixture *f = *state;
    char folder[64];
    char path[128];
    shell_folder(folder);
    (void)snprintf(path, sizeof path, "%s/report.db", folder);
    const char *json = show(f, TABLE_JSON);
    assert_true(report_write(path, &f->r, FILE_KEEP, &f->err));
    (void)snprintf(path, sizeof path, "%s/shown.json", folder);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(json, out) >= 0);
    assert_int_equal(fclose(out), 0);
    (void)snprintf(path, sizeof path, "%s/compare.py", folder);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(script, out) >= 0);
    assert_int_equal(fclose(out), 0);
    const char *answer =
        shell("/usr/bin/python3 '%s' '%s/shown.json' '%s/report.db' 2>&1", path, folder, folder);
    assert_string_equal(answer, "same 13");
    shell_remove(folder);
}

static void spend_is_shown_by_month_when_there_is_some(void **state)
{
    struct fixture *f = *state;
    assert_null(strstr(show(f, TABLE_TEXT), "OpenRouter"));
    for (int i = 0; i < 3; i++) {
        struct report_spend *s = report_add_spend(&f->r);
        *s = (struct report_spend){.key_name = STR("prod"),
                                   .day = T_2026_01_01 + i * 86400,
                                   .generations = 1,
                                   .micros = 400000 + i};
    }
    const char *text = show(f, TABLE_TEXT);
    assert_says(text, "OpenRouter spend, by key and month (UTC)");
    assert_says(text, "prod  2026-01  1.200003  0.000000");
}

static void csv_is_the_key_usage(void **state)
{
    struct fixture *f = *state;
    const char *text = show(f, TABLE_CSV);
    assert_memory_equal(text,
                        "schema_name,table_name,column_name,version,record_count,percentage,"
                        "is_active,basis,database_name\r\nsales,leads,note,(other),2,",
                        strlen("schema_name,table_name,column_name,version,record_count,percentage,"
                               "is_active,basis,database_name\r\nsales,leads,note,(other),2,"));
    assert_says(text, "public,users,totp,v2,21,24.41860465116279,0,hint,shop\r\n");
    assert_says(show(f, TABLE_JSON_LINES), "{\"schema_name\":\"sales\",\"table_name\":\"leads\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_begins_with_the_verdict),
        TEST(text_names_the_evidence_and_its_age),
        TEST(versions_of_all_columns_are_added_up_in_natural_order),
        TEST(versions_of_any_name_are_added_up),
        TEST(column_shows_its_versions_and_what_blocks),
        TEST(findings_coverage_and_jobs_are_listed),
        TEST(long_lists_are_cut_and_counted),
        TEST(colour_is_only_there_when_asked_for),
        TEST(report_of_nothing_can_be_shown),
        TEST(names_cannot_reach_the_terminal),
        TEST(next_command_quotes_what_the_shell_would_read),
        TEST(json_says_what_the_views_of_the_file_say),
        TEST(spend_is_shown_by_month_when_there_is_some),
        TEST(csv_is_the_key_usage),
    };
    return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
