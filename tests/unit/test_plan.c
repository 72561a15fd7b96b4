/* plan: files, evidence, selection and critical versions. Blockers are in test_plan_rules.c. */
#include "tests/unit/plan_sample.h"

static struct sample s;

static int setup(void **state)
{
    (void)state;
    sample_good(&s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&s.a);
    return 0;
}

static void refused(enum err_kind kind, int id)
{
    assert_false(sample_make(&s));
    assert_int_equal(s.err.kind, kind);
    assert_int_equal(s.err.id, id);
    assert_non_null(err_lookup(id));
}

/* ---- the main case ---- */

static void unused_old_versions_leave(void **state)
{
    (void)state;
    assert_true(sample_make(&s));
    assert_false(plan_is_blocked(&s.plan));
    assert_string_equal(sample_removed(&s), "v1 v2 v3");
    assert_int_equal(sample_version(&s, "v6")->reason, KEEP_ACTIVE);
    assert_int_equal(sample_version(&s, "v5")->reason, KEEP_RECENT);
    assert_int_equal(sample_version(&s, "V4")->reason, KEEP_RECENT);
    assert_int_equal(s.plan.targets[0].removed_count, 3);
    assert_int_equal(s.plan.expires, sample_now - 3600 + 7 * DAY);
}

static void a_version_in_use_anywhere_stays(void **state)
{
    (void)state;
    struct report_table *t = sample_table(&s.reports[0], "notes", COVERAGE_DATA);
    (void)sample_other_use(&s.reports[0], t, "body", "V1", 1);
    s.in.keep_versions = 1;
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v2 v3 v4 v5");
    assert_int_equal(sample_version(&s, "v1")->reason, KEEP_IN_USE);
    assert_int_equal(sample_version(&s, "v1")->use_count, 1);
    assert_true(sample_warns(&s, "undeclared-column"));
}

static void a_version_proven_by_its_mac_stays(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "v2", 1, UTC_NONE);
    s.reports[0].tables[0].columns[0].usages[1].basis = BASIS_PROVEN;
    assert_true(sample_make(&s));
    assert_int_equal(sample_version(&s, "v2")->reason, KEEP_IN_USE);
}

static void sums_of_counts_do_not_wrap_to_unused(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        sample_use(sample_report(&s), "v1", INT64_MAX, UTC_NONE);
    assert_true(sample_make(&s));
    assert_true(sample_version(&s, "v1")->records == UINT64_MAX);
    assert_int_equal(sample_version(&s, "v1")->reason, KEEP_IN_USE);
}

static void nothing_to_remove_is_a_good_plan(void **state)
{
    (void)state;
    s.in.keep_versions = 6;
    assert_true(sample_make(&s));
    assert_false(plan_is_blocked(&s.plan));
    assert_int_equal(plan_removed_count(&s.plan), 0);
}

static void keep_versions_below_one_is_a_usage_error(void **state)
{
    (void)state;
    s.in.keep_versions = 0;
    refused(ERR_USAGE, 600);
    s.in.keep_versions = -1;
    refused(ERR_USAGE, 600);
}

static void a_plan_needs_a_report_and_a_file(void **state)
{
    (void)state;
    s.in.report_count = 0;
    refused(ERR_USAGE, 607);
    s.in.report_count = 1;
    s.in.file_count = 0;
    refused(ERR_USAGE, 607);
}

/* ---- files (S12) ---- */

static void files_that_disagree_on_the_active_version_are_refused(void **state)
{
    (void)state;
    sample_file(&s, "/srv/b/.env.crypto", 6, "v5");
    refused(ERR_REFUSED, 601);
}

static void files_that_disagree_on_a_key_are_refused(void **state)
{
    (void)state;
    sample_file(&s, "/srv/b/.env.crypto", 6, "v6");
    s.keys[1][2].fingerprint = sample_fingerprint(99);
    refused(ERR_REFUSED, 602);
    assert_non_null(strstr(s.err.text, "v3"));
}

static void an_active_version_that_is_unset_or_unknown_is_refused(void **state)
{
    (void)state;
    s.files[0].active = STR("");
    refused(ERR_REFUSED, 603);
    s.files[0].active = STR("v9");
    refused(ERR_REFUSED, 603);
}

static void one_file_given_twice_is_a_usage_error(void **state)
{
    (void)state;
    sample_file(&s, "/srv/app/.env.crypto", 6, "v6");
    refused(ERR_USAGE, 608);
}

static void a_version_leaves_every_file_that_has_it(void **state)
{
    (void)state;
    sample_file(&s, "/srv/a/.env.crypto", 2, "v2");
    s.keys[1][1] = s.keys[0][5]; /* v1 and v6 */
    s.files[1].active = STR("V6");
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v1 v2 v3");
    assert_true(str_eq(s.plan.targets[0].path, STR("/srv/a/.env.crypto")));
    assert_int_equal(s.plan.targets[0].removed_count, 1);
    assert_int_equal(s.plan.targets[1].removed_count, 3);
}

static void two_names_of_one_key_are_named(void **state)
{
    (void)state;
    s.keys[0][0].fingerprint = s.keys[0][4].fingerprint;
    assert_true(sample_make(&s));
    assert_true(sample_warns(&s, "same-key"));
}

static void remarks_about_a_file_stand_in_the_plan(void **state)
{
    (void)state;
    static const struct str remarks[] = {{(const unsigned char *)"is tracked by git", 17}};
    s.files[0].remarks = remarks;
    s.files[0].remark_count = 1;
    assert_true(sample_make(&s));
    assert_true(sample_warns(&s, "file"));
}

/* ---- age and keyring of the reports (S6, S10) ---- */

static void data_older_than_the_limit_is_stale(void **state)
{
    (void)state;
    s.reports[0].data_time = sample_now - 7 * DAY;
    assert_true(sample_make(&s));
    s.reports[0].data_time--;
    refused(ERR_STALE, 620);
    s.in.max_age = PLAN_NO_MAX_AGE;
    assert_true(sample_make(&s));
    assert_true(s.plan.expires == UTC_NONE);
}

static void data_of_unknown_age_is_refused(void **state)
{
    (void)state;
    s.reports[0].data_time = UTC_NONE;
    refused(ERR_STALE, 621);
    s.reports[0].data_time = -5;
    refused(ERR_STALE, 621);
}

static void data_from_the_future_is_refused(void **state)
{
    (void)state;
    s.reports[0].data_time = sample_now + 2 * DAY;
    refused(ERR_STALE, 622);
    s.reports[0].data_time = sample_now + 3600;
    assert_true(sample_make(&s));
}

static void the_oldest_report_decides_the_age(void **state)
{
    (void)state;
    struct report *second = sample_report(&s);
    second->data_time = sample_now - 3 * DAY;
    assert_true(sample_make(&s));
    assert_int_equal(s.plan.expires, sample_now + 4 * DAY);
    second->data_time = sample_now - 8 * DAY;
    refused(ERR_STALE, 620);
}

static void report_versions(struct report *r, unsigned count, bool verified)
{
    r->version_count = count;
    r->versions = ARENA_ARRAY(&s.a, count, struct report_version);
    r->verified = verified;
    for (unsigned i = 0; i < count; i++) {
        r->versions[i].name = str_from(arena_printf(&s.a, "v%u", i + 1));
        if (verified)
            r->versions[i].fingerprint = sample_fingerprint(i + 1);
    }
}

static void a_report_made_with_another_active_version_is_stale(void **state)
{
    (void)state;
    report_versions(&s.reports[0], 6, false);
    s.reports[0].active_version = STR("v5");
    refused(ERR_STALE, 623);
    s.reports[0].active_version = STR("V6");
    assert_true(sample_make(&s));
    assert_false(sample_warns(&s, "no-keyring"));
}

static void a_report_made_with_other_versions_is_stale(void **state)
{
    (void)state;
    s.reports[0].active_version = STR("v6");
    report_versions(&s.reports[0], 7, false);
    refused(ERR_STALE, 623);
    report_versions(&s.reports[0], 5, false);
    refused(ERR_STALE, 623);
}

static void a_report_made_without_a_keyring_is_a_warning(void **state)
{
    (void)state;
    assert_true(sample_make(&s));
    assert_true(sample_warns(&s, "no-keyring"));
}

static void a_changed_fingerprint_is_stale(void **state)
{
    (void)state;
    s.reports[0].active_version = STR("v6");
    report_versions(&s.reports[0], 6, true);
    assert_true(sample_make(&s));
    s.reports[0].versions[0].fingerprint = sample_fingerprint(77);
    refused(ERR_STALE, 624);
}

/* ---- several reports (S7) ---- */

static void reports_add_up(void **state)
{
    (void)state;
    sample_use(sample_report(&s), "v3", 5, sample_now - 100 * DAY);
    sample_use(&s.reports[0], "v3", 2, sample_now - 90 * DAY);
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v1 v2");
    assert_int_equal(sample_version(&s, "v3")->records, 7);
    assert_int_equal(sample_version(&s, "v3")->use_count, 1);
    assert_int_equal(sample_version(&s, "v3")->oldest, sample_now - 100 * DAY);
}

static void only_a_retained_report_lets_a_used_version_leave(void **state)
{
    (void)state;
    int64_t until = sample_now + 400 * DAY;
    struct report *old = sample_retained(&s, until);
    old->data_time = sample_now - 700 * DAY;
    old->active_version = STR("v1");
    sample_use(old, "v1", 9, sample_now - 800 * DAY);
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v1 v2 v3");
    assert_int_equal(sample_version(&s, "v1")->retained_records, 9);
    assert_int_equal(sample_version(&s, "v1")->kept_until, until);
    sample_use(&s.reports[0], "v1", 1, UTC_NONE);
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v2 v3");
}

static void an_archive_outlives_the_last_backup_that_needs_it(void **state)
{
    (void)state;
    sample_use(sample_retained(&s, sample_now + DAY), "v1", 1, UTC_NONE);
    sample_use(sample_retained(&s, sample_now + 9 * DAY), "v1", 1, UTC_NONE);
    assert_true(sample_make(&s));
    assert_true(sample_version(&s, "v1")->kept_until_known);
    assert_int_equal(sample_version(&s, "v1")->kept_until, sample_now + 9 * DAY);
    sample_use(sample_retained(&s, UTC_NONE), "v1", 1, UTC_NONE);
    assert_true(sample_make(&s));
    assert_false(sample_version(&s, "v1")->kept_until_known);
}

/* ---- --only, --protect, --order ---- */

static struct str named[2];

static void only(const char *name)
{
    named[0] = str_from(name);
    s.in.only = named;
    s.in.only_count = 1;
}

static void protect(const char *name)
{
    named[1] = str_from(name);
    s.in.protect = named + 1;
    s.in.protect_count = 1;
}

static void only_narrows_what_leaves(void **state)
{
    (void)state;
    only("V2");
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v2");
    assert_int_equal(sample_version(&s, "v1")->reason, KEEP_NOT_SELECTED);
}

static void only_may_not_name_the_active_version(void **state)
{
    (void)state;
    only("v6");
    refused(ERR_REFUSED, 605);
}

static void only_may_not_name_a_version_in_use(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "v1", 1, UTC_NONE);
    only("v1");
    refused(ERR_REFUSED, 605);
}

static void only_may_not_name_a_protected_version(void **state)
{
    (void)state;
    protect("v1");
    only("v1");
    refused(ERR_REFUSED, 605);
}

static void only_may_not_name_a_staged_version(void **state)
{
    (void)state;
    s.files[0].active = STR("v5");
    sample_use(&s.reports[0], "v5", 1, UTC_NONE);
    s.reports[0].tables[0].columns[0].usages[0].records = 0;
    only("v6");
    refused(ERR_REFUSED, 605);
}

static void only_of_a_recent_version_is_a_warning(void **state)
{
    (void)state;
    only("v5");
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "");
    assert_true(sample_warns(&s, "only-recent"));
}

static void unknown_names_are_not_found_and_hinted(void **state)
{
    (void)state;
    only("v7");
    refused(ERR_NOT_FOUND, 606);
    assert_non_null(strstr(s.err.hint, "did you mean v"));
    s.in.only_count = 0;
    protect("v77");
    refused(ERR_NOT_FOUND, 606);
}

static void a_protected_version_stays(void **state)
{
    (void)state;
    protect("v1");
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v2 v3");
    assert_int_equal(sample_version(&s, "v1")->reason, KEEP_PROTECTED);
}

static void an_order_overrides_the_numbers(void **state)
{
    (void)state;
    struct str order[] = {STR("v5"), STR("V4"), STR("v3"), STR("v2"), STR("v6"), STR("x")};
    s.in.order = order;
    s.in.order_count = 6;
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v5 v4");
    assert_int_equal(sample_version(&s, "v1")->reason, KEEP_UNORDERED);
    assert_true(sample_warns(&s, "order-unknown"));
    s.in.order_count = 4;
    refused(ERR_REFUSED, 604);
}

/* ---- scope (K5.5) ---- */

static void a_scope_that_is_in_no_report_is_not_found(void **state)
{
    (void)state;
    struct plan_scope scope = {STR("app:User"), STR(""), STR("user"), STR("secret")};
    s.in.scope = &scope;
    refused(ERR_NOT_FOUND, 630);
    assert_non_null(strstr(s.err.hint, "users"));
    scope.table = STR("users");
    scope.column = STR("secrt");
    refused(ERR_NOT_FOUND, 631);
    assert_non_null(strstr(s.err.hint, "secret"));
    scope.column = STR("secret");
    assert_true(sample_make(&s));
    scope.schema = STR("private");
    refused(ERR_NOT_FOUND, 630);
}

/* ---- critical versions (S17) ---- */

static void the_newest_below_the_active_is_critical(void **state)
{
    (void)state;
    s.in.keep_versions = 1;
    assert_true(sample_make(&s));
    assert_int_equal(sample_version(&s, "v5")->critical, CRITICAL_NEWEST_BELOW);
    assert_int_equal(sample_version(&s, "v4")->critical, 0);
    assert_string_equal(plan_critical_list(&s.plan, &s.a), "v5");
}

static void no_critical_version_gives_no_list(void **state)
{
    (void)state;
    assert_true(sample_make(&s));
    assert_null(plan_critical_list(&s.plan, &s.a));
}

static void a_write_within_90_days_of_the_data_is_critical(void **state)
{
    (void)state;
    struct report *old = sample_retained(&s, UTC_NONE);
    int64_t data = s.reports[0].data_time;
    sample_use(old, "v1", 1, data - 90 * DAY);
    sample_use(old, "v2", 1, data - 90 * DAY - 1);
    assert_true(sample_make(&s));
    assert_int_equal(sample_version(&s, "v1")->critical, CRITICAL_RECENT_WRITE);
    assert_int_equal(sample_version(&s, "v2")->critical, 0);
}

static void a_finished_job_makes_its_target_critical(void **state)
{
    (void)state;
    struct report_job *j = report_add_job(&s.reports[0]);
    j->id = STR("1");
    j->target_version = STR("V2");
    j->status = STR("finished");
    assert_true(sample_make(&s));
    assert_int_equal(sample_version(&s, "v2")->critical, CRITICAL_JOB);
    assert_false(sample_warns(&s, "job"));
}

static void what_rests_on_an_acceptance_is_critical(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "", 3, UTC_NONE);
    sample_accept(&s, "unversioned:old rows");
    assert_true(sample_make(&s));
    assert_int_equal(sample_version(&s, "v1")->critical, CRITICAL_ACCEPTANCE);
    assert_int_equal(sample_version(&s, "v3")->critical, CRITICAL_ACCEPTANCE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(unused_old_versions_leave),
        T(a_version_in_use_anywhere_stays),
        T(a_version_proven_by_its_mac_stays),
        T(sums_of_counts_do_not_wrap_to_unused),
        T(nothing_to_remove_is_a_good_plan),
        T(keep_versions_below_one_is_a_usage_error),
        T(a_plan_needs_a_report_and_a_file),
        T(files_that_disagree_on_the_active_version_are_refused),
        T(files_that_disagree_on_a_key_are_refused),
        T(an_active_version_that_is_unset_or_unknown_is_refused),
        T(one_file_given_twice_is_a_usage_error),
        T(a_version_leaves_every_file_that_has_it),
        T(two_names_of_one_key_are_named),
        T(remarks_about_a_file_stand_in_the_plan),
        T(data_older_than_the_limit_is_stale),
        T(data_of_unknown_age_is_refused),
        T(data_from_the_future_is_refused),
        T(the_oldest_report_decides_the_age),
        T(a_report_made_with_another_active_version_is_stale),
        T(a_report_made_with_other_versions_is_stale),
        T(a_report_made_without_a_keyring_is_a_warning),
        T(a_changed_fingerprint_is_stale),
        T(reports_add_up),
        T(only_a_retained_report_lets_a_used_version_leave),
        T(an_archive_outlives_the_last_backup_that_needs_it),
        T(only_narrows_what_leaves),
        T(only_may_not_name_the_active_version),
        T(only_may_not_name_a_version_in_use),
        T(only_may_not_name_a_protected_version),
        T(only_may_not_name_a_staged_version),
        T(only_of_a_recent_version_is_a_warning),
        T(unknown_names_are_not_found_and_hinted),
        T(a_protected_version_stays),
        T(an_order_overrides_the_numbers),
        T(a_scope_that_is_in_no_report_is_not_found),
        T(the_newest_below_the_active_is_critical),
        T(no_critical_version_gives_no_list),
        T(a_write_within_90_days_of_the_data_is_critical),
        T(a_finished_job_makes_its_target_critical),
        T(what_rests_on_an_acceptance_is_critical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
