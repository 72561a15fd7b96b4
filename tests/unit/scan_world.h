/*
 * scan_world: what the tests of scan, tally and pool stand on: memory, three known versions, and
 * layouts of COPY text.
 *
 *     struct scan_layout l = layout_of(2, NULL);
 *     return cmocka_run_group_tests(tests, set_up, tear_down);
 */
#ifndef TESTS_UNIT_SCAN_WORLD_H
#define TESTS_UNIT_SCAN_WORLD_H

#include "tests/unit/scan_cases.h"

static struct arena arena;
static struct arena run;
static struct key_names known;
static struct constants constants; /* of all envelopes */

static int set_up(void **state)
{
    (void)state;
    const struct str names[] = {STR("v1"), STR("v2"), STR("v10")};
    struct err err = {0};
    size_t count;
    const struct envelope *const *list = envelopes(&count);
    return key_names_make(&run, names, 3, &known, &err) &&
                   constants_make(&run, list, count, &constants, &err)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    arena_free(&run);
    return 0;
}

static struct scan_layout layout_of(size_t columns, const bool *declared)
{
    struct scan_layout l = {.format = SCAN_COPY_TEXT,
                            .columns = columns,
                            .declared = declared,
                            .reading = {.known = &known,
                                        .constants = &constants,
                                        .simd = simd_best(),
                                        .time_limit = CASE_LIMIT}};
    scan_layout_seal(&l);
    return l;
}

#endif
