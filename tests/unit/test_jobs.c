/*
 * Tests of re-encryption jobs: columns by name, values as databases export them, limits.
 *
 * The layout is that of formats.md section 2; times were converted by hand.
 */
#include "analyzer/jobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct arena memory;
static struct report report;
static struct job_reader jobs;

static int start(void **state)
{
    (void)state;
    report = (struct report){.arena = &memory};
    return 0;
}

static int finish(void **state)
{
    (void)state;
    arena_free(&memory);
    return 0;
}

static void assert_str(struct str got, const char *wanted)
{
    assert_string_equal(arena_text(&memory, got), wanted);
}

enum { COLUMNS_MAX = 16 };

/* Names or values between '|'; "\N" is NULL. */
static size_t split(const char *text, struct str *fields, bool *is_null)
{
    struct str rest = str_from(text);
    size_t n = 0;
    for (bool more = true; more && n < COLUMNS_MAX; n++) {
        more = str_cut(rest, '|', &fields[n], &rest);
        is_null[n] = str_eq(fields[n], STR("\\N"));
    }
    return n;
}

static void open_jobs(const char *columns)
{
    struct str names[COLUMNS_MAX];
    bool unused[COLUMNS_MAX];
    size_t n = split(columns, names, unused);
    jobs_open(&jobs, &report, STR("prod"), names, n);
}

static const struct report_job *add(const char *values)
{
    struct str fields[COLUMNS_MAX];
    bool is_null[COLUMNS_MAX];
    size_t n = split(values, fields, is_null);
    jobs_record(&jobs, fields, is_null, n);
    return &report.jobs[report.job_count - 1];
}

static void a_job_is_read_whole(void **state)
{
    (void)state;
    open_jobs("id|model_path|column_name|pk_name|last_pk|target_version|status|total_records|"
              "processed|skipped|errors|last_error|dry_run|created_at|updated_at");
    const struct report_job *j =
        add("7|app.models.user:User|otp|id|99|V2|Running|1200|800|3|1|secret text|f|"
            "2026-11-20 10:00:00|2026-11-21 13:30:59.123456-03");
    assert_true(report.jobs_known);
    assert_str(j->database, "prod");
    assert_str(j->id, "7");
    assert_str(j->model_path, "app.models.user:User");
    assert_str(j->column_name, "otp");
    assert_str(j->target_version, "v2");
    assert_str(j->status, "running");
    assert_int_equal(j->total_records, 1200);
    assert_int_equal(j->processed, 800);
    assert_int_equal(j->errors, 1);
    assert_false(j->dry_run);
    assert_str(j->updated_at, "2026-11-21T16:30:59Z");
    assert_true(jobs_close(&jobs, NULL));
    assert_int_equal(report.finding_count, 0);
}

static void columns_come_in_any_order_and_may_be_missing(void **state)
{
    (void)state;
    open_jobs("Status|TARGET_VERSION|id");
    const struct report_job *j = add("paused|v3|1");
    assert_str(j->status, "paused");
    assert_str(j->target_version, "v3");
    assert_str(j->id, "1");
    assert_int_equal(j->model_path.len, 0);
    assert_int_equal(j->errors, 0);
    assert_false(j->dry_run);
    assert_int_equal(j->updated_at.len, 0);
    j = add("paused"); /* a ragged record of a CSV */
    assert_int_equal(j->target_version.len, 0);
    j = add("\\N|\\N|\\N");
    assert_int_equal(j->status.len, 0);
    assert_true(jobs_close(&jobs, NULL));
}

static void jobs_without_targets_are_not_whole(void **state)
{
    (void)state;
    open_jobs("id|status");
    (void)add("1|running");
    assert_false(jobs_close(&jobs, NULL));
    assert_int_equal(report.finding_count, 1);
    assert_str(report.findings[0].code, "jobs-unread");
    assert_int_equal(report.findings[0].severity, SEVERITY_ERROR);
}

static void an_empty_jobs_table_is_known_and_has_no_finding(void **state)
{
    (void)state;
    open_jobs("id|target_version");
    assert_true(jobs_close(&jobs, NULL));
    assert_true(report.jobs_known);
    assert_int_equal(report.job_count, 0);
    assert_int_equal(report.finding_count, 0);
}

static void flags_are_read_in_every_usual_form(void **state)
{
    (void)state;
    static const char *const yes[] = {"t", "true", "TRUE", "1", "yes", "on", " t "};
    static const char *const no[] = {"f", "false", "False", "0", "no", "off", ""};
    open_jobs("dry_run|target_version");
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(add(yes[i])->dry_run);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_false(add(no[i])->dry_run);
    assert_true(jobs_close(&jobs, NULL));
    assert_int_equal(report.finding_count, 0);
}

static void an_odd_flag_is_taken_for_a_dry_run_and_found(void **state)
{
    (void)state;
    open_jobs("dry_run|target_version");
    assert_true(add("maybe|v1")->dry_run);
    assert_true(jobs_close(&jobs, NULL));
    assert_int_equal(report.finding_count, 1);
    assert_str(report.findings[0].code, "jobs-odd");
    assert_int_equal(report.findings[0].record_count, 1);
}

static void numbers_are_bounded(void **state)
{
    (void)state;
    open_jobs("processed|total_records|errors|target_version");
    const struct report_job *j = add("9223372036854775807|-5|12|v1");
    assert_true(j->processed == INT64_MAX);
    assert_true(j->total_records == -5);
    assert_true(j->errors == 12);
    j = add("9223372036854775808|1.5|abc|v1");
    assert_true(j->processed == 0);
    assert_true(j->total_records == 0);
    assert_true(j->errors == 0);
    j = add("99999999999999999999999|-|--1|v1");
    assert_true(j->processed == 0);
    assert_true(jobs_close(&jobs, NULL));
    assert_int_equal(report.findings[0].record_count, 6);
}

static void a_text_that_is_too_long_is_replaced_and_found(void **state)
{
    (void)state;
    char line[2 * JOB_TEXT_MAX + 8];
    open_jobs("id|target_version");
    memset(line, 'a', sizeof line);
    memcpy(line + JOB_TEXT_MAX, "|v1", 4);
    assert_int_equal(add(line)->id.len, JOB_TEXT_MAX);
    memset(line, 'b', JOB_TEXT_MAX + 1);
    memcpy(line + JOB_TEXT_MAX + 1, "|v1", 4);
    assert_str(add(line)->id, JOB_TOO_LONG);
    assert_false(jobs_close(&jobs, NULL));
    assert_int_equal(report.findings[0].record_count, 1);
}

static void jobs_beyond_the_limit_are_counted_not_dropped(void **state)
{
    (void)state;
    open_jobs("id|target_version");
    for (int i = 0; i < JOBS_MAX + 2; i++)
        (void)add("1|v1");
    assert_int_equal(report.job_count, JOBS_MAX);
    assert_false(jobs_close(&jobs, NULL));
    assert_int_equal(report.finding_count, 1);
    assert_str(report.findings[0].code, "jobs-unread");
    assert_int_equal(report.findings[0].record_count, 2);
}

static void times_become_utc(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"2026-11-21 16:00:00", "2026-11-21T16:00:00Z"},
        {"2026-11-21 16:00:00.5", "2026-11-21T16:00:00Z"},
        {"2026-11-21 16:00:00+00", "2026-11-21T16:00:00Z"},
        {"2026-11-21 16:00:00+05:30", "2026-11-21T10:30:00Z"},
        {"2027-01-01 00:30:00+0100", "2026-12-31T23:30:00Z"},
        {"2026-11-21T16:00:00Z", "2026-11-21T16:00:00Z"},
        {"2026-11-21T16:00:00", "2026-11-21T16:00:00Z"},
        {"infinity", "infinity"},
        {"21/11/2026", "21/11/2026"},
        {"2026-13-01 00:00:00", "2026-13-01 00:00:00"},
        {"2026-11-21 16:00:00+99", "2026-11-21 16:00:00+99"},
        {"2026-11-21 16:00", "2026-11-21 16:00"},
        {"2026-1-2 3:4:5", "2026-1-2 3:4:5"},
        {"", ""},
    };
    open_jobs("updated_at|target_version");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_str(add(cases[i][0])->updated_at, cases[i][1]);
}

static void the_jobs_table_is_known_by_its_name(void **state)
{
    (void)state;
    assert_true(jobs_is_table(STR("reencrypt_jobs")));
    assert_false(jobs_is_table(STR("reencrypt_jobs_old")));
    assert_false(jobs_is_table(STR("")));
}

#define JOBS_TEST(f) cmocka_unit_test_setup_teardown(f, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOBS_TEST(a_job_is_read_whole),
        JOBS_TEST(columns_come_in_any_order_and_may_be_missing),
        JOBS_TEST(jobs_without_targets_are_not_whole),
        JOBS_TEST(an_empty_jobs_table_is_known_and_has_no_finding),
        JOBS_TEST(flags_are_read_in_every_usual_form),
        JOBS_TEST(an_odd_flag_is_taken_for_a_dry_run_and_found),
        JOBS_TEST(numbers_are_bounded),
        JOBS_TEST(a_text_that_is_too_long_is_replaced_and_found),
        JOBS_TEST(jobs_beyond_the_limit_are_counted_not_dropped),
        JOBS_TEST(times_become_utc),
        JOBS_TEST(the_jobs_table_is_known_by_its_name),
    };
    return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
