/*
 * fuzz_archive: archives of pg_dump from any bytes: table of contents and blocks, whole and byte by
 * byte. Both must say the same, up to the place where either fails; and a stream that is stepped
 * over without decoding must end where the decoded one does.
 */
#include "common/buf.h"
#include "formats/dump/archive_blocks.h"
#include "formats/dump/archive_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT_MOST = 1 << 18, FUZZ_WINDOW = 1 << 20 };

enum how { DECODED, SKIPPED };

struct outcome {
    struct buf text; /* of the table of contents */
    struct buf data; /* of the blocks */
    struct err err;
    uint64_t offset; /* where it ended */
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool drain(struct archive_blocks *blocks, struct outcome *o)
{
    unsigned char into[512];
    size_t got = 0;
    enum pull p = PULL_OK;
    struct source *s = archive_block_source(blocks, &o->err);
    must(s != NULL);
    while (p == PULL_OK && o->data.len < OUTPUT_MOST) {
        p = source_read(s, into, sizeof into, &got, &o->err);
        must(p != PULL_OK || (got > 0 && got <= sizeof into));
        if (p == PULL_OK)
            buf_add(&o->data, str_make(into, got));
    }
    source_close(s);
    return p != PULL_FAILED;
}

static void read_blocks(const struct archive_toc *toc, enum how how, struct outcome *o)
{
    struct stream_limits limits = {.max_window = FUZZ_WINDOW};
    struct archive_blocks blocks = archive_blocks_behind(toc, &limits);
    struct archive_block block;
    enum pull p = PULL_OK;
    while (p == PULL_OK && (p = archive_block_next(&blocks, &block, &o->err)) == PULL_OK) {
        int64_t oid = 0;
        bool going = true;
        buf_printf(&o->text, "b%d %lld\n", (int)block.kind, (long long)block.id);
        if (how == SKIPPED)
            continue;
        if (block.kind == ARCHIVE_DATA)
            going = drain(&blocks, o);
        else
            while (going && (p = archive_object_next(&blocks, &oid, &o->err)) == PULL_OK)
                going = drain(&blocks, o);
        if (p == PULL_END)
            p = PULL_OK;
        if (!going)
            p = PULL_FAILED;
    }
    must((p == PULL_FAILED) == err_is(&o->err));
}

static void run(struct arena *arena, struct str bytes, size_t piece, enum how how,
                struct outcome *o)
{
    struct window w;
    struct archive_toc toc;
    struct archive_entry e;
    *o = (struct outcome){.text = {.arena = arena}, .data = {.arena = arena}};
    struct source *s = source_memory(bytes, piece, &o->err);
    must(s && window_open(&w, s, 0, &o->err));
    if (piece)
        w.piece = piece;
    archive_toc_open(&toc, &w);
    if (archive_toc_header(&toc, &o->err)) {
        while (archive_toc_next(&toc, &e, &o->err)) {
            must(e.id > 0 && e.tag.len <= ARCHIVE_NAME_MAX && e.copy.len <= ARCHIVE_TEXT_MAX);
            buf_printf(&o->text, "%lld %zu %zu %zu %zu\n", (long long)e.id, e.tag.len, e.defn.len,
                       e.copy.len, e.file.len);
        }
        if (!err_is(&o->err) && toc.header.format == ARCHIVE_CUSTOM)
            read_blocks(&toc, how, o);
    }
    o->offset = w.offset;
    must(!err_is(&o->err) || o->err.kind == ERR_INCOMPLETE || o->err.kind == ERR_CORRUPT);
    archive_toc_close(&toc);
    window_close(&w);
    source_close(s);
}

static bool same(const struct buf *a, const struct buf *b)
{
    return str_eq(buf_str(a), buf_str(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 16)
        return 0;
    struct arena arena = {0};
    struct outcome whole;
    struct outcome pieces;
    struct outcome skipped;
    struct str bytes = str_make(data, size);
    run(&arena, bytes, 0, DECODED, &whole);
    run(&arena, bytes, 1, DECODED, &pieces);
    run(&arena, bytes, 0, SKIPPED, &skipped);
    must(same(&whole.text, &pieces.text) && whole.err.kind == pieces.err.kind);
    if (!err_is(&whole.err)) {
        must(same(&whole.data, &pieces.data));
        must(same(&whole.text, &skipped.text) && !err_is(&skipped.err));
        must(whole.offset == skipped.offset);
    }
    struct str file;
    (void)archive_object_line(bytes, &file);
    (void)archive_file_named(bytes);
    arena_free(&arena);
    return 0;
}
