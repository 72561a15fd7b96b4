/* tally: sums that do not depend on order, and the report's form of them. */
#include "analyzer/scan.h"
#include "tests/unit/scan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void add_name(struct tally *t, size_t column, const char *name, int64_t time)
{
    struct verdict v;
    verdict_open(&v);
    v.class = CLASS_HINTED;
    v.counted = true;
    verdict_use(&v, &t->layout->reading, USE_UNKNOWN, str_from(name), time);
    tally_verdict(t, column, &v);
    t->records++;
}

static void shuffle(uint64_t *seed, unsigned *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = cell_random(seed) % i;
        unsigned kept = items[i - 1];
        items[i - 1] = items[k];
        items[k] = kept;
    }
}

/* 3,000 unknown names, each i % 3 + 1 times, over some tallies merged in some order. */
static const char *spread(uint64_t *seed, size_t parts)
{
    enum { NAMES = 3000 };
    static unsigned items[3 * NAMES];
    struct scan_layout l = layout_of(1, NULL);
    struct tally tallies[7];
    unsigned order[7];
    struct tally total;
    size_t n = 0;
    for (unsigned i = 0; i < NAMES; i++)
        for (unsigned k = 0; k <= i % 3; k++)
            items[n++] = i;
    shuffle(seed, items, n);
    for (unsigned i = 0; i < parts; i++) {
        tally_open(&tallies[i], &l, &arena);
        order[i] = i;
    }
    for (size_t i = 0; i < n; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "n%04u", items[i]);
        add_name(&tallies[cell_random(seed) % parts], 0, name, CASE_TIME + items[i]);
    }
    shuffle(seed, order, parts);
    tally_open(&total, &l, &arena);
    for (size_t i = 0; i < parts; i++)
        tally_merge(&total, &tallies[order[i]]);
    return case_tally(&total, &arena);
}

/* S5: the outcome is that of the definition, whatever the order. */
static void the_smallest_unknown_names_are_kept_in_any_order(void **state)
{
    (void)state;
    uint64_t seed = 3;
    struct buf wanted = {.arena = &arena};
    buf_text(&wanted, "records 6000 ragged 0 beyond 0\nrecords 6000 nulls 0 leaks 0 future 0 "
                      "keys 6000 classes hinted 6000\n");
    unsigned kept = 0;
    for (unsigned i = 0; i < 1024; i++) {
        buf_printf(&wanted, "  n%04u %u %u %u\n", i, i % 3 + 1, CASE_TIME + i, CASE_TIME + i);
        kept += i % 3 + 1;
    }
    buf_printf(&wanted, "  (more) %u %u %u\n", 6000 - kept, CASE_TIME + 1024, CASE_TIME + 2999);
    const char *text = arena_text(&arena, buf_str(&wanted));
    for (size_t parts = 1; parts <= 7; parts++)
        assert_string_equal(spread(&seed, parts), text);
    arena_free(&arena);
}

static void merging_is_associative_and_commutative(void **state)
{
    (void)state;
    static const bool declared[] = {true, false, false};
    uint64_t seed = 11;
    struct scan_layout l = layout_of(3, declared);
    struct scanner *scanner = scanner_new(&run);
    for (unsigned round = 0; round < 200; round++) {
        struct tally parts[3];
        struct tally left, right, backwards;
        for (unsigned i = 0; i < 3; i++) {
            tally_open(&parts[i], &l, &arena);
            scan_batch(scanner, &l, case_copy_rows(&seed, &arena, 3, 12, true, false), &parts[i]);
        }
        tally_open(&left, &l, &arena); /* (0 + 1) + 2 */
        tally_merge(&left, &parts[0]);
        tally_merge(&left, &parts[1]);
        tally_merge(&left, &parts[2]);
        tally_open(&backwards, &l, &arena);
        tally_merge(&backwards, &parts[2]);
        tally_merge(&backwards, &parts[1]);
        tally_merge(&backwards, &parts[0]);
        tally_open(&right, &l, &arena); /* 0 + (1 + 2) */
        tally_merge(&right, &parts[0]);
        tally_merge(&parts[1], &parts[2]);
        tally_merge(&right, &parts[1]);
        const char *text = case_tally(&left, &arena);
        assert_string_equal(case_tally(&right, &arena), text);
        assert_string_equal(case_tally(&backwards, &arena), text);
        arena_free(&arena);
    }
}

static void classes_add_up_to_the_records(void **state)
{
    (void)state;
    static const bool declared[] = {false, true, false, false};
    uint64_t seed = 21;
    struct scan_layout l = layout_of(4, declared);
    struct scanner *scanner = scanner_new(&run);
    for (unsigned round = 0; round < 100; round++) {
        struct tally t;
        tally_open(&t, &l, &arena);
        scan_batch(scanner, &l, case_copy_rows(&seed, &arena, 4, 30, round % 2, false), &t);
        for (size_t i = 0; i < 4; i++) {
            struct report_column c = {0};
            uint64_t sum = 0;
            tally_report(&t, i, &arena, &c);
            for (size_t k = 0; k < CLASS_COUNT; k++)
                sum += c.classes[k];
            assert_int_equal(sum, c.has_classes ? t.records : 0);
            assert_int_equal(c.records, 30);
            if (c.has_classes)
                assert_int_equal(c.classes[CLASS_NULL], c.nulls);
        }
        arena_free(&arena);
    }
}

static void columns_without_a_counted_value_have_no_classes(void **state)
{
    (void)state;
    static const bool declared[] = {false, true};
    struct scan_layout l = layout_of(2, declared);
    struct tally t;
    struct report_column c = {0};
    tally_open(&t, &l, &arena);
    scan_batch(scanner_new(&run), &l, STR("v1:abc\t\n\\N\t\\N\n"), &t);
    tally_report(&t, 0, &arena, &c);
    assert_false(c.has_classes);
    assert_false(c.declared);
    assert_int_equal(c.nulls, 1);
    assert_int_equal(c.envelope.len, 0);
    assert_int_equal(c.usage_count, 0);
    c = (struct report_column){0};
    tally_report(&t, 1, &arena, &c);
    assert_true(c.has_classes);
    assert_true(c.declared);
    assert_int_equal(c.classes[CLASS_EMPTY], 1);
    assert_int_equal(c.classes[CLASS_NULL], 1);
    assert_int_equal(c.envelope.len, 0);
    arena_free(&arena);
}

static void two_versions_in_a_cell_are_one_record_that_uses_a_key(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(1, NULL);
    struct tally t;
    struct report_column c = {0};
    tally_open(&t, &l, &arena);
    scan_batch(scanner_new(&run), &l, STR("[v1:Z0FBQUFB,v2:Z0FBQUFB,v1:Z0FBQUFB]\n7\n"), &t);
    tally_report(&t, 0, &arena, &c);
    assert_int_equal(c.key_records, 1);
    assert_int_equal(c.usage_count, 2);
    assert_true(str_eq(c.usages[0].version, STR("v1")));
    assert_int_equal(c.usages[0].records, 1);
    assert_int_equal(c.classes[CLASS_TRUNCATED_EMBEDDED], 1);
    assert_int_equal(c.classes[CLASS_PLAINTEXT], 1);
    assert_true(str_eq(c.envelope, STR("versioned-fernet")));
    arena_free(&arena);
}

/* S9: a token dated after the data is counted, and its time is used for nothing. */
static void future_times_never_reach_a_version(void **state)
{
    (void)state;
    char value[CELL_MAX];
    struct scan_layout l = layout_of(1, NULL);
    struct tally t;
    struct report_column c = {0};
    tally_open(&t, &l, &arena);
    struct scanner *scanner = scanner_new(&run);
    static const int64_t times[] = {CASE_LIMIT + 1, CASE_TIME, CASE_LIMIT, CASE_LIMIT + 1};
    for (size_t i = 0; i < 4; i++) {
        (void)cell_value(value, "v1:", 1, (uint64_t)times[i], i);
        scan_batch(scanner, &l, str_from(arena_printf(&arena, "%s\n", value)), &t);
    }
    tally_report(&t, 0, &arena, &c);
    assert_int_equal(c.future_times, 2);
    assert_int_equal(c.usages[0].records, 4);
    assert_int_equal(c.usages[0].oldest, CASE_TIME);
    assert_int_equal(c.usages[0].newest, CASE_LIMIT);
    arena_free(&arena);
}

static void fields_beyond_the_columns_still_name_their_versions(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(1, NULL);
    struct tally t;
    struct report_column c = {0};
    tally_open(&t, &l, &arena);
    scan_batch(scanner_new(&run), &l, STR("a\tv1:Z0FBQUFB\tx\n"), &t);
    tally_report(&t, 0, &arena, &c);
    assert_int_equal(t.ragged, 1);
    assert_int_equal(t.beyond, 1);
    assert_int_equal(c.usage_count, 1);
    assert_true(str_eq(c.usages[0].version, STR("v1")));
    assert_int_equal(c.classes[CLASS_PLAINTEXT], 1);
    arena_free(&arena);
}

/* 100,000 tables of 20 columns must fit: a column in which nothing is counted costs 24 bytes. */
static void a_quiet_column_costs_little(void **state)
{
    (void)state;
    assert_true(sizeof(struct column_tally) <= 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_unknown_names_are_kept_in_any_order),
        cmocka_unit_test(merging_is_associative_and_commutative),
        cmocka_unit_test(classes_add_up_to_the_records),
        cmocka_unit_test(columns_without_a_counted_value_have_no_classes),
        cmocka_unit_test(two_versions_in_a_cell_are_one_record_that_uses_a_key),
        cmocka_unit_test(future_times_never_reach_a_version),
        cmocka_unit_test(fields_beyond_the_columns_still_name_their_versions),
        cmocka_unit_test(a_quiet_column_costs_little),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
