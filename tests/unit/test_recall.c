/* What earlier plans had seen, asked of a plan that was made without it, and of one that was made
 * with it. */
#include "tests/unit/plan_sample.h"

static struct sample s;
static struct plan_previous was;

static int setup(void **state)
{
    (void)state;
    sample_good(&s);
    was = (struct plan_previous){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&s.a);
    return 0;
}

static void recalls(void)
{
    struct err err = {0};
    if (!plan_recalls(&s.plan, &was, &s.a, &err))
        fail_msg("refused: %s", err.text);
}

static void refuses(const char *what)
{
    struct err err = {0};
    assert_false(plan_recalls(&s.plan, &was, &s.a, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_int_equal(err.id, 663);
    assert_non_null(strstr(err.text, what));
    assert_true(err.hint[0] != 0);
}

static void made(void)
{
    assert_true(sample_make(&s));
    assert_false(plan_is_blocked(&s.plan));
}

/* Made without the history it is refused; with it and an acceptance it holds, and no other will do.
 */
static void holds_when_accepted(const char *code, const char *what, const char *acceptance)
{
    made();
    refuses(what);
    s.in.previous = was;
    assert_true(sample_make(&s));
    assert_true(plan_is_blocked(&s.plan));
    assert_true(str_eq(s.plan.blockers[0].code, str_from(code)));
    sample_accept(&s, acceptance);
    made();
    recalls();
    s.plan.accepted[0].code = STR("plaintext");
    refuses(what);
    s.plan.accepted[0].code = str_from(code);
    s.plan.accepted[0].place = STR("elsewhere");
    refuses(what);
    s.plan.accepted[0].place = STR("");
    recalls();
    s.plan.accepted[0].seen = 0;
    refuses(what);
}

static void without_history_every_plan_holds(void **state)
{
    (void)state;
    made();
    recalls();
}

static void what_is_still_there_holds(void **state)
{
    (void)state;
    struct plan_column_name table = {STR("app"), STR("public"), STR("users"), STR("")};
    struct plan_column_name column = {STR("app"), STR("public"), STR("users"), STR("secret")};
    struct plan_write_time write = {STR("v1"), sample_now - 90 * DAY, sample_now - 80 * DAY};
    struct str database = STR("app");
    was = (struct plan_previous){.tables = &table,
                                 .table_count = 1,
                                 .columns = &column,
                                 .column_count = 1,
                                 .declared = &column,
                                 .declared_count = 1,
                                 .databases = &database,
                                 .database_count = 1,
                                 .writes = &write,
                                 .write_count = 1};
    made();
    recalls();
}

static void a_table_that_is_gone_is_refused(void **state)
{
    (void)state;
    struct plan_column_name table = {STR("app"), STR("public"), STR("notes"), STR("")};
    was.tables = &table;
    was.table_count = 1;
    holds_when_accepted("partial-input", "public.notes", "partial-input@public.notes:dropped");
}

static void a_column_without_its_ciphertext_is_refused(void **state)
{
    (void)state;
    struct plan_column_name column = {STR("app"), STR("public"), STR("users"), STR("totp")};
    was.columns = &column;
    was.column_count = 1;
    holds_when_accepted("partial-input", "public.users.totp",
                        "partial-input@public.users.totp:emptied");
}

static void a_declared_column_that_is_gone_is_refused(void **state)
{
    (void)state;
    struct plan_column_name column = {STR("app"), STR("public"), STR("gone"), STR("secret")};
    was.declared = &column;
    was.declared_count = 1;
    holds_when_accepted("undeclared-missing", "public.gone.secret",
                        "undeclared-missing@public.gone.secret:dropped");
}

static void a_database_that_is_gone_is_refused(void **state)
{
    (void)state;
    struct str database = STR("billing");
    was.databases = &database;
    was.database_count = 1;
    made();
    refuses("billing");
    s.in.previous = was; /* the plan then says itself which databases it is about */
    sample_accept(&s, "partial-input@billing:shut down");
    made();
    recalls();
}

static void databases_that_were_said_anew_replace_the_old_ones(void **state)
{
    (void)state;
    struct str billing = STR("billing"), app = STR("app");
    was.databases = &billing;
    was.database_count = 1;
    s.in.databases = &app;
    s.in.database_count = 1;
    made();
    recalls();
}

static void a_write_that_was_seen_before_is_refused(void **state)
{
    (void)state;
    struct plan_write_time write = {STR("v2"), UTC_NONE, sample_now - DAY};
    was.writes = &write;
    was.write_count = 1;
    holds_when_accepted("stale-writer", "v2", "stale-writer@v2:stopped");
}

static void the_active_version_may_have_begun_earlier_than_the_reports_say(void **state)
{
    (void)state;
    struct plan_write_time write = {STR("v6"), sample_now - 60 * DAY, UTC_NONE};
    sample_use(sample_retained(&s, UTC_NONE), "v3", 1, sample_now - 30 * DAY);
    made();
    recalls();
    was.writes = &write;
    was.write_count = 1;
    refuses("v3");
}

static void a_plan_that_is_gone_is_refused(void **state)
{
    (void)state;
    was.lost = true;
    made();
    refuses("gone from the state folder");
    s.in.previous = was;
    sample_accept(&s, "partial-input:nothing left since");
    made();
    recalls();
}

static void an_acceptance_of_fewer_places_does_not_cover_more(void **state)
{
    (void)state;
    struct plan_column_name tables[] = {{STR("app"), STR("public"), STR("notes"), STR("")},
                                        {STR("app"), STR("public"), STR("mail"), STR("")}};
    was.tables = tables;
    was.table_count = 1;
    s.in.previous = was;
    sample_accept(&s, "partial-input:dropped");
    made();
    recalls();
    was.table_count = 2;
    refuses("public.");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(without_history_every_plan_holds),
        CASE(what_is_still_there_holds),
        CASE(a_table_that_is_gone_is_refused),
        CASE(a_column_without_its_ciphertext_is_refused),
        CASE(a_declared_column_that_is_gone_is_refused),
        CASE(a_database_that_is_gone_is_refused),
        CASE(databases_that_were_said_anew_replace_the_old_ones),
        CASE(a_write_that_was_seen_before_is_refused),
        CASE(the_active_version_may_have_begun_earlier_than_the_reports_say),
        CASE(a_plan_that_is_gone_is_refused),
        CASE(an_acceptance_of_fewer_places_does_not_cover_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
