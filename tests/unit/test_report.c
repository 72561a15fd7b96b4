/* Tests of what sqlite3 finds in the file of a report: the views of cli.md, and names. */
#include "tests/unit/report_fixture.h"

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
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
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

static struct report_spend *sample_spend(struct report *r, struct str key, int64_t day,
                                         int64_t micros)
{
    struct report_spend *s = report_add_spend(r);
    *s = (struct report_spend){
        .key_name = key, .day = day, .generations = 2, .micros = micros, .byok_micros = 7};
    return s;
}

/* Days of two months and two keys, added in no order; sums by hand. */
static void spend_stands_by_day_and_by_month(void **state)
{
    enum { DAY = 86400 };
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    (void)sample_spend(&r, STR("prod"), T_2026_01_01 + 31 * DAY, 5);
    (void)sample_spend(&r, STR("prod"), T_2026_01_01, 1000000);
    (void)sample_spend(&r, STR(""), T_2026_01_01 + DAY, 3);
    (void)sample_spend(&r, STR("prod"), T_2026_01_01 + 30 * DAY, 250000);
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
    ASSERT_SQL(f, "SELECT * FROM spend_daily",
               "|2026-01-02|3|7|2\nprod|2026-01-01|1000000|7|2\nprod|2026-01-31|250000|7|2\n"
               "prod|2026-02-01|5|7|2");
    ASSERT_SQL(f, "SELECT * FROM spend_monthly",
               "|2026-01|3|7|2\nprod|2026-01|1250000|14|4\nprod|2026-02|5|7|2");
    ASSERT_SQL(f, "SELECT DISTINCT typeof(micro_dollars) FROM spend_monthly", "integer");
    struct report back;
    assert_fine(&f->err, report_read(f->path, &f->arena, &back, &f->err));
    assert_int_equal(back.spend_count, 4);
    assert_int_equal(back.spends[1].micros, 1000000);
}

static void spend_that_cannot_be_added_up_is_refused(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        struct report r = sample_report(&f->arena);
        (void)sample_spend(&r, STR("a"), 0, i == 2 ? -1 : INT64_MAX);
        struct report_spend *s = sample_spend(&r, STR("a"), i == 1 ? 0 : 86400, i == 0 ? 1 : 0);
        s->byok_micros = 0;
        f->err = (struct err){0};
        assert_false(report_seal(&r, &f->err));
        assert_int_equal(f->err.id, i == 1 ? 454 : 456);
    }
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
               "program_version|0.1.0\nschema_version|2");
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
    for (size_t i = 0; i < r.table_count; i++)
        for (size_t k = 0; k < r.tables[i].column_count; k++) {
            struct report_column *c = &r.tables[i].columns[k];
            bool users = c->classes[CLASS_HINTED] == 80;
            if (c->classes[CLASS_HINTED] == 0)
                continue;
            c->classes[CLASS_HINTED] = 0;
            c->classes[CLASS_VERIFIED] = users ? 70 : 0;
            c->classes[CLASS_MISLABELLED] = users ? 4 : 0;
            c->classes[CLASS_LEGACY_VERIFIED] = users ? 6 : 0;
            c->classes[CLASS_VERIFIED_EMBEDDED] = users ? 0 : 1;
            c->classes[CLASS_ORPHAN] = users ? 0 : 2;
        }
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
    ASSERT_SQL(f, "SELECT value FROM summary WHERE item IN ('status','jobs','labels')",
               "incomplete\nunknown\n81 of 89 proven");
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
    ASSERT_SQL(f, "PRAGMA user_version", "2");
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
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
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
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
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
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
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
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
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
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
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
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
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
    assert_false(report_write(f->path, &r, FILE_KEEP, &f->err));
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
        TEST(spend_stands_by_day_and_by_month),
        TEST(spend_that_cannot_be_added_up_is_refused),
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
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
