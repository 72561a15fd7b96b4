/* activity and spend: amounts, days and records of OpenRouter's export, and each generation once.
 */
#include "analyzer/spend.h"
#include "formats/dump/activity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void amounts_are_whole_micro_dollars(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t micros;
    } good[] = {{"0", 0},
                {"0.000000", 0},
                {"0.000001", 1},
                {"1", 1000000},
                {"1.", 1000000},
                {"12.345678", 12345678},
                {"0.5", 500000},
                {"00.10", 100000},
                {"0.12345600", 123456},
                {"9223372036853.999999", INT64_C(9223372036853999999)}};
    static const char *const bad[] = {"",
                                      "-1",
                                      "-0.000001",
                                      "+1",
                                      "1e-6",
                                      "0.0000001",
                                      ".5",
                                      "1,5",
                                      "$1",
                                      "nan",
                                      "1 ",
                                      " 1",
                                      "1.2.3",
                                      "1.x",
                                      "0x1",
                                      "NULL",
                                      "1_000",
                                      "9223372036855",
                                      "99999999999999999999"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t micros = -1;
        assert_true(activity_amount(str_from(good[i].text), &micros));
        assert_int_equal(micros, good[i].micros);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t micros = -1;
        assert_false(activity_amount(str_from(bad[i]), &micros));
    }
}

static void times_are_utc_and_give_their_day(void **state)
{
    (void)state;
    /* date -ud 2026-05-01 +%s */
    static const char *const same_day[] = {
        "2026-05-01 00:00:00",      "2026-05-01T23:59:59",    "2026-05-01 12:00:00.123456",
        "2026-05-01T12:00:00Z",     "2026-05-01 12:00:00+00", "2026-05-01 12:00:00.5+00:00",
        "2026-05-01T12:00:00.000Z", "2026-05-01 12:00:00 UTC"};
    static const char *const bad[] = {"",
                                      "2026-05-01",
                                      "2026-05-01 12:00",
                                      "2026-02-30 12:00:00",
                                      "2026-05-01 24:00:00",
                                      "2026-05-01 12:00:00+02",
                                      "2026-05-01 12:00:00.",
                                      "2026-05-01 12:00:00 CET",
                                      "01/05/2026 12:00:00",
                                      "2026-5-1 12:00:00  ",
                                      "1777593600",
                                      "1969-12-31 23:59:59"};
    for (size_t i = 0; i < sizeof same_day / sizeof same_day[0]; i++) {
        int64_t day = 0;
        assert_true(activity_day(str_from(same_day[i]), &day));
        assert_int_equal(day, 1777593600);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t day = 0;
        assert_false(activity_day(str_from(bad[i]), &day));
    }
}

static void an_export_is_told_by_its_names_in_any_order(void **state)
{
    (void)state;
    struct str names[] = {STR("api_key_name"), STR("cost_total"), STR("user"), STR("created_at"),
                          STR("generation_id")};
    struct activity_columns c;
    assert_true(activity_columns(names, 5, &c));
    assert_int_equal(c.index[ACTIVITY_GENERATION_ID], 4);
    assert_int_equal(c.index[ACTIVITY_API_KEY_NAME], 0);
    assert_true(c.index[ACTIVITY_BYOK_USAGE] == SIZE_MAX);
    for (size_t i = 0; i < 5; i++) {
        struct str kept = names[i];
        names[i] = STR("other");
        assert_int_equal(activity_columns(names, 5, &c), i == 2);
        names[i] = kept;
    }
    assert_false(activity_columns(names, 0, &c));
}

static void a_record_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct activity_columns c = {{0, 1, 2, 3, 4}};
    static unsigned char long_name[ACTIVITY_KEY_NAME_MAX + 1];
    memset(long_name, 'k', sizeof long_name);
    const struct str whole[] = {STR("gen-1"), STR("2026-05-01 10:00:00"), STR("0.25"), STR("prod"),
                                STR("1.5")};
    struct activity_record r;
    assert_int_equal(activity_read(&c, whole, 5, &r), ACTIVITY_READ);
    assert_int_equal(r.micros, 250000);
    assert_int_equal(r.byok_micros, 1500000);
    assert_true(str_eq(r.key_name, STR("prod")) && str_eq(r.generation_id, STR("gen-1")));
    assert_int_equal(activity_read(&c, whole, 4, &r), ACTIVITY_READ); /* ragged: no byok */
    assert_int_equal(activity_read(&c, whole, 2, &r), ACTIVITY_BAD_COST);
    static const enum activity_verdict without[] = {
        ACTIVITY_NO_ID, ACTIVITY_BAD_TIME, ACTIVITY_BAD_COST, ACTIVITY_READ, ACTIVITY_READ};
    for (size_t i = 0; i < 5; i++) {
        struct str fields[5];
        memcpy(fields, whole, sizeof fields);
        fields[i] = STR("");
        assert_int_equal(activity_read(&c, fields, 5, &r), without[i]);
        fields[i] = i == 3 ? str_make(long_name, sizeof long_name) : STR("-1");
        static const enum activity_verdict wrong[] = {ACTIVITY_READ, ACTIVITY_BAD_TIME,
                                                      ACTIVITY_BAD_COST, ACTIVITY_LONG_KEY,
                                                      ACTIVITY_BAD_BYOK};
        assert_int_equal(activity_read(&c, fields, 5, &r), wrong[i]);
    }
    for (int v = ACTIVITY_READ + 1; v < ACTIVITY_VERDICTS; v++)
        assert_true(strlen(activity_problem((enum activity_verdict)v)) > 10);
}

/* ---- adding up ---- */

static struct activity_record record(struct str id, struct str key, int64_t day, int64_t micros)
{
    return (struct activity_record){
        .generation_id = id, .key_name = key, .day = day, .micros = micros};
}

static void a_generation_counts_once(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct report report = {.arena = &arena};
    struct spend *s = spend_open(&report);
    struct activity_record one = record(STR("gen-1"), STR("a"), 0, 5);
    assert_int_equal(spend_add(s, &one), SPEND_COUNTED);
    assert_int_equal(spend_add(s, &one), SPEND_AGAIN);
    one.micros = 6;
    assert_int_equal(spend_add(s, &one), SPEND_DIFFERING);
    one = record(STR("gen-1"), STR("b"), 0, 5);
    assert_int_equal(spend_add(s, &one), SPEND_DIFFERING);
    one = record(STR("gen-2"), STR("a"), 0, 7);
    assert_int_equal(spend_add(s, &one), SPEND_COUNTED);
    one = record(STR("gen-3"), STR("a"), 86400, 1);
    assert_int_equal(spend_add(s, &one), SPEND_COUNTED);
    spend_close(s);
    assert_int_equal(report.spend_count, 2);
    assert_int_equal(report.spends[0].micros, 12);
    assert_int_equal(report.spends[0].generations, 2);
    assert_int_equal(report.spends[1].micros, 1);
    arena_free(&arena);
}

static void sums_beyond_an_integer_are_not_counted(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct report report = {.arena = &arena};
    struct spend *s = spend_open(&report);
    struct activity_record one = record(STR("gen-1"), STR("a"), 0, INT64_MAX);
    assert_int_equal(spend_add(s, &one), SPEND_COUNTED);
    one = record(STR("gen-2"), STR("b"), 86400, 1);
    assert_int_equal(spend_add(s, &one), SPEND_FULL);
    one = record(STR("gen-2"), STR("b"), 86400, 0);
    assert_int_equal(spend_add(s, &one), SPEND_COUNTED);
    spend_close(s);
    assert_int_equal(report.spend_count, 2);
    arena_free(&arena);
}

/* 200,000 generations of 300 keys on 40 days, each twice: the sums are those of the first pass. */
static void many_generations_are_all_known_again(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    struct arena arena = {0};
    struct report report = {.arena = &arena};
    struct spend *s = spend_open(&report);
    char id[32];
    char key[32];
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(id, sizeof id, "gen-%d", i);
            (void)snprintf(key, sizeof key, "key-%d", i % 300);
            struct activity_record one =
                record(str_from(id), str_from(key), (int64_t)(i / 300 % 40) * 86400, 3);
            assert_int_equal(spend_add(s, &one), pass ? SPEND_AGAIN : SPEND_COUNTED);
        }
    spend_close(s);
    int64_t micros = 0;
    uint64_t generations = 0;
    for (size_t i = 0; i < report.spend_count; i++) {
        micros += report.spends[i].micros;
        generations += report.spends[i].generations;
    }
    assert_int_equal(report.spend_count, 300 * 40);
    assert_int_equal(generations, MANY);
    assert_int_equal(micros, 3 * MANY);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_whole_micro_dollars),
        cmocka_unit_test(times_are_utc_and_give_their_day),
        cmocka_unit_test(an_export_is_told_by_its_names_in_any_order),
        cmocka_unit_test(a_record_that_cannot_be_read_says_why),
        cmocka_unit_test(a_generation_counts_once),
        cmocka_unit_test(sums_beyond_an_integer_are_not_counted),
        cmocka_unit_test(many_generations_are_all_known_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
