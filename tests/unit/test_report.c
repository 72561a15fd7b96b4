/* Tests of the report: its seal, its digest, and what sqlite3 finds in its file. */
#include "common/report.h"
#include "common/report_form.h"
#include "common/sys.h"
#include "tests/unit/report_sample.h"
#include "tests/unit/report_shell.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct err err;
    char folder[64];
    char path[96];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    shell_folder(f->folder);
    (void)snprintf(f->path, sizeof f->path, "%s/report.db", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sys = &sys_linux;
    shell_remove(f->folder);
    arena_free(&f->arena);
    free(f);
    return 0;
}

static void assert_fine(const struct err *err, bool done)
{
    if (!done)
        print_message("%s\n", err->text);
    assert_true(done);
    assert_int_equal(err->kind, ERR_NONE);
}

static void write_sample(struct fixture *f)
{
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, REPORT_KEEP, &f->err));
}

#define ASSERT_SQL(f, statement, expected) assert_string_equal(SQL((f)->path, statement), expected)

/* ---- the contract of cli.md ---- */

static void views_have_the_columns_of_the_contract_in_their_order(void **state)
{
    static const struct {
        const char *view;
        const char *columns;
    } contract[] = {
        {"summary", "item,value"},
        {"key_usage",
         "schema_name,table_name,column_name,version,record_count,percentage,is_active"},
        {"value_classes", "schema_name,table_name,column_name,class,record_count"},
        {"columns", "schema_name,table_name,column_name,records,nulls,envelope,declared"},
        {"coverage", "schema_name,table_name,state,note"},
        {"inputs", "path,kind,bytes,decoded_bytes,records,digest,complete,note"},
        {"jobs", "id,model_path,column_name,target_version,status,processed,total_records,errors,"
                 "dry_run,updated_at"},
        {"findings", "severity,code,schema_name,table_name,column_name,message,record_count"},
        {"write_times", "schema_name,table_name,column_name,version,oldest,newest"},
    };
    struct fixture *f = *state;
    write_sample(f);
    for (size_t i = 0; i < sizeof contract / sizeof contract[0]; i++) {
        char sql[160];
        (void)snprintf(sql, sizeof sql, "SELECT type FROM sqlite_master WHERE name='%s'",
                       contract[i].view);
        ASSERT_SQL(f, sql, "view");
        (void)snprintf(sql, sizeof sql, "SELECT group_concat(name) FROM pragma_table_info('%s')",
                       contract[i].view);
        const char *columns = SQL(f->path, sql);
        assert_memory_equal(columns, contract[i].columns, strlen(contract[i].columns));
        char after = columns[strlen(contract[i].columns)];
        assert_true(after == 0 || after == ',');
        if (strstr(contract[i].columns, "schema_name")) {
            const char *last = strrchr(columns, ',');
            assert_string_equal(last + 1, "database_name");
        }
    }
    ASSERT_SQL(f, "SELECT group_concat(name) FROM pragma_table_info('key_usage')",
               "schema_name,table_name,column_name,version,record_count,percentage,is_active,"
               "basis,database_name");
}

static void key_usage_gives_counts_percentages_and_the_active_version(void **state)
{
    struct fixture *f = *state;
    write_sample(f);
    /* 86 = 60 + 21 + 5 values use a key; the four proven ones are among the 21 */
    ASSERT_SQL(f,
               "SELECT schema_name,table_name,column_name,version,record_count,"
               "printf('%.12f',percentage),is_active,basis,database_name FROM key_usage",
               "sales|leads|note|(other)|2|66.666666666667|0|hint|crm\n"
               "sales|leads|note|v1|1|33.333333333333|0|hint|crm\n"
               "public|users|totp||5|5.813953488372|0|hint|shop\n"
               "public|users|totp|v2|21|24.418604651163|0|hint|shop\n"
               "public|users|totp|v3|60|69.767441860465|1|hint|shop\n"
               "public|users|totp|v3|4|4.651162790698|1|proven|shop");
    ASSERT_SQL(f, "SELECT DISTINCT typeof(percentage),typeof(record_count) FROM key_usage",
               "real|integer");
    ASSERT_SQL(f,
               "SELECT sum(percentage) FROM key_usage WHERE basis='hint' AND schema_name='sales'",
               "100.0");
}

static void is_active_is_null_when_no_env_file_was_read(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    r.active_version = STR("");
    r.version_count = 0;
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, REPORT_KEEP, &f->err));
    ASSERT_SQL(f, "SELECT DISTINCT typeof(is_active) FROM key_usage", "null");
    ASSERT_SQL(f, "SELECT count(*) FROM key_versions", "0");
}

static void classes_of_a_column_add_up_to_its_records(void **state)
{
    struct fixture *f = *state;
    write_sample(f);
    ASSERT_SQL(f, "SELECT class,record_count FROM value_classes WHERE table_name='users'",
               "hinted|80\nunversioned|5\nmalformed|1\nplaintext|2\nnull|10\nempty|2");
    ASSERT_SQL(f,
               "SELECT count(*) FROM (SELECT c.records AS n, sum(k.record_count) AS s FROM columns "
               "c JOIN value_classes k USING(database_name,schema_name,table_name,column_name) "
               "GROUP BY database_name,schema_name,table_name,column_name) WHERE n<>s",
               "0");
}

static void columns_and_coverage_list_every_table(void **state)
{
    struct fixture *f = *state;
    write_sample(f);
    ASSERT_SQL(f,
               "SELECT schema_name,table_name,column_name,records,nulls,envelope,declared FROM "
               "columns",
               "sales|leads|note|50|0|versioned-fernet|0\n"
               "public|users|totp|100|10|versioned-fernet|1\n"
               "public|users|id|100|0||0"); /* in the order of the data */
    ASSERT_SQL(f, "SELECT * FROM coverage",
               "sales|leads|data||table|50|crm\n"
               "public|gone|referenced-but-absent||table|0|shop\n"
               "public|logs|no-data|defined without its data block|partitioned-table|0|shop\n"
               "public|tmp|skipped|--exclude-table|table|0|shop\n"
               "public|users|data||table|100|shop");
}

static void inputs_jobs_findings_and_declared_pairs_stand_as_given(void **state)
{
    struct fixture *f = *state;
    write_sample(f);
    ASSERT_SQL(f, "SELECT * FROM inputs",
               "crm.csv|csv|0|0|50||0|mtime is all there is|||\n"
               "shop.sql.gz|gzip+plain-sql|1000|5000|100|xxh3-128:00112233445566778899aabbccddeeff"
               "|1||2026-11-20T00:00:00Z|header|15.4");
    ASSERT_SQL(f, "SELECT * FROM jobs",
               "7|app.models:User|totp|v3|failed|40|100|2|1|2026-11-19 08:00:00|shop");
    ASSERT_SQL(f, "SELECT severity,code,table_name,column_name,record_count FROM findings",
               "error|plaintext|users|totp|2\nwarning|undeclared-column|leads|note|3");
    ASSERT_SQL(f, "SELECT * FROM declared", "app.models:User|public|users|otp|totp|map");
    ASSERT_SQL(f, "SELECT version,is_active FROM key_versions", "v1|0\nv10|0\nv2|0\nv3|1");
}

static void write_times_are_those_that_could_be_read(void **state)
{
    struct fixture *f = *state;
    write_sample(f);
    ASSERT_SQL(f, "SELECT table_name,version,oldest,newest,basis FROM write_times",
               "leads|v1|2026-01-01T00:00:00Z|2026-01-01T00:00:00Z|hint\n"
               "users||2026-01-01T00:01:01Z|2026-01-01T00:01:01Z|hint\n"
               "users|v2|1970-01-01T00:00:00Z|2026-01-01T00:00:00Z|hint\n"
               "users|v3|2026-01-01T00:00:00Z|2026-11-19T23:59:59Z|hint");
}

static void summary_says_the_report_in_items(void **state)
{
    struct fixture *f = *state;
    write_sample(f);
    ASSERT_SQL(f, "SELECT item,value FROM summary WHERE item<>'content_digest'",
               "status|complete\npartial|1\nrow_security|0\nrows|150\ncells|250\ntables|5\n"
               "inputs|2\ncolumns|3\nciphertext_columns|2\nvalues|89\nactive_version|v3\n"
               "versions|v1, v10, v2, v3\ndata_time|2026-11-20T00:00:00Z\n"
               "data_time_source|header\ndatabases|crm, shop\nserver_versions|15.4\njobs|1\n"
               "verified|0\nlabels|labels only\ncreated|2026-11-20T01:00:00Z\n"
               "program_version|0.1.0\nschema_version|1");
    ASSERT_SQL(f, "SELECT typeof(value) FROM summary WHERE item='rows'", "integer");
    ASSERT_SQL(f,
               "SELECT count(*) FROM summary WHERE item='content_digest' AND value LIKE "
               "'sha256:%' AND length(value)=71",
               "1");
}

static void summary_of_a_verified_report_counts_what_was_proven(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    r.verified = true;
    r.jobs_known = false;
    r.job_count = 0;
    r.complete = false;
    struct report_finding *orphan =
        report_add_finding(&r, SEVERITY_ERROR, STR("orphan"), &r.tables[1], STR("note"));
    orphan->record_count = 2;
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, REPORT_KEEP, &f->err));
    ASSERT_SQL(f, "SELECT value FROM summary WHERE item IN ('status','jobs','labels')",
               "incomplete\nunknown\n87 of 89 proven");
}

static void every_table_view_and_column_is_described(void **state)
{
    struct fixture *f = *state;
    write_sample(f);
    ASSERT_SQL(f,
               "SELECT m.name||'.'||p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE "
               "m.type IN ('table','view') EXCEPT SELECT table_name||'.'||column_name FROM _doc",
               "");
    ASSERT_SQL(
        f,
        "SELECT table_name||'.'||column_name FROM _doc WHERE column_name NOT LIKE 'item:%' "
        "EXCEPT SELECT m.name||'.'||p.name FROM sqlite_master m, pragma_table_info(m.name) p "
        "EXCEPT SELECT name||'.' FROM sqlite_master",
        "");
    ASSERT_SQL(f,
               "SELECT name FROM sqlite_master WHERE type IN ('table','view') EXCEPT SELECT "
               "table_name FROM _doc WHERE column_name=''",
               "");
    ASSERT_SQL(f,
               "SELECT 'item:'||item FROM summary EXCEPT SELECT column_name FROM _doc WHERE "
               "table_name='summary'",
               "");
    ASSERT_SQL(f, "SELECT count(*) FROM _doc WHERE length(description)<2", "0");
    ASSERT_SQL(f, "SELECT count(*)-count(DISTINCT table_name||'.'||column_name) FROM _doc", "0");
}

static void file_is_marked_as_a_report_and_stands_alone(void **state)
{
    struct fixture *f = *state;
    write_sample(f);
    ASSERT_SQL(f, "PRAGMA application_id", "1262703173"); /* 0x4B435245, KCRE */
    ASSERT_SQL(f, "PRAGMA user_version", "1");
    ASSERT_SQL(f, "PRAGMA integrity_check", "ok");
    ASSERT_SQL(f, "PRAGMA journal_mode", "delete");
    assert_string_equal(shell("ls -A '%s'", f->folder), "report.db");
    /* bytes 18 and 19: 1 is the rollback format, 2 would be WAL */
    assert_string_equal(shell("od -An -tu1 -j18 -N2 '%s' | tr -d ' '", f->path), "11");
}

static void empty_report_is_a_report(void **state)
{
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .data_time = UTC_NONE, .created = UTC_NONE};
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, REPORT_KEEP, &f->err));
    ASSERT_SQL(f, "SELECT count(*) FROM key_usage", "0");
    ASSERT_SQL(f,
               "SELECT coalesce(value,'NULL') FROM summary WHERE item IN "
               "('status','rows','values','versions','data_time','jobs')",
               "incomplete\n0\n0\n\nNULL\nunknown");
}

static void column_without_a_value_has_no_usage_and_divides_by_nothing(void **state)
{
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .data_time = UTC_NONE};
    struct report_table *t = sample_table(&r, STR(""), STR(""), STR("empty"), COVERAGE_DATA, 0);
    struct report_column *c = report_add_column(&r, t, STR("secret"));
    c->declared = c->has_classes = true;
    c = report_add_column(&r, t, STR("odd"));
    sample_usage(&r, c, STR("v1"), BASIS_PROVEN, 1, UTC_NONE, UTC_NONE);
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, REPORT_KEEP, &f->err));
    ASSERT_SQL(f, "SELECT column_name,typeof(percentage) FROM key_usage", "odd|null");
    ASSERT_SQL(f, "SELECT column_name,records,declared FROM columns", "secret|0|1\nodd|0|0");
}

static void embedded_values_are_counted_once_in_the_percentage(void **state)
{
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .data_time = UTC_NONE};
    struct report_table *t = sample_table(&r, STR(""), STR(""), STR("t"), COVERAGE_DATA, 4);
    struct report_column *c = report_add_column(&r, t, STR("doc"));
    c->records = 4;
    c->has_classes = true;
    c->classes[CLASS_HINTED_EMBEDDED] = 4; /* each holds a v1 and a v2 */
    sample_usage(&r, c, STR("v1"), BASIS_HINT, 4, UTC_NONE, UTC_NONE);
    sample_usage(&r, c, STR("v2"), BASIS_HINT, 4, UTC_NONE, UTC_NONE);
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, REPORT_KEEP, &f->err));
    ASSERT_SQL(f, "SELECT version,percentage FROM key_usage", "v1|100.0\nv2|100.0");
}

static void largest_counts_and_times_survive(void **state)
{
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .data_time = INT64_MAX, .created = INT64_MIN + 1};
    struct report_table *t = sample_table(&r, STR(""), STR(""), STR("t"), COVERAGE_DATA, INT64_MAX);
    struct report_column *c = report_add_column(&r, t, STR("c"));
    c->records = INT64_MAX;
    sample_usage(&r, c, STR("v1"), BASIS_HINT, INT64_MAX, INT64_MIN + 1, INT64_MAX);
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, REPORT_KEEP, &f->err));
    ASSERT_SQL(f, "SELECT record_count,percentage FROM key_usage", "9223372036854775807|100.0");
    struct report back;
    assert_fine(&f->err, report_read(f->path, &f->arena, &back, &f->err));
    assert_true(back.tables[0].columns[0].usages[0].newest == INT64_MAX);
    assert_true(back.data_time == INT64_MAX);
}

static void count_that_no_sqlite_integer_holds_is_refused(void **state)
{
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .data_time = UTC_NONE};
    struct report_table *t = sample_table(&r, STR(""), STR(""), STR("t"), COVERAGE_DATA, 1);
    struct report_column *c = report_add_column(&r, t, STR("c"));
    c->nulls = (uint64_t)INT64_MAX + 1;
    assert_false(report_seal(&r, &f->err));
    assert_int_equal(f->err.id, 456);
    f->err = (struct err){0};
    c->nulls = 0;
    t->records = INT64_MAX;
    (void)sample_table(&r, STR(""), STR(""), STR("u"), COVERAGE_DATA, 1);
    assert_false(report_seal(&r, &f->err));
    assert_int_equal(f->err.id, 456);
}

/* ---- names ---- */

static void awkward_names_stand_as_they_are(void **state)
{
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .data_time = UTC_NONE};
    struct report_table *t =
        sample_table(&r, STR("d\"b"), STR("s'c;--"), STR("a b\n\t\"c\""), COVERAGE_DATA, 0);
    (void)report_add_column(&r, t, STR("\xf0\x9f\x94\x91 na\xc3\xafve"));
    (void)report_add_column(&r, t, STR(""));
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, REPORT_KEEP, &f->err));
    ASSERT_SQL(f,
               "SELECT hex(database_name),hex(schema_name),hex(table_name),hex(column_name) "
               "FROM columns",
               "642262|7327633B2D2D|6120620A0922632" /* a b\n\t"c" */
               "2|F09F949120"
               "6E61C3AF7665\n642262|7327633B2D2D|6120620A09226322|");
    ASSERT_SQL(f, "SELECT count(*) FROM findings", "0");
}

static void names_that_are_no_text_are_escaped_and_said(void **state)
{
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .data_time = UTC_NONE};
    struct report_table *t = sample_table(&r, STR(""), STR("p"), STR("caf\xe9"), COVERAGE_DATA, 0);
    (void)report_add_column(&r, t, STR("a\0b"));
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_seal(&r, &f->err)); /* once more changes nothing */
    assert_fine(&f->err, report_write(f->path, &r, REPORT_KEEP, &f->err));
    ASSERT_SQL(f, "SELECT table_name,column_name FROM columns", "caf\\xe9|a\\x00b");
    ASSERT_SQL(f, "SELECT severity,code,table_name,column_name FROM findings",
               "info|escaped-name|caf\\xe9|\ninfo|escaped-name|caf\\xe9|a\\x00b");
}

static void name_that_no_cell_holds_is_refused(void **state)
{
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .data_time = UTC_NONE};
    unsigned char *name = arena_alloc(&f->arena, 2000000);
    memset(name, 'x', 2000000);
    (void)sample_table(&r, STR(""), STR(""), str_make(name, 2000000), COVERAGE_DATA, 0);
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_false(report_write(f->path, &r, REPORT_KEEP, &f->err));
    assert_int_equal(f->err.id, 455);
    assert_string_equal(shell("ls -A '%s'", f->folder), "");
}

static void a_name_that_stands_twice_is_refused(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    (void)sample_table(&r, STR("shop"), STR("public"), STR("users"), COVERAGE_DATA, 1);
    assert_false(report_seal(&r, &f->err));
    assert_int_equal(f->err.id, 454);
    assert_non_null(strstr(f->err.text, "users"));

    f->err = (struct err){0};
    r = sample_report(&f->arena);
    (void)report_add_column(&r, &r.tables[0], STR("totp"));
    assert_false(report_seal(&r, &f->err));
    assert_int_equal(f->err.id, 454);

    f->err = (struct err){0};
    r = sample_report(&f->arena);
    sample_usage(&r, &r.tables[0].columns[0], STR("v3"), BASIS_HINT, 1, 0, 0);
    assert_false(report_seal(&r, &f->err));
    assert_int_equal(f->err.id, 454);
}

/* ---- the digest ---- */

static const char *sample_digest(struct fixture *f, void (*change)(struct report *))
{
    struct report r = sample_report(&f->arena);
    if (change)
        change(&r);
    assert_fine(&f->err, report_seal(&r, &f->err));
    return arena_text(&f->arena, r.content_digest);
}

#define CHANGE(name, statement)                                                                    \
    static void name(struct report *r)                                                             \
    {                                                                                              \
        statement;                                                                                 \
    }

CHANGE(complete, r->complete = false)
CHANGE(partial, r->partial = false)
CHANGE(jobs_known, r->jobs_known = false)
CHANGE(verified, r->verified = true)
CHANGE(row_security, r->row_security = true)
CHANGE(active, r->active_version = STR("v2"))
CHANGE(version_name, r->versions[0].name = STR("v4"))
CHANGE(fingerprint, memcpy(r->versions[0].fingerprint.hex, "0123456789abcdef", 16))
CHANGE(version_gone, r->version_count--)
CHANGE(table_database, r->tables[0].database = STR("x"))
CHANGE(table_schema, r->tables[0].schema = STR("x"))
CHANGE(table_name, r->tables[0].name = STR("x"))
CHANGE(table_kind, r->tables[0].kind = TABLE_FOREIGN)
CHANGE(table_state, r->tables[0].state = COVERAGE_UNKNOWN)
CHANGE(table_records, r->tables[0].records++)
CHANGE(table_gone, r->table_count--)
CHANGE(column_name, r->tables[0].columns[0].name = STR("x"))
CHANGE(column_envelope, r->tables[0].columns[0].envelope = STR("x"))
CHANGE(column_records, r->tables[0].columns[0].records++)
CHANGE(column_nulls, r->tables[0].columns[0].nulls++)
CHANGE(column_declared, r->tables[0].columns[0].declared = false)
CHANGE(column_has_classes, r->tables[0].columns[0].has_classes = false)
CHANGE(column_future, r->tables[0].columns[0].future_times++)
CHANGE(column_key_records, r->tables[0].columns[0].key_records = 1)
CHANGE(column_gone, r->tables[0].column_count--)
CHANGE(class_count, r->tables[0].columns[0].classes[CLASS_EMPTY]++)
CHANGE(class_moved, r->tables[0].columns[0].classes[CLASS_EMPTY]--;
       r->tables[0].columns[0].classes[CLASS_NULL]++)
CHANGE(usage_version, r->tables[0].columns[0].usages[0].version = STR("x"))
CHANGE(usage_basis, r->tables[0].columns[0].usages[3].basis = BASIS_PROVEN)
CHANGE(usage_records, r->tables[0].columns[0].usages[0].records++)
CHANGE(usage_oldest, r->tables[0].columns[0].usages[0].oldest = 5)
CHANGE(usage_newest, r->tables[0].columns[0].usages[0].newest = 5)
CHANGE(usage_gone, r->tables[0].columns[0].usage_count--)
CHANGE(job_database, r->jobs[0].database = STR("x"))
CHANGE(job_id, r->jobs[0].id = STR("x"))
CHANGE(job_model, r->jobs[0].model_path = STR("x"))
CHANGE(job_column, r->jobs[0].column_name = STR("x"))
CHANGE(job_target, r->jobs[0].target_version = STR("x"))
CHANGE(job_status, r->jobs[0].status = STR("x"))
CHANGE(job_processed, r->jobs[0].processed = -1)
CHANGE(job_total, r->jobs[0].total_records++)
CHANGE(job_errors, r->jobs[0].errors++)
CHANGE(job_dry_run, r->jobs[0].dry_run = false)
CHANGE(job_updated, r->jobs[0].updated_at = STR("x"))
CHANGE(job_gone, r->job_count--)
CHANGE(declared_model, r->declared[0].model = STR("x"))
CHANGE(declared_schema, r->declared[0].schema = STR("x"))
CHANGE(declared_table, r->declared[0].table = STR("x"))
CHANGE(declared_attribute, r->declared[0].attribute = STR("x"))
CHANGE(declared_column, r->declared[0].column = STR("x"))
CHANGE(declared_by, r->declared[0].resolved_by = STR("x"))
CHANGE(declared_gone, r->declared_count--)
CHANGE(finding_severity, r->findings[0].severity = SEVERITY_INFO)
CHANGE(finding_code, r->findings[0].code = STR("x"))
CHANGE(finding_database, r->findings[0].database = STR("x"))
CHANGE(finding_schema, r->findings[0].schema = STR("x"))
CHANGE(finding_table, r->findings[0].table = STR("x"))
CHANGE(finding_column, r->findings[0].column = STR("x"))
CHANGE(finding_count, r->findings[0].record_count++)
CHANGE(finding_gone, r->finding_count--)

static void digest_changes_with_everything_that_was_found(void **state)
{
    static void (*const changes[])(struct report *) = {
        complete,           partial,          jobs_known,
        verified,           row_security,     active,
        version_name,       fingerprint,      version_gone,
        table_database,     table_schema,     table_name,
        table_kind,         table_state,      table_records,
        table_gone,         column_name,      column_envelope,
        column_records,     column_nulls,     column_declared,
        column_has_classes, column_future,    column_key_records,
        column_gone,        class_count,      class_moved,
        usage_version,      usage_basis,      usage_records,
        usage_oldest,       usage_newest,     usage_gone,
        job_database,       job_id,           job_model,
        job_column,         job_target,       job_status,
        job_processed,      job_total,        job_errors,
        job_dry_run,        job_updated,      job_gone,
        declared_model,     declared_schema,  declared_table,
        declared_attribute, declared_column,  declared_by,
        declared_gone,      finding_severity, finding_code,
        finding_database,   finding_schema,   finding_table,
        finding_column,     finding_count,    finding_gone};
    enum { COUNT = sizeof changes / sizeof changes[0] };
    struct fixture *f = *state;
    const char *digests[COUNT + 1];
    digests[COUNT] = sample_digest(f, NULL);
    for (size_t i = 0; i < COUNT; i++)
        digests[i] = sample_digest(f, changes[i]);
    for (size_t i = 0; i <= COUNT; i++)
        for (size_t k = i + 1; k <= COUNT; k++)
            assert_string_not_equal(digests[i], digests[k]);
}

CHANGE(created, r->created = 1)
CHANGE(program, r->program_version = STR("9"))
CHANGE(data_time, r->data_time = 1)
CHANGE(data_time_source, r->data_time_source = STR("mtime"))
CHANGE(input_path, r->inputs[0].path = STR("elsewhere"))
CHANGE(input_kind, r->inputs[0].kind = STR("plain-sql"))
CHANGE(input_bytes, r->inputs[0].bytes = 1; r->inputs[0].decoded_bytes = 2)
CHANGE(input_digest, r->inputs[0].digest = STR("x"))
CHANGE(input_gone, r->input_count--)
CHANGE(finding_message, r->findings[0].message = STR("in other words"))
CHANGE(table_note, r->tables[0].note = STR("in other words"))

static void digest_leaves_out_who_found_it_where_and_when(void **state)
{
    static void (*const changes[])(struct report *) = {
        created,     program,      data_time,  data_time_source, input_path, input_kind,
        input_bytes, input_digest, input_gone, finding_message,  table_note};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        assert_string_equal(sample_digest(f, changes[i]), sample_digest(f, NULL));
}

/* The same findings, gathered in another order. */
static void reversed(struct report *r)
{
#define REVERSE(type, items, count)                                                                \
    for (size_t i = 0; i < (count) / 2; i++) {                                                     \
        type kept = (items)[i];                                                                    \
        (items)[i] = (items)[(count)-1 - i];                                                       \
        (items)[(count)-1 - i] = kept;                                                             \
    }
    for (size_t t = 0; t < r->table_count; t++) {
        struct report_table *table = &r->tables[t];
        for (size_t c = 0; c < table->column_count; c++)
            REVERSE(struct report_usage, table->columns[c].usages, table->columns[c].usage_count)
        REVERSE(struct report_column, table->columns, table->column_count)
    }
    REVERSE(struct report_table, r->tables, r->table_count)
    REVERSE(struct report_version, r->versions, r->version_count)
    REVERSE(struct report_input, r->inputs, r->input_count)
    REVERSE(struct report_finding, r->findings, r->finding_count)
}

static void digest_does_not_depend_on_the_order_of_gathering(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(sample_digest(f, reversed), sample_digest(f, NULL));
}

static void canonical_form_is_the_one_that_is_documented(void **state)
{
    static const char expected[] = "keycensus-content 1\n"
                                   "status complete 0 0 0 0\n"
                                   "active 2:v3,\n"
                                   "version 2:v3, 0:,\n"
                                   "table 4:shop, 0:, 5:users, table data 7\n"
                                   "column 1:a, 0:, 7 0 0 0 0 0\n"
                                   "column 1:b, 16:versioned-fernet, 7 1 1 1 6 2\n"
                                   "class hinted 6\n"
                                   "class null 1\n"
                                   "usage 2:v3, hint 6 1700000000 -\n"
                                   "end\n";
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .complete = true, .active_version = STR("v3")};
    (void)report_add_version(&r, STR("v3"));
    struct report_table *t = sample_table(&r, STR("shop"), STR(""), STR("users"), COVERAGE_DATA, 7);
    struct report_column *c = report_add_column(&r, t, STR("b"));
    *c = (struct report_column){.name = STR("b"),
                                .envelope = STR("versioned-fernet"),
                                .records = 7,
                                .nulls = 1,
                                .declared = true,
                                .has_classes = true,
                                .future_times = 2};
    c->classes[CLASS_HINTED] = 6;
    c->classes[CLASS_NULL] = 1;
    sample_usage(&r, c, STR("v3"), BASIS_HINT, 6, 1700000000, UTC_NONE);
    report_add_column(&r, t, STR("a"))->records = 7;
    assert_fine(&f->err, report_seal(&r, &f->err));
    struct buf form = {.arena = &f->arena};
    assert_fine(&f->err, report_form(&r, FORM_CONTENT, &form, &f->err));
    assert_string_equal(arena_text(&f->arena, buf_str(&form)), expected);
    FILE *out = fopen(f->path, "w");
    assert_non_null(out);
    assert_true(fputs(expected, out) >= 0);
    assert_int_equal(fclose(out), 0);
    const char *sum = shell("sha256sum '%s' | cut -c1-64", f->path);
    assert_string_equal(arena_text(&f->arena, str_slice(r.content_digest, 7, 71)), sum);
}

/* ---- the file's place ---- */

static void existing_file_is_kept_unless_told(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    (void)shell("echo mine > '%s'", f->path);
    assert_false(report_check_target(f->path, REPORT_KEEP, &f->err));
    assert_int_equal(f->err.kind, ERR_USAGE);
    assert_int_equal(f->err.id, 105);
    f->err = (struct err){0};
    assert_false(report_write(f->path, &r, REPORT_KEEP, &f->err));
    assert_int_equal(f->err.id, 105);
    assert_string_equal(shell("cat '%s'", f->path), "mine");
    f->err = (struct err){0};
    assert_fine(&f->err, report_check_target(f->path, REPORT_OVERWRITE, &f->err));
    assert_string_equal(shell("cat '%s'", f->path), "mine");
    assert_fine(&f->err, report_write(f->path, &r, REPORT_OVERWRITE, &f->err));
    ASSERT_SQL(f, "SELECT value FROM summary WHERE item='rows'", "150");
    assert_string_equal(shell("ls -A '%s'", f->folder), "report.db");
}

/* Between the check and the rename somebody else may make the file. */
static int (*real_random)(void *into, size_t n);
static const char *appears;
static int random_while_a_file_appears(void *into, size_t n)
{
    (void)shell("echo theirs > '%s'", appears);
    return real_random(into, n);
}

static void file_that_appears_meanwhile_is_kept(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    struct sys_ops late = sys_linux;
    real_random = late.random;
    appears = f->path;
    late.random = random_while_a_file_appears;
    sys = &late;
    assert_false(report_write(f->path, &r, REPORT_KEEP, &f->err));
    sys = &sys_linux;
    assert_int_equal(f->err.id, 105);
    assert_string_equal(shell("cat '%s'", f->path), "theirs");
    assert_string_equal(shell("ls -A '%s'", f->folder), "report.db");
}

static void assert_refused(struct fixture *f, const char *path, enum report_existing existing,
                           int kind, int id)
{
    struct report r = sample_report(&f->arena);
    f->err = (struct err){0};
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_false(report_check_target(path, existing, &f->err));
    assert_int_equal(f->err.kind, kind);
    assert_int_equal(f->err.id, id);
    f->err = (struct err){0};
    assert_false(report_write(path, &r, existing, &f->err));
    assert_int_equal(f->err.kind, kind);
    assert_int_equal(f->err.id, id);
}

static void places_that_hold_no_report_are_refused(void **state)
{
    struct fixture *f = *state;
    char path[128];
    assert_refused(f, "-", REPORT_OVERWRITE, ERR_USAGE, 457);
    assert_refused(f, "", REPORT_OVERWRITE, ERR_USAGE, 457);
    assert_refused(f, f->folder, REPORT_OVERWRITE, ERR_USAGE, 106);
    assert_refused(f, f->folder, REPORT_KEEP, ERR_USAGE, 105);
    (void)snprintf(path, sizeof path, "%s/none/report.db", f->folder);
    assert_refused(f, path, REPORT_KEEP, ERR_SYSTEM, 103);
    assert_string_equal(shell("ls -A '%s'", f->folder), "");
}

static void mode_follows_the_umask(void **state)
{
    struct fixture *f = *state;
    mode_t before = umask(027);
    write_sample(f);
    (void)umask(before);
    assert_string_equal(shell("stat -c %%a '%s'", f->path), "640");
}

static void path_with_signs_of_uris_is_only_a_path(void **state)
{
    struct fixture *f = *state;
    (void)snprintf(f->path, sizeof f->path, "%s/a?mode=rw#b%%41 c.db", f->folder);
    write_sample(f);
    struct report back;
    assert_fine(&f->err, report_read(f->path, &f->arena, &back, &f->err));
    assert_int_equal(back.rows, 150);
    assert_string_equal(shell("ls -A '%s'", f->folder), "a?mode=rw#b%41 c.db");
}

static void relative_path_is_one_of_the_working_folder(void **state)
{
    struct fixture *f = *state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(f->folder), 0);
    struct report r = sample_report(&f->arena);
    struct report back;
    bool done = report_seal(&r, &f->err) && report_write(":memory:", &r, REPORT_KEEP, &f->err) &&
                report_read(":memory:", &f->arena, &back, &f->err);
    assert_int_equal(chdir(before), 0);
    assert_fine(&f->err, done);
    assert_string_equal(shell("ls -A '%s'", f->folder), ":memory:");
}

/* ---- failures ---- */

static int calls_left; /* the call that brings this to 0 fails */
static bool fails_now(void)
{
    if (--calls_left != 0)
        return false;
    errno = EIO;
    return true;
}
static int failing_openat(int dir, const char *path, int flags, mode_t mode)
{
    return fails_now() ? -1 : sys_linux.openat(dir, path, flags, mode);
}
static int failing_fsync(int fd)
{
    return fails_now() ? -1 : sys_linux.fsync(fd);
}
static int failing_rename(int from_dir, const char *from, int to_dir, const char *to,
                          unsigned flags)
{
    return fails_now() ? -1 : sys_linux.renameat2(from_dir, from, to_dir, to, flags);
}
static int failing_random(void *into, size_t n)
{
    return fails_now() ? -1 : sys_linux.random(into, n);
}
static int failing_stat(int dir, const char *path, struct stat *st, int flags)
{
    return fails_now() ? -1 : sys_linux.fstatat(dir, path, st, flags);
}

static void every_failing_call_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    struct sys_ops failing = sys_linux;
    failing.openat = failing_openat;
    failing.fsync = failing_fsync;
    failing.renameat2 = failing_rename;
    failing.random = failing_random;
    failing.fstatat = failing_stat;
    sys = &failing;
    int call = 1;
    for (;; call++) {
        f->err = (struct err){0};
        calls_left = call;
        bool done = report_write(f->path, &r, REPORT_KEEP, &f->err);
        if (calls_left > 0)
            break; /* there was no such call: all of them have failed once */
        assert_false(done);
        assert_int_equal(f->err.kind, ERR_SYSTEM);
        /* the last one, fsync of the folder, comes after the rename */
        const char *left = shell("ls -A '%s'", f->folder);
        assert_true(left[0] == 0 || strcmp(left, "report.db") == 0);
        if (left[0])
            (void)unlink(f->path);
    }
    sys = &sys_linux;
    assert_int_equal(call, 9); /* folder, stat, random, create, open, fsync, rename, fsync: 8 */
}

static void full_disk_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    (void)shell("echo old > '%s'", f->path);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 0; limit < 40000; limit += 5000) {
        f->err = (struct err){0};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, before.rlim_max}), 0);
        bool done = report_write(f->path, &r, REPORT_OVERWRITE, &f->err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_false(done);
        assert_int_equal(f->err.kind, ERR_SYSTEM);
        assert_int_equal(f->err.id, 450);
        assert_string_equal(shell("ls -A '%s'", f->folder), "report.db");
        assert_string_equal(shell("cat '%s'", f->path), "old");
    }
}

static void report_that_is_not_sealed_is_not_written(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_false(report_write(f->path, &r, REPORT_KEEP, &f->err));
    assert_int_equal(f->err.id, 458);
    assert_string_equal(shell("ls -A '%s'", f->folder), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(views_have_the_columns_of_the_contract_in_their_order),
        TEST(key_usage_gives_counts_percentages_and_the_active_version),
        TEST(is_active_is_null_when_no_env_file_was_read),
        TEST(classes_of_a_column_add_up_to_its_records),
        TEST(columns_and_coverage_list_every_table),
        TEST(inputs_jobs_findings_and_declared_pairs_stand_as_given),
        TEST(write_times_are_those_that_could_be_read),
        TEST(summary_says_the_report_in_items),
        TEST(summary_of_a_verified_report_counts_what_was_proven),
        TEST(every_table_view_and_column_is_described),
        TEST(file_is_marked_as_a_report_and_stands_alone),
        TEST(empty_report_is_a_report),
        TEST(column_without_a_value_has_no_usage_and_divides_by_nothing),
        TEST(embedded_values_are_counted_once_in_the_percentage),
        TEST(largest_counts_and_times_survive),
        TEST(count_that_no_sqlite_integer_holds_is_refused),
        TEST(awkward_names_stand_as_they_are),
        TEST(names_that_are_no_text_are_escaped_and_said),
        TEST(name_that_no_cell_holds_is_refused),
        TEST(a_name_that_stands_twice_is_refused),
        TEST(digest_changes_with_everything_that_was_found),
        TEST(digest_leaves_out_who_found_it_where_and_when),
        TEST(digest_does_not_depend_on_the_order_of_gathering),
        TEST(canonical_form_is_the_one_that_is_documented),
        TEST(existing_file_is_kept_unless_told),
        TEST(file_that_appears_meanwhile_is_kept),
        TEST(places_that_hold_no_report_are_refused),
        TEST(mode_follows_the_umask),
        TEST(path_with_signs_of_uris_is_only_a_path),
        TEST(relative_path_is_one_of_the_working_folder),
        TEST(every_failing_call_leaves_nothing_behind),
        TEST(full_disk_leaves_nothing_behind),
        TEST(report_that_is_not_sealed_is_not_written),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
