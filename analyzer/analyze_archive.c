/* analyze_archive: a custom archive: its table of contents, then its blocks as they come. */
#include "analyzer/archive.h"

/* A window on decoded bytes for one of the readers, which expect it in a->window. */
static bool read_decoded(struct analysis *a, struct archive_tables *t, struct archive_data *d,
                         struct archive_blocks *blocks, struct err *err)
{
    struct window decoded;
    struct window *archive = a->window;
    struct source *source = archive_block_source(blocks, err);
    if (!source || !window_open(&decoded, source, TEXT_WINDOW, err)) {
        source_close(source);
        return false;
    }
    decoded.name = archive->name;
    decoded.piece = archive->piece;
    a->window = &decoded;
    bool done =
        archive_data_is_objects(d) ? analysis_object(a, err) : archive_data_read(a, t, d, err);
    a->window = archive;
    a->block_bytes += decoded.offset;
    window_close(&decoded);
    source_close(source);
    return done;
}

static bool read_objects(struct analysis *a, struct archive_tables *t, struct archive_data *d,
                         struct archive_blocks *blocks, struct err *err)
{
    int64_t oid = 0;
    enum pull p = PULL_OK;
    while ((p = archive_object_next(blocks, &oid, err)) == PULL_OK) {
        archive_object_came(t, (uint64_t)oid);
        if (!read_decoded(a, t, d, blocks, err)) {
            err_context(err, "large object %lld", (long long)oid);
            return false;
        }
    }
    return p == PULL_END;
}

static bool on_block(struct analysis *a, struct archive_tables *t, struct archive_blocks *blocks,
                     const struct archive_block *block, struct err *err)
{
    struct archive_data *d = archive_tables_take(t, block->id, err);
    if (!d)
        return false;
    bool objects = archive_data_is_objects(d);
    if (objects != (block->kind == ARCHIVE_LARGE_OBJECTS))
        return archive_damaged(blocks->window, block->offset,
                               "a block of another kind than its entry", err);
    if (objects)
        return analysis_objects_excluded(a) || read_objects(a, t, d, blocks, err);
    return archive_data_is_excluded(a, d) || read_decoded(a, t, d, blocks, err);
}

static bool read_blocks(struct analysis *a, struct archive_toc *toc, struct err *err)
{
    struct archive_tables t = {0};
    struct archive_block block;
    enum pull p;
    if (!archive_tables_read(a, toc, &t, err))
        return false;
    struct stream_limits limits = input_text_limits(a->input);
    struct archive_blocks blocks = archive_blocks_behind(toc, &limits);
    while ((p = archive_block_next(&blocks, &block, err)) == PULL_OK)
        if (!on_block(a, &t, &blocks, &block, err))
            return false;
    if (p == PULL_END) {
        archive_tables_settle(a, &t);
        archive_objects_settle(a, &t);
    }
    return p == PULL_END;
}

bool analyze_archive(struct analysis *a, struct err *err)
{
    struct archive_toc toc;
    bool done = false;
    archive_toc_open(&toc, a->window);
    if (archive_toc_header(&toc, err))
        done = toc.header.format == ARCHIVE_CUSTOM ? read_blocks(a, &toc, err)
                                                   : archive_folder_toc(a, &toc, err);
    else
        archive_folder_broken(a);
    a->refused = a->refused || (!done && err->id == 382);
    archive_toc_close(&toc);
    return done;
}
