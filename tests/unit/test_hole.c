/* hole: zero bytes are found wherever they stand, in any pieces. */
#include "formats/dump/hole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT = 20000 };

static unsigned char text[TEXT];

/* Reads all of it; where a hole is, or -1. */
static int64_t hole_in(size_t piece)
{
    struct err err = {0};
    struct window w;
    struct hole h;
    struct source *src = source_memory(str_make(text, TEXT), piece, &err);
    assert_non_null(src);
    assert_true(window_open(&w, src, 4096, &err));
    w.piece = piece;
    hole_watch(&h, &w);
    size_t all = 0;
    do {
        struct str rest = window_rest(&w);
        assert_memory_equal(rest.at, text + all, rest.len);
        all += rest.len;
        window_skip(&w, rest.len);
    } while (window_more(&w, &err));
    assert_int_equal(all, TEXT);
    assert_false(err_is(&err));
    window_close(&w);
    source_close(src);
    return h.found ? (int64_t)h.offset : -1;
}

static void zeros(size_t at, size_t n)
{
    memset(text, 'x', sizeof text);
    memset(text + at, 0, n);
}

static void every_run_that_is_long_enough_is_found(void **state)
{
    (void)state;
    static const size_t places[] = {0, 1, 510, 511, 512, 513, 8000, TEXT - HOLE_SURE};
    static const size_t pieces[] = {1, 7, 511, 512, 513, 4096};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        zeros(places[i], HOLE_SURE);
        int64_t offset = hole_in(TEXT);
        assert_in_range(offset, places[i], places[i] + HOLE_STEP);
        for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++)
            assert_int_equal(hole_in(pieces[k]), offset);
    }
}

static void zeros_between_letters_are_found(void **state)
{
    (void)state;
    for (size_t odd = 0; odd < 2; odd++) {
        zeros(0, 0);
        for (size_t at = 8000 + odd; at < 8000 + 2 * HOLE_SURE; at += 2)
            text[at] = 0;
        int64_t offset = hole_in(TEXT);
        assert_in_range(offset, 8000, 8000 + 2 * HOLE_STEP);
        assert_int_equal(hole_in(1), offset);
    }
}

static void text_and_a_few_zeros_are_none(void **state)
{
    (void)state;
    zeros(0, 0);
    assert_int_equal(hole_in(TEXT), -1);
    zeros(1000, 2 * HOLE_STEP);
    assert_int_equal(hole_in(1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_that_is_long_enough_is_found),
        cmocka_unit_test(zeros_between_letters_are_found),
        cmocka_unit_test(text_and_a_few_zeros_are_none),
    };
    return cmocka_run_group_tests_name("hole", tests, NULL, NULL);
}
