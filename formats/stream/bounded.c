/* bounded_source: no more bytes than were allowed, whatever the input unpacks to. */
#include "formats/stream/stream.h"

#include <inttypes.h>
#include <stdlib.h>

struct bounded {
    struct source base;
    struct source *below;
    uint64_t left;
    uint64_t most;
};

static enum pull bounded_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                              struct err *err)
{
    struct bounded *b = (struct bounded *)base;
    if (b->left > 0) {
        enum pull p =
            source_read(b->below, into, room < b->left ? room : (size_t)b->left, got, err);
        if (p == PULL_OK)
            b->left -= *got;
        return p;
    }
    /* The whole is allowed to be exactly that long, so look whether one more byte comes. The source
     * below repeats its end; once the extra byte was seen, another must not be asked for. */
    unsigned char extra;
    size_t more = 0;
    if (b->below) {
        enum pull p = source_read(b->below, &extra, 1, &more, err);
        if (p != PULL_OK)
            return p;
        source_close(b->below);
        b->below = NULL;
    }
    err_set(err, ERR_CORRUPT, 204, "the input unpacks to more than %" PRIu64 " bytes", b->most);
    err_hint(err, "--max-decoded-bytes allows more, or 0 for no limit");
    return PULL_FAILED;
}

static void bounded_close(struct source *base)
{
    source_close(((struct bounded *)base)->below);
    free(base);
}

struct source *bounded_source(struct source *below, uint64_t most, struct err *err)
{
    static const struct source_ops ops = {.read = bounded_read, .close = bounded_close};
    if (!below)
        return NULL;
    struct bounded *b = calloc(1, sizeof *b);
    if (!b) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        source_close(below);
        return NULL;
    }
    *b = (struct bounded){.base = {&ops}, .below = below, .left = most, .most = most};
    return &b->base;
}
