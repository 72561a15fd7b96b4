/* change_window: intervals of ISO 8601. The instants are those of Python's datetime.fromisoformat.
 */
#include "applier/change_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void means(const char *text, int64_t start, int64_t end)
{
    struct change_window w;
    struct err err = {0};
    assert_true(change_window_parse(str_from(text), &w, &err));
    assert_int_equal(w.start, start);
    assert_int_equal(w.end, end);
    assert_true(str_eq(w.given, str_from(text)));
}

static void two_times_with_offsets_are_two_instants(void **unused)
{
    (void)unused;
    means("2026-11-22T22:00:00-03:00/2026-11-23T02:00:00-03:00", 1795395600, 1795410000);
    means("2026-02-28T23:30+05:30/2026-03-01T00:00:00Z", 1772301600, 1772323200);
    means("2026-01-01T00:00:00-12:00/2026-12-31T23:59:59+14:00", 1767268800, 1798711199);
    means("2026-11-22T22:00:00-0300/2026-11-23T05:00+00", 1795395600, 1795410000);
}

static void a_duration_counts_from_the_start(void **unused)
{
    (void)unused;
    static const struct {
        const char *duration;
        int64_t seconds;
    } cases[] = {
        {"PT4H", 14400},  {"PT90M", 5400},       {"PT30S", 30},     {"P1D", 86400},
        {"P2W", 1209600}, {"P1DT2H3M4S", 93784}, {"PT1H30M", 5400}, {"PT0H1S", 1},
    };
    char text[64] = "2026-11-22T22:00:00-03:00/";
    size_t head = strlen(text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memcpy(text + head, cases[i].duration, strlen(cases[i].duration) + 1);
        means(text, 1795395600, 1795395600 + cases[i].seconds);
    }
}

static void what_would_have_to_be_guessed_is_refused(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        "",
        "/",
        "tonight",
        "2026-11-22T22:00:00Z",
        "2026-11-22T22:00:00Z/",
        "/2026-11-22T22:00:00Z",
        "2026-11-22T22:00:00/2026-11-23T02:00:00",
        "2026-11-22T22:00:00Z/2026-11-23T02:00:00",
        "2026-11-22T22:00:00/PT4H",
        "2026-11-22/2026-11-23",
        "2026-11-22 22:00:00Z/PT4H",
        "2026-11-22t22:00:00z/PT4H",
        "2026-02-29T22:00:00Z/PT4H",
        "2026-13-01T22:00:00Z/PT4H",
        "2026-11-22T24:00:00Z/PT4H",
        "2026-11-22T22:60:00Z/PT4H",
        "2026-11-22T22:00:60Z/PT4H",
        "2026-11-22T22:00:00.5Z/PT4H",
        "2026-11-22T22Z/PT4H",
        "2026-11-22T22:00:00+15:00/PT4H",
        "2026-11-22T22:00:00+03:60/PT4H",
        "2026-11-22T22:00:00+3/PT4H",
        "2026-11-22T22:00:00+03:/PT4H",
        "2026-11-22T22:00:00Z/P1M",
        "2026-11-22T22:00:00Z/P1Y",
        "2026-11-22T22:00:00Z/P",
        "2026-11-22T22:00:00Z/PT",
        "2026-11-22T22:00:00Z/P1DT",
        "2026-11-22T22:00:00Z/P1W2D",
        "2026-11-22T22:00:00Z/PT1M1H",
        "2026-11-22T22:00:00Z/PT1H1H",
        "2026-11-22T22:00:00Z/PT1.5H",
        "2026-11-22T22:00:00Z/PT-1H",
        "2026-11-22T22:00:00Z/PT1000000H",
        "2026-11-22T22:00:00Z/4h",
        "2026-11-22T22:00:00Z/PT0S",
        "2026-11-22T22:00:00Z/2026-11-22T22:00:00Z",
        "2026-11-22T22:00:00Z/2026-11-22T23:59:59+02:00",
        "2026-11-22T22:00:00Z/PT4H/PT4H",
        " 2026-11-22T22:00:00Z/PT4H",
        "2026-11-22T22:00:00Z/PT4H ",
        "0000-11-22T22:00:00Z/PT4H",
        "9998-12-31T23:00:00Z/PT4H",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct change_window w;
        struct err err = {0};
        if (change_window_parse(str_from(wrong[i]), &w, &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.kind, ERR_USAGE);
        assert_int_equal(err.id, 937);
        assert_false(change_window_is(&w));
    }
}

static int asked_at(const struct change_window *w, int64_t now)
{
    struct err err = {0};
    bool open = change_window_is_open(w, now, &err);
    assert_int_equal(open, err.kind == 0);
    return err.kind;
}

static void it_is_open_from_its_start_until_too_little_is_left(void **unused)
{
    (void)unused;
    struct change_window w;
    struct err err = {0};
    assert_true(change_window_parse(STR("2026-11-22T22:00:00-03:00/PT1M"), &w, &err));
    assert_int_equal(asked_at(&w, 1795395599), ERR_WINDOW);
    assert_int_equal(asked_at(&w, 1795395600), 0);
    assert_int_equal(asked_at(&w, 1795395655), 0);
    assert_int_equal(asked_at(&w, 1795395656), ERR_WINDOW); /* 4 s are left */
    assert_int_equal(asked_at(&w, 1795395660), ERR_WINDOW);
    assert_int_equal(asked_at(&w, INT64_MAX), ERR_WINDOW);
    assert_int_equal(asked_at(&w, INT64_MIN + 1), ERR_WINDOW);
    (void)change_window_is_open(&w, 1795395599, &err);
    assert_non_null(strstr(err.text, "opens at 2026-11-23T01:00:00Z"));
}

static void without_a_window_every_time_is_good(void **unused)
{
    (void)unused;
    const struct change_window none = {0};
    assert_int_equal(asked_at(&none, 0), 0);
    assert_int_equal(asked_at(&none, INT64_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_times_with_offsets_are_two_instants),
        cmocka_unit_test(a_duration_counts_from_the_start),
        cmocka_unit_test(what_would_have_to_be_guessed_is_refused),
        cmocka_unit_test(it_is_open_from_its_start_until_too_little_is_left),
        cmocka_unit_test(without_a_window_every_time_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
