/* Every blocker of safety.md S16, what does not block, and every form of acceptance. */
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

static void passes(void)
{
    assert_true(sample_make(&s));
    for (size_t i = 0; i < s.plan.blocker_count; i++)
        fail_msg("unexpected blocker: %.*s", STR_ARG(s.plan.blockers[i].message));
    assert_string_equal(sample_removed(&s), "v1 v2 v3");
}

/* The blocker stands with `count` values, and goes when exactly so many are accepted. */
static void blocks_until_accepted(const char *code, const char *place, uint64_t count)
{
    const struct plan_blocker *b = sample_blocker(&s, code);
    assert_int_equal(b->count, count);
    assert_non_null(plan_code_lookup(str_from(code)));
    assert_true(holds(b->message, place));
    const char *fewer =
        arena_printf(&s.a, "%s@%s=%llu:known", code, place, (unsigned long long)count - 1);
    const char *enough =
        arena_printf(&s.a, "%s@%s=%llu:known", code, place, (unsigned long long)count);
    if (count > 1) {
        sample_accept(&s, fewer);
        b = sample_blocker(&s, code);
        assert_true(holds(b->message, "accepted: at most"));
        s.in.accept_count = 0;
    }
    sample_accept(&s, enough);
    passes();
    assert_int_equal(s.plan.accepted_count, 1);
    assert_int_equal(s.plan.accepted[0].seen, count);
    assert_int_equal(s.plan.accepted[0].limit, count);
}

/* ---- values (S4) ---- */

static void set_class(enum value_class class, uint64_t n)
{
    struct report_column *c = sample_column(&s.reports[0]);
    c->classes[class] = n;
    c->records += n;
    s.reports[0].tables[0].records += n;
}

static void unversioned_values_block(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "", 3, UTC_NONE);
    blocks_until_accepted("unversioned", "public.users.secret", 3);
}

static void embedded_unversioned_values_block_with_the_others(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "", 3, UTC_NONE);
    set_class(CLASS_UNVERSIONED_EMBEDDED, 2);
    blocks_until_accepted("unversioned", "public.users.secret", 5);
}

static void truncated_values_block(void **state)
{
    (void)state;
    set_class(CLASS_TRUNCATED, 1);
    set_class(CLASS_TRUNCATED_EMBEDDED, 1);
    blocks_until_accepted("truncated", "public.users.secret", 2);
}

static void malformed_values_block(void **state)
{
    (void)state;
    set_class(CLASS_MALFORMED, 4);
    blocks_until_accepted("malformed", "public.users.secret", 4);
}

static void plaintext_in_a_declared_column_blocks(void **state)
{
    (void)state;
    set_class(CLASS_PLAINTEXT, 7);
    blocks_until_accepted("plaintext", "public.users.secret", 7);
}

static void plaintext_in_the_scope_blocks_though_undeclared(void **state)
{
    (void)state;
    struct plan_scope scope = {STR("app:User"), STR("public"), STR("users"), STR("secret")};
    sample_column(&s.reports[0])->declared = false;
    set_class(CLASS_PLAINTEXT, 1);
    passes();
    s.in.scope = &scope;
    (void)sample_blocker(&s, "plaintext");
}

static void null_and_empty_values_do_not_block(void **state)
{
    (void)state;
    set_class(CLASS_NULL, 5);
    set_class(CLASS_EMPTY, 5);
    sample_column(&s.reports[0])->nulls = 5;
    passes();
}

static void unversioned_values_block_in_undeclared_columns_too(void **state)
{
    (void)state;
    struct report_table *t = sample_table(&s.reports[0], "logs", COVERAGE_DATA);
    struct report_column *c = sample_other_use(&s.reports[0], t, "line", "", 2);
    c->classes[CLASS_HINTED] = 0;
    c->classes[CLASS_UNVERSIONED] = 2;
    c->classes[CLASS_PLAINTEXT] = 90;
    c->records = 92;
    t->records = 92;
    const struct plan_blocker *b = sample_blocker(&s, "unversioned");
    assert_true(holds(b->message, "public.logs.line"));
}

/* ---- orphans ---- */

static void a_version_without_a_key_is_an_orphan(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "v9", 2, UTC_NONE);
    const struct plan_blocker *b = sample_blocker(&s, "orphan");
    assert_true(str_eq(b->version, STR("v9")));
    assert_true(holds(b->message, "v9"));
}

static void names_counted_together_are_orphans(void **state)
{
    (void)state;
    sample_use(&s.reports[0], VERSION_OTHER, 2, UTC_NONE);
    assert_int_equal(sample_blocker(&s, "orphan")->count, 2);
}

static void an_orphan_cannot_be_accepted_while_nothing_proves_the_active_version(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "v9", 2, UTC_NONE);
    sample_accept(&s, "orphan:lost long ago");
    assert_true(holds(sample_blocker(&s, "orphan")->resolve, "cannot be accepted"));
    assert_true(sample_warns(&s, "acceptance-unused"));
    struct report_usage *u =
        report_add_usage(&s.reports[0], sample_column(&s.reports[0]), STR("v6"), BASIS_PROVEN);
    u->records = 1;
    passes();
}

static void versions_of_a_retained_report_are_no_orphans(void **state)
{
    (void)state;
    sample_use(sample_retained(&s, UTC_NONE), "v0", 4, UTC_NONE);
    passes();
}

/* ---- active-unseen (S6) ---- */

static void an_active_version_that_nothing_names_blocks(void **state)
{
    (void)state;
    sample_column(&s.reports[0])->usages[0].version = STR("v5");
    (void)sample_blocker(&s, "active-unseen");
    sample_accept(&s, "active-unseen:rotated an hour ago");
    assert_true(sample_make(&s));
    assert_false(plan_is_blocked(&s.plan));
    assert_string_equal(sample_removed(&s), "v1 v2");
}

/* ---- incomplete and partial inputs (S1, S2) ---- */

static void an_incomplete_report_blocks(void **state)
{
    (void)state;
    s.reports[0].complete = false;
    (void)sample_blocker(&s, "incomplete-report");
    sample_accept(&s, "incomplete-report:the rest is a log table");
    passes();
}

static void a_table_without_data_blocks(void **state)
{
    (void)state;
    (void)sample_table(&s.reports[0], "audit", COVERAGE_NO_DATA);
    s.reports[0].partial = true;
    blocks_until_accepted("partial-input", "public.audit", 1);
}

static void a_table_of_unknown_coverage_blocks(void **state)
{
    (void)state;
    (void)sample_table(&s.reports[0], "audit", COVERAGE_UNKNOWN);
    blocks_until_accepted("partial-input", "public.audit", 1);
}

static void an_absent_table_blocks(void **state)
{
    (void)state;
    (void)sample_table(&s.reports[0], "parents", COVERAGE_ABSENT);
    blocks_until_accepted("partial-input", "public.parents", 1);
}

static void views_and_partition_roots_hold_no_rows(void **state)
{
    (void)state;
    sample_table(&s.reports[0], "a_view", COVERAGE_NO_DATA)->kind = TABLE_VIEW;
    sample_table(&s.reports[0], "root", COVERAGE_NO_DATA)->kind = TABLE_PARTITIONED;
    sample_table(&s.reports[0], "far", COVERAGE_UNKNOWN)->kind = TABLE_FOREIGN;
    passes();
}

static void a_skipped_table_is_a_warning(void **state)
{
    (void)state;
    (void)sample_table(&s.reports[0], "blobs", COVERAGE_SKIPPED);
    passes();
    assert_true(sample_warns(&s, "skipped-table"));
}

static void another_report_can_bring_the_data(void **state)
{
    (void)state;
    (void)sample_table(&s.reports[0], "audit", COVERAGE_NO_DATA);
    s.reports[0].partial = true;
    struct report *second = sample_report(&s);
    (void)sample_table(second, "audit", COVERAGE_DATA);
    passes();
}

static void another_report_of_an_unnamed_database_cannot(void **state)
{
    (void)state;
    sample_table(&s.reports[0], "audit", COVERAGE_NO_DATA)->database = STR("");
    struct report *second = sample_report(&s);
    sample_table(second, "audit", COVERAGE_DATA)->database = STR("");
    assert_true(holds(sample_blocker(&s, "partial-input")->message, "public.audit"));
}

static void row_security_blocks(void **state)
{
    (void)state;
    s.reports[0].row_security = true;
    struct plan_table_name all = {STR("public"), STR("users")};
    s.in.inventory = &all;
    s.in.inventory_count = 1;
    s.in.has_inventory = true;
    (void)sample_blocker(&s, "partial-input");
    sample_accept(&s, "partial-input:the owner has no policies");
    passes();
}

static void an_input_without_catalogue_needs_an_inventory(void **state)
{
    (void)state;
    s.reports[0].partial = true;
    s.reports[0].tables[0].schema = STR("");
    assert_true(holds(sample_blocker(&s, "partial-input")->resolve, "psql"));
    struct plan_table_name all[] = {{STR("public"), STR("users")}, {STR("public"), STR("notes")}};
    s.in.inventory = all;
    s.in.inventory_count = 1;
    s.in.has_inventory = true;
    passes();
    s.in.inventory_count = 2;
    assert_true(holds(sample_blocker(&s, "partial-input")->message, "public.notes"));
}

static void an_inventory_line_without_schema_is_any_schema(void **state)
{
    (void)state;
    struct plan_table_name all = {STR(""), STR("users")};
    s.in.inventory = &all;
    s.in.inventory_count = 1;
    s.in.has_inventory = true;
    passes();
}

static void a_table_without_schema_is_not_two_lines_of_the_inventory(void **state)
{
    (void)state;
    s.reports[0].partial = true;
    s.reports[0].tables[0].schema = STR("");
    struct plan_table_name all[] = {{STR("public"), STR("users")}, {STR("old"), STR("users")}};
    s.in.inventory = all;
    s.in.inventory_count = 2;
    s.in.has_inventory = true;
    assert_true(sample_make(&s));
    assert_int_equal(s.plan.blocker_count, 2);
    assert_true(holds(s.plan.blockers[0].resolve, "SCHEMA.TABLE.csv"));
    all[1].schema = STR("public"); /* the same line again */
    passes();
}

static void a_table_of_mysql_is_the_line_of_its_database(void **state)
{
    (void)state;
    s.reports[0].partial = true;
    struct report_table *first = &s.reports[0].tables[0];
    first->schema = STR("");
    struct plan_table_name all[] = {{first->database, STR("users")}, {STR("old"), STR("users")}};
    s.in.inventory = all;
    s.in.inventory_count = 2;
    s.in.has_inventory = true;
    assert_true(sample_make(&s));
    assert_int_equal(s.plan.blocker_count, 1);
    assert_true(holds(sample_blocker(&s, "partial-input")->message, "old.users"));
}

static void one_input_without_catalogue_is_not_hidden_by_a_table_without_data(void **state)
{
    (void)state;
    s.reports[0].partial = true;
    sample_table(&s.reports[0], "export", COVERAGE_DATA)->kind = TABLE_UNKNOWN;
    (void)sample_table(&s.reports[0], "audit", COVERAGE_NO_DATA);
    assert_true(sample_make(&s));
    assert_int_equal(s.plan.blocker_count, 2);
    sample_accept(&s, "partial-input@public.audit:a log");
    assert_true(holds(sample_blocker(&s, "partial-input")->resolve, "psql"));
}

static void an_inventory_answers_for_tables_without_data(void **state)
{
    (void)state;
    (void)sample_table(&s.reports[0], "audit", COVERAGE_NO_DATA);
    s.reports[0].partial = true;
    struct plan_table_name all[] = {{STR("public"), STR("users")}, {STR("public"), STR("audit")}};
    s.in.inventory = all;
    s.in.inventory_count = 2;
    s.in.has_inventory = true;
    assert_true(holds(sample_blocker(&s, "partial-input")->message, "public.audit"));
    s.in.inventory_count = 1;
    passes();
    assert_true(sample_warns(&s, "not-in-inventory"));
}

static void a_skipped_table_of_the_inventory_blocks(void **state)
{
    (void)state;
    (void)sample_table(&s.reports[0], "blobs", COVERAGE_SKIPPED);
    struct plan_table_name all = {STR("public"), STR("blobs")};
    s.in.inventory = &all;
    s.in.inventory_count = 1;
    s.in.has_inventory = true;
    assert_true(holds(sample_blocker(&s, "partial-input")->message, "public.blobs"));
}

static void a_partition_root_covers_its_line(void **state)
{
    (void)state;
    sample_table(&s.reports[0], "root", COVERAGE_NO_DATA)->kind = TABLE_PARTITIONED;
    struct plan_table_name all = {STR("public"), STR("root")};
    s.in.inventory = &all;
    s.in.inventory_count = 1;
    s.in.has_inventory = true;
    passes();
}

static void a_database_without_a_report_blocks(void **state)
{
    (void)state;
    struct str databases[] = {STR("app"), STR("billing")};
    s.in.databases = databases;
    s.in.database_count = 2;
    blocks_until_accepted("partial-input", "billing", 1);
    s.in.accept_count = 0;
    s.in.database_count = 1;
    passes();
}

static void databases_are_remembered(void **state)
{
    (void)state;
    struct str databases[] = {STR("billing")};
    s.in.previous.databases = databases;
    s.in.previous.database_count = 1;
    (void)sample_blocker(&s, "partial-input");
}

static void fewer_tables_than_the_last_plan_block(void **state)
{
    (void)state;
    struct plan_column_name tables[] = {{STR("app"), STR("public"), STR("users"), STR("")},
                                        {STR("app"), STR("public"), STR("notes"), STR("")}};
    s.in.previous.tables = tables;
    s.in.previous.table_count = 2;
    blocks_until_accepted("partial-input", "public.notes", 1);
}

static void fewer_ciphertext_columns_than_the_last_plan_block(void **state)
{
    (void)state;
    struct plan_column_name columns[] = {{STR("app"), STR("public"), STR("users"), STR("secret")},
                                         {STR("app"), STR("public"), STR("users"), STR("totp")}};
    s.in.previous.columns = columns;
    s.in.previous.column_count = 2;
    blocks_until_accepted("partial-input", "public.users.totp", 1);
}

/* ---- declared columns ---- */

static void declare(const char *table, const char *column)
{
    struct report_declared *d = report_add_declared(&s.reports[0]);
    d->schema = STR("public");
    d->table = str_from(table);
    d->column = str_from(column);
    d->resolved_by = STR("table");
}

static void a_declared_column_that_is_there_does_not_block(void **state)
{
    (void)state;
    declare("users", "secret");
    declare("users", "");
    s.reports[0].declared[0].schema = STR("");
    passes();
}

static void a_declared_column_that_is_missing_blocks(void **state)
{
    (void)state;
    declare("users", "totp");
    blocks_until_accepted("undeclared-missing", "public.users.totp", 1);
}

static void a_column_declared_for_the_last_plan_must_still_be_there(void **state)
{
    (void)state;
    struct plan_column_name was = {STR("app"), STR("public"), STR("gone"), STR("secret")};
    s.in.previous.declared = &was;
    s.in.previous.declared_count = 1;
    (void)sample_blocker(&s, "undeclared-missing");
}

/* ---- jobs (S8) ---- */

static struct report_job *job(const char *status, const char *target)
{
    struct report_job *j = report_add_job(&s.reports[0]);
    j->id = STR("7");
    j->model_path = STR("app.models:User");
    j->column_name = STR("secret");
    j->status = str_from(status);
    j->target_version = str_from(target);
    return j;
}

static void targets_of_jobs_that_are_not_cleanly_finished_stay(void **state)
{
    (void)state;
    const char *statuses[] = {"pending", "running", "paused", "failed", "quite new"};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        (void)teardown(state);
        (void)setup(state);
        (void)job(statuses[i], "V2");
        assert_true(sample_make(&s));
        assert_string_equal(sample_removed(&s), "v1 v3");
        assert_int_equal(sample_version(&s, "v2")->reason, KEEP_JOB_TARGET);
        assert_true(sample_warns(&s, "job"));
    }
}

static void targets_of_jobs_finished_with_errors_or_as_dry_run_stay(void **state)
{
    (void)state;
    job("finished", "v2")->errors = 1;
    job("finished", "v1")->dry_run = true;
    assert_true(sample_make(&s));
    assert_string_equal(sample_removed(&s), "v3");
}

static void jobs_without_a_table_are_unknown(void **state)
{
    (void)state;
    s.reports[0].jobs_known = false;
    passes();
    assert_true(sample_warns(&s, "jobs-unknown"));
}

/* ---- stale writers (S9) ---- */

static void a_candidate_written_after_the_active_start_blocks(void **state)
{
    (void)state;
    sample_use(sample_retained(&s, UTC_NONE), "v2", 1, sample_now - 10 * DAY + 1);
    const struct plan_blocker *b = sample_blocker(&s, "stale-writer");
    assert_true(str_eq(b->version, STR("v2")));
    sample_accept(&s, "stale-writer@v2:the old worker is gone");
    passes();
    assert_true(sample_version(&s, "v2")->critical & CRITICAL_ACCEPTANCE);
    assert_false(sample_version(&s, "v1")->critical & CRITICAL_ACCEPTANCE);
}

static void writes_before_the_active_start_do_not_block(void **state)
{
    (void)state;
    sample_use(sample_retained(&s, UTC_NONE), "v2", 1, sample_now - 10 * DAY);
    passes();
}

static void writes_remembered_from_earlier_reports_count(void **state)
{
    (void)state;
    struct plan_write_time w = {STR("v1"), UTC_NONE, sample_now - 5 * DAY};
    s.in.previous.writes = &w;
    s.in.previous.write_count = 1;
    (void)sample_blocker(&s, "stale-writer");
}

static void a_kept_version_that_is_still_written_is_a_warning(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "v5", 1, sample_now - 2 * DAY);
    assert_true(sample_make(&s));
    assert_false(plan_is_blocked(&s.plan));
    assert_true(sample_warns(&s, "stale-writer"));
}

static void a_stored_backup_that_needs_what_left_before_is_a_warning(void **state)
{
    (void)state;
    sample_use(sample_retained(&s, UTC_NONE), "v1", 2, sample_now - 90 * DAY);
    passes();
    assert_false(sample_warns(&s, "retained-orphan"));
    sample_use(&s.retained[0], "v0", 2, sample_now - 90 * DAY);
    passes();
    assert_true(sample_warns(&s, "retained-orphan"));
}

static void times_later_than_the_data_are_a_warning(void **state)
{
    (void)state;
    sample_column(&s.reports[0])->future_times = 2;
    passes();
    assert_true(sample_warns(&s, "future-time"));
}

/* ---- acceptances (S16) ---- */

static void an_acceptance_without_count_records_what_it_saw(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "", 3, UTC_NONE);
    sample_accept(&s, "unversioned:test accounts");
    passes();
    assert_int_equal(s.plan.accepted[0].limit, 3);
    assert_true(str_eq(s.plan.accepted[0].reason, STR("test accounts")));
}

static void an_acceptance_of_one_place_leaves_the_others(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "", 3, UTC_NONE);
    struct report_table *t = sample_table(&s.reports[0], "odd.name", COVERAGE_DATA);
    struct report_column *c = sample_other_use(&s.reports[0], t, "x", "", 1);
    c->classes[CLASS_HINTED] = 0;
    c->classes[CLASS_UNVERSIONED] = 1;
    sample_accept(&s, "unversioned@public.users.secret:fine");
    assert_true(holds(sample_blocker(&s, "unversioned")->resolve, "@public.\"odd.name\".x=1:"));
    sample_accept(&s, "unversioned@public.\"odd.name\".x=1:fine too");
    passes();
}

static void an_acceptance_of_another_code_covers_nothing(void **state)
{
    (void)state;
    sample_use(&s.reports[0], "", 3, UTC_NONE);
    sample_accept(&s, "plaintext:no");
    (void)sample_blocker(&s, "unversioned");
    assert_true(sample_warns(&s, "acceptance-unused"));
}

static void acceptance_is(const char *text, const char *code, const char *place, uint64_t limit,
                          const char *reason)
{
    struct acceptance a;
    struct err err = {0};
    assert_true(acceptance_parse(str_from(text), &s.a, &a, &err));
    assert_true(str_eq(a.code, str_from(code)));
    assert_true(str_eq(a.place, str_from(place)));
    assert_int_equal(a.limited, limit > 0);
    assert_int_equal(a.limit, limit);
    assert_true(str_eq(a.reason, str_from(reason)));
}

static void acceptances_are_read_in_every_form(void **state)
{
    (void)state;
    acceptance_is("unversioned:old: rows", "unversioned", "", 0, "old: rows");
    acceptance_is("plaintext=12:r", "plaintext", "", 12, "r");
    acceptance_is("orphan@a.b.c:r", "orphan", "a.b.c", 0, "r");
    acceptance_is("orphan@a.b.c=1: r ", "orphan", "a.b.c", 1, "r");
    acceptance_is("partial-input@s.\"t.\"\"x=:\":r", "partial-input", "s.\"t.\"\"x=:\"", 0, "r");
}

static void broken_acceptances_are_usage_errors(void **state)
{
    (void)state;
    const char *broken[] = {"",
                            "unversioned",
                            "unversioned:",
                            ":r",
                            "unversioned: ",
                            "unversioned=:r",
                            "unversioned=0:r",
                            "unversioned=x:r",
                            "unversioned=1x:r",
                            "unversioned@:r",
                            "unversioned@a.:r",
                            "unversioned@a.b.c.d:r",
                            "unversioned@\"a:r",
                            "unversioned@a\"b\":r",
                            "unversioned=99999999999999999999:r"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct acceptance a;
        struct err err = {0};
        if (acceptance_parse(str_from(broken[i]), &s.a, &a, &err))
            fail_msg("%s was read", broken[i]);
        assert_int_equal(err.kind, ERR_USAGE);
    }
    struct acceptance a;
    struct err err = {0};
    assert_false(acceptance_parse(STR("unversoned:r"), &s.a, &a, &err));
    assert_int_equal(err.id, 611);
    assert_non_null(strstr(err.hint, "unversioned"));
}

/* ---- lists ---- */

static void an_inventory_is_read_line_by_line(void **state)
{
    (void)state;
    struct plan_table_name *names;
    size_t count;
    struct err err = {0};
    struct str text = STR("# tables\npublic.users\r\n\n  notes \n\"odd.schema\".\"T \"\"x\"\"\"\n");
    assert_true(plan_inventory_parse(text, &s.a, &names, &count, &err));
    assert_int_equal(count, 3);
    assert_true(str_eq(names[0].schema, STR("public")) && str_eq(names[0].table, STR("users")));
    assert_true(names[1].schema.len == 0 && str_eq(names[1].table, STR("notes")));
    assert_true(str_eq(names[2].schema, STR("odd.schema")));
    assert_true(str_eq(names[2].table, STR("T \"x\"")));
    assert_false(plan_inventory_parse(STR("a\na.b.c\n"), &s.a, &names, &count, &err));
    assert_int_equal(err.id, 613);
    assert_non_null(strstr(err.text, "line 2"));
}

static void an_order_file_names_each_version_once(void **state)
{
    (void)state;
    struct str *names;
    size_t count;
    struct err err = {0}, empty = {0};
    assert_true(plan_order_parse(STR("Red\n#c\nblue\n"), &s.a, &names, &count, &err));
    assert_int_equal(count, 2);
    assert_true(str_eq(names[0], STR("red")));
    assert_false(plan_order_parse(STR("a\nb\nA\n"), &s.a, &names, &count, &err));
    assert_int_equal(err.id, 614);
    assert_false(plan_order_parse(STR("\n"), &s.a, &names, &count, &empty));
}

static void lists_of_versions_are_separated_by_commas(void **state)
{
    (void)state;
    struct str *names;
    size_t count;
    struct err err = {0};
    assert_true(plan_names_parse(STR("V1, v2,v1"), &s.a, &names, &count, &err));
    assert_int_equal(count, 2);
    assert_true(str_eq(names[1], STR("v2")));
    assert_false(plan_names_parse(STR("v1,,v2"), &s.a, &names, &count, &err));
    assert_int_equal(err.id, 615);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(unversioned_values_block),
        T(embedded_unversioned_values_block_with_the_others),
        T(truncated_values_block),
        T(malformed_values_block),
        T(plaintext_in_a_declared_column_blocks),
        T(plaintext_in_the_scope_blocks_though_undeclared),
        T(null_and_empty_values_do_not_block),
        T(unversioned_values_block_in_undeclared_columns_too),
        T(a_version_without_a_key_is_an_orphan),
        T(names_counted_together_are_orphans),
        T(an_orphan_cannot_be_accepted_while_nothing_proves_the_active_version),
        T(versions_of_a_retained_report_are_no_orphans),
        T(an_active_version_that_nothing_names_blocks),
        T(an_incomplete_report_blocks),
        T(a_table_without_data_blocks),
        T(an_absent_table_blocks),
        T(a_table_of_unknown_coverage_blocks),
        T(another_report_of_an_unnamed_database_cannot),
        T(views_and_partition_roots_hold_no_rows),
        T(a_skipped_table_is_a_warning),
        T(another_report_can_bring_the_data),
        T(row_security_blocks),
        T(an_input_without_catalogue_needs_an_inventory),
        T(an_inventory_line_without_schema_is_any_schema),
        T(a_table_without_schema_is_not_two_lines_of_the_inventory),
        T(a_table_of_mysql_is_the_line_of_its_database),
        T(one_input_without_catalogue_is_not_hidden_by_a_table_without_data),
        T(an_inventory_answers_for_tables_without_data),
        T(a_skipped_table_of_the_inventory_blocks),
        T(a_partition_root_covers_its_line),
        T(a_database_without_a_report_blocks),
        T(databases_are_remembered),
        T(fewer_tables_than_the_last_plan_block),
        T(fewer_ciphertext_columns_than_the_last_plan_block),
        T(a_declared_column_that_is_there_does_not_block),
        T(a_declared_column_that_is_missing_blocks),
        T(a_column_declared_for_the_last_plan_must_still_be_there),
        T(targets_of_jobs_that_are_not_cleanly_finished_stay),
        T(targets_of_jobs_finished_with_errors_or_as_dry_run_stay),
        T(jobs_without_a_table_are_unknown),
        T(a_candidate_written_after_the_active_start_blocks),
        T(writes_before_the_active_start_do_not_block),
        T(writes_remembered_from_earlier_reports_count),
        T(a_kept_version_that_is_still_written_is_a_warning),
        T(a_stored_backup_that_needs_what_left_before_is_a_warning),
        T(times_later_than_the_data_are_a_warning),
        T(an_acceptance_without_count_records_what_it_saw),
        T(an_acceptance_of_one_place_leaves_the_others),
        T(an_acceptance_of_another_code_covers_nothing),
        T(acceptances_are_read_in_every_form),
        T(broken_acceptances_are_usage_errors),
        T(an_inventory_is_read_line_by_line),
        T(an_order_file_names_each_version_once),
        T(lists_of_versions_are_separated_by_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
