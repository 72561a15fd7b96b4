/* decoder: one input buffer, sticky results, and the wording of the errors. */
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
    source_close(d->below);
    free(d->buffer);
    free(d);
}

void *decoder_open(size_t size, const struct decoder_ops *ops, struct source *below,
                   struct err *err)
{
    static const struct source_ops source = {.read = decoder_read, .close = decoder_close};
    if (!below)
        return NULL;
    struct decoder *d = calloc(1, size);
    unsigned char *buffer = malloc(DECODER_BACK + DECODER_INPUT);
    if (!d || !buffer) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        free(buffer);
        free(d);
        source_close(below);
        return NULL;
    }
    memset(buffer, 0, DECODER_BACK);
    d->base.ops = &source;
    d->ops = ops;
    d->below = below;
    d->buffer = buffer;
    d->at = buffer + DECODER_BACK;
    return d;
}

struct source *decoder_no_memory(struct decoder *d, struct err *err)
{
    err_set(err, ERR_SYSTEM, 101, "no memory for the %s decoder", d->ops->name);
    source_close(&d->base);
    return NULL;
}

/* Moves what is left, and the bytes just before it, to the front of the buffer. */
static unsigned char *make_room(struct decoder *d)
{
    unsigned char *front = d->buffer + DECODER_BACK;
    if (d->at != front) {
        memmove(d->buffer, d->at - DECODER_BACK, DECODER_BACK + d->left);
        d->at = front;
    }
    return front + d->left;
}

enum pull decoder_want(struct decoder *d, size_t n)
{
    while (d->left < n) {
        if (d->below_ended)
            return PULL_END;
        unsigned char *into = make_room(d);
        size_t more = 0;
        enum pull p = source_read(d->below, into, DECODER_INPUT - d->left, &more, &d->failure);
        if (p == PULL_FAILED)
            return PULL_FAILED;
        d->below_ended = p == PULL_END;
        if (p == PULL_OK) {
            d->left += more;
            d->read += more;
        }
    }
    return PULL_OK;
}

enum pull decoder_fill(struct decoder *d)
{
    return decoder_want(d, 1);
}

enum pull decoder_cut(struct decoder *d, const char *where)
{
    err_set(&d->failure, ERR_INCOMPLETE, 200, "the %s stream is cut off after byte %" PRIu64 ", %s",
            d->ops->name, d->read, where);
    err_hint(&d->failure, "copy the file again, or make the dump again; compare its size with the "
                          "original's");
    return PULL_FAILED;
}

enum pull decoder_damaged(struct decoder *d, const char *what)
{
    err_set(&d->failure, ERR_CORRUPT, 201, "the %s stream is damaged before byte %" PRIu64 ": %s",
            d->ops->name, d->read - d->left, what);
    err_hint(&d->failure, "copy the file again, or make the dump again");
    return PULL_FAILED;
}

enum pull decoder_trailing(struct decoder *d)
{
    err_set(&d->failure, ERR_CORRUPT, 202,
            "bytes that are not %s follow the end of the %s stream, from byte %" PRIu64,
            d->ops->name, d->ops->name, d->read - d->left);
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
