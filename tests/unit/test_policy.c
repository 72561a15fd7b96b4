/* policy: its words, each line understood or refused; what it asks of options and plans. */
#include "applier/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena a;
static struct err err;

static int tear_down(void **unused)
{
    (void)unused;
    arena_free(&a);
    err = (struct err){0};
    return 0;
}

static struct policy parsed(const char *text)
{
    struct policy p;
    assert_true(policy_parse(str_from(text), &a, &p, &err));
    return p;
}

static void every_word_is_read(void **unused)
{
    (void)unused;
    struct policy p = parsed("# ours\n\napprovals 2\nallowed-signers /etc/keyretire/allowed\n"
                             "revoked /etc/keyretire/gone\nexclude-planner yes\n"
                             "max-report-age 2d\nverified-reports yes\nsha256-inputs no\n"
                             "clean-census yes\nsealed-backups no\naccept unversioned orphan\n");
    assert_int_equal(p.approvals, 2);
    assert_true(str_eq(p.signers_path, STR("/etc/keyretire/allowed")));
    assert_true(str_eq(p.revoked_path, STR("/etc/keyretire/gone")));
    assert_true(p.exclude_planner && p.verified_reports && p.clean_census);
    assert_false(p.sha256_inputs || p.sealed_backups);
    assert_int_equal(p.max_age, 172800);
    assert_true(p.limits_acceptances);
    assert_int_equal(p.accept_count, 2);
    assert_true(str_eq(p.accept[1], STR("orphan")));
}

static void an_empty_policy_demands_nothing(void **unused)
{
    (void)unused;
    struct policy p = parsed("");
    assert_true(p.present);
    assert_int_equal(p.approvals, 0);
    assert_true(p.max_age == PLAN_NO_MAX_AGE);
    assert_false(p.limits_acceptances);
    p = parsed("accept none");
    assert_true(p.limits_acceptances);
    assert_int_equal(p.accept_count, 0);
}

static void what_is_not_understood_is_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        "aprovals 2\n",
        "approvals\n",
        "approvals two\n",
        "approvals -1\n",
        "approvals 65\nallowed-signers /a\n",
        "approvals 1\n",
        "approvals 1\nallowed-signers relative\n",
        "approvals 1\napprovals 2\nallowed-signers /a\n",
        "exclude-planner maybe\n",
        "exclude-planner yes\n",
        "revoked /etc/gone\n",
        "max-report-age soon\n",
        "max-report-age none\n",
        "verified-reports Yes\n",
        "accept\n",
        "accept everything\n",
        "accept none orphan\n",
        "Approvals 2\n",
        "approvals 2 3\nallowed-signers /a\n",
        "min-reviewers 2\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct policy p;
        err = (struct err){0};
        if (policy_parse(str_from(wrong[i]), &a, &p, &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_int_equal(err.id, 951);
    }
}

static int tightened(const struct policy *p, struct plan_input *in, enum policy_age age)
{
    err = (struct err){0};
    bool done = policy_tighten(p, &a, in, age, &err);
    assert_int_equal(done, err.kind == 0);
    return err.kind;
}

static void options_may_ask_for_more_and_never_for_less(void **unused)
{
    (void)unused;
    const struct policy p = parsed("approvals 2\nallowed-signers /a\nmax-report-age 2d\n");
    struct plan_input in = {.max_age = 7 * 86400};
    assert_int_equal(tightened(&p, &in, POLICY_AGE_DEFAULT), 0);
    assert_int_equal(in.max_age, 172800);
    assert_int_equal(in.conditions.approvals, 2);
    assert_true(str_eq(in.conditions.signers_path, STR("/a")));
    assert_true(in.conditions.has_policy);

    in = (struct plan_input){.max_age = 86400,
                             .conditions = {.approvals = 3, .signers_path = STR("/a")}};
    assert_int_equal(tightened(&p, &in, POLICY_AGE_GIVEN), 0);
    assert_int_equal(in.max_age, 86400);
    assert_int_equal(in.conditions.approvals, 3);

    in = (struct plan_input){.max_age = 3 * 86400};
    assert_int_equal(tightened(&p, &in, POLICY_AGE_GIVEN), ERR_REFUSED);
    in = (struct plan_input){.max_age = PLAN_NO_MAX_AGE};
    assert_int_equal(tightened(&p, &in, POLICY_AGE_GIVEN), ERR_REFUSED);
    in = (struct plan_input){.conditions = {.approvals = 1, .signers_path = STR("/a")}};
    assert_int_equal(tightened(&p, &in, POLICY_AGE_GIVEN), ERR_REFUSED);
    in = (struct plan_input){.conditions = {.approvals = 2, .signers_path = STR("/mine")}};
    assert_int_equal(tightened(&p, &in, POLICY_AGE_GIVEN), ERR_REFUSED);
}

/* The same minima asked of a plan's own words, however its text came about. */
static int allowed(const struct policy *p, const struct plan *plan)
{
    err = (struct err){0};
    bool done = policy_allows(p, plan, &err);
    assert_int_equal(done, err.kind == 0);
    return err.kind;
}

static void a_plan_below_the_policy_is_refused_whatever_it_says_of_it(void **unused)
{
    (void)unused;
    struct policy p = parsed("approvals 2\nallowed-signers /a\nrevoked /r\nexclude-planner yes\n"
                             "max-report-age 2d\nverified-reports yes\nsha256-inputs yes\n"
                             "clean-census yes\naccept unversioned\n");
    struct plan_evidence live = {
        .kind = EVIDENCE_LIVE, .verified = true, .sha256_inputs = true, .complete = true};
    struct acceptance accepted = {.code = STR("unversioned")};
    const struct plan good = {.arena = &a,
                              .max_age = 86400,
                              .evidence = &live,
                              .evidence_count = 1,
                              .accepted = &accepted,
                              .accepted_count = 1,
                              .conditions = {.has_policy = true,
                                             .policy = p.digest,
                                             .approvals = 2,
                                             .signers_path = STR("/a"),
                                             .revoked_path = STR("/r"),
                                             .planner = STR("ana")}};
    assert_int_equal(allowed(&p, &good), 0);
    struct plan bad = good;
    bad.conditions.approvals = 1;
    assert_int_equal(allowed(&p, &bad), ERR_REFUSED);
    bad = good;
    bad.conditions.signers_path = STR("/b");
    assert_int_equal(allowed(&p, &bad), ERR_REFUSED);
    bad = good;
    bad.conditions.revoked_path = STR("");
    assert_int_equal(allowed(&p, &bad), ERR_REFUSED);
    bad = good;
    bad.conditions.planner = STR("");
    assert_int_equal(allowed(&p, &bad), ERR_REFUSED);
    bad = good;
    bad.max_age = PLAN_NO_MAX_AGE;
    assert_int_equal(allowed(&p, &bad), ERR_REFUSED);
    live.verified = false;
    assert_int_equal(allowed(&p, &good), ERR_REFUSED);
    live.verified = true;
    live.sha256_inputs = false;
    assert_int_equal(allowed(&p, &good), ERR_REFUSED);
    live.sha256_inputs = true;
    live.complete = false;
    assert_int_equal(allowed(&p, &good), ERR_REFUSED);
    live.complete = live.partial = true;
    assert_int_equal(allowed(&p, &good), ERR_REFUSED);
    live.partial = false;
    accepted.code = STR("orphan");
    assert_int_equal(allowed(&p, &good), ERR_REFUSED);
    accepted.code = STR("unversioned");
    assert_int_equal(allowed(&p, &good), 0);
    p.sealed_backups = true; /* asked when the backup is made: the plan does not say */
    assert_int_equal(allowed(&p, &good), 0);
    assert_false(policy_seals(&p, STR(""), &err));
    assert_int_equal(err.id, 952);
    assert_true(policy_seals(&p, STR("age1..."), &err));
}

static void a_plan_is_of_one_policy_and_no_other(void **unused)
{
    (void)unused;
    const struct policy none = {.max_age = PLAN_NO_MAX_AGE};
    struct policy p = parsed("max-report-age 9d\n");
    struct plan plan = {.arena = &a, .max_age = 86400};
    assert_int_equal(allowed(&none, &plan), 0);
    assert_int_equal(allowed(&p, &plan), ERR_REFUSED); /* made where there is none */
    plan.conditions.has_policy = true;
    assert_int_equal(allowed(&p, &plan), 0);
    assert_int_equal(allowed(&none, &plan), ERR_REFUSED);
    p.digest.bytes[0] ^= 1;
    assert_int_equal(allowed(&p, &plan), ERR_STALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_word_is_read, tear_down),
        cmocka_unit_test_teardown(an_empty_policy_demands_nothing, tear_down),
        cmocka_unit_test_teardown(what_is_not_understood_is_refused, tear_down),
        cmocka_unit_test_teardown(options_may_ask_for_more_and_never_for_less, tear_down),
        cmocka_unit_test_teardown(a_plan_below_the_policy_is_refused_whatever_it_says_of_it,
                                  tear_down),
        cmocka_unit_test_teardown(a_plan_is_of_one_policy_and_no_other, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
