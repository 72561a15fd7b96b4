/*
 * copy_rows: what a source of rows gives, for tests of readers that turn their rows into COPY text.
 *
 *     struct buf out = {.arena = &arena};
 *     bool whole = put_rows(&out, sql_insert_rows(&r, NULL, 0), room);    false: err is set
 */
#ifndef TESTS_UNIT_COPY_ROWS_H
#define TESTS_UNIT_COPY_ROWS_H

#include "common/buf.h"
#include "common/source.h"
#include "tests/unit/arena_case.h"

#include <stdlib.h>

/* Everything, read into rooms of so many bytes. */
static bool put_rows(struct buf *out, struct source *text, size_t room)
{
    unsigned char *into = malloc(room);
    assert_non_null(into);
    enum pull p = PULL_OK;
    while (p == PULL_OK) {
        size_t got = 0;
        p = source_read(text, into, room, &got, &err);
        buf_add(out, str_make(into, got));
    }
    size_t got = 1;
    assert_int_equal(source_read(text, into, room, &got, &err), p); /* it repeats */
    free(into);
    return p == PULL_END;
}

#endif
