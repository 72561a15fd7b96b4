/* archive_jobs: a block read from a place of its own, on whatever thread is free. */
#include "analyzer/archive_jobs.h"

bool archive_jobs_pay(const struct analysis *a)
{
    return pool_threads(a->pool) > 1 && a->input->file >= 0 && input_is_plain(a->input, a->text) &&
           !a->input->limits.max_decoded_bytes;
}

/* Tells the progress line what was read since the last time, and whether to go on. */
static bool keep_on(void *context, struct err *err)
{
    struct archive_job *j = context;
    struct analysis *a = j->analysis;
    uint64_t read = j->stored ? j->stored->offset - j->block.offset : 0;
    atomic_fetch_add_explicit(&a->apart.read, read - j->counted, memory_order_relaxed);
    j->counted = read;
    if (pool_is_caller(j->worker))
        return !a->input->watch || a->input->watch(a->input->context, err);
    if (pool_jobs_cancelled(j->worker))
        err_set(err, ERR_SIGNAL, 437, "stopped");
    return !err_is(err);
}

/* The window on the archive stands at the block. */
static bool read_block(struct archive_job *j, struct window *archive)
{
    struct archive_blocks blocks = archive_blocks_at(&j->blocks, archive);
    struct archive_block block;
    struct window decoded;
    struct err *err = &j->err;
    enum pull p = archive_block_next(&blocks, &block, err);
    if (p != PULL_OK || block.kind != j->block.kind || block.id != j->block.id)
        return archive_damaged(archive, j->block.offset, "another block than a moment ago", err);
    struct source *source = archive_block_source(&blocks, err);
    if (!source || !window_open(&decoded, source, TEXT_WINDOW, err)) {
        source_close(source);
        return false;
    }
    decoded.name = j->name;
    decoded.piece = j->piece;
    bool done = rows_scan_by(j->worker, j->rows->scan, &decoded, ROWS_END_LINE, err) &&
                archive_copy_ends(&decoded, err);
    j->decoded = decoded.offset;
    window_close(&decoded);
    source_close(source);
    return done;
}

static void run_block(struct pool_job *job, struct worker *w)
{
    struct archive_job *j = (struct archive_job *)job;
    struct window archive;
    j->worker = w;
    struct source *file = source_from(j->analysis->input->file, j->block.offset, j->name, &j->err);
    struct source *source = file ? source_watched(file, keep_on, j, &j->err) : NULL;
    if (source && window_open(&archive, source, TEXT_WINDOW, &j->err)) {
        archive.name = j->name;
        archive.piece = j->piece;
        archive.offset = j->block.offset;
        j->stored = &archive;
        (void)read_block(j, &archive);
        j->stored = NULL;
        window_close(&archive);
    }
    source_close(source ? source : file);
}

struct archive_job *archive_jobs_add_block(struct analysis *a, struct archive_jobs *jobs,
                                           const struct archive_blocks *blocks,
                                           const struct archive_block *block,
                                           struct table_rows *rows)
{
    struct archive_job *j = ARENA_NEW(a->arena, struct archive_job);
    *j = (struct archive_job){.job.run = run_block,
                              .analysis = a,
                              .rows = rows,
                              .name = a->window->name,
                              .piece = a->window->piece,
                              .blocks = *blocks,
                              .block = *block};
    if (jobs->last)
        jobs->last->next = j;
    else
        jobs->first = j;
    jobs->last = j;
    pool_add_job(a->pool, &j->job);
    return j;
}

bool archive_jobs_end(struct analysis *a, struct err *err)
{
    return pool_end_jobs(a->pool, a->input->watch, a->input->context, err);
}
