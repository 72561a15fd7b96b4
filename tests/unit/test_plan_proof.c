/* Plans from reports whose values were proven (S10, S16): what blocks, and what no longer does. */
#include "tests/unit/plan_sample.h"

static struct sample s;
static struct report *live;

static void prove(struct report *r, const char *active)
{
    r->verified = true;
    r->active_version = str_from(active);
    r->version_count = 6;
    r->versions = ARENA_ARRAY(&s.a, 6, struct report_version);
    for (unsigned i = 0; i < 6; i++)
        r->versions[i] = (struct report_version){str_from(arena_printf(&s.a, "v%u", i + 1)),
                                                 sample_fingerprint(i + 1)};
}

/* `records` values of a class, whose rows of key_usage are the caller's. */
static void values(struct report *r, enum value_class class, uint64_t records)
{
    struct report_column *c = sample_column(r);
    c->classes[class] += records;
    c->records += records;
    r->tables[0].records += records;
}

static void usage(struct report *r, const char *version, enum usage_basis basis, uint64_t records,
                  int64_t written)
{
    struct report_usage *u = report_add_usage(r, sample_column(r), str_from(version), basis);
    u->records = records;
    u->oldest = u->newest = written;
}

/* v1..v6, v6 active: 400 values of it, all proven. */
static int setup(void **state)
{
    (void)state;
    sample_empty(&s);
    sample_file(&s, "/srv/app/.env.crypto", 6, "v6");
    live = sample_report(&s);
    prove(live, "v6");
    values(live, CLASS_VERIFIED, 400);
    usage(live, "v6", BASIS_PROVEN, 400, sample_now - 10 * DAY);
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
        fail_msg("unexpected blocker %.*s", STR_ARG(s.plan.blockers[i].message));
}

static void a_proven_plan_says_how_many_of_how_many(void **state)
{
    (void)state;
    values(live, CLASS_LEGACY_VERIFIED, 3);
    values(live, CLASS_HINTED, 2);
    usage(live, "v6", BASIS_HINT, 2, sample_now - 9 * DAY);
    passes();
    assert_true(str_starts(sample_text(&s), STR("keyretire plan 1\nPROVEN: 403 of 405 values\n")));
    assert_true(holds(sample_text(&s), "\n    proven 403 of 405 values\n"));
    assert_false(holds(sample_text(&s), "LABELS ONLY"));
}

static void one_unverified_report_makes_it_labels_only(void **state)
{
    (void)state;
    sample_use(sample_report(&s), "v6", 3, sample_now - 9 * DAY);
    passes();
    assert_true(str_starts(sample_text(&s), STR("keyretire plan 1\nLABELS ONLY")));
}

static void a_plan_with_its_proof_reads_back(void **state)
{
    (void)state;
    struct plan again;
    struct err err = {0};
    passes();
    sample_edit(&s);
    struct str text = sample_text(&s);
    assert_true(plan_read(text, &s.a, &again, &err));
    assert_int_equal(again.evidence[0].proven, 400);
    char *other = arena_text(&s.a, text);
    memcpy(strstr(other, "PROVEN: 400"), "PROVEN: 401", 11);
    assert_false(plan_read(str_from(other), &s.a, &again, &err));
}

static void a_legacy_column_that_is_proven_whole_blocks_nothing(void **state)
{
    (void)state;
    values(live, CLASS_LEGACY_VERIFIED, 20);
    usage(live, "v2", BASIS_PROVEN, 20, sample_now - 300 * DAY);
    passes();
    assert_int_equal(sample_version(&s, "v2")->reason, KEEP_IN_USE);
    assert_string_equal(sample_removed(&s), "v1 v3");
}

static void one_legacy_value_that_was_not_proven_blocks(void **state)
{
    (void)state;
    values(live, CLASS_LEGACY_VERIFIED, 20);
    usage(live, "v2", BASIS_PROVEN, 20, sample_now - 300 * DAY);
    values(live, CLASS_UNVERSIONED, 1);
    usage(live, "", BASIS_HINT, 1, UTC_NONE);
    assert_int_equal(sample_blocker(&s, "unversioned")->count, 1);
}

static void both_versions_of_a_lying_label_stay(void **state)
{
    (void)state;
    values(live, CLASS_MISLABELLED, 1);
    usage(live, "v2", BASIS_HINT, 1, sample_now - 300 * DAY);
    usage(live, "v1", BASIS_PROVEN, 1, sample_now - 300 * DAY);
    passes();
    assert_int_equal(sample_version(&s, "v1")->reason, KEEP_IN_USE);
    assert_int_equal(sample_version(&s, "v2")->reason, KEEP_IN_USE);
}

/* A label that lies of the active version does not say since when that is in use (S9). */
static void a_lying_label_makes_no_stale_writer(void **state)
{
    (void)state;
    values(live, CLASS_MISLABELLED, 1);
    usage(live, "v6", BASIS_HINT, 1, sample_now - 900 * DAY);
    usage(live, "v1", BASIS_PROVEN, 1, sample_now - 900 * DAY);
    values(live, CLASS_VERIFIED, 5);
    usage(live, "v2", BASIS_PROVEN, 5, sample_now - 500 * DAY);
    passes();
    assert_false(sample_warns(&s, "stale-writer"));
    assert_int_equal(sample_version(&s, "v6")->oldest, sample_now - 10 * DAY);
}

static void a_writer_that_is_proven_to_be_stale_is_seen(void **state)
{
    (void)state;
    values(live, CLASS_VERIFIED, 5);
    usage(live, "v2", BASIS_PROVEN, 5, sample_now - 2 * DAY);
    passes();
    assert_true(sample_warns(&s, "stale-writer"));
}

static void orphans_block_once_for_each_value(void **state)
{
    (void)state;
    values(live, CLASS_ORPHAN, 3);
    values(live, CLASS_ORPHAN_EMBEDDED, 1);
    usage(live, "v5", BASIS_HINT, 1, UTC_NONE);
    usage(live, "v9", BASIS_HINT, 2, UTC_NONE);
    usage(live, "", BASIS_HINT, 1, UTC_NONE);
    const struct plan_blocker *b = sample_blocker(&s, "orphan");
    assert_int_equal(b->count, 4);
    assert_true(holds(b->message, "public.users.secret"));
    sample_accept(&s, "orphan@public.users.secret=3:lost");
    assert_int_equal(sample_blocker(&s, "orphan")->count, 4);
    sample_accept(&s, "orphan@public.users.secret=4:lost");
    passes();
    assert_int_equal(sample_version(&s, "v5")->reason, KEEP_IN_USE);
}

static void a_keyring_that_made_nothing_of_the_active_version_is_refused(void **state)
{
    (void)state;
    sample_column(live)->classes[CLASS_VERIFIED] = 0;
    sample_column(live)->classes[CLASS_ORPHAN] = 400;
    sample_column(live)->usages[0].basis = BASIS_HINT;
    sample_accept(&s, "orphan:all of them, never mind");
    assert_true(sample_make(&s));
    assert_int_equal(s.plan.blocker_count, 2);
    assert_true(str_eq(s.plan.blockers[0].code, STR("active-unseen")));
    assert_true(holds(s.plan.blockers[0].message, "v6"));
    assert_true(str_eq(s.plan.blockers[1].code, STR("orphan")));
    assert_true(holds(s.plan.blockers[1].resolve, "cannot be accepted"));
    assert_true(sample_warns(&s, "acceptance-unused"));
}

static void values_that_only_name_the_active_version_do_not_prove_it(void **state)
{
    (void)state;
    sample_column(live)->classes[CLASS_VERIFIED] = 0;
    sample_column(live)->classes[CLASS_MISLABELLED] = 400;
    sample_column(live)->usages[0].basis = BASIS_HINT;
    usage(live, "v5", BASIS_PROVEN, 400, sample_now - 10 * DAY);
    (void)sample_blocker(&s, "active-unseen");
}

static void a_stored_backup_proven_with_another_key_of_that_name_is_stale(void **state)
{
    (void)state;
    struct report *old = sample_retained(&s, UTC_NONE);
    prove(old, "v2");
    old->versions[0].name = STR("v0"); /* it left since */
    passes();
    old->versions[1].fingerprint = sample_fingerprint(77);
    assert_false(sample_make(&s));
    assert_int_equal(s.err.kind, ERR_STALE);
    assert_int_equal(s.err.id, 624);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_proven_plan_says_how_many_of_how_many),
        T(one_unverified_report_makes_it_labels_only),
        T(a_plan_with_its_proof_reads_back),
        T(a_legacy_column_that_is_proven_whole_blocks_nothing),
        T(one_legacy_value_that_was_not_proven_blocks),
        T(both_versions_of_a_lying_label_stay),
        T(a_lying_label_makes_no_stale_writer),
        T(a_writer_that_is_proven_to_be_stale_is_seen),
        T(orphans_block_once_for_each_value),
        T(a_keyring_that_made_nothing_of_the_active_version_is_refused),
        T(values_that_only_name_the_active_version_do_not_prove_it),
        T(a_stored_backup_proven_with_another_key_of_that_name_is_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
