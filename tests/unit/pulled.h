/*
 * pulled: everything a source gives, for tests of decoders.
 *
 *     struct pulled all = pull_all(gzip_of(bytes, piece), room);
 *     assert_int_equal(all.verdict, PULL_END);
 *     pulled_free(&all);
 *
 * Pulling goes on after the verdict, which must repeat; a source that does not end is stopped.
 */
#ifndef TESTS_UNIT_PULLED_H
#define TESTS_UNIT_PULLED_H

#include "common/source.h"

#include <stdlib.h>

enum { PULLED_MOST = 64 * 1024 * 1024 };

struct pulled {
    enum pull verdict; /* PULL_OK: it broke a rule of source.h */
    struct err err;
    unsigned char *bytes;
    size_t len;
};

static inline struct str pulled_str(const struct pulled *p)
{
    return str_make(p->bytes, p->len);
}

static inline void pulled_free(struct pulled *p)
{
    free(p->bytes);
    *p = (struct pulled){0};
}

/* Reads with `room` bytes a call. Closes src; NULL counts as a failure that err already tells. */
static inline struct pulled pull_all(struct source *src, size_t room, const struct err *err)
{
    struct pulled p = {.verdict = PULL_FAILED};
    if (!src) {
        p.err = *err;
        return p;
    }
    size_t space = 0;
    do {
        if (space - p.len < room) {
            space = space * 2 + room;
            p.bytes = realloc(p.bytes, space);
            if (!p.bytes)
                abort();
        }
        size_t got = 0;
        p.verdict = source_read(src, p.bytes + p.len, room, &got, &p.err);
        if (p.verdict != PULL_OK)
            break;
        if (got == 0 || got > room || p.len + got > PULLED_MOST)
            goto broken;
        p.len += got;
    } while (true);
    for (int again = 0; again < 2; again++) {
        unsigned char byte;
        size_t got = 0;
        struct err repeated = {0};
        if (source_read(src, &byte, 1, &got, &repeated) != p.verdict || got != 0)
            goto broken;
        if (repeated.kind != p.err.kind || repeated.id != p.err.id)
            goto broken;
    }
    if ((p.verdict == PULL_FAILED) != err_is(&p.err))
        goto broken;
    source_close(src);
    return p;
broken:
    source_close(src);
    p.verdict = PULL_OK;
    return p;
}

#endif
