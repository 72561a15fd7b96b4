/*
 * pool: workers, buffers, and the order in which results settle.
 *
 * A worker keeps one tally and merges it into its table when it meets a batch of another one, so
 * merging costs nothing per batch. One mutex guards lists and results; it is taken twice a batch.
 */
#include "analyzer/batch.h"
#include "common/sys.h"

#include <signal.h>
#include <time.h>

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

/* With the mutex held; so may be whoever waits for one. */
static void put_free(struct pool *p, struct batch *b)
{
    b->next = p->free;
    p->free = b;
    pthread_cond_broadcast(&p->ready);
}

/* Scans a batch. The mutex is held before and after, not meanwhile. */
static void scan_one(struct worker *w, struct batch *b)
{
    struct pool *p = w->pool;
    begin_table(w, b->table);
    pthread_mutex_unlock(&p->mutex);
    struct counted count = begin_count(w);
    count.bytes = b->len;
    struct str rows = str_make(b->bytes + b->begin, b->len);
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
    pthread_cond_broadcast(&w->pool->ready);
}

static struct pool_job *next_job(struct pool *p)
{
    struct pool_job *job = p->first_job;
    if (job)
        p->first_job = job->next;
    return job;
}

/* The mutex is held before and after, not meanwhile. */
static void run_job(struct worker *w, struct pool_job *job)
{
    struct pool *p = w->pool;
    p->jobs_running++;
    pthread_mutex_unlock(&p->mutex);
    job->run(job, w);
    pthread_mutex_lock(&p->mutex);
    p->jobs_running--;
    pthread_cond_broadcast(&p->ready);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->mutex);
    for (;;) {
        struct batch *b = next_queued(p);
        struct pool_job *job = b ? NULL : next_job(p);
        if (b)
            scan_queued(w, b);
        else if (job)
            run_job(w, job);
        else if (p->stopping)
            break;
        else
            pthread_cond_wait(&p->work, &p->mutex);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* ---- the part of who reads ---- */

/* Waits for something to change, or scans a queued batch meanwhile. With the mutex held. */
static void lend_a_hand(struct worker *w)
{
    struct batch *b = next_queued(w->pool);
    if (b)
        scan_queued(w, b);
    else
        pthread_cond_wait(&w->pool->ready, &w->pool->mutex);
}

/*
 * Never in vain: who reads holds one batch, or two while it waits for none, so that of those there
 * are, two a thread and one, some are free, queued, or being scanned.
 */
struct batch *pool_take(struct worker *w)
{
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->mutex);
    while (!p->free && p->batches == p->batches_most)
        lend_a_hand(w);
    struct batch *b = p->free;
    if (b) {
        p->free = b->next;
    } else {
        b = ARENA_NEW(&p->results, struct batch);
        b->bytes = arena_alloc(&p->results, p->block_size + BATCH_SLACK + BATCH_ALIGNED);
        b->bytes += (BATCH_ALIGNED - (uintptr_t)b->bytes % BATCH_ALIGNED) % BATCH_ALIGNED;
        p->batches++;
    }
    b->begin = b->len = 0;
    b->even = false;
    pthread_mutex_unlock(&p->mutex);
    return b;
}

void pool_give_back(struct worker *w, struct batch *b)
{
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->mutex);
    put_free(p, b);
    pthread_mutex_unlock(&p->mutex);
}

/* With the mutex held. */
static uint64_t take_number(struct worker *w)
{
    struct pool *p = w->pool;
    while (p->numbered - p->settled == p->done_room)
        lend_a_hand(w);
    return p->numbered++;
}

void pool_submit(struct worker *w, struct table_scan *t, struct batch *b)
{
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->mutex);
    if (b->len == 0) {
        put_free(p, b);
    } else {
        b->table = t;
        b->number = take_number(w);
        b->next = NULL;
        if (p->started == 0 || b->len < BATCH_SMALL) {
            scan_one(w, b);
        } else {
            if (p->last)
                p->last->next = b;
            else
                p->first = b;
            p->last = b;
            p->in_flight++;
            pthread_cond_signal(&p->work);
            pthread_cond_broadcast(&p->ready); /* a caller that waits for jobs can scan it */
        }
    }
    pthread_mutex_unlock(&p->mutex);
}

void pool_scan_queued(struct worker *w)
{
    pthread_mutex_lock(&w->pool->mutex);
    struct batch *b = next_queued(w->pool);
    if (b)
        scan_queued(w, b);
    pthread_mutex_unlock(&w->pool->mutex);
}

/* What a reader scans itself, outside of a batch: begin, scan, end. */
static void begin_here(struct worker *w, struct table_scan *t)
{
    struct pool *p = w->pool;
    pthread_mutex_lock(&p->mutex);
    w->here_number = take_number(w);
    begin_table(w, t);
    pthread_mutex_unlock(&p->mutex);
    w->here = begin_count(w);
}

static void end_here(struct worker *w)
{
    pthread_mutex_lock(&w->pool->mutex);
    end_count(w, w->here, w->here_number);
    pthread_cond_broadcast(&w->pool->ready); /* others may wait for the number */
    pthread_mutex_unlock(&w->pool->mutex);
}

void pool_scan_here(struct pool *p, struct table_scan *t, struct str rows)
{
    struct worker *w = &p->workers[0];
    begin_here(w, t);
    w->here.bytes = rows.len;
    scan_batch(w->scanner, t->layout, rows, &w->tally);
    end_here(w);
}

struct scan_piece *pool_piece_open(struct worker *w, struct table_scan *t)
{
    begin_here(w, t);
    return scan_piece_open(w->scanner, t->layout, &w->tally);
}

void pool_piece_feed(struct worker *w, struct scan_piece *piece, struct str bytes)
{
    w->here.bytes += bytes.len;
    scan_piece_feed(piece, bytes);
}

void pool_piece_close(struct worker *w, struct scan_piece *piece, enum piece_end end)
{
    if (end == PIECE_BROKEN)
        scan_piece_break(piece);
    else
        scan_piece_close(piece);
    end_here(w);
}

void pool_drain(struct pool *p)
{
    pthread_mutex_lock(&p->mutex);
    while (p->in_flight > 0)
        lend_a_hand(&p->workers[0]);
    for (unsigned i = 0; i <= p->started; i++)
        merge_tally(&p->workers[i]);
    pthread_mutex_unlock(&p->mutex);
}

/* ---- jobs ---- */

unsigned pool_threads(const struct pool *p)
{
    return p->started + 1;
}

void pool_add_job(struct pool *p, struct pool_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&p->mutex);
    if (p->first_job)
        p->last_job->next = job;
    else
        p->first_job = job;
    p->last_job = job;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->mutex);
}

void pool_cancel_jobs(struct pool *p)
{
    atomic_store_explicit(&p->cancelled, true, memory_order_relaxed);
    pthread_mutex_lock(&p->mutex);
    p->first_job = NULL;
    pthread_mutex_unlock(&p->mutex);
}

bool pool_jobs_cancelled(const struct worker *w)
{
    return atomic_load_explicit(&w->pool->cancelled, memory_order_relaxed);
}

bool pool_is_caller(const struct worker *w)
{
    return w == &w->pool->workers[0];
}

/* A job may scan nothing for long, but whoever watches wants to be asked. With the mutex held. */
static void wait_a_while(struct pool *p)
{
    enum { WHILE_NS = 50 * 1000 * 1000, SECOND_NS = 1000 * 1000 * 1000 };
    uint64_t until = sys->monotonic_ns() + WHILE_NS;
    struct timespec at = {.tv_sec = (time_t)(until / SECOND_NS),
                          .tv_nsec = (long)(until % SECOND_NS)};
    (void)pthread_cond_timedwait(&p->ready, &p->mutex, &at);
}

/* Scans, does a job, or waits. With the mutex held. */
static void work_once(struct worker *w)
{
    struct pool *p = w->pool;
    struct batch *b = next_queued(p);
    struct pool_job *job = b ? NULL : next_job(p);
    if (b)
        scan_queued(w, b);
    else if (job)
        run_job(w, job);
    else
        wait_a_while(p);
}

bool pool_end_jobs(struct pool *p, source_watch watch, void *context, struct err *err)
{
    bool going = true;
    pthread_mutex_lock(&p->mutex);
    while (p->first_job || p->jobs_running) {
        pthread_mutex_unlock(&p->mutex);
        if (going && watch && !watch(context, err)) {
            going = false;
            pool_cancel_jobs(p);
        }
        pthread_mutex_lock(&p->mutex);
        if (p->first_job || p->jobs_running)
            work_once(&p->workers[0]);
    }
    atomic_store_explicit(&p->cancelled, false, memory_order_relaxed);
    pthread_mutex_unlock(&p->mutex);
    return going;
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

static void init_ready(struct pool *p)
{
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* that of sys->monotonic_ns */
    (void)pthread_cond_init(&p->ready, &attr);
    (void)pthread_condattr_destroy(&attr);
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
    init_ready(p);
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
