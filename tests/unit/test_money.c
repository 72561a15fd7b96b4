/* money: every expected amount was worked out by hand. */
#include "applier/vault/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void what_is_typed_is_taken_exactly(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int64_t micros;
    } cases[] = {
        {"0", 0},
        {"1", 1000000},
        {"100", 100000000},
        {"12.5", 12500000},
        {"12.50", 12500000},
        {"0.000001", 1},
        {"0.1", 100000},
        {"007", 7000000},
        {"3.1234560", 3123456},
        {"1000000000000", INT64_C(1000000000000000000)},
        {"999999999999.999999", INT64_C(999999999999999999)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t micros = -1;
        if (!money_parse(str_from(cases[i].text), &micros))
            fail_msg("refused: %s", cases[i].text);
        assert_int_equal(micros, cases[i].micros);
    }
}

static void what_is_typed_and_would_be_rounded_or_guessed_is_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        "",
        ".",
        ".5",
        "5.",
        "-1",
        "+1",
        "1e3",
        "1,000",
        "1 000",
        "$5",
        "5 ",
        " 5",
        "nan",
        "inf",
        "0x10",
        "1.0000001",
        "1.2.3",
        "1.-5",
        "none",
        "1_000",
        "1000000000000.000001",
        "1000000000001",
        "18446744073709551616",
        "9223372036854775808",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t micros = -1;
        if (money_parse(str_from(wrong[i]), &micros))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(micros, -1);
    }
}

static void what_was_spent_is_rounded_up_and_what_is_left_down(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int64_t up, down;
    } cases[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"0.0", 0, 0},
        {"45.2", 45200000, 45200000},
        {"0.0000001", 1, 0},
        {"1.0000000", 1000000, 1000000},
        {"1.00000000000000000001", 1000001, 1000000},
        {"0.1000000000000000055511151231257827", 100001, 100000},
        {"-0.0000001", 0, -1},
        {"-3.25", -3250000, -3250000},
        {"1e-6", 1, 1},
        {"1e-7", 1, 0},
        {"1E2", 100000000, 100000000},
        {"1.5e+1", 15000000, 15000000},
        {"25e-1", 2500000, 2500000},
        {"0.00001e5", 1000000, 1000000},
        {"1e-400", 1, 0},
        {"0e400", 0, 0},
        {"0e99999999999999999999", 0, 0},
        {"1e-99999999999999999999", 1, 0},
        {"1e12", INT64_C(1000000000000000000), INT64_C(1000000000000000000)},
        {"-1e12", INT64_C(-1000000000000000000), INT64_C(-1000000000000000000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t up = -7;
        int64_t down = -7;
        if (!money_read(str_from(cases[i].text), MONEY_UP, &up) ||
            !money_read(str_from(cases[i].text), MONEY_DOWN, &down))
            fail_msg("refused: %s", cases[i].text);
        assert_int_equal(up, cases[i].up);
        assert_int_equal(down, cases[i].down);
    }
}

static void what_is_no_number_of_json_or_too_large_is_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        "",
        "-",
        "+1",
        "01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "e5",
        "1e5x",
        "0x1",
        "NaN",
        "1 ",
        " 1",
        "1.e1",
        "--1",
        "1-",
        "1e1.5",
        "\"1\"",
        "null",
        "1000000000000.0000001",
        "1e13",
        "1e400",
        "1e99999999999999999999",
        "99999999999999999999999999999999999999",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t micros = -7;
        if (money_read(str_from(wrong[i]), MONEY_UP, &micros))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(micros, -7);
    }
}

static void a_number_of_any_length_is_refused_or_read_but_never_overruns(void **unused)
{
    (void)unused;
    char text[600] = "0.";
    int64_t micros = -7;
    for (size_t len = 2; len < sizeof text - 1; len++) {
        text[len] = '1';
        bool read = money_read(str_make(text, len + 1), MONEY_DOWN, &micros);
        assert_int_equal(read, len + 1 <= 400);
    }
}

static void says(int64_t micros, const char *expected)
{
    char text[MONEY_TEXT];
    assert_string_equal(money_text(micros, text), expected);
}

static void text_has_two_decimals_and_more_where_they_say_something(void **unused)
{
    (void)unused;
    says(0, "0.00");
    says(12500000, "12.50");
    says(1, "0.000001");
    says(100, "0.0001");
    says(123456, "0.123456");
    says(120000, "0.12");
    says(-3250000, "-3.25");
    says(-1, "-0.000001");
    says(INT64_C(1000000000000000000), "1000000000000.00");
    says(INT64_MAX, "9223372036854.775807");
    says(-INT64_MAX, "-9223372036854.775807");
    says(MONEY_NONE, "none");
}

static void sums_are_clipped_and_never_turn_around(void **unused)
{
    (void)unused;
    assert_int_equal(money_add(1, 2), 3);
    assert_int_equal(money_add(MONEY_MAX, MONEY_MAX), MONEY_MAX);
    assert_int_equal(money_add(-MONEY_MAX, -1), -MONEY_MAX);
    assert_int_equal(money_add(MONEY_MAX, -MONEY_MAX), 0);
    assert_int_equal(money_add(-5, 3), -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_is_taken_exactly),
        cmocka_unit_test(what_is_typed_and_would_be_rounded_or_guessed_is_refused),
        cmocka_unit_test(what_was_spent_is_rounded_up_and_what_is_left_down),
        cmocka_unit_test(what_is_no_number_of_json_or_too_large_is_refused),
        cmocka_unit_test(a_number_of_any_length_is_refused_or_read_but_never_overruns),
        cmocka_unit_test(text_has_two_decimals_and_more_where_they_say_something),
        cmocka_unit_test(sums_are_clipped_and_never_turn_around),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
