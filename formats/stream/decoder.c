/* decoder: sticky results and the wording of the errors. */
#include "formats/stream/decoder.h"

#include <inttypes.h>
#include <stdlib.h>

static enum pull decoder_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                              struct err *err)
{
    struct decoder *d = (struct decoder *)base;
    *got = 0;
    if (d->settled == PULL_OK) {
        d->settled = d->ops->step(d, into, room, got);
        if (*got > 0)
            return PULL_OK; /* an end or a failure is told by the next call */
    }
    if (d->settled == PULL_FAILED && !err_is(err))
        *err = d->failure;
    return d->settled;
}

static void decoder_close(struct source *base)
{
    struct decoder *d = (struct decoder *)base;
    d->ops->release(d);
    intake_close(&d->in);
    free(d);
}

void *decoder_open(size_t size, const struct decoder_ops *ops, struct source *below,
                   struct err *err)
{
    static const struct source_ops source = {.read = decoder_read, .close = decoder_close};
    if (!below)
        return NULL;
    struct decoder *d = calloc(1, size);
    if (!d) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        source_close(below);
        return NULL;
    }
    if (!intake_open(&d->in, below, DECODER_INPUT, DECODER_BACK, err)) {
        free(d);
        return NULL;
    }
    d->base.ops = &source;
    d->ops = ops;
    return d;
}

struct source *decoder_no_memory(struct decoder *d, struct err *err)
{
    err_set(err, ERR_SYSTEM, 101, "no memory for the %s decoder", d->ops->name);
    source_close(&d->base);
    return NULL;
}

enum pull decoder_want(struct decoder *d, size_t n)
{
    return intake_want(&d->in, n, &d->failure);
}

enum pull decoder_fill(struct decoder *d)
{
    return decoder_want(d, 1);
}

bool decoder_begins_frame(const struct decoder *d, uint32_t magic)
{
    const uint32_t skippable = 0x184D2A50;
    bool own = true;
    bool skip = true;
    for (unsigned i = 0; i < sizeof magic && i < d->in.left; i++) {
        unsigned char byte = d->in.at[i];
        own = own && byte == (magic >> 8 * i & 0xff);
        skip = skip && (i == 0 ? byte & 0xf0 : byte) == (skippable >> 8 * i & 0xff);
    }
    return own || skip;
}

enum pull decoder_cut(struct decoder *d, const char *where)
{
    err_set(&d->failure, ERR_INCOMPLETE, 200, "the %s stream is cut off after byte %" PRIu64 ", %s",
            d->ops->name, d->in.read, where);
    err_hint(&d->failure, "copy the file again, or make the dump again; compare its size with the "
                          "original's");
    return PULL_FAILED;
}

enum pull decoder_damaged(struct decoder *d, const char *what)
{
    err_set(&d->failure, ERR_CORRUPT, 201, "the %s stream is damaged before byte %" PRIu64 ": %s",
            d->ops->name, intake_position(&d->in), what);
    err_hint(&d->failure, "copy the file again, or make the dump again");
    return PULL_FAILED;
}

enum pull decoder_trailing(struct decoder *d)
{
    err_set(&d->failure, ERR_CORRUPT, 202,
            "bytes that are not %s follow the end of the %s stream, from byte %" PRIu64,
            d->ops->name, d->ops->name, intake_position(&d->in));
    err_hint(&d->failure, "something was appended to the file; cut it off there if it is not data");
    return PULL_FAILED;
}

enum pull decoder_window(struct decoder *d, uint64_t wanted, uint64_t limit)
{
    err_set(&d->failure, ERR_CORRUPT, 203,
            "the %s stream needs %" PRIu64 " bytes of memory to decode, the limit is %" PRIu64,
            d->ops->name, wanted, limit);
    err_hint(&d->failure, "--max-window %" PRIu64 " allows it", wanted);
    return PULL_FAILED;
}
