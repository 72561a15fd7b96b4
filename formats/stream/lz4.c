/* lz4_source: liblz4's frame decoder; the library verifies header, block and content checksums. */
#include "formats/stream/decoder.h"
#include "formats/stream/stream.h"

#include <lz4frame.h>

struct lz4 {
    struct decoder frame;
    LZ4F_dctx *context;
    uint64_t frames;
    bool in_frame;
    bool starved; /* the last call left room in the output, so only more input helps */
};

enum { LZ4_MAGIC = 0x184D2204, LZ4_MAGIC_LEN = 4 };

static enum pull begin_frame(struct lz4 *z)
{
    struct decoder *d = &z->frame;
    enum pull p = decoder_want(d, LZ4_MAGIC_LEN);
    if (p == PULL_FAILED)
        return PULL_FAILED;
    if (d->in.left == 0 && z->frames > 0)
        return PULL_END;
    if (!decoder_begins_frame(d, LZ4_MAGIC))
        return z->frames > 0 ? decoder_trailing(d)
                             : decoder_damaged(d, "it does not begin with an lz4 frame");
    if (p == PULL_END)
        return decoder_cut(d, "before a frame");
    z->in_frame = true;
    z->starved = false;
    return PULL_OK;
}

static enum pull read_frame(struct lz4 *z, unsigned char *into, size_t room, size_t *got)
{
    struct decoder *d = &z->frame;
    if (z->starved) {
        enum pull p = decoder_fill(d);
        if (p != PULL_OK)
            return p == PULL_END ? decoder_cut(d, "before the frame's end mark") : p;
    }
    size_t in = d->in.left;
    size_t out = room;
    size_t hint = LZ4F_decompress(z->context, into, &out, d->in.at, &in, NULL);
    if (LZ4F_isError(hint))
        return decoder_damaged(d, LZ4F_getErrorName(hint));
    *got = out;
    intake_use(&d->in, in);
    z->starved = out < room;
    if (hint == 0) { /* end mark and content checksum were read */
        z->in_frame = false;
        z->frames++;
    }
    return PULL_OK;
}

static enum pull lz4_step(struct decoder *d, unsigned char *into, size_t room, size_t *got)
{
    struct lz4 *z = (struct lz4 *)d;
    enum pull p = PULL_OK;
    while (p == PULL_OK && *got == 0)
        p = z->in_frame ? read_frame(z, into, room, got) : begin_frame(z);
    return p;
}

static void lz4_release(struct decoder *d)
{
    (void)LZ4F_freeDecompressionContext(((struct lz4 *)d)->context);
}

struct source *lz4_source(struct source *below, const struct stream_limits *limits, struct err *err)
{
    static const struct decoder_ops ops = {.name = "lz4", .step = lz4_step, .release = lz4_release};
    (void)limits; /* a block is at most 4 MiB */
    struct lz4 *z = decoder_open(sizeof *z, &ops, below, err);
    if (!z)
        return NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&z->context, LZ4F_VERSION)))
        return decoder_no_memory(&z->frame, err);
    return &z->frame.base;
}
