/*
 * keyring_case: memory that is wiped, a keyring, an edit and an error, fresh for each test.
 *
 *     cmocka_unit_test_setup_teardown(name_of_a_behaviour, setup, teardown)
 */
#ifndef TESTS_UNIT_KEYRING_CASE_H
#define TESTS_UNIT_KEYRING_CASE_H

#include "formats/keyring/keyring.h"

static struct arena arena;
static struct keyring kr;
static struct keyring_edit edit;
static struct err err;

static int setup(void **state)
{
    (void)state;
    arena = (struct arena){.wipe = true};
    err = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void assert_str(struct str s, const char *wanted)
{
    if (s.len != strlen(wanted) || memcmp(s.at, wanted, s.len) != 0)
        fail_msg("have:\n%.*s\nwanted:\n%s", STR_ARG(s), wanted);
}

#endif
