/* archive_blocks: chunks -> one stream -> its decoder. */
#include "formats/dump/archive_blocks.h"

#include <stdlib.h>

struct archive_blocks archive_blocks_behind(const struct archive_toc *t,
                                            const struct stream_limits *limits)
{
    return (struct archive_blocks){.window = t->window,
                                   .int_size = t->header.int_size,
                                   .compression = t->header.compression,
                                   .limits = *limits};
}

struct archive_blocks archive_blocks_at(const struct archive_blocks *b, struct window *w)
{
    return (struct archive_blocks){
        .window = w, .int_size = b->int_size, .compression = b->compression, .limits = b->limits};
}

/* The place in the archive is lost. */
static bool broken(struct archive_blocks *b, const struct err *err)
{
    b->why = *err;
    return false;
}

static bool take_int(struct archive_blocks *b, int64_t *value, struct err *err)
{
    return archive_int(b->window, b->int_size, value, err) || broken(b, err);
}

static bool need_byte(struct archive_blocks *b, struct err *err)
{
    return archive_need(b->window, 1, err) || broken(b, err);
}

static bool damaged(struct archive_blocks *b, uint64_t at, const char *what, struct err *err)
{
    (void)archive_damaged(b->window, at, what, err);
    return broken(b, err);
}

/* ---- chunks ---- */

/* Reads the length of the next chunk; 0 ends the stream. */
static bool next_chunk(struct archive_blocks *b, struct err *err)
{
    int64_t len = 0;
    uint64_t at = b->window->offset;
    if (!take_int(b, &len, err))
        return false;
    if (len < 0 || len > INT32_MAX)
        return damaged(b, at, "a length that no chunk has", err);
    b->left = (uint64_t)len;
    b->in_stream = len > 0;
    return true;
}

static bool skip_stream(struct archive_blocks *b, struct err *err)
{
    while (b->in_stream) {
        if (b->left == 0) {
            if (!next_chunk(b, err))
                return false;
            continue;
        }
        if (!need_byte(b, err))
            return false;
        size_t have = window_rest(b->window).len;
        size_t n = b->left < have ? (size_t)b->left : have;
        window_skip_lines(b->window, n, 0);
        b->left -= n;
    }
    return true;
}

/* The chunks of a stream as a source. */
struct chunks {
    struct source base;
    struct archive_blocks *blocks;
};

/* Is the length of another chunk in view? Then asking for it does not wait for the input. */
static bool chunk_in_view(const struct archive_blocks *b)
{
    return window_rest(b->window).len > b->int_size;
}

/* Some bytes of the chunk at hand. */
static bool chunk_bytes(struct archive_blocks *b, unsigned char *into, size_t room, size_t *got,
                        struct err *err)
{
    /* Small chunks are taken out of a full window, long ones past it. */
    if (window_rest(b->window).len == 0 && b->left < b->window->room && !need_byte(b, err))
        return false;
    enum pull p = window_read(b->window, into, room < b->left ? room : (size_t)b->left, got, err);
    if (p == PULL_END)
        (void)archive_need(b->window, 1, err); /* says that it is cut off */
    if (p != PULL_OK)
        return broken(b, err);
    b->left -= *got;
    return true;
}

/* What breaks the archive is told when the bytes before it were given out. */
static enum pull chunks_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                             struct err *err)
{
    struct archive_blocks *b = ((struct chunks *)base)->blocks;
    struct err why = {0};
    *got = 0;
    while (*got < room && b->in_stream && !err_is(&b->why)) {
        size_t more = 0;
        bool in_view = b->left ? window_rest(b->window).len > 0 : chunk_in_view(b);
        if (*got > 0 && !in_view)
            break;
        if (b->left == 0)
            (void)next_chunk(b, &why);
        else if (chunk_bytes(b, into + *got, room - *got, &more, &why))
            *got += more;
    }
    if (*got > 0)
        return PULL_OK;
    if (!err_is(&b->why))
        return PULL_END;
    if (!err_is(err))
        *err = b->why;
    return PULL_FAILED;
}

static void chunks_close(struct source *base)
{
    free(base);
}

struct source *archive_block_source(struct archive_blocks *b, struct err *err)
{
    static const struct source_ops ops = {.read = chunks_read, .close = chunks_close};
    struct chunks *c = calloc(1, sizeof *c);
    if (!c) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        return NULL;
    }
    c->base.ops = &ops;
    c->blocks = b;
    struct source *s = &c->base;
    switch (b->compression) {
    case ARCHIVE_NONE:
        break;
    case ARCHIVE_ZLIB:
        s = zlib_source(s, &b->limits, err);
        break;
    case ARCHIVE_LZ4:
        s = lz4_source(s, &b->limits, err);
        break;
    case ARCHIVE_ZSTD:
        s = zstd_source(s, &b->limits, err);
        break;
    }
    return bounded_source(s, b->limits.budget, err);
}

/* ---- blocks and objects ---- */

enum pull archive_object_next(struct archive_blocks *b, int64_t *oid, struct err *err)
{
    if (!skip_stream(b, err) || !take_int(b, oid, err))
        return PULL_FAILED;
    b->left = 0;
    b->in_stream = b->inside = *oid != 0;
    return b->inside ? PULL_OK : PULL_END;
}

/* Up to the end of the present block. */
static bool skip_block(struct archive_blocks *b, struct err *err)
{
    int64_t oid = 0;
    if (b->block.kind == ARCHIVE_LARGE_OBJECTS) {
        enum pull p = PULL_OK;
        while (b->inside && p == PULL_OK)
            p = archive_object_next(b, &oid, err);
        return p != PULL_FAILED;
    }
    return skip_stream(b, err);
}

enum pull archive_block_next(struct archive_blocks *b, struct archive_block *block, struct err *err)
{
    struct window *w = b->window;
    unsigned kind = 0;
    if (err_is(&b->why)) {
        *err = b->why;
        return PULL_FAILED;
    }
    if (!skip_block(b, err))
        return PULL_FAILED;
    if (window_rest(w).len == 0 && !window_more(w, err) && w->state == PULL_END)
        return PULL_END;
    b->block.offset = w->offset;
    if (!archive_byte(w, &kind, err)) {
        (void)broken(b, err);
        return PULL_FAILED;
    }
    if (kind != ARCHIVE_DATA && kind != ARCHIVE_LARGE_OBJECTS) {
        (void)damaged(b, b->block.offset, "a block of an unknown kind", err);
        return PULL_FAILED;
    }
    b->block.kind = (enum archive_block_kind)kind;
    if (!take_int(b, &b->block.id, err))
        return PULL_FAILED;
    b->inside = true;
    b->in_stream = kind == ARCHIVE_DATA;
    b->left = 0;
    *block = b->block;
    return PULL_OK;
}
