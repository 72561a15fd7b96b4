/*
 * pool: workers, buffers, and the order in which results settle.
 *
 * A worker keeps one tally and merges it into its table when it meets a batch of another one, so
 * merging costs nothing per batch. One mutex guards lists and results; it is taken twice a batch.
 */
#include "analyzer/batch.h"
#include "common/sys.h"

#include <signal.h>

/* ---- settling: records are numbered once all batches before are done ---- */

static void settle(struct pool *p, uint64_t number, struct batch_done done)
{
    p->done[number % p->done_room] = done;
    while (p->settled < p->numbered) {
        struct batch_done *d = &p->done[p->settled % p->done_room];
        if (!d->done)
            return;
        struct table_scan *t = d->table;
        if (d->ragged != TALLY_NONE && t->ragged_record == 0)
            t->ragged_record = t->settled + d->ragged + 1;
        t->settled += d->records;
        d->done = false;
        p->settled++;
    }
}

/* ---- one worker's part ---- */

/* With the mutex held. */
static void merge_tally(struct worker *w)
{
    if (!w->table)
        return;
    tally_merge(&w->table->total, &w->tally);
    w->table = NULL;
    arena_free(&w->memory);
}

/* With the mutex held. */
static void begin_table(struct worker *w, struct table_scan *t)
{
    if (w->table == t)
        return;
    merge_tally(w);
    w->table = t;
    tally_open(&w->tally, t->layout, &w->memory);
}

static struct counted begin_count(struct worker *w)
{
    w->tally.ragged_first = TALLY_NONE;
    return (struct counted){.records = w->tally.records};
}

/* What the worker's tally gained since begin_count, told to the pool. With the mutex held. */
static void end_count(struct worker *w, struct counted before, uint64_t number)
{
    struct pool *p = w->pool;
    uint64_t ragged = w->tally.ragged_first;
    uint64_t records = w->tally.records - before.records;
    atomic_fetch_add_explicit(&p->bytes, before.bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->records, records, memory_order_relaxed);
    w->table->bytes += before.bytes;
    settle(p, number,
           (struct batch_done){.done = true,
                               .table = w->table,
                               .records = records,
                               .ragged = ragged == TALLY_NONE ? ragged : ragged - before.records});
}

static void put_free(struct pool *p, struct batch *b)
{
    b->next = p->free;
    p->free = b;
}

/* Scans a batch. The mutex is held before and after, not meanwhile. */
static void scan_one(struct worker *w, struct batch *b)
{
    struct pool *p = w->pool;
    begin_table(w, b->table);
    pthread_mutex_unlock(&p->mutex);
    struct counted count = begin_count(w);
    count.bytes = b->len;
    struct str rows = str_make(b->bytes, b->len);
    if (b->even)
        scan_even_batch(w->scanner, w->tally.layout, rows, &w->tally);
    else
        scan_batch(w->scanner, w->tally.layout, rows, &w->tally);
    pthread_mutex_lock(&p->mutex);
    end_count(w, count, b->number);
    put_free(p, b);
}

static struct batch *next_queued(struct pool *p)
{
    struct batch *b = p->first;
    if (b)
        p->first = b->next;
    if (!p->first)
        p->last = NULL;
    return b;
}

static void scan_queued(struct worker *w, struct batch *b)
{
    scan_one(w, b);
    w->pool->in_flight--;
    pthread_cond_signal(&w->pool->ready); /* only the caller waits there */
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->mutex);
    for (;;) {
        struct batch *b = next_queued(p);
        if (b)
            scan_queued(w, b);
        else if (p->stopping)
            break;
        else
            pthread_cond_wait(&p->work, &p->mutex);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* ---- the caller's part ---- */

/* Waits for something to change, or scans a queued batch meanwhile. With the mutex held. */
static void lend_a_hand(struct pool *p)
{
    struct batch *b = next_queued(p);
    if (b)
        scan_queued(&p->workers[0], b);
    else
        pthread_cond_wait(&p->ready, &p->mutex);
}

struct batch *pool_take(struct pool *p)
{
    pthread_mutex_lock(&p->mutex);
    while (!p->free && p->batches == p->batches_most)
        lend_a_hand(p);
    struct batch *b = p->free;
    if (b) {
        p->free = b->next;
    } else {
        b = ARENA_NEW(&p->results, struct batch);
        b->bytes = arena_alloc(&p->results, p->block_size + BATCH_SLACK);
        p->batches++;
    }
    b->len = 0;
    b->even = false;
    pthread_mutex_unlock(&p->mutex);
    return b;
}

void pool_give_back(struct pool *p, struct batch *b)
{
    pthread_mutex_lock(&p->mutex);
    put_free(p, b);
    pthread_mutex_unlock(&p->mutex);
}

/* With the mutex held. */
static uint64_t take_number(struct pool *p)
{
    while (p->numbered - p->settled == p->done_room)
        lend_a_hand(p);
    return p->numbered++;
}

void pool_submit(struct pool *p, struct table_scan *t, struct batch *b)
{
    pthread_mutex_lock(&p->mutex);
    if (b->len == 0) {
        put_free(p, b);
    } else {
        b->table = t;
        b->number = take_number(p);
        b->next = NULL;
        if (p->started == 0 || b->len < BATCH_SMALL) {
            scan_one(&p->workers[0], b);
        } else {
            if (p->last)
                p->last->next = b;
            else
                p->first = b;
            p->last = b;
            p->in_flight++;
            pthread_cond_signal(&p->work);
        }
    }
    pthread_mutex_unlock(&p->mutex);
}

/* What the caller scans itself, outside of a batch: begin, scan, end. */
static struct worker *begin_here(struct pool *p, struct table_scan *t)
{
    struct worker *w = &p->workers[0];
    pthread_mutex_lock(&p->mutex);
    p->here_number = take_number(p);
    begin_table(w, t);
    pthread_mutex_unlock(&p->mutex);
    p->here = begin_count(w);
    return w;
}

static void end_here(struct pool *p)
{
    pthread_mutex_lock(&p->mutex);
    end_count(&p->workers[0], p->here, p->here_number);
    pthread_mutex_unlock(&p->mutex);
}

void pool_scan_here(struct pool *p, struct table_scan *t, struct str rows)
{
    struct worker *w = begin_here(p, t);
    p->here.bytes = rows.len;
    scan_batch(w->scanner, t->layout, rows, &w->tally);
    end_here(p);
}

struct scan_piece *pool_piece_open(struct pool *p, struct table_scan *t)
{
    struct worker *w = begin_here(p, t);
    return scan_piece_open(w->scanner, t->layout, &w->tally);
}

void pool_piece_feed(struct pool *p, struct scan_piece *piece, struct str bytes)
{
    p->here.bytes += bytes.len;
    scan_piece_feed(piece, bytes);
}

void pool_piece_close(struct pool *p, struct scan_piece *piece, enum piece_end end)
{
    if (end == PIECE_BROKEN)
        scan_piece_break(piece);
    else
        scan_piece_close(piece);
    end_here(p);
}

void pool_drain(struct pool *p)
{
    pthread_mutex_lock(&p->mutex);
    while (p->in_flight > 0)
        lend_a_hand(p);
    for (unsigned i = 0; i <= p->started; i++)
        merge_tally(&p->workers[i]);
    pthread_mutex_unlock(&p->mutex);
}

struct table_scan *pool_table(struct pool *p, const struct scan_layout *layout)
{
    pthread_mutex_lock(&p->mutex);
    struct table_scan *t = ARENA_NEW(&p->results, struct table_scan);
    t->layout = layout;
    tally_open(&t->total, layout, &p->results);
    pthread_mutex_unlock(&p->mutex);
    return t;
}

struct pool_progress pool_progress(const struct pool *p)
{
    return (struct pool_progress){
        .bytes = atomic_load_explicit(&p->bytes, memory_order_relaxed),
        .records = atomic_load_explicit(&p->records, memory_order_relaxed),
    };
}

/* ---- begin and end ---- */

/* Signals are the caller's: a worker must not be the one that is interrupted by them. */
static bool start_workers(struct pool *p, struct err *err)
{
    sigset_t every;
    sigset_t before;
    int failed = 0;
    (void)sigfillset(&every);
    (void)pthread_sigmask(SIG_SETMASK, &every, &before);
    while (p->started + 1 < p->threads && failed == 0) {
        struct worker *w = &p->workers[p->started + 1];
        failed = pthread_create(&w->thread, NULL, work, w);
        p->started += failed == 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        err_sys(err, ERR_SYSTEM, 334, failed, "start worker %u of %u", p->started + 1,
                p->threads - 1);
    return failed == 0;
}

struct pool *pool_open(const struct pool_options *options, struct err *err)
{
    struct arena results = {0};
    struct pool *p = ARENA_NEW(&results, struct pool);
    p->threads = options->threads ? options->threads : sys->processors();
    if (p->threads > POOL_THREADS_MAX)
        p->threads = POOL_THREADS_MAX;
    p->block_size = options->block_size ? options->block_size : POOL_BLOCK_DEFAULT;
    if (p->block_size > POOL_BLOCK_MAX)
        p->block_size = POOL_BLOCK_MAX;
    p->batches_most = 2 * (size_t)p->threads + 1;
    p->done_room = 4 * p->batches_most;
    p->done = ARENA_ARRAY(&results, p->done_room, struct batch_done);
    p->workers = ARENA_ARRAY(&results, p->threads, struct worker);
    for (unsigned i = 0; i < p->threads; i++) {
        p->workers[i].pool = p;
        p->workers[i].scanner = scanner_new(&p->workers[i].scratch);
    }
    p->results = results;
    (void)pthread_mutex_init(&p->mutex, NULL); /* with default attributes they cannot fail */
    (void)pthread_cond_init(&p->work, NULL);
    (void)pthread_cond_init(&p->ready, NULL);
    if (start_workers(p, err))
        return p;
    pool_close(p);
    return NULL;
}

void pool_close(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    p->stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->mutex);
    for (unsigned i = 1; i <= p->started; i++)
        (void)pthread_join(p->workers[i].thread, NULL);
    (void)pthread_cond_destroy(&p->ready);
    (void)pthread_cond_destroy(&p->work);
    (void)pthread_mutex_destroy(&p->mutex);
    for (unsigned i = 0; i < p->threads; i++) {
        arena_free(&p->workers[i].memory);
        arena_free(&p->workers[i].scratch);
    }
    struct arena results = p->results; /* the pool itself is in it */
    arena_free(&results);
}
