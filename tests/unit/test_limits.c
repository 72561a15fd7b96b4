/* limits and windows: every line of the tables was worked out by hand from requirements.md L. */
#include "applier/vault/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* 2026-11-22T02:00:00Z, and the middle of that month. `date -u -d ... +%s` */
enum { NOW = 1795312800, HOUR = 3600, DAY = 86400 };

#define USD(dollars) ((int64_t)((dollars)*MONEY_DOLLAR))
#define NO           MONEY_NONE

/* ---- windows ---- */

static int64_t at(const char *text)
{
    int64_t t = 0;
    assert_true(utc_parse(str_from(text), &t));
    return t;
}

static void a_window_begins_and_ends_at_midnight_utc(void **unused)
{
    (void)unused;
    static const struct {
        const char *now, *day, *next_day, *month, *next_month;
    } cases[] = {
        {"2026-11-22T23:59:59Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z",
         "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
        {"2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z",
         "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
        {"2026-12-31T23:59:59Z", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z",
         "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
        {"2028-02-29T12:00:00Z", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z",
         "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
        /* the days on which clocks change in Europe and in America are days like others */
        {"2026-03-29T01:30:00Z", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z",
         "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"},
        {"2026-11-01T06:30:00Z", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z",
         "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
        {"1969-12-31T23:59:59Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z",
         "1969-12-01T00:00:00Z", "1970-01-01T00:00:00Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t now = at(cases[i].now);
        assert_int_equal(window_start(WINDOW_DAY, now), at(cases[i].day));
        assert_int_equal(window_end(WINDOW_DAY, now), at(cases[i].next_day));
        assert_int_equal(window_start(WINDOW_MONTH, now), at(cases[i].month));
        assert_int_equal(window_end(WINDOW_MONTH, now), at(cases[i].next_month));
    }
}

static void a_window_is_named_by_its_date(void **unused)
{
    (void)unused;
    char text[WINDOW_LABEL];
    assert_string_equal(window_label(WINDOW_DAY, NOW, text), "2026-11-22");
    assert_string_equal(window_label(WINDOW_MONTH, NOW, text), "2026-11");
    assert_string_equal(window_label(WINDOW_DAY, UTC_NONE, text), "");
    assert_true(window_same(WINDOW_MONTH, NOW, NOW - 21 * DAY));
    assert_false(window_same(WINDOW_MONTH, NOW, NOW - 22 * DAY));
    assert_false(window_same(WINDOW_DAY, NOW, NOW - 3 * HOUR));
    assert_false(window_same(WINDOW_DAY, UTC_NONE, UTC_NONE));
}

/* ---- the formula ---- */

static void the_limit_is_what_the_month_leaves_and_at_most_the_daily_cap(void **unused)
{
    (void)unused;
    static const struct {
        const char *what;
        int64_t monthly, daily, month, day;
        enum limit_verdict verdict;
        int64_t limit;
        enum limit_reset reset;
    } cases[] = {
        {"no cap", NO, NO, USD(50), USD(5), LIMIT_NONE, 0, RESET_NEVER},
        {"daily only", NO, USD(10), USD(500), USD(50), LIMIT_SEND, USD(10), RESET_DAILY},
        {"monthly only", USD(100), NO, USD(500), USD(5), LIMIT_SEND, USD(100), RESET_MONTHLY},
        {"nothing spent", USD(100), USD(10), 0, 0, LIMIT_SEND, USD(10), RESET_DAILY},
        {"the seeds' example", USD(100), USD(10), 45200000, 5300000, LIMIT_SEND, USD(10),
         RESET_DAILY},
        {"90 before today: 10 left", USD(100), USD(10), USD(93), USD(3), LIMIT_SEND, USD(10),
         RESET_DAILY},
        {"95 before today: 5 left", USD(100), USD(10), USD(97), USD(2), LIMIT_SEND, USD(5),
         RESET_DAILY},
        {"today's spend is not taken off twice", USD(100), USD(10), USD(100), USD(5), LIMIT_SEND,
         USD(5), RESET_DAILY},
        {"a millionth left", USD(100), USD(10), 99999999, 0, LIMIT_SEND, 1, RESET_DAILY},
        {"nothing left", USD(100), USD(10), USD(100), 0, LIMIT_DISABLE, 0, RESET_NEVER},
        {"less than nothing left", USD(100), USD(10), USD(130), USD(4), LIMIT_DISABLE, 0,
         RESET_NEVER},
        {"daily above monthly", USD(5), USD(10), USD(2), USD(2), LIMIT_SEND, USD(5), RESET_DAILY},
        {"day before month in the figures", USD(100), USD(10), USD(3), USD(7), LIMIT_SEND, USD(10),
         RESET_DAILY},
        {"a cap of 0 from an old file", 0, NO, 0, 0, LIMIT_DISABLE, 0, RESET_NEVER},
        {"both caps 0", 0, 0, 0, 0, LIMIT_DISABLE, 0, RESET_NEVER},
        {"the largest", MONEY_MAX, MONEY_MAX, MONEY_MAX, 0, LIMIT_DISABLE, 0, RESET_NEVER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct limits l = LIMITS_NONE;
        l.monthly = cases[i].monthly;
        l.daily = cases[i].daily;
        struct usage u = usage_of(cases[i].month, cases[i].day, NOW);
        struct limit_target t = limits_target(&l, &u, NOW);
        if (t.verdict != cases[i].verdict || t.limit != cases[i].limit || t.reset != cases[i].reset)
            fail_msg("%s: verdict %d, limit %lld, reset %d", cases[i].what, (int)t.verdict,
                     (long long)t.limit, (int)t.reset);
    }
}

/* Both caps, 100 and 10, with figures that were seen at as_of. */
static int64_t limit_then(int64_t month, int64_t day, int64_t as_of, int64_t now)
{
    struct limits l = {.monthly = USD(100), .daily = USD(10), .disabled = UTC_NONE};
    struct usage u = usage_of(month, day, as_of);
    struct limit_target t = limits_target(&l, &u, now);
    return t.verdict == LIMIT_SEND ? t.limit : -1;
}

static void a_new_day_takes_yesterday_off_the_month_and_a_new_month_begins_at_nothing(void **unused)
{
    (void)unused;
    int64_t last = at("2026-11-29T23:59:59Z");
    assert_int_equal(limit_then(USD(98), USD(4), last, last), USD(6));
    assert_int_equal(limit_then(USD(98), USD(4), last, last + 1), USD(2));
    assert_int_equal(limit_then(USD(98), USD(4), last, last + 1 + DAY), USD(10));
    assert_int_equal(limit_then(USD(101), USD(4), last, last + 1), -1);
    /* a clock that went back over midnight does not lose what was seen */
    assert_int_equal(limit_then(USD(98), USD(4), last + 1, last), USD(6));
}

static void nothing_known_counts_as_nothing_spent(void **unused)
{
    (void)unused;
    struct limits l = {.monthly = USD(100), .daily = USD(10), .disabled = UTC_NONE};
    struct limit_target t = limits_target(&l, &USAGE_NONE, NOW);
    assert_int_equal(t.verdict, LIMIT_SEND);
    assert_int_equal(t.limit, USD(10));
}

/* ---- figures that come late ---- */

static void merged(const struct usage *known, const struct usage *said, int64_t month, int64_t day,
                   int64_t earlier, int64_t as_of)
{
    struct usage u = usage_merge(known, said);
    assert_int_equal(u.month, month);
    assert_int_equal(u.day, day);
    assert_int_equal(u.earlier, earlier);
    assert_int_equal(u.as_of, as_of);
}

static void a_figure_never_falls_within_its_window(void **unused)
{
    (void)unused;
    struct usage known = usage_of(USD(45), USD(5), NOW);
    struct usage lower = usage_of(USD(44), USD(4), NOW + HOUR);
    struct usage higher = usage_of(USD(47), USD(7), NOW + HOUR);
    merged(&known, &lower, USD(45), USD(5), USD(40), NOW + HOUR);
    merged(&known, &higher, USD(47), USD(7), USD(40), NOW + HOUR);
}

static void what_was_spent_before_today_is_the_most_that_any_figure_shows(void **unused)
{
    (void)unused;
    struct usage known = usage_of(USD(45), USD(5), NOW);
    /* the month's figure is late: 45 - 9 would let 4 of yesterday's dollars be spent again */
    struct usage late = usage_of(USD(45), USD(9), NOW + HOUR);
    merged(&known, &late, USD(45), USD(9), USD(40), NOW + HOUR);
    /* the next day, the month not yet told: yesterday's 45 were spent before today */
    struct usage next = usage_of(USD(44), USD(1), NOW + DAY);
    merged(&known, &next, USD(45), USD(1), USD(45), NOW + DAY);
}

static void a_new_month_forgets_the_old_one(void **unused)
{
    (void)unused;
    struct usage known = usage_of(USD(99), USD(9), at("2026-11-30T23:00:00Z"));
    struct usage said = usage_of(USD(1), USD(1), at("2026-12-01T00:00:00Z"));
    merged(&known, &said, USD(1), USD(1), 0, said.as_of);
}

static void one_of_two_unknown_leaves_the_other(void **unused)
{
    (void)unused;
    struct usage u = usage_of(USD(45), USD(5), NOW);
    merged(&USAGE_NONE, &u, USD(45), USD(5), USD(40), NOW);
    merged(&u, &USAGE_NONE, USD(45), USD(5), USD(40), NOW);
    merged(&USAGE_NONE, &USAGE_NONE, 0, 0, 0, UTC_NONE);
}

static void negative_figures_count_as_nothing_and_a_day_is_part_of_its_month(void **unused)
{
    (void)unused;
    struct usage u = usage_of(-USD(3), -1, NOW);
    assert_int_equal(u.month, 0);
    assert_int_equal(u.day, 0);
    u = usage_of(USD(3), USD(4), NOW);
    assert_int_equal(u.month, USD(4));
    assert_int_equal(u.earlier, 0);
}

static void what_is_left_may_be_negative_and_needs_a_cap(void **unused)
{
    (void)unused;
    struct limits l = {.monthly = USD(100), .daily = NO, .disabled = UTC_NONE};
    struct usage u = usage_of(USD(104), USD(4), NOW);
    assert_int_equal(limits_left(&l, &u, WINDOW_MONTH), -USD(4));
    assert_true(limits_left(&l, &u, WINDOW_DAY) == NO);
}

/* ---- what has to be done ---- */

/* "limit disable enable record clear user", a letter each; '-' where it is not. */
static void steps(int64_t disabled_by_us, enum limit_verdict verdict, struct remote_limit remote,
                  const char *expected)
{
    struct limits l = {.monthly = USD(100), .daily = USD(10), .disabled = disabled_by_us};
    struct limit_target t = {.verdict = verdict, .limit = USD(8), .reset = RESET_DAILY};
    struct limit_step s = limits_step(&l, &t, &remote);
    char seen[7] = "------";
    seen[0] = s.send_limit ? 'L' : '-';
    seen[1] = s.disable ? 'D' : '-';
    seen[2] = s.enable ? 'E' : '-';
    seen[3] = s.record_disabled ? 'R' : '-';
    seen[4] = s.clear_record ? 'C' : '-';
    seen[5] = s.disabled_by_user ? 'U' : '-';
    assert_string_equal(seen, expected);
}

static void only_what_differs_is_sent_and_only_what_we_disabled_is_enabled(void **unused)
{
    (void)unused;
    struct remote_limit same = {false, USD(8), RESET_DAILY};
    struct remote_limit other = {false, USD(9), RESET_DAILY};
    struct remote_limit other_reset = {false, USD(8), RESET_MONTHLY};
    struct remote_limit unlimited = {false, NO, RESET_NEVER};
    struct remote_limit off = {true, USD(8), RESET_DAILY};
    struct remote_limit off_other = {true, USD(9), RESET_DAILY};
    int64_t nobody = UTC_NONE;
    steps(nobody, LIMIT_SEND, same, "------");
    steps(nobody, LIMIT_SEND, other, "L-----");
    steps(nobody, LIMIT_SEND, other_reset, "L-----");
    steps(nobody, LIMIT_SEND, unlimited, "L-----");
    /* disabled by the user: tightened, never enabled */
    steps(nobody, LIMIT_SEND, off, "-----U");
    steps(nobody, LIMIT_SEND, off_other, "L----U");
    /* disabled by us: enabled with what is left now */
    steps(NOW, LIMIT_SEND, off, "--E-C-");
    steps(NOW, LIMIT_SEND, off_other, "L-E-C-");
    /* on record, but enabled: the record was never carried out, or undone elsewhere */
    steps(NOW, LIMIT_SEND, same, "----C-");
    /* nothing left */
    steps(nobody, LIMIT_DISABLE, same, "-D-R--");
    steps(NOW, LIMIT_DISABLE, same, "-D----");
    steps(NOW, LIMIT_DISABLE, off, "------");
    steps(nobody, LIMIT_DISABLE, off, "-----U");
    /* no cap any more */
    steps(nobody, LIMIT_NONE, unlimited, "------");
    steps(nobody, LIMIT_NONE, other, "------");
    steps(NOW, LIMIT_NONE, off, "--E-C-");
    steps(nobody, LIMIT_NONE, off, "-----U");
}

/* ---- what is typed ---- */

static void a_cap_is_an_amount_above_nothing_or_none(void **unused)
{
    (void)unused;
    struct err err = {0};
    int64_t cap = 0;
    assert_true(limits_parse_cap(STR("12.50"), "--daily-limit", &cap, &err));
    assert_int_equal(cap, 12500000);
    assert_true(limits_parse_cap(STR("none"), "--daily-limit", &cap, &err));
    assert_true(cap == NO);
    static const char *const wrong[] = {"0", "0.00", "-1", "", "None", "1.0000001", "ten"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err = (struct err){0};
        if (limits_parse_cap(str_from(wrong[i]), "--daily-limit", &cap, &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.kind, ERR_USAGE);
        assert_int_equal(err.id, 1100);
    }
}

static void thresholds_are_shares_in_order_each_once(void **unused)
{
    (void)unused;
    struct limits l = LIMITS_NONE;
    struct err err = {0};
    uint32_t shares[THRESHOLDS_MAX];
    char text[MONEY_TEXT];
    assert_int_equal(limits_thresholds(&l, shares), 1);
    assert_int_equal(shares[0], 800000);
    assert_true(limits_parse_thresholds(STR("1, 0.5,0.80,0.5"), &l, &err));
    assert_int_equal(limits_thresholds(&l, shares), 3);
    assert_int_equal(shares[0], 500000);
    assert_int_equal(shares[1], 800000);
    assert_int_equal(shares[2], 1000000);
    assert_string_equal(threshold_text(shares[1], text), "0.80");
    assert_true(limits_parse_thresholds(STR("0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8"), &l, &err));
    assert_int_equal(l.threshold_count, 8);
    static const char *const wrong[] = {
        "",     "0",       "1.01", "80",  "0.8,",
        ",0.8", "0.8;0.9", "-0.5", "80%", "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err = (struct err){0};
        if (limits_parse_thresholds(str_from(wrong[i]), &l, &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.kind, ERR_USAGE);
        assert_int_equal(err.id, 1101);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_begins_and_ends_at_midnight_utc),
        cmocka_unit_test(a_window_is_named_by_its_date),
        cmocka_unit_test(the_limit_is_what_the_month_leaves_and_at_most_the_daily_cap),
        cmocka_unit_test(a_new_day_takes_yesterday_off_the_month_and_a_new_month_begins_at_nothing),
        cmocka_unit_test(nothing_known_counts_as_nothing_spent),
        cmocka_unit_test(a_figure_never_falls_within_its_window),
        cmocka_unit_test(what_was_spent_before_today_is_the_most_that_any_figure_shows),
        cmocka_unit_test(a_new_month_forgets_the_old_one),
        cmocka_unit_test(one_of_two_unknown_leaves_the_other),
        cmocka_unit_test(negative_figures_count_as_nothing_and_a_day_is_part_of_its_month),
        cmocka_unit_test(what_is_left_may_be_negative_and_needs_a_cap),
        cmocka_unit_test(only_what_differs_is_sent_and_only_what_we_disabled_is_enabled),
        cmocka_unit_test(a_cap_is_an_amount_above_nothing_or_none),
        cmocka_unit_test(thresholds_are_shares_in_order_each_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
