/* archive_jobs: a block or file read from a place of its own, on whatever thread is free. */
#include "analyzer/archive_jobs.h"

bool archive_jobs_pay(const struct analysis *a, const struct input_text *text)
{
    const struct input *in = a->input;
    bool any_place = in->folder || (in->file >= 0 && input_is_plain(in, text));
    return any_place && pool_threads(a->pool) > 1 && !in->limits.max_decoded_bytes;
}

/* Tells the progress line what was read since the last time, and whether to go on. */
static bool keep_on(void *context, struct err *err)
{
    struct archive_job *j = context;
    struct analysis *a = j->analysis;
    uint64_t read = j->path ? j->meter.bytes : j->stored->offset - j->block.offset;
    atomic_fetch_add_explicit(&a->apart.read, read - j->counted, memory_order_relaxed);
    j->counted = read;
    if (pool_is_caller(j->worker))
        return !a->input->watch || a->input->watch(a->input->context, err);
    if (pool_jobs_cancelled(j->worker))
        err_set(err, ERR_SIGNAL, 437, "stopped");
    return !err_is(err);
}

static bool read_rows(struct archive_job *j, struct window *decoded)
{
    decoded->name = j->name;
    decoded->piece = j->piece;
    bool done = rows_scan_by(j->worker, j->rows->scan, decoded, ROWS_END_LINE, &j->err) &&
                archive_copy_ends(decoded, &j->err);
    j->rows_failed = !done;
    j->decoded = decoded->offset;
    return done;
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
    bool done = read_rows(j, &decoded);
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

/* From the file up: stored bytes, counted, unpacked. */
static struct source *open_file(struct archive_job *j)
{
    const struct stream_limits limits = {.max_window = j->analysis->input->limits.max_window};
    struct source *file = input_open_file(j->path, NULL, &j->err);
    if (!file) {
        err_set(&j->err, ERR_SYSTEM, 103, "open %s: it is no file any more", j->name);
        return NULL;
    }
    struct source *watched = source_watched(file, keep_on, j, &j->err);
    j->meter.kind = j->analysis->options->limits.digest;
    struct source *metered = watched ? source_metered(watched, &j->meter, &j->err) : NULL;
    if (!metered) {
        source_close(watched ? watched : file);
        return NULL;
    }
    return j->packing == STREAM_NONE ? metered
                                     : stream_source(j->packing, metered, &limits, &j->err);
}

static void run_file(struct pool_job *job, struct worker *w)
{
    struct archive_job *j = (struct archive_job *)job;
    struct window decoded;
    j->worker = w;
    struct source *source = open_file(j);
    if (source && window_open(&decoded, source, TEXT_WINDOW, &j->err)) {
        hole_watch(&j->hole, &decoded);
        if (read_rows(j, &decoded) && window_skip_all(&decoded, &j->err))
            (void)analysis_is_no_hole(&j->hole, j->name, &j->err);
        window_close(&decoded);
    }
    source_close(source);
}

static struct archive_job *add(struct analysis *a, struct archive_jobs *jobs,
                               const struct archive_job *model)
{
    struct archive_job *j = ARENA_NEW(a->arena, struct archive_job);
    *j = *model;
    j->analysis = a;
    j->name = a->window->name;
    j->piece = a->window->piece;
    if (jobs->last)
        jobs->last->next = j;
    else
        jobs->first = j;
    jobs->last = j;
    pool_add_job(a->pool, &j->job);
    return j;
}

struct archive_job *archive_jobs_add_block(struct analysis *a, struct archive_jobs *jobs,
                                           const struct archive_blocks *blocks,
                                           const struct archive_block *block,
                                           struct table_rows *rows)
{
    return add(a, jobs,
               &(struct archive_job){
                   .job.run = run_block, .rows = rows, .blocks = *blocks, .block = *block});
}

struct archive_job *archive_jobs_add_file(struct analysis *a, struct archive_jobs *jobs,
                                          const char *path, enum stream_kind packing,
                                          struct table_rows *rows)
{
    return add(
        a, jobs,
        &(struct archive_job){.job.run = run_file, .rows = rows, .path = path, .packing = packing});
}

bool archive_jobs_end(struct analysis *a, struct err *err)
{
    return pool_end_jobs(a->pool, a->input->watch, a->input->context, err);
}
