/* window: the view slides, grows to its limit, and keeps count of bytes and lines. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "formats/dump/window.h"

static struct err err;

static int setup(void **state)
{
    (void)state;
    err = (struct err){0};
    return 0;
}

static void place_follows_what_is_skipped(void **state)
{
    (void)state;
    struct window w;
    struct source *src = source_memory(STR("ab\nc\n\nd"), 0, &err);
    assert_true(window_open(&w, src, 1, &err));
    assert_int_equal(window_rest(&w).len, 0);
    assert_true(window_more(&w, &err));
    assert_true(str_eq(window_rest(&w), STR("ab\nc\n\nd")));
    window_skip(&w, 4);
    assert_int_equal(w.offset, 4);
    assert_int_equal(w.line, 2);
    window_skip(&w, 2);
    assert_int_equal(w.line, 4);
    window_skip_lines(&w, 1, 0);
    assert_int_equal(w.offset, 7);
    assert_false(window_more(&w, &err));
    assert_int_equal(w.state, PULL_END);
    assert_false(window_more(&w, &err));
    window_close(&w);
    source_close(src);
}

static void all_that_is_left_is_skipped_to_the_end(void **state)
{
    (void)state;
    struct window w;
    struct source *src = source_memory(STR("a\nb\nc"), 1, &err);
    assert_true(window_open(&w, src, 2, &err));
    assert_true(window_skip_all(&w, &err));
    assert_int_equal(w.offset, 5);
    assert_int_equal(w.line, 3);
    assert_int_equal(w.state, PULL_END);
    assert_true(window_skip_all(&w, &err)); /* nothing more */
    assert_int_equal(w.offset, 5);
    window_close(&w);
    source_close(src);
}

static void piece_bounds_every_read(void **state)
{
    (void)state;
    struct window w;
    struct source *src = source_memory(STR("abc"), 0, &err);
    assert_true(window_open(&w, src, 1, &err));
    w.piece = 1;
    for (size_t n = 1; n <= 3; n++) {
        assert_true(window_more(&w, &err));
        assert_int_equal(window_rest(&w).len, n);
    }
    assert_false(window_more(&w, &err));
    window_close(&w);
    source_close(src);
}

static void view_grows_to_its_limit_and_no_further(void **state)
{
    (void)state;
    static unsigned char bytes[1 << 20];
    struct window w;
    struct source *src = source_memory(str_make(bytes, sizeof bytes), 0, &err);
    assert_true(window_open(&w, src, 300 * 1024, &err));
    while (window_more(&w, &err))
        ;
    assert_int_equal(w.state, PULL_OK);
    assert_false(err_is(&err));
    assert_int_equal(window_rest(&w).len, 300 * 1024);
    window_skip(&w, 1000);
    assert_true(window_more(&w, &err));
    assert_int_equal(window_rest(&w).len, 300 * 1024);
    assert_int_equal(w.offset, 1000);
    window_close(&w);
    source_close(src);
}

static void bytes_given_back_come_before_the_rest_of_the_source(void **state)
{
    (void)state;
    struct window w;
    struct source *src = source_memory(STR("0123456789"), 2, &err);
    assert_true(window_open(&w, src, 1, &err));
    assert_true(window_more(&w, &err));
    window_skip(&w, 2);
    unsigned char taken[4];
    size_t got = 0;
    assert_int_equal(source_read_full(src, taken, 4, &got, &err), PULL_OK);
    assert_true(window_give_back(&w, str_make(taken + 1, 3), 3, 7, &err));
    assert_true(str_eq(window_rest(&w), STR("345")));
    assert_int_equal(w.offset, 3);
    assert_int_equal(w.line, 7);
    assert_true(window_more(&w, &err));
    assert_true(str_eq(window_rest(&w), STR("34567")));
    window_close(&w);
    source_close(src);
}

static enum pull fails(struct source *s, unsigned char *into, size_t room, size_t *got,
                       struct err *e)
{
    (void)s;
    (void)into;
    (void)room;
    *got = 0;
    err_set(e, ERR_CORRUPT, 201, "damaged");
    return PULL_FAILED;
}

static void stays(struct source *s)
{
    (void)s;
}

static void failure_of_the_source_is_kept(void **state)
{
    (void)state;
    static const struct source_ops ops = {.read = fails, .close = stays};
    struct source src = {.ops = &ops};
    struct window w;
    assert_true(window_open(&w, &src, 1, &err));
    assert_false(window_more(&w, &err));
    assert_int_equal(w.state, PULL_FAILED);
    assert_int_equal(err.id, 201);
    assert_false(window_more(&w, &err));
    window_place(&w, 5, 2, &err);
    assert_string_equal(err.place, "byte 5 of the decoded stream (line 2)");
    window_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(place_follows_what_is_skipped, setup),
        cmocka_unit_test_setup(all_that_is_left_is_skipped_to_the_end, setup),
        cmocka_unit_test_setup(piece_bounds_every_read, setup),
        cmocka_unit_test_setup(view_grows_to_its_limit_and_no_further, setup),
        cmocka_unit_test_setup(bytes_given_back_come_before_the_rest_of_the_source, setup),
        cmocka_unit_test_setup(failure_of_the_source_is_kept, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
