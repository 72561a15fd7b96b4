/* zstd_source: libzstd's streaming decoder; the library verifies content checksums and sizes. */
#include "formats/stream/decoder.h"
#include "formats/stream/stream.h"

#include <zstd.h>

/* RFC 8878, 3.1.1: magic, descriptor, window, dictionary id, content size */
enum { ZSTD_HEADER_MOST = 18, ZSTD_WINDOW_LOG_LEAST = 10, ZSTD_WINDOW_LOG_MOST = 31 };

struct zstd {
    struct decoder frame;
    ZSTD_DCtx *context;
    uint64_t max_window;
    uint64_t frames;
    bool in_frame;
    bool starved; /* the last call left room in the output, so only more input helps */
};

/*
 * What a frame will need, read from its header so that an error can say how much; 0 for skippable
 * frames and for what is too short or no header, which the library then judges.
 */
static uint64_t frame_window(const unsigned char *at, size_t len)
{
    if (len < 6 || little_endian(at, 4) != ZSTD_MAGICNUMBER)
        return 0;
    unsigned descriptor = at[4];
    bool single_segment = descriptor & 0x20;
    if (!single_segment) {
        uint64_t base = UINT64_C(1) << (ZSTD_WINDOW_LOG_LEAST + (at[5] >> 3));
        return base + base / 8 * (at[5] & 7);
    }
    static const unsigned char dictionary_id[] = {0, 1, 2, 4};
    static const unsigned char content_size[] = {1, 2, 4, 8};
    size_t from = 5 + (size_t)dictionary_id[descriptor & 3];
    size_t n = content_size[descriptor >> 6];
    if (from + n > len)
        return 0;
    return little_endian(at + from, n) + (n == 2 ? 256 : 0);
}

static enum pull begin_frame(struct zstd *z)
{
    struct decoder *d = &z->frame;
    enum pull p = decoder_want(d, ZSTD_HEADER_MOST);
    if (p == PULL_FAILED)
        return PULL_FAILED;
    if (d->in.left == 0)
        return z->frames > 0 ? PULL_END : decoder_cut(d, "before a frame");
    if (!decoder_begins_frame(d, ZSTD_MAGICNUMBER))
        return z->frames > 0 ? decoder_trailing(d)
                             : decoder_damaged(d, "it does not begin with a zstd frame");
    uint64_t window = frame_window(d->in.at, d->in.left);
    if (window > z->max_window)
        return decoder_window(d, window, z->max_window);
    z->in_frame = true;
    z->starved = false;
    return PULL_OK;
}

static enum pull read_frame(struct zstd *z, unsigned char *into, size_t room, size_t *got)
{
    struct decoder *d = &z->frame;
    if (z->starved) {
        enum pull p = decoder_fill(d);
        if (p != PULL_OK)
            return p == PULL_END ? decoder_cut(d, "in a frame") : p;
    }
    ZSTD_inBuffer in = {.src = d->in.at, .size = d->in.left};
    ZSTD_outBuffer out = {.dst = into, .size = room};
    size_t hint = ZSTD_decompressStream(z->context, &out, &in);
    *got = out.pos;
    if (ZSTD_isError(hint))
        return decoder_damaged(d, ZSTD_getErrorName(hint));
    intake_use(&d->in, in.pos);
    z->starved = out.pos < out.size;
    if (hint == 0) { /* the frame is complete and all of it was given out */
        z->in_frame = false;
        z->frames++;
    }
    return PULL_OK;
}

static enum pull zstd_step(struct decoder *d, unsigned char *into, size_t room, size_t *got)
{
    struct zstd *z = (struct zstd *)d;
    enum pull p = PULL_OK;
    while (p == PULL_OK && *got == 0)
        p = z->in_frame ? read_frame(z, into, room, got) : begin_frame(z);
    return p;
}

static void zstd_release(struct decoder *d)
{
    (void)ZSTD_freeDCtx(((struct zstd *)d)->context);
}

struct source *zstd_source(struct source *below, const struct stream_limits *limits,
                           struct err *err)
{
    static const struct decoder_ops ops = {
        .name = "zstd", .step = zstd_step, .release = zstd_release};
    struct zstd *z = decoder_open(sizeof *z, &ops, below, err);
    if (!z)
        return NULL;
    z->max_window = limits->max_window;
    z->context = ZSTD_createDCtx();
    /* Our own limit is exact and checked first; the library's is a power of two and stays open. */
    if (!z->context ||
        ZSTD_isError(ZSTD_DCtx_setParameter(z->context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MOST)))
        return decoder_no_memory(&z->frame, err);
    return &z->frame.base;
}
