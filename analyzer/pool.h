/*
 * pool: the rows of tables, read in batches and scanned by workers.
 *
 * The caller's thread walks the dump; where it meets rows it calls rows_scan, which reads the
 * source straight into batch buffers and hands whole records to whichever worker is free. It
 * returns when the rows are *read*; scanning may still be in flight, so there is no stall between
 * tables.
 *
 *     struct pool *pool = pool_open(&(struct pool_options){.threads = 2}, err);
 *     struct table_scan *t = pool_table(pool, &layout);          per table; from the pool's memory
 *     bool ok = rows_scan(pool, t, &window, ROWS_END_LINE, err); window then behind the line \.
 *     ...
 *     pool_drain(pool);                                          every result is complete
 *     tally_report(&t->total, column, &run, &report_column) ...
 *     pool_close(pool);
 *
 * Rows that stand in several places can be read side by side: each place is a job, which a thread
 * of the pool does when it has nothing to scan, by reading with rows_scan_by:
 *
 *     pool_add_job(pool, &job);                         job.run will be called, on some thread
 *     ...rows_scan of other rows, on this one...
 *     if (!pool_end_jobs(pool, watch, context, err)) ...
 *
 * A table may be read by one job or caller at a time; what jobs use besides is theirs to guard.
 *
 * Threads: the functions are for one calling thread, but for those that take a worker. With one
 * thread all is done on it. With N, N-1 workers scan and do jobs, and whoever reads lends a hand
 * when no buffer is free. Where the source has a place (source.h), they read the bulk of long rows
 * with the caller; only that is asked, then as ever, whether to go on.
 * Errors: the input ends before \. : ERR_INCOMPLETE 312; before a CSV quote closes: ERR_INCOMPLETE
 * (csv.h); the source fails: its error. What was read before is counted all the same.
 * Limits: buffers are (2 x threads + 1) x block_size; a record longer than that is scanned in
 * pieces on the caller's thread, whatever its length.
 */
#ifndef ANALYZER_POOL_H
#define ANALYZER_POOL_H

#include "analyzer/scan.h"
#include "formats/dump/window.h"

enum {
    POOL_THREADS_MAX = 256,
    POOL_BLOCK_DEFAULT = 256 * 1024, /* a few fit the second-level cache */
    POOL_BLOCK_MAX = 256 * 1024 * 1024
};

struct pool_options {
    unsigned threads;  /* 0: as many as there are processors */
    size_t block_size; /* 0: the default; from 1 byte */
};

/* The scan of one table; after pool_drain complete and at rest. */
struct table_scan {
    const struct scan_layout *layout;
    struct tally total;
    uint64_t bytes;         /* of its rows, without the end line */
    uint64_t ragged_record; /* number of the first ragged record, from 1; 0: none */
    uint64_t settled;       /* records of batches with none unfinished before them */
};

enum rows_end {
    ROWS_END_LINE, /* COPY in a script: the line \. must come */
    ROWS_END_INPUT /* a CSV file or bare COPY text: the end of the input (a line \. also ends it) */
};

struct pool;
struct worker; /* a thread of the pool, as it is known to the jobs that it does */

struct pool_job {
    void (*run)(struct pool_job *job, struct worker *w);
    struct pool_job *next; /* the pool's */
};

struct pool *pool_open(const struct pool_options *options, struct err *err);
/* Stops the workers and frees everything, table scans included. NULL is allowed. */
void pool_close(struct pool *p);

struct table_scan *pool_table(struct pool *p, const struct scan_layout *layout);
/* May be called again for the same table: a second COPY of it adds up. */
bool rows_scan(struct pool *p, struct table_scan *t, struct window *w, enum rows_end end,
               struct err *err);
/* The same within a job. */
bool rows_scan_by(struct worker *worker, struct table_scan *t, struct window *w, enum rows_end end,
                  struct err *err);
/* The window up to its end is one record of a table of SCAN_BYTES; scanned here and now. */
bool value_scan(struct pool *p, struct table_scan *t, struct window *w, struct err *err);
/* Scans whole records here and now, for who reads them anyway (records.h). */
void pool_scan_here(struct pool *p, struct table_scan *t, struct str rows);
/* Waits until every batch is scanned and merged. No job is left. */
void pool_drain(struct pool *p);

/* How many threads there are, the caller's among them: with one, jobs are of no use. */
unsigned pool_threads(const struct pool *p);
void pool_add_job(struct pool *p, struct pool_job *job);
/*
 * Does jobs and scans until all jobs are done, and asks `watch` between. When that gives false (err
 * set), or the jobs were cancelled before, those that wait are never done, and those that run
 * should end soon.
 */
bool pool_end_jobs(struct pool *p, source_watch watch, void *context, struct err *err);
void pool_cancel_jobs(struct pool *p);
/* For jobs, now and then: any thread. */
bool pool_jobs_cancelled(const struct worker *w);
/* Is this the thread that opened the pool? */
bool pool_is_caller(const struct worker *w);

/* Figures for a progress line; any thread, any time. */
struct pool_progress {
    uint64_t bytes;   /* of rows scanned */
    uint64_t records; /* scanned */
};
struct pool_progress pool_progress(const struct pool *p);

#endif
