/* xz_source: liblzma's stream decoder, which knows concatenation, padding, index and checks. */
#include "formats/stream/decoder.h"
#include "formats/stream/stream.h"

#include <lzma.h>

/* What the decoder itself takes beside the dictionary. */
#define XZ_OVERHEAD (UINT64_C(1) << 20)

struct xz {
    struct decoder frame;
    lzma_stream lzma;
    uint64_t max_window;
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
    if (ret == LZMA_BUF_ERROR)
        return decoder_cut(d, "before its index and footer");
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

static enum pull xz_step(struct decoder *d, unsigned char *into, size_t room, size_t *got)
{
    struct xz *x = (struct xz *)d;
    while (*got == 0) {
        if (x->starved && decoder_fill(d) == PULL_FAILED)
            return PULL_FAILED;
        /* With LZMA_CONCATENATED only the end of the input ends the stream: FINISH says it. */
        lzma_action action = d->in.ended ? LZMA_FINISH : LZMA_RUN;
        x->lzma.next_in = d->in.at;
        x->lzma.avail_in = d->in.left;
        x->lzma.next_out = into;
        x->lzma.avail_out = room;
        lzma_ret ret = lzma_code(&x->lzma, action);
        d->in.at = x->lzma.next_in;
        d->in.left = x->lzma.avail_in;
        *got = room - x->lzma.avail_out;
        x->starved = x->lzma.avail_out > 0;
        if (ret == LZMA_STREAM_END)
            return PULL_END;
        if (ret != LZMA_OK && !(ret == LZMA_BUF_ERROR && action == LZMA_RUN))
            return xz_broken(x, ret);
    }
    return PULL_OK;
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
    x->starved = true;
    uint64_t memory = limits->max_window < UINT64_MAX - XZ_OVERHEAD
                          ? limits->max_window + XZ_OVERHEAD
                          : UINT64_MAX;
    /* An unknown check would else be skipped in silence. */
    if (lzma_stream_decoder(&x->lzma, memory, LZMA_CONCATENATED | LZMA_TELL_UNSUPPORTED_CHECK) !=
        LZMA_OK)
        return decoder_no_memory(&x->frame, err);
    return &x->frame.base;
}
