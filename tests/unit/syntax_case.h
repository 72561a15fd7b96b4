/*
 * syntax_case: files of one syntax: what is read, what is refused, what is left without v1.
 *
 *     #define CASE_SYNTAX keyring_flask_json
 *     #define CASE_PATH   "c.json"
 *     #include "tests/unit/syntax_case.h"
 */
#ifndef TESTS_UNIT_SYNTAX_CASE_H
#define TESTS_UNIT_SYNTAX_CASE_H

#include "tests/unit/keyring_case.h"

#include <stdio.h>

static void load(const char *text)
{
    if (!keyring_load(&arena, &CASE_SYNTAX, CASE_PATH, str_from(text), &kr, &err))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
}

static void assert_refused(const char *text, int kind, int id, size_t line)
{
    char place[32];
    err = (struct err){0};
    (void)snprintf(place, sizeof place, CASE_PATH ", line %zu", line);
    assert_false(keyring_load(&arena, &CASE_SYNTAX, CASE_PATH, str_from(text), &kr, &err));
    if (err.kind != kind || err.id != id || strcmp(err.place, place) != 0)
        fail_msg("%s\n%d/%d %s: %s", text, err.kind, err.id, err.place, err.text);
    assert_true(err.hint[0]);
    assert_non_null(err_lookup(id));
}

/* What is left of a file without v1. */
static void assert_left(const char *text, const char *left)
{
    struct str gone = STR("v1");
    load(text);
    if (!keyring_remove(&arena, &kr, &gone, 1, &edit, &err))
        fail_msg("%d/%d %s: %s", err.kind, err.id, err.place, err.text);
    assert_str(edit.after, left);
}

#endif
