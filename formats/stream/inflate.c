/*
 * inflate: gzip members (RFC 1952) and the zlib stream (RFC 1950) around raw DEFLATE; headers,
 * checksums and lengths are ours.
 */
#include "formats/stream/inflate.h"
#include "formats/stream/decoder.h"
#include "formats/stream/stream.h"

/* RFC 1952 section 2.3.1 */
enum {
    GZIP_ID1 = 0x1f,
    GZIP_ID2 = 0x8b,
    GZIP_DEFLATE = 8,
    GZIP_FHCRC = 0x02,
    GZIP_FEXTRA = 0x04,
    GZIP_FNAME = 0x08,
    GZIP_FCOMMENT = 0x10,
    GZIP_RESERVED = 0xe0,
    GZIP_FIXED = 10,
    GZIP_TRAILER = 8
};

/* RFC 1950 section 2.2 */
enum {
    ZLIB_HEADER = 2,
    ZLIB_DEFLATE = 8,
    ZLIB_WINDOW_MOST = 7,
    ZLIB_CHECK = 31, /* what the header, as one number, is a multiple of */
    ZLIB_FDICT = 0x20,
    ZLIB_TRAILER = 4
};

struct inflate;

/* What stands around the DEFLATE data. */
struct wrapping {
    enum pull (*next)(struct inflate *g); /* OK: the data begins; END: none is due */
    enum pull (*trailer)(struct inflate *g);
    uint32_t first_sum;
};

struct inflate {
    struct decoder frame;
    const struct wrapping *wrapping;
    const struct inflate_backend *backend;
    uint32_t (*sum)(uint32_t sum, const unsigned char *at, size_t len);
    void *state;
    bool in_member; /* between a header and its trailer */
    uint64_t members;
    uint32_t checksum;
    uint32_t size;       /* of the member, modulo 2^32 as in the trailer */
    uint32_t header_crc; /* over the header bytes so far */
};

static uint32_t be32(const unsigned char *at)
{
    return (uint32_t)at[3] | (uint32_t)at[2] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[0] << 24;
}

static enum pull begin_data(struct inflate *g)
{
    g->backend->reset(g->state);
    g->checksum = g->wrapping->first_sum;
    g->size = 0;
    g->in_member = true;
    return PULL_OK;
}

/* The next n header bytes, valid until the next call; NULL when they cannot be had. */
static const unsigned char *header_take(struct inflate *g, size_t n)
{
    struct decoder *d = &g->frame;
    enum pull p = decoder_want(d, n);
    if (p == PULL_END)
        (void)decoder_cut(d, "in a header");
    if (p != PULL_OK)
        return NULL;
    const unsigned char *bytes = d->in.at;
    g->header_crc = g->backend->crc(g->header_crc, bytes, n);
    intake_use(&d->in, n);
    return bytes;
}

static bool header_extra(struct inflate *g)
{
    const unsigned char *b = header_take(g, 2);
    if (!b)
        return false;
    size_t len = (size_t)little_endian(b, 2);
    return len == 0 || header_take(g, len);
}

/* A name or a comment: bytes up to a NUL. */
static bool header_text(struct inflate *g)
{
    const unsigned char *b;
    do
        b = header_take(g, 1);
    while (b && *b != 0);
    return b != NULL;
}

static bool header_checksum(struct inflate *g)
{
    uint32_t found = g->header_crc & 0xffff;
    const unsigned char *b = header_take(g, 2);
    if (!b)
        return false;
    if (little_endian(b, 2) == found)
        return true;
    (void)decoder_damaged(&g->frame, "the header's checksum does not match");
    return false;
}

static enum pull read_header(struct inflate *g)
{
    g->header_crc = 0;
    const unsigned char *b = header_take(g, GZIP_FIXED);
    if (!b)
        return PULL_FAILED;
    unsigned flags = b[3];
    if (b[2] != GZIP_DEFLATE)
        return decoder_damaged(&g->frame, "a compression method that gzip does not have");
    if (flags & GZIP_RESERVED)
        return decoder_damaged(&g->frame, "a header with reserved flags");
    bool read = (!(flags & GZIP_FEXTRA) || header_extra(g)) &&
                (!(flags & GZIP_FNAME) || header_text(g)) &&
                (!(flags & GZIP_FCOMMENT) || header_text(g)) &&
                (!(flags & GZIP_FHCRC) || header_checksum(g));
    return read ? begin_data(g) : PULL_FAILED;
}

/* Tapes and some file systems fill up with zeros; nothing else may follow the last member. */
static enum pull read_padding(struct inflate *g)
{
    struct decoder *d = &g->frame;
    enum pull p;
    while ((p = decoder_fill(d)) == PULL_OK) {
        while (d->in.left > 0 && *d->in.at == 0) {
            intake_use(&d->in, 1);
        }
        if (d->in.left > 0)
            return decoder_trailing(d);
    }
    return p;
}

/* OK: a member begins. */
static enum pull next_member(struct inflate *g)
{
    struct decoder *d = &g->frame;
    enum pull p = decoder_want(d, 2);
    if (p == PULL_FAILED)
        return PULL_FAILED;
    if (d->in.left == 0 && g->members > 0)
        return PULL_END;
    bool begins =
        d->in.left == 0 || (d->in.at[0] == GZIP_ID1 && (d->in.left < 2 || d->in.at[1] == GZIP_ID2));
    if (begins)
        return read_header(g);
    if (g->members == 0)
        return decoder_damaged(d, "it does not begin with a gzip header");
    return read_padding(g);
}

static enum pull read_trailer(struct inflate *g)
{
    struct decoder *d = &g->frame;
    enum pull p = decoder_want(d, GZIP_TRAILER);
    if (p == PULL_END)
        return decoder_cut(d, "in a trailer");
    if (p == PULL_FAILED)
        return PULL_FAILED;
    uint32_t crc = (uint32_t)little_endian(d->in.at, 4);
    uint32_t size = (uint32_t)little_endian(d->in.at + 4, 4);
    intake_use(&d->in, GZIP_TRAILER);
    if (crc != g->checksum)
        return decoder_damaged(d, "the checksum of the data does not match");
    if (size != g->size)
        return decoder_damaged(d, "the length of the data does not match");
    g->in_member = false;
    g->members++;
    return PULL_OK;
}

/* One stream; nothing follows it. */
static enum pull next_zlib(struct inflate *g)
{
    struct decoder *d = &g->frame;
    if (g->members > 0) {
        enum pull p = decoder_fill(d);
        return p == PULL_OK ? decoder_trailing(d) : p;
    }
    enum pull p = decoder_want(d, ZLIB_HEADER);
    if (p != PULL_OK)
        return p == PULL_END ? decoder_cut(d, "in a header") : p;
    unsigned method = d->in.at[0];
    unsigned flags = d->in.at[1];
    if ((method * 256 + flags) % ZLIB_CHECK != 0 || (method & 0x0f) != ZLIB_DEFLATE ||
        method >> 4 > ZLIB_WINDOW_MOST)
        return decoder_damaged(d, "it does not begin with a zlib header");
    if (flags & ZLIB_FDICT)
        return decoder_damaged(d, "it needs a dictionary, which is not in it");
    intake_use(&d->in, ZLIB_HEADER);
    return begin_data(g);
}

static enum pull zlib_trailer(struct inflate *g)
{
    struct decoder *d = &g->frame;
    enum pull p = decoder_want(d, ZLIB_TRAILER);
    if (p != PULL_OK)
        return p == PULL_END ? decoder_cut(d, "in a trailer") : p;
    uint32_t stated = be32(d->in.at);
    intake_use(&d->in, ZLIB_TRAILER);
    if (stated != g->checksum)
        return decoder_damaged(d, "the checksum of the data does not match");
    g->in_member = false;
    g->members++;
    return PULL_OK;
}

/* Decodes into the room; *got may stay 0 when the input was only a part of a block header. */
static enum pull read_blocks(struct inflate *g, unsigned char *into, size_t room, size_t *got)
{
    struct decoder *d = &g->frame;
    struct inflate_run run = {.in = d->in.at, .in_len = d->in.left, .out = into, .out_len = room};
    enum inflate_result result = g->backend->run(g->state, &run);
    bool moved = run.in != d->in.at || run.out != into;
    d->in.at = run.in;
    d->in.left = run.in_len;
    *got = (size_t)(run.out - into);
    g->checksum = g->sum(g->checksum, into, *got);
    g->size += (uint32_t)*got; /* modulo 2^32 by intent */
    if (result == INFLATE_BAD)
        return decoder_damaged(d, run.why);
    if (result == INFLATE_DONE)
        return g->wrapping->trailer(g);
    if (moved)
        return PULL_OK;
    if (d->in.left > 0)
        return decoder_damaged(d, "the decoder is stuck");
    enum pull p = decoder_fill(d);
    return p == PULL_END ? decoder_cut(d, "in a block") : p;
}

static enum pull inflate_step(struct decoder *d, unsigned char *into, size_t room, size_t *got)
{
    struct inflate *g = (struct inflate *)d;
    enum pull p = PULL_OK;
    while (p == PULL_OK && *got == 0)
        p = g->in_member ? read_blocks(g, into, room, got) : g->wrapping->next(g);
    return p;
}

static void inflate_release(struct decoder *d)
{
    struct inflate *g = (struct inflate *)d;
    if (g->state)
        g->backend->close(g->state);
}

static struct inflate *open_wrapped(const struct decoder_ops *ops, const struct wrapping *wrapping,
                                    const struct inflate_backend *backend, struct source *below,
                                    struct err *err)
{
    struct inflate *g = decoder_open(sizeof *g, ops, below, err);
    if (!g)
        return NULL;
    g->wrapping = wrapping;
    g->backend = backend;
    g->state = backend->open();
    if (g->state)
        return g;
    (void)decoder_no_memory(&g->frame, err);
    return NULL;
}

struct source *inflate_source_by(const struct inflate_backend *backend, struct source *below,
                                 struct err *err)
{
    static const struct decoder_ops ops = {
        .name = "gzip", .step = inflate_step, .release = inflate_release};
    static const struct wrapping gzip = {.next = next_member, .trailer = read_trailer};
    struct inflate *g = open_wrapped(&ops, &gzip, backend, below, err);
    if (!g)
        return NULL;
    g->sum = backend->crc;
    return &g->frame.base;
}

struct source *zlib_source_by(const struct inflate_backend *backend, struct source *below,
                              struct err *err)
{
    static const struct decoder_ops ops = {
        .name = "zlib", .step = inflate_step, .release = inflate_release};
    static const struct wrapping zlib = {
        .next = next_zlib, .trailer = zlib_trailer, .first_sum = 1};
    struct inflate *g = open_wrapped(&ops, &zlib, backend, below, err);
    if (!g)
        return NULL;
    g->sum = backend->adler;
    return &g->frame.base;
}

struct source *inflate_source(struct source *below, const struct stream_limits *limits,
                              struct err *err)
{
    (void)limits; /* DEFLATE's window is 32 KiB */
    return inflate_source_by(&inflate_isal, below, err);
}

struct source *zlib_source(struct source *below, const struct stream_limits *limits,
                           struct err *err)
{
    (void)limits;
    return zlib_source_by(&inflate_isal, below, err);
}
