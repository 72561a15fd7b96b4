/* inflate by ISA-L: twice as fast as zlib where it has vector code, the same elsewhere. */
#include "formats/stream/inflate.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

/* A multiple of its history, so that a call decodes straight into the output, and small enough for
 * the checksum to find the bytes in the second-level cache. */
enum { OUTPUT_A_CALL = 512 * 1024, MOST_A_CALL = 1 << 30 };

struct isal {
    struct inflate_state state;
    int bad; /* what is wrong behind the bytes that wait in its own buffer; 0: nothing */
};

static void *isal_open(void)
{
    struct isal *s = calloc(1, sizeof *s);
    if (s)
        isal_inflate_init(&s->state); /* crc_flag 0: raw DEFLATE */
    return s;
}

static void isal_reset(void *state)
{
    struct isal *s = state;
    s->bad = 0;
    isal_inflate_reset(&s->state);
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
 * ISA-L decodes into a buffer of its own first, and after an error does not give out what did not
 * fit into the room. How much that is depends on the room and on the pieces of the input, and what
 * was decoded before the damage is counted: so it is given out here.
 */
static enum inflate_result give_out_rest(struct isal *s, struct inflate_run *run)
{
    struct inflate_state *z = &s->state;
    size_t n = (size_t)(z->tmp_out_valid - z->tmp_out_processed);
    if (n > run->out_len)
        n = run->out_len;
    memcpy(run->out, z->tmp_out_buffer + z->tmp_out_processed, n);
    z->tmp_out_processed += (int32_t)n;
    run->out += n;
    run->out_len -= n;
    if (z->tmp_out_processed < z->tmp_out_valid)
        return INFLATE_MORE;
    run->why = isal_reason(s->bad);
    return INFLATE_BAD;
}

/*
 * ISA-L gives 0 for progress, for the end and for a truncation alike; only the finished state is
 * the end. It reads whole words ahead: what is left of them in read_in belongs to whatever follows.
 */
static enum inflate_result isal_run(void *state, struct inflate_run *run)
{
    struct isal *own = state;
    struct inflate_state *s = &own->state;
    if (own->bad)
        return give_out_rest(own, run);
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
        own->bad = ret;
        return give_out_rest(own, run);
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
