/* analyze_archive: a custom archive: its table of contents, then its blocks as they come. */
#include "analyzer/archive.h"

static bool on_block(struct analysis *a, struct archive_tables *t, struct archive_blocks *blocks,
                     const struct archive_block *block, struct err *err)
{
    struct archive_data *d = archive_tables_find(t, block->id, err);
    if (!d)
        return false;
    if (archive_data_is_objects(d) != (block->kind == ARCHIVE_LARGE_OBJECTS))
        return archive_damaged(blocks->window, block->offset,
                               "a block of another kind than its entry", err);
    d->seen = true;
    if (block->kind == ARCHIVE_LARGE_OBJECTS) {
        analysis_unread(a, NULL, "large objects: not read in this version", 1);
        return true;
    }
    if (archive_data_is_excluded(a, d))
        return true;
    return archive_data_read(a, t, d, archive_block_source(blocks, err), err);
}

static bool read_blocks(struct analysis *a, struct archive_tables *t, const struct archive_toc *toc,
                        struct err *err)
{
    struct archive_blocks blocks = archive_blocks_behind(toc, &a->input->limits);
    struct archive_block block;
    enum pull p;
    while ((p = archive_block_next(&blocks, &block, err)) == PULL_OK)
        if (!on_block(a, t, &blocks, &block, err))
            return false;
    return p == PULL_END;
}

bool analyze_archive(struct analysis *a, struct err *err)
{
    struct archive_toc toc;
    struct archive_tables t = {0};
    archive_toc_open(&toc, a->window);
    bool done = archive_tables_read(a, &toc, &t, err);
    if (!done && err->id == 382)
        a->refused = true;
    if (done && t.header.format != ARCHIVE_CUSTOM) {
        err_set(err, ERR_CORRUPT, 385,
                "%s: the table of contents of a pg_dump archive in directory or tar format",
                a->text->path);
        err_hint(err,
                 "these formats are not read in this version; make a plain dump: pg_restore -f "
                 "dump.sql FOLDER");
        a->refused = true;
        done = false;
    }
    done = done && read_blocks(a, &t, &toc, err);
    if (done)
        archive_tables_settle(a, &t);
    archive_toc_close(&toc);
    return done;
}
