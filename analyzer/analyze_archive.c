/*
 * analyze_archive: a custom archive: its table of contents, then its blocks as they come.
 *
 * One thread passes over all of the file, which finds every block without any offset, and proves
 * that none is missing. What is more than counting it reads on its way; rows are left to jobs where
 * that pays.
 */
#include "analyzer/archive_jobs.h"

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

/* The blocks of an archive as they are read. */
struct blocks {
    struct analysis *a;
    struct archive_tables tables;
    struct archive_blocks at;
    struct archive_jobs jobs;
    size_t number;    /* of the block at hand, from 1 */
    struct err first; /* of the errors, by the number of their blocks */
    size_t failed;
};

/* What stops the run goes before damage. */
static void note_error(struct blocks *b, size_t number, const struct err *why)
{
    bool stops = !err_is_damage(why);
    bool stopped = err_is(&b->first) && !err_is_damage(&b->first);
    if (err_is(&b->first) && stops == stopped ? number >= b->failed : stopped)
        return;
    b->first = *why;
    b->failed = number;
}

/* The bytes up to here that jobs read: they are not told as read twice. */
static void end_passing(struct analysis *a)
{
    if (a->apart.passing)
        a->apart.total += a->input->stored.bytes - a->apart.from;
    a->apart.passing = false;
}

static bool read_apart(struct blocks *b, struct archive_data *d, const struct archive_block *block,
                       struct err *err)
{
    struct analysis *a = b->a;
    struct table_rows *rows = NULL;
    if (!archive_copy_begin(a, &b->tables, d, &rows, err)) {
        archive_data_broke_off(a, d);
        return false;
    }
    if (rows) {
        struct archive_job *j = archive_jobs_add_block(a, &b->jobs, &b->at, block, rows);
        j->data = d;
        j->number = b->number;
        a->apart.passing = true;
        a->apart.from = a->input->stored.bytes;
    }
    return true;
}

static bool on_block(struct blocks *b, const struct archive_block *block, struct err *err)
{
    struct analysis *a = b->a;
    struct archive_data *d = archive_tables_take(&b->tables, block->id, err);
    if (!d)
        return false;
    bool objects = archive_data_is_objects(d);
    if (objects != (block->kind == ARCHIVE_LARGE_OBJECTS))
        return archive_damaged(b->at.window, block->offset,
                               "a block of another kind than its entry", err);
    if (objects)
        return analysis_objects_excluded(a) || read_objects(a, &b->tables, d, &b->at, err);
    if (archive_data_is_excluded(a, d))
        return true;
    return archive_jobs_pay(a, a->text) && archive_data_is_copy(d)
               ? read_apart(b, d, block, err)
               : read_decoded(a, &b->tables, d, &b->at, err);
}

/* Every block in turn; one that is damaged does not stop the others. */
static void pass_blocks(struct blocks *b)
{
    struct archive_block block;
    struct err err = {0};
    while (!err_is(&b->first) || err_is_damage(&b->first)) {
        enum pull p = archive_block_next(&b->at, &block, &err);
        end_passing(b->a);
        if (p == PULL_FAILED)
            note_error(b, 2 * b->number + 1, &err); /* behind what is in the block */
        if (p != PULL_OK)
            break;
        b->number++;
        if (!on_block(b, &block, &err))
            note_error(b, 2 * b->number, &err);
        err = (struct err){0};
    }
}

static void end_jobs(struct blocks *b)
{
    struct analysis *a = b->a;
    struct err stopped = {0};
    if (err_is(&b->first) && !err_is_damage(&b->first))
        pool_cancel_jobs(a->pool);
    if (!archive_jobs_end(a, &stopped))
        note_error(b, 0, &stopped);
    for (struct archive_job *j = b->jobs.first; j; j = j->next) {
        a->block_bytes += j->decoded;
        if (!err_is(&j->err))
            continue;
        archive_data_broke_off(a, j->data);
        analysis_rows_failed(a, j->rows, &j->err);
        note_error(b, 2 * j->number, &j->err);
    }
}

static bool read_blocks(struct analysis *a, struct archive_toc *toc, struct err *err)
{
    struct blocks b = {.a = a};
    if (!archive_tables_read(a, toc, &b.tables, err))
        return false;
    struct stream_limits limits = input_text_limits(a->input);
    b.at = archive_blocks_behind(toc, &limits);
    pass_blocks(&b);
    end_jobs(&b);
    if (!err_is(&b.at.why) && (!err_is(&b.first) || err_is_damage(&b.first)))
        archive_tables_settle(a, &b.tables);
    if (!err_is(&b.first))
        archive_objects_settle(a, &b.tables);
    *err = b.first;
    return !err_is(err);
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
