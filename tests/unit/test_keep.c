/* The keep rule of requirements.md, its table row by row, and the order of versions. */
#include "applier/keep.h"
#include "applier/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* v1..v6: the numbers of those that are removed, as "12". `in_use` and `jobs` hold digits. */
static const char *removed(unsigned active, const char *in_use, const char *jobs, int64_t n)
{
    static char text[8];
    struct keep_version v[6] = {0};
    for (unsigned i = 0; i < 6; i++) {
        v[i].rank = i;
        v[i].in_use = strchr(in_use, (char)('1' + i)) != NULL;
        v[i].job_target = strchr(jobs, (char)('1' + i)) != NULL;
    }
    keep_rule(v, 6, active - 1, n);
    size_t len = 0;
    for (unsigned i = 0; i < 6; i++)
        if (v[i].reason == KEEP_NOT)
            text[len++] = (char)('1' + i);
    text[len] = 0;
    return text;
}

static void row_1_active_v6_in_use_v5_v6_keeps_the_newest_two_of_the_rest(void **state)
{
    (void)state;
    assert_string_equal(removed(6, "56", "", 3), "12");
}

static void row_2_one_keeps_only_the_active_version(void **state)
{
    (void)state;
    assert_string_equal(removed(6, "6", "", 1), "12345");
}

static void row_3_an_old_version_in_use_is_kept_with_one(void **state)
{
    (void)state;
    assert_string_equal(removed(6, "16", "", 1), "2345");
}

static void row_4_a_staged_version_in_use_does_not_count(void **state)
{
    (void)state;
    assert_string_equal(removed(5, "56", "", 2), "123");
}

static void row_5_a_staged_version_that_is_unused_counts(void **state)
{
    (void)state;
    assert_string_equal(removed(5, "5", "", 2), "1234");
}

static void row_6_more_than_there_are_keeps_all(void **state)
{
    (void)state;
    assert_string_equal(removed(6, "6", "", 7), "");
    assert_string_equal(removed(3, "", "", INT64_MAX), "");
}

static void job_targets_are_kept_beside_the_number(void **state)
{
    (void)state;
    assert_string_equal(removed(6, "6", "2", 3), "13");
}

static void the_first_reason_that_fits_is_given(void **state)
{
    (void)state;
    struct keep_version v[] = {
        {.rank = ORDER_NONE},                                  /* unordered */
        {.rank = ORDER_NONE, .is_protected = true},            /* protected */
        {.rank = 1, .is_protected = true, .job_target = true}, /* job target */
        {.rank = 9, .job_target = true, .is_protected = true}, /* staged */
        {.rank = 9, .in_use = true, .job_target = true},       /* in use */
        {.rank = 5, .in_use = true, .job_target = true},       /* active */
        {.rank = 3},                                           /* recent */
        {.rank = 2},                                           /* may go */
    };
    const enum keep_reason expected[] = {KEEP_UNORDERED, KEEP_PROTECTED, KEEP_JOB_TARGET,
                                         KEEP_STAGED,    KEEP_IN_USE,    KEEP_ACTIVE,
                                         KEEP_RECENT,    KEEP_NOT};
    keep_rule(v, sizeof v / sizeof v[0], 5, 3);
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
        assert_int_equal(v[i].reason, expected[i]);
}

/* ---- order ---- */

enum { NAMES = 8 };

static bool ranks_of(const char *active, const char *const *names, size_t count, size_t *ranks)
{
    struct str strs[NAMES];
    struct err err = {0};
    for (size_t i = 0; i < count; i++)
        strs[i] = str_from(names[i]);
    return order_versions(str_from(active), NULL, 0, strs, count, ranks, &err);
}

static void v10_is_newer_than_v9(void **state)
{
    (void)state;
    const char *names[] = {"v10", "v9", "v100"};
    size_t ranks[3];
    assert_true(ranks_of("v9", names, 3, ranks));
    assert_true(ranks[1] < ranks[0] && ranks[0] < ranks[2]);
}

static void other_letters_zeros_and_suffixes_are_unordered(void **state)
{
    (void)state;
    const char *names[] = {"v2", "k3", "v03", "v2-prod", "v", "v1.2", "v0"};
    size_t ranks[7];
    assert_true(ranks_of("v2", names, 7, ranks));
    assert_int_equal(ranks[0], 1);
    for (size_t i = 1; i < 6; i++)
        assert_true(ranks[i] == ORDER_NONE);
    assert_int_equal(ranks[6], 0);
}

static void numbers_longer_than_any_integer_are_ordered(void **state)
{
    (void)state;
    const char *names[] = {"v99999999999999999999999", "v100000000000000000000000", "v1",
                           "v18446744073709551616"};
    size_t ranks[4];
    assert_true(ranks_of("v1", names, 4, ranks));
    assert_true(ranks[2] < ranks[3] && ranks[3] < ranks[0] && ranks[0] < ranks[1]);
}

static void names_without_letters_can_be_ordered(void **state)
{
    (void)state;
    const char *names[] = {"10", "9"};
    size_t ranks[2];
    assert_true(ranks_of("10", names, 2, ranks));
    assert_true(ranks[1] < ranks[0]);
}

static void an_unordered_active_version_is_refused(void **state)
{
    (void)state;
    struct str names[] = {STR("v1"), STR("v2-prod")};
    size_t ranks[2];
    struct err err = {0};
    assert_false(order_versions(STR("v2-prod"), NULL, 0, names, 2, ranks, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_int_equal(err.id, 604);
    assert_non_null(strstr(err.hint, "--order"));
}

static void a_list_replaces_the_numbers(void **state)
{
    (void)state;
    struct str names[] = {STR("blue"), STR("red"), STR("v1")};
    struct str order[] = {STR("red"), STR("gone"), STR("blue")};
    size_t ranks[3];
    struct err err = {0};
    assert_true(order_versions(STR("blue"), order, 3, names, 3, ranks, &err));
    assert_true(ranks[1] < ranks[0]);
    assert_true(ranks[2] == ORDER_NONE);
    struct err without = {0};
    assert_false(order_versions(STR("v1"), order, 3, names, 3, ranks, &without));
    assert_int_equal(without.id, 604);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_1_active_v6_in_use_v5_v6_keeps_the_newest_two_of_the_rest),
        cmocka_unit_test(row_2_one_keeps_only_the_active_version),
        cmocka_unit_test(row_3_an_old_version_in_use_is_kept_with_one),
        cmocka_unit_test(row_4_a_staged_version_in_use_does_not_count),
        cmocka_unit_test(row_5_a_staged_version_that_is_unused_counts),
        cmocka_unit_test(row_6_more_than_there_are_keeps_all),
        cmocka_unit_test(job_targets_are_kept_beside_the_number),
        cmocka_unit_test(the_first_reason_that_fits_is_given),
        cmocka_unit_test(v10_is_newer_than_v9),
        cmocka_unit_test(other_letters_zeros_and_suffixes_are_unordered),
        cmocka_unit_test(numbers_longer_than_any_integer_are_ordered),
        cmocka_unit_test(names_without_letters_can_be_ordered),
        cmocka_unit_test(an_unordered_active_version_is_refused),
        cmocka_unit_test(a_list_replaces_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
