/* source_peeked: a look at the first bytes of a source that does not take them away. */
#include "formats/stream/stream.h"

#include <stdlib.h>

struct peeked {
    struct source base;
    struct source *below;
    struct err failure; /* of the look ahead, kept until the bytes before it were read */
    size_t at;
    size_t len;
    unsigned char head[];
};

static enum pull peeked_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                             struct err *err)
{
    struct peeked *p = (struct peeked *)base;
    if (p->at < p->len) {
        size_t n = p->len - p->at;
        if (n > room)
            n = room;
        memcpy(into, p->head + p->at, n);
        p->at += n;
        *got = n;
        return PULL_OK;
    }
    if (err_is(&p->failure)) {
        if (!err_is(err))
            *err = p->failure;
        return PULL_FAILED;
    }
    return source_read(p->below, into, room, got, err);
}

static int peeked_place(struct source *base, uint64_t *at)
{
    struct peeked *p = (struct peeked *)base;
    return p->at < p->len || err_is(&p->failure) ? -1 : source_place(p->below, at);
}

static bool peeked_pass(struct source *base, struct str bytes, enum source_passer who,
                        struct err *err)
{
    return source_pass(((struct peeked *)base)->below, bytes, who, err);
}

static void peeked_close(struct source *base)
{
    source_close(((struct peeked *)base)->below);
    free(base);
}

struct source *source_peeked(struct source *below, size_t want, struct str *head, struct err *err)
{
    static const struct source_ops ops = {
        .read = peeked_read, .close = peeked_close, .place = peeked_place, .pass = peeked_pass};
    *head = str_make("", 0);
    if (!below)
        return NULL;
    struct peeked *p = calloc(1, sizeof *p + want);
    if (!p) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        source_close(below);
        return NULL;
    }
    p->base.ops = &ops;
    p->below = below;
    (void)source_read_full(below, p->head, want, &p->len, &p->failure); /* an end repeats below */
    if (err_is(&p->failure) && p->len == 0) {
        if (!err_is(err))
            *err = p->failure;
        source_close(&p->base);
        return NULL;
    }
    *head = str_make(p->head, p->len);
    return &p->base;
}
