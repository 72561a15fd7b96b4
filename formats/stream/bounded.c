/* bounded_source: no more bytes than were allowed, whatever the input unpacks to. */
#include "formats/stream/stream.h"

#include <inttypes.h>
#include <stdlib.h>

struct bounded {
    struct source base;
    struct source *below;
    struct stream_budget *budget;
    bool beyond; /* a byte came that was not allowed */
};

static enum pull bounded_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                              struct err *err)
{
    struct bounded *b = (struct bounded *)base;
    struct stream_budget *budget = b->budget;
    enum pull p = b->beyond ? PULL_OK : source_read(b->below, into, room, got, err);
    if (p != PULL_OK)
        return p;
    if (!b->beyond && *got <= budget->left) {
        budget->left -= *got;
        return PULL_OK;
    }
    if (!b->beyond && budget->left > 0) {
        b->beyond = true;
        *got = (size_t)budget->left;
        budget->left = 0;
        return PULL_OK;
    }
    b->beyond = true;
    *got = 0;
    err_set(err, ERR_CORRUPT, 204, "the input unpacks to more than %" PRIu64 " bytes",
            budget->most);
    err_hint(err, "--max-decoded-bytes allows more; without it there is no limit");
    return PULL_FAILED;
}

static void bounded_close(struct source *base)
{
    source_close(((struct bounded *)base)->below);
    free(base);
}

struct source *bounded_source(struct source *below, struct stream_budget *budget, struct err *err)
{
    static const struct source_ops ops = {.read = bounded_read, .close = bounded_close};
    if (!below || !budget)
        return below;
    struct bounded *b = calloc(1, sizeof *b);
    if (!b) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        source_close(below);
        return NULL;
    }
    *b = (struct bounded){.base = {&ops}, .below = below, .budget = budget};
    return &b->base;
}
