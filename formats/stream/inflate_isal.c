/* inflate by ISA-L: twice as fast as zlib where it has vector code, the same elsewhere. */
#include "formats/stream/inflate.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

/* A multiple of its history, so that a call decodes straight into the output, and small enough for
 * the checksum to find the bytes in the second-level cache. */
enum { OUTPUT_A_CALL = 512 * 1024, MOST_A_CALL = 1 << 30 };

static void *isal_open(void)
{
    struct inflate_state *s = calloc(1, sizeof *s);
    if (s)
        isal_inflate_init(s); /* crc_flag 0: raw DEFLATE */
    return s;
}

static void isal_reset(void *state)
{
    isal_inflate_reset(state);
}

static const char *isal_reason(int ret)
{
    switch (ret) {
    case ISAL_INVALID_BLOCK:
        return "invalid block header";
    case ISAL_INVALID_SYMBOL:
        return "invalid code";
    case ISAL_INVALID_LOOKBACK:
        return "invalid distance too far back";
    default:
        return "invalid deflate data";
    }
}

/*
 * ISA-L gives 0 for progress, for the end and for a truncation alike; only the finished state is
 * the end. It reads whole words ahead: what is left of them in read_in belongs to whatever follows.
 */
static enum inflate_result isal_run(void *state, struct inflate_run *run)
{
    struct inflate_state *s = state;
    uint32_t in = run->in_len < MOST_A_CALL ? (uint32_t)run->in_len : MOST_A_CALL;
    uint32_t out = run->out_len < OUTPUT_A_CALL ? (uint32_t)run->out_len : OUTPUT_A_CALL;
    s->next_in = (unsigned char *)run->in; /* ISA-L only reads it */
    s->avail_in = in;
    s->next_out = run->out;
    s->avail_out = out;
    int ret = isal_inflate(s);
    run->in = s->next_in;
    run->in_len -= in - s->avail_in;
    run->out = s->next_out;
    run->out_len -= out - s->avail_out;
    if (ret < 0) {
        run->why = isal_reason(ret);
        return INFLATE_BAD;
    }
    if (s->block_state != ISAL_BLOCK_FINISH)
        return INFLATE_MORE;
    size_t ahead = s->read_in_length > 0 ? (size_t)s->read_in_length / 8 : 0;
    run->in -= ahead;
    run->in_len += ahead;
    return INFLATE_DONE;
}

static uint32_t isal_crc(uint32_t sum, const unsigned char *at, size_t len)
{
    return crc32_gzip_refl(sum, at, len);
}

static uint32_t isal_adler(uint32_t sum, const unsigned char *at, size_t len)
{
    return isal_adler32(sum, at, len);
}

static void isal_close(void *state)
{
    free(state);
}

const struct inflate_backend inflate_isal = {
    .name = "ISA-L",
    .open = isal_open,
    .reset = isal_reset,
    .run = isal_run,
    .crc = isal_crc,
    .adler = isal_adler,
    .close = isal_close,
};
