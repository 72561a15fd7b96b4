/*
 * archive_jobs: rows of an archive that are decoded and read side by side.
 *
 * Where an archive can be read in several places at once, the thread that walks through it only
 * finds where the rows of each COPY are, and prepares all that the rows need; reading them is a job
 * of the pool. Each job has a source, a decoder and windows of its own, so memory grows with the
 * number of threads. What it tells is looked at when all are done, in the order of the archive, so
 * the outcome is that of reading one after the other.
 *
 *     struct archive_jobs jobs = {0};
 *     if (archive_jobs_pay(a) && archive_data_is_plain_copy(d))
 *         archive_jobs_add_block(a, &jobs, &blocks, &block, rows);
 *     ...
 *     archive_jobs_end(a, &jobs, err)                          false: stopped
 *     for (struct archive_job *j = jobs.first; j; j = j->next)
 *         ...j->err, j->decoded...
 *
 * The files of a folder are read in the same way; analyze.c ends their texts in their order.
 *
 * Ownership: the arena of the analysis.
 */
#ifndef ANALYZER_ARCHIVE_JOBS_H
#define ANALYZER_ARCHIVE_JOBS_H

#include "analyzer/archive.h"

struct archive_job {
    struct pool_job job;
    struct archive_job *next; /* in the order of the archive */
    struct analysis *analysis;
    struct table_rows *rows;
    const char *name; /* of the input, for messages */
    size_t piece;

    struct archive_blocks blocks; /* where a block is */
    struct archive_block block;
    const char *path; /* of a file; NULL: a block */
    enum stream_kind packing;
    struct hole hole;
    /* the caller's */
    const struct archive_data *data;
    size_t number;
    struct input_text text;
    const char *kind, *note;
    bool incomplete;
    struct str server_version;

    /* while it runs */
    struct worker *worker;
    const struct window *stored; /* on the archive */
    uint64_t counted;            /* bytes of it, for the progress line */

    /* behind it */
    struct err err;
    bool rows_failed; /* in or right behind the rows */
    uint64_t decoded;
    struct meter meter; /* of a file */
};

struct archive_jobs {
    struct archive_job *first, *last;
};

/* There is more than one thread, files to be read at any place, and no budget to be shared. */
bool archive_jobs_pay(const struct analysis *a, const struct input_text *text);
struct archive_job *archive_jobs_add_block(struct analysis *a, struct archive_jobs *jobs,
                                           const struct archive_blocks *blocks,
                                           const struct archive_block *block,
                                           struct table_rows *rows);
/* A file of the folder, packed like this; it is opened by the job. */
struct archive_job *archive_jobs_add_file(struct analysis *a, struct archive_jobs *jobs,
                                          const char *path, enum stream_kind packing,
                                          struct table_rows *rows);
/* Waits for all of them. False: err is set, the analysis was stopped. */
bool archive_jobs_end(struct analysis *a, struct err *err);

#endif
