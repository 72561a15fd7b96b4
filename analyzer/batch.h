/*
 * batch: a buffer of whole records on its way from the reader to a worker; and the queue of them.
 *
 * Private to pool.c, rows.c. Everything here is guarded by the pool's mutex, but the bytes of a
 * batch belong to whoever holds it.
 */
#ifndef ANALYZER_BATCH_H
#define ANALYZER_BATCH_H

#include "analyzer/pool.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    BATCH_SLACK = 64, /* bytes of room beyond the block size: the end line is seen whole in it */
    BATCH_SMALL = 32 * 1024 /* fewer bytes are scanned where they stand, by the reader */
};

struct batch {
    struct batch *next; /* in the free list or the queue */
    unsigned char *bytes;
    size_t len;
    bool even; /* CSV: as csv_cut says of its rows */
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

/* A worker, or the caller as the first of them. */
struct worker {
    struct pool *pool;
    pthread_t thread;
    struct arena scratch; /* the scanner */
    struct arena memory;  /* the tally */
    struct scanner *scanner;
    struct table_scan *table; /* that the tally is for; NULL: none */
    struct tally tally;
};

struct pool {
    unsigned threads;
    size_t block_size;
    struct arena results; /* table scans and their totals; buffers; guarded */
    struct worker *workers;
    unsigned started; /* threads that run; workers[1..started] */

    pthread_mutex_t mutex;
    pthread_cond_t work;  /* a batch is queued, or the pool stops */
    pthread_cond_t ready; /* a batch was scanned */
    struct batch *free, *first, *last;
    size_t batches, batches_most;
    size_t in_flight;        /* queued or being scanned */
    uint64_t numbered;       /* batches given a number */
    uint64_t settled;        /* of them, done with all before them */
    struct batch_done *done; /* a ring of done_room, by number */
    size_t done_room;
    bool stopping;

    /* what the caller scans outside of a batch */
    uint64_t here_number;
    struct counted here;

    _Atomic uint64_t bytes, records; /* scanned */
};

/* A free batch; the caller scans queued ones until there is one. */
struct batch *pool_take(struct pool *p);
void pool_give_back(struct pool *p, struct batch *b);
/* Has its bytes scanned, or scans them here when they are few; it belongs to the pool then. */
void pool_submit(struct pool *p, struct table_scan *t, struct batch *b);

/* One long record in pieces, on the caller's thread. */
struct scan_piece *pool_piece_open(struct pool *p, struct table_scan *t);
void pool_piece_feed(struct pool *p, struct scan_piece *piece, struct str bytes);
/* `broken`: the input broke off inside the record. */
enum piece_end { PIECE_WHOLE, PIECE_BROKEN };
void pool_piece_close(struct pool *p, struct scan_piece *piece, enum piece_end end);

#endif
