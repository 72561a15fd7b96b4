/* xz_source: liblzma stream by stream; the library verifies checks, index and footer. */
#include "formats/stream/decoder.h"
#include "formats/stream/stream.h"

#include <lzma.h>

/* What the decoder itself takes beside the dictionary. */
#define XZ_OVERHEAD (UINT64_C(1) << 20)

/* xz-file-format.txt 2.1.1.1 and 2.2 */
enum { XZ_MAGIC_LEN = 6, XZ_PADDING_UNIT = 4 };

struct xz {
    struct decoder frame;
    lzma_stream lzma;
    uint64_t max_window;
    uint64_t streams;
    bool in_stream;
    bool starved; /* the last call left room in the output, so only more input helps */
};

static const char *lzma_reason(lzma_ret ret)
{
    if (ret == LZMA_FORMAT_ERROR)
        return "it does not begin with an xz header";
    if (ret == LZMA_OPTIONS_ERROR)
        return "it uses options that this liblzma does not know";
    if (ret == LZMA_UNSUPPORTED_CHECK)
        return "its integrity check is of a kind that cannot be verified";
    return "a checksum or the data does not match";
}

static enum pull xz_broken(struct xz *x, lzma_ret ret)
{
    struct decoder *d = &x->frame;
    if (ret == LZMA_MEMLIMIT_ERROR) {
        uint64_t needed = lzma_memusage(&x->lzma);
        return decoder_window(d, needed > XZ_OVERHEAD ? needed - XZ_OVERHEAD : needed,
                              x->max_window);
    }
    if (ret == LZMA_MEM_ERROR) {
        err_set(&d->failure, ERR_SYSTEM, 101, "no memory for the xz decoder");
        return PULL_FAILED;
    }
    return decoder_damaged(d, lzma_reason(ret));
}

/* Zero bytes between streams and behind the last; FAILED when they are no multiple of four. */
static enum pull skip_padding(struct xz *x)
{
    struct decoder *d = &x->frame;
    uint64_t zeros = 0;
    enum pull p;
    while ((p = decoder_fill(d)) == PULL_OK && *d->in.at == 0) {
        intake_use(&d->in, 1);
        zeros++;
    }
    if (p != PULL_FAILED && zeros % XZ_PADDING_UNIT != 0)
        return decoder_damaged(d, "its padding is no multiple of four bytes");
    return p;
}

static enum pull begin_stream(struct xz *x)
{
    struct decoder *d = &x->frame;
    enum pull p = x->streams > 0 ? skip_padding(x) : decoder_fill(d);
    if (p == PULL_END)
        return x->streams > 0 ? PULL_END : decoder_cut(d, "before a stream");
    if (p == PULL_FAILED)
        return PULL_FAILED;
    p = decoder_want(d, XZ_MAGIC_LEN);
    if (p == PULL_FAILED)
        return PULL_FAILED;
    size_t seen = d->in.left < XZ_MAGIC_LEN ? d->in.left : XZ_MAGIC_LEN;
    struct str magic = STR("\xfd"
                           "7zXZ\0");
    if (!str_eq(str_make(d->in.at, seen), str_slice(magic, 0, seen)))
        return x->streams > 0 ? decoder_trailing(d)
                              : decoder_damaged(d, lzma_reason(LZMA_FORMAT_ERROR));
    if (p == PULL_END)
        return decoder_cut(d, "in a header");
    uint64_t memory =
        x->max_window < UINT64_MAX - XZ_OVERHEAD ? x->max_window + XZ_OVERHEAD : UINT64_MAX;
    /* A check of an unknown kind would else be skipped in silence. */
    lzma_ret ret = lzma_stream_decoder(&x->lzma, memory, LZMA_TELL_UNSUPPORTED_CHECK);
    if (ret != LZMA_OK)
        return xz_broken(x, ret);
    x->in_stream = true;
    x->starved = true;
    return PULL_OK;
}

static enum pull read_stream(struct xz *x, unsigned char *into, size_t room, size_t *got)
{
    struct decoder *d = &x->frame;
    if (x->starved) {
        enum pull p = decoder_fill(d);
        if (p != PULL_OK)
            return p == PULL_END ? decoder_cut(d, "before its index and footer") : p;
    }
    x->lzma.next_in = d->in.at;
    x->lzma.avail_in = d->in.left;
    x->lzma.next_out = into;
    x->lzma.avail_out = room;
    lzma_ret ret = lzma_code(&x->lzma, LZMA_RUN);
    intake_use(&d->in, d->in.left - x->lzma.avail_in);
    *got = room - x->lzma.avail_out;
    x->starved = x->lzma.avail_out > 0;
    if (ret == LZMA_STREAM_END) {
        x->in_stream = false;
        x->streams++;
        return PULL_OK;
    }
    /* BUF_ERROR: a second call without progress, which more input or room ends */
    return ret == LZMA_OK || ret == LZMA_BUF_ERROR ? PULL_OK : xz_broken(x, ret);
}

static enum pull xz_step(struct decoder *d, unsigned char *into, size_t room, size_t *got)
{
    struct xz *x = (struct xz *)d;
    enum pull p = PULL_OK;
    while (p == PULL_OK && *got == 0)
        p = x->in_stream ? read_stream(x, into, room, got) : begin_stream(x);
    return p;
}

static void xz_release(struct decoder *d)
{
    lzma_end(&((struct xz *)d)->lzma);
}

struct source *xz_source(struct source *below, const struct stream_limits *limits, struct err *err)
{
    static const struct decoder_ops ops = {.name = "xz", .step = xz_step, .release = xz_release};
    struct xz *x = decoder_open(sizeof *x, &ops, below, err);
    if (!x)
        return NULL;
    x->max_window = limits->max_window;
    return &x->frame.base;
}
