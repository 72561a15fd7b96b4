/* Tests of --min-clean-census: what is a clean census, an earlier one, and how many there are. */
#include "tests/unit/plan_sample.h"

#include <stdlib.h>

static int set_up(void **state)
{
    struct sample *s = calloc(1, sizeof *s);
    sample_good(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct sample *s = *state;
    arena_free(&s->a);
    free(s);
    return 0;
}

/* Another report of the same database, its data that many days old. */
static struct report *days_old(struct sample *s, int64_t days)
{
    struct report *r = sample_report(s);
    sample_use(r, "v6", 400, sample_now - 30 * DAY);
    r->data_time = sample_now - days * DAY;
    return r;
}

static void demand(struct sample *s, const char *text)
{
    assert_true(census_parse(str_from(text), &s->in.census));
}

static void refused(struct sample *s, unsigned id)
{
    assert_false(sample_make(s));
    assert_int_equal(s->err.id, id);
    assert_int_equal(s->err.kind, id == 632 ? ERR_REFUSED : ERR_STALE);
}

static void a_demand_is_a_number_and_how_far_apart(void **state)
{
    static const char *const wrong[] = {"", "0", "-1", "two", "2:", ":7d", "2:7", "2:soon", "1001"};
    struct census_demand d;
    (void)state;
    assert_true(census_parse(STR("2"), &d));
    assert_int_equal(d.count, 2);
    assert_int_equal(d.interval, 0);
    assert_true(census_parse(STR("3:7d"), &d));
    assert_int_equal(d.count, 3);
    assert_int_equal(d.interval, 7 * DAY);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(census_parse(str_from(wrong[i]), &d));
}

static void one_census_is_not_two(void **state)
{
    struct sample *s = *state;
    demand(s, "1");
    assert_true(sample_make(s));
    assert_string_equal(sample_removed(s), "v1 v2 v3");
    demand(s, "2");
    refused(s, 632);
    (void)days_old(s, 1);
    assert_true(sample_make(s));
    assert_string_equal(sample_removed(s), "v1 v2 v3");
    demand(s, "3");
    refused(s, 632);
}

static void they_are_the_interval_apart(void **state)
{
    struct sample *s = *state;
    struct report *r = days_old(s, 5); /* the other is an hour old */
    demand(s, "2:4d");
    assert_true(sample_make(s));
    demand(s, "2:5d");
    refused(s, 632);
    r->data_time -= 3600;
    assert_true(sample_make(s));
    demand(s, "2");
    r->data_time = s->reports[0].data_time;
    refused(s, 632); /* two of one moment are one */
}

/* Three dumps that are 4 days apart each make two that are 7 days apart. */
static void a_census_too_soon_does_not_hide_the_next(void **state)
{
    struct sample *s = *state;
    (void)days_old(s, 4);
    (void)days_old(s, 8);
    demand(s, "2:7d");
    assert_true(sample_make(s));
    demand(s, "3:7d");
    refused(s, 632);
    demand(s, "3:3d");
    assert_true(sample_make(s));
}

static void an_earlier_census_may_be_of_any_age_and_the_plan_expires_by_the_newest(void **state)
{
    struct sample *s = *state;
    (void)days_old(s, 40);
    refused(s, 620); /* without the demand it is too old */
    demand(s, "2:7d");
    assert_true(sample_make(s));
    assert_int_equal(s->plan.expires, sample_now - 3600 + 7 * DAY);
    assert_int_equal(s->plan.evidence[0].kind, EVIDENCE_LIVE);
    assert_int_equal(s->plan.evidence[1].kind, EVIDENCE_EARLIER);
    /* The newest has to be young enough as ever. */
    s->reports[0].data_time = sample_now - 8 * DAY;
    refused(s, 620);
}

static void a_version_in_use_in_an_earlier_census_stays(void **state)
{
    struct sample *s = *state;
    struct report *r = days_old(s, 40);
    sample_use(r, "v2", 7, sample_now - 300 * DAY);
    demand(s, "2:7d");
    assert_true(sample_make(s));
    assert_string_equal(sample_removed(s), "v1 v3");
    assert_int_equal(sample_version(s, "v2")->reason, KEEP_IN_USE);
    assert_int_equal(sample_version(s, "v2")->records, 7);
    /* Of the same rows: what both saw is not added up. */
    assert_int_equal(sample_version(s, "v6")->records, 412);
}

static void what_is_not_clean_does_not_count(void **state)
{
    struct sample *s = *state;
    struct report *r = days_old(s, 2);
    demand(s, "2");
    assert_true(sample_make(s));
    r->complete = false;
    refused(s, 632);
    r->complete = r->partial = true;
    refused(s, 632);
    r->partial = false;
    r->row_security = true;
    refused(s, 632);
    r->row_security = false;
    assert_true(sample_make(s));
    (void)sample_table(r, "z_left_out", COVERAGE_SKIPPED);
    refused(s, 632);
    r->table_count--;
    assert_true(sample_make(s));
    sample_use(r, "", 1, UTC_NONE); /* one value without a version */
    refused(s, 632);
}

static void values_of_a_version_that_no_file_has_are_not_clean(void **state)
{
    struct sample *s = *state;
    sample_use(days_old(s, 2), "v77", 1, UTC_NONE);
    demand(s, "2");
    refused(s, 632);
}

static void a_dump_given_twice_is_one_census(void **state)
{
    struct sample *s = *state;
    struct report *r = days_old(s, 3);
    for (size_t i = 0; i < 2; i++) {
        struct report_input *in = report_add_input(&s->reports[i]);
        in->path = STR("dump.sql");
        in->digest = STR("xxh3-128:00112233445566778899aabbccddeeff");
    }
    demand(s, "2");
    refused(s, 632);
    r->inputs[0].digest = STR("xxh3-128:ffeeddccbbaa99887766554433221100");
    assert_true(sample_make(s));
}

static void every_database_needs_its_own(void **state)
{
    struct sample *s = *state;
    struct report *other = days_old(s, 3);
    other->tables[0].database = STR("billing");
    demand(s, "2");
    refused(s, 632);
    assert_non_null(strstr(s->err.text, "of database app"));
    (void)days_old(s, 4);
    refused(s, 632);
    assert_non_null(strstr(s->err.text, "of database billing"));
    days_old(s, 5)->tables[0].database = STR("billing");
    assert_true(sample_make(s));
}

/* Its rows are not those of today: a table that only it has is not covered. */
static void tables_of_an_earlier_census_are_no_coverage(void **state)
{
    struct sample *s = *state;
    struct report *r = days_old(s, 40);
    (void)sample_other_use(r, sample_table(r, "cards", COVERAGE_DATA), "pan", "v6", 3);
    demand(s, "2:7d");
    assert_true(sample_make(s));
    assert_int_equal(s->plan.table_count, 1);
    /* Today's census knows of the table and lacks its rows: then that one is not clean. */
    (void)sample_table(&s->reports[0], "cards", COVERAGE_NO_DATA);
    s->reports[0].partial = true;
    refused(s, 620); /* and the other one is too old to stand for it */
}

static void the_text_says_it_and_reads_back(void **state)
{
    struct sample *s = *state;
    struct buf text = {.arena = &s->a};
    struct plan again;
    struct err err = {0};
    (void)days_old(s, 40);
    demand(s, "2:7d");
    assert_true(sample_make(s));
    for (size_t i = 0; i < s->plan.target_count; i++) /* as plan_edit would */
        s->plan.targets[i].after.bytes[0] ^= 1;
    plan_write(&s->plan, &text);
    const char *t = arena_text(&s->a, buf_str(&text));
    assert_non_null(strstr(t, "  min-clean-census 2 interval 604800 seconds\n"));
    assert_non_null(strstr(t, "\n  earlier "));
    assert_true(plan_read(buf_str(&text), &s->a, &again, &err));
    /* One census less contradicts what it asks for. */
    char *forged = arena_text(&s->a, buf_str(&text));
    char *at = strstr(forged, "    census clean\n");
    assert_non_null(at);
    memmove(at, at + strlen("    census clean\n"), strlen(at + strlen("    census clean\n")) + 1);
    assert_false(plan_read(str_from(forged), &s->a, &again, &err));
    assert_int_equal(err.id, 654);
}

static void the_order_of_the_reports_plays_no_part(void **state)
{
    struct sample *s = *state;
    struct buf one = {.arena = &s->a}, other = {.arena = &s->a};
    sample_use(days_old(s, 40), "v2", 7, sample_now - 300 * DAY);
    sample_use(days_old(s, 20), "v2", 5, sample_now - 300 * DAY);
    demand(s, "3:7d");
    assert_true(sample_make(s));
    assert_int_equal(sample_version(s, "v2")->records, 5); /* as the later of them saw it */
    plan_write(&s->plan, &one);
    struct plan_source first = s->live_sources[0];
    s->live_sources[0] = s->live_sources[2];
    s->live_sources[2] = first;
    assert_true(sample_make(s));
    plan_write(&s->plan, &other);
    assert_true(str_eq(buf_str(&one), buf_str(&other)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_demand_is_a_number_and_how_far_apart),
        TEST(one_census_is_not_two),
        TEST(they_are_the_interval_apart),
        TEST(a_census_too_soon_does_not_hide_the_next),
        TEST(an_earlier_census_may_be_of_any_age_and_the_plan_expires_by_the_newest),
        TEST(a_version_in_use_in_an_earlier_census_stays),
        TEST(what_is_not_clean_does_not_count),
        TEST(values_of_a_version_that_no_file_has_are_not_clean),
        TEST(a_dump_given_twice_is_one_census),
        TEST(every_database_needs_its_own),
        TEST(tables_of_an_earlier_census_are_no_coverage),
        TEST(the_text_says_it_and_reads_back),
        TEST(the_order_of_the_reports_plays_no_part),
    };
    return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
