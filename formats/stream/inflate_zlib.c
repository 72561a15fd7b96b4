/* inflate by zlib: the reference, and where ISA-L is missing. */
#include "formats/stream/inflate.h"

#include <stdlib.h>
#include <zlib.h>

enum { RAW_WINDOW_BITS = -15, MOST_A_CALL = 1 << 30 /* uInt counts; size_t may be larger */ };

static void *zlib_open(void)
{
    z_stream *z = calloc(1, sizeof *z);
    if (z && inflateInit2(z, RAW_WINDOW_BITS) != Z_OK) {
        free(z);
        z = NULL;
    }
    return z;
}

static void zlib_reset(void *state)
{
    (void)inflateReset(state); /* fails on a NULL or broken state only */
}

static enum inflate_result zlib_run(void *state, struct inflate_run *run)
{
    z_stream *z = state;
    uInt in = run->in_len < MOST_A_CALL ? (uInt)run->in_len : MOST_A_CALL;
    uInt out = run->out_len < MOST_A_CALL ? (uInt)run->out_len : MOST_A_CALL;
    z->next_in = (unsigned char *)run->in; /* zlib only reads it */
    z->avail_in = in;
    z->next_out = run->out;
    z->avail_out = out;
    int ret = inflate(z, Z_NO_FLUSH);
    run->in = z->next_in;
    run->in_len -= in - z->avail_in;
    run->out = z->next_out;
    run->out_len -= out - z->avail_out;
    if (ret == Z_STREAM_END)
        return INFLATE_DONE;
    if (ret == Z_OK || ret == Z_BUF_ERROR) /* BUF_ERROR: nothing could be done with so little */
        return INFLATE_MORE;
    run->why = z->msg ? z->msg : "invalid deflate data";
    return INFLATE_BAD;
}

static uint32_t zlib_crc(uint32_t sum, const unsigned char *at, size_t len)
{
    return (uint32_t)crc32_z(sum, at, len);
}

static uint32_t zlib_adler(uint32_t sum, const unsigned char *at, size_t len)
{
    return (uint32_t)adler32_z(sum, at, len);
}

static void zlib_close(void *state)
{
    if (state)
        (void)inflateEnd(state);
    free(state);
}

const struct inflate_backend inflate_zlib = {
    .name = "zlib",
    .open = zlib_open,
    .reset = zlib_reset,
    .run = zlib_run,
    .crc = zlib_crc,
    .adler = zlib_adler,
    .close = zlib_close,
};
