/*
 * report_fixture: a private folder with a path for a report, for every test of the report's file.
 */
#ifndef TESTS_UNIT_REPORT_FIXTURE_H
#define TESTS_UNIT_REPORT_FIXTURE_H

#include "common/sys.h"
#include "tests/unit/report_sample.h"
#include "tests/unit/report_shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct err err;
    char folder[64];
    char path[96];
};

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    shell_folder(f->folder);
    (void)snprintf(f->path, sizeof f->path, "%s/report.db", f->folder);
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    sys = &sys_linux;
    shell_remove(f->folder);
    arena_free(&f->arena);
    free(f);
    return 0;
}

static inline void assert_fine(const struct err *err, bool done)
{
    if (!done)
        print_message("%s\n", err->text);
    assert_true(done);
    assert_int_equal(err->kind, ERR_NONE);
}

static inline void write_sample(struct fixture *f)
{
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_fine(&f->err, report_write(f->path, &r, FILE_KEEP, &f->err));
}

#define ASSERT_SQL(f, statement, expected) assert_string_equal(SQL((f)->path, statement), expected)

#endif
