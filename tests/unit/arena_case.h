/*
 * arena_case: memory and an error, fresh for each test.
 *
 *     cmocka_unit_test_setup_teardown(name_of_a_behaviour, setup, teardown)
 */
#ifndef TESTS_UNIT_ARENA_CASE_H
#define TESTS_UNIT_ARENA_CASE_H

#include "common/arena.h"
#include "common/err.h"

static struct arena arena;
static struct err err;

static int setup(void **state)
{
    (void)state;
    arena = (struct arena){0};
    err = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

#endif
