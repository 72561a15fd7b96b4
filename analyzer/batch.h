/*
 * batch: a buffer of whole records on its way from a reader to a worker; and the queue of them.
 *
 * Private to pool.c, rows.c, rows_split.c. Everything here is guarded by the pool's mutex, but the
 * bytes of a batch belong to whoever holds it.
 */
#ifndef ANALYZER_BATCH_H
#define ANALYZER_BATCH_H

#include "analyzer/pool.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    BATCH_ALIGNED = 64, /* its bytes: a line of the processor's cache, that one vector fills */
    BATCH_SLACK = 64,   /* bytes of room beyond the block size: the end line is seen whole in it */
    BATCH_SMALL = 32 * 1024 /* fewer bytes are scanned where they stand, by the reader */
};

struct batch {
    struct batch *next; /* in the free list or the queue */
    unsigned char *bytes;
    size_t begin; /* of the records in them */
    size_t len;   /* from there on */
    bool even;    /* CSV: as csv_cut says of its rows */
    struct table_scan *table;
    uint64_t number; /* in the order of the input, over all tables */
};

/* What became of a batch, until all before it are done and records can be numbered. */
struct batch_done {
    bool done;
    struct table_scan *table;
    uint64_t records;
    uint64_t ragged; /* index of its first ragged record; TALLY_NONE */
};

/* Before a scan, what the tally held; and the bytes it is about. */
struct counted {
    uint64_t records;
    uint64_t bytes;
};

/* A worker, or the caller as the first of them. Its own but for table and tally between scans. */
struct worker {
    struct pool *pool;
    pthread_t thread;
    struct arena scratch; /* the scanner */
    struct arena memory;  /* the tally */
    struct scanner *scanner;
    struct table_scan *table; /* that the tally is for; NULL: none */
    struct tally tally;

    /* what it scans outside of a batch */
    uint64_t here_number;
    struct counted here;
};

struct pool {
    unsigned threads;
    size_t block_size;
    struct arena results; /* table scans and their totals; buffers; guarded */
    struct worker *workers;
    unsigned started; /* threads that run; workers[1..started] */

    pthread_mutex_t mutex;
    pthread_cond_t work;  /* a batch or a job is queued, or the pool stops */
    pthread_cond_t ready; /* a batch was queued or scanned, or a job done: for who reads */
    struct batch *free, *first, *last;
    size_t batches, batches_most;
    size_t in_flight;        /* queued or being scanned */
    uint64_t numbered;       /* batches given a number */
    uint64_t settled;        /* of them, done with all before them */
    struct batch_done *done; /* a ring of done_room, by number */
    size_t done_room;
    struct pool_job *first_job, *last_job;
    unsigned jobs_running;
    bool stopping;

    _Atomic bool cancelled;          /* the jobs */
    _Atomic uint64_t bytes, records; /* scanned */
};

/* A free batch for who reads; until there is one, it scans queued ones. */
struct batch *pool_take(struct worker *w);
/* Has its bytes scanned, or scans them here when they are few; it belongs to the pool then. */
void pool_submit(struct worker *w, struct table_scan *t, struct batch *b);
void pool_give_back(struct worker *w, struct batch *b);
/* Scans a queued batch, if there is one. */
void pool_scan_queued(struct worker *w);

/* One long record in pieces, here and now. */
struct scan_piece *pool_piece_open(struct worker *w, struct table_scan *t);
void pool_piece_feed(struct worker *w, struct scan_piece *piece, struct str bytes);
/* `broken`: the input broke off inside the record. */
enum piece_end { PIECE_WHOLE, PIECE_BROKEN };
void pool_piece_close(struct worker *w, struct scan_piece *piece, enum piece_end end);

#endif
