/* bzip2_source: libbz2 stream by stream; the library verifies block and stream checksums. */
#include "formats/stream/decoder.h"
#include "formats/stream/stream.h"

#include <bzlib.h>

enum { BZIP2_MAGIC_LEN = 3, MOST_A_CALL = 1 << 30 /* unsigned counts; size_t may be larger */ };

struct bzip2 {
    struct decoder frame;
    bz_stream bz;
    bool in_stream; /* bz is initialised */
    uint64_t streams;
};

static enum pull begin_stream(struct bzip2 *b)
{
    struct decoder *d = &b->frame;
    enum pull p = decoder_want(d, BZIP2_MAGIC_LEN);
    if (p == PULL_FAILED)
        return PULL_FAILED;
    if (d->in.left == 0 && b->streams > 0)
        return PULL_END;
    size_t seen = d->in.left < BZIP2_MAGIC_LEN ? d->in.left : BZIP2_MAGIC_LEN;
    if (!str_eq(str_make(d->in.at, seen), str_slice(STR("BZh"), 0, seen)))
        return b->streams > 0 ? decoder_trailing(d)
                              : decoder_damaged(d, "it does not begin with a bzip2 header");
    if (p == PULL_END)
        return decoder_cut(d, "in a header");
    b->bz = (bz_stream){0};
    if (BZ2_bzDecompressInit(&b->bz, 0, 0) != BZ_OK) {
        err_set(&d->failure, ERR_SYSTEM, 101, "no memory for the bzip2 decoder");
        return PULL_FAILED;
    }
    b->in_stream = true;
    return PULL_OK;
}

static void end_stream(struct bzip2 *b)
{
    if (b->in_stream)
        (void)BZ2_bzDecompressEnd(&b->bz);
    b->in_stream = false;
}

static const char *bzip2_reason(int ret)
{
    return ret == BZ_DATA_ERROR_MAGIC ? "an invalid header"
                                      : "a checksum or the data does not match";
}

static enum pull read_stream(struct bzip2 *b, unsigned char *into, size_t room, size_t *got)
{
    struct decoder *d = &b->frame;
    unsigned in = d->in.left < MOST_A_CALL ? (unsigned)d->in.left : MOST_A_CALL;
    unsigned out = room < MOST_A_CALL ? (unsigned)room : MOST_A_CALL;
    b->bz.next_in = (char *)d->in.at; /* libbz2 only reads it */
    b->bz.avail_in = in;
    b->bz.next_out = (char *)into;
    b->bz.avail_out = out;
    int ret = BZ2_bzDecompress(&b->bz);
    intake_use(&d->in, in - b->bz.avail_in);
    *got = out - b->bz.avail_out;
    if (ret == BZ_STREAM_END) {
        end_stream(b);
        b->streams++;
        return PULL_OK;
    }
    if (ret == BZ_MEM_ERROR) {
        err_set(&d->failure, ERR_SYSTEM, 101, "no memory for the bzip2 decoder");
        return PULL_FAILED;
    }
    if (ret != BZ_OK)
        return decoder_damaged(d, bzip2_reason(ret));
    if (*got > 0 || in > 0)
        return PULL_OK;
    enum pull p = decoder_fill(d);
    return p == PULL_END ? decoder_cut(d, "in a block") : p;
}

static enum pull bzip2_step(struct decoder *d, unsigned char *into, size_t room, size_t *got)
{
    struct bzip2 *b = (struct bzip2 *)d;
    enum pull p = PULL_OK;
    while (p == PULL_OK && *got == 0)
        p = b->in_stream ? read_stream(b, into, room, got) : begin_stream(b);
    return p;
}

static void bzip2_release(struct decoder *d)
{
    end_stream((struct bzip2 *)d);
}

struct source *bzip2_source(struct source *below, const struct stream_limits *limits,
                            struct err *err)
{
    static const struct decoder_ops ops = {
        .name = "bzip2", .step = bzip2_step, .release = bzip2_release};
    (void)limits; /* a block is at most 900 kB */
    struct bzip2 *b = decoder_open(sizeof *b, &ops, below, err);
    return b ? &b->frame.base : NULL;
}
