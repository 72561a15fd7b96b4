/*
 * rows_split: the middle of long rows in a plain file, read by all threads side by side.
 *
 * A thread takes the next block of the file and fetches it into a batch. Blocks are then tied
 * together in the order of the file, by one thread at a time, whoever comes: it passes the bytes to
 * the source, puts in front of them what was carried over, leaves what stands behind their last
 * record end to the next block, and submits the batch. Nobody waits for that: a thread whose block
 * cannot be tied yet goes on, and the one that ties the block before finds it. Batches are scanned
 * by whoever is free, which mostly is the processor that fetched them, and whose cache has them.
 *
 * Only what is simple is done here. At a block that ends short, that holds what may be an end line,
 * or in which no record ends near enough to its end, all is over. That block counts as not read,
 * and rows.c goes on from there: what it finds, and says, is as if it had read all.
 */
#include "analyzer/rows.h"
#include "common/sys.h"

enum {
    SPLIT_AFTER = 8, /* batches a thread that were read before: some two may be fetched in vain */
    SPLIT_IN_VAIN_MAX = 6,  /* as often, where it was over soon, that number doubles */
    SPLIT_HELPERS_MAX = 15, /* one thread that ties keeps no more than these busy */
    SPLIT_BLOCKS = 2 * POOL_THREADS_MAX + 1 /* on their way: each has one of the pool's batches */
};

enum {
    SPLIT_CARRY_PART = 4, /* of a batch is for what is carried over into it */
    SPLIT_PAGE = 4096
};

/* A block on its way. */
struct split_block {
    uint64_t number;
    struct batch *batch; /* NULL: none waits in this place */
    struct str bytes;    /* in it, behind the room for what is carried over */
    bool simple;
    size_t whole; /* behind the last record end in them */
    uint64_t lines;
};

struct split {
    struct rows *rows; /* and its batch, what is carried over: for whoever ties */
    int fd;
    uint64_t from, base; /* the file's byte that block 0 begins with; and would, of full size */
    size_t carry, block; /* most bytes carried over; bytes fetched */

    pthread_mutex_t mutex; /* guards the rest */
    uint64_t taken;        /* blocks, by some thread */
    uint64_t tied;
    bool tying; /* some thread does */
    bool over;
    struct split_block fetched[SPLIT_BLOCKS]; /* and not tied, by number */
};

static size_t carry_room(const struct rows *r)
{
    size_t room = rows_room(r) / SPLIT_CARRY_PART;
    return room < BATCH_ALIGNED ? room : room - room % BATCH_ALIGNED;
}

/* For the batch. False: it is over. */
static bool take_block(struct split *s, struct split_block *b)
{
    pthread_mutex_lock(&s->mutex);
    bool taken = !s->over;
    b->number = s->taken;
    s->taken += taken;
    pthread_mutex_unlock(&s->mutex);
    return taken;
}

/* COPY text: what can be told of the block alone, and so side by side. */
static void look_at_lines(const struct split *s, struct split_block *b)
{
    const struct simd_ops *simd = s->rows->layout->reading.simd;
    b->simple = simd->find_end_line(b->bytes, &b->lines) == b->bytes.len;
    b->whole = rows_behind_newline(b->bytes);
}

static void fetch(const struct split *s, struct split_block *b)
{
    unsigned char *at = b->batch->bytes + s->carry;
    uint64_t begin = b->number ? s->base + b->number * s->block : s->from;
    size_t len = (size_t)(s->base + (b->number + 1) * s->block - begin);
    ssize_t n = sys->pread(s->fd, at, len, (off_t)begin);
    b->simple = n > 0 && (size_t)n == len;
    b->bytes = str_make(at, len);
    if (b->simple && s->rows->layout->format == SCAN_COPY_TEXT)
        look_at_lines(s, b);
}

/* May an end line have begun in what was carried over? If that is longer, it was seen before. */
static bool may_end(struct str carried)
{
    enum { END_LINE_BEGUN = 3 };
    return carried.len > 0 && carried.len <= END_LINE_BEGUN && carried.at[0] == '\\';
}

/* Copies what was carried over to before the block, and leaves what the next one carries over. */
static void carry_over(struct rows *r, struct split_block *b)
{
    struct batch *carried = r->batch;
    struct batch *mine = b->batch;
    struct str tail = str_slice(b->bytes, b->whole, b->bytes.len);
    mine->begin = (size_t)(b->bytes.at - mine->bytes) - carried->len;
    mine->len = carried->len + b->whole;
    memcpy(mine->bytes + mine->begin, carried->bytes, carried->len);
    memcpy(carried->bytes, tail.at, tail.len);
    carried->len = tail.len;
}

/* False: the block stays unread. */
static bool tie(struct split *s, struct worker *w, struct split_block *b, enum source_passer who,
                struct err *err)
{
    struct rows *r = s->rows;
    struct csv_cut cut = r->cut;
    bool csv = r->layout->format == SCAN_CSV;
    if (!b->simple)
        return false;
    if (csv)
        b->whole = csv_cut(&cut, r->layout->dialect, b->bytes);
    else if (may_end(str_make(r->batch->bytes, r->batch->len)))
        return false;
    if (b->whole == 0 || b->bytes.len - b->whole > s->carry)
        return false;
    if (!source_pass(r->window->source, b->bytes, who, err)) {
        r->state = r->window->state = PULL_FAILED;
        return false;
    }
    r->read += b->bytes.len;
    r->lines += b->lines;
    carry_over(r, b);
    if (csv) {
        rows_have_cut(r, &cut, b->whole);
        b->batch->even = r->even;
        r->even = r->tail_even;
    }
    pool_submit(w, r->table, b->batch);
    return true;
}

/* With the mutex held. */
static void give_back_fetched(struct split *s, struct worker *w)
{
    for (size_t i = 0; i < SPLIT_BLOCKS; i++) {
        if (s->fetched[i].batch)
            pool_give_back(w, s->fetched[i].batch);
        s->fetched[i].batch = NULL;
    }
}

/* Ties this block and those behind it, as far as they are there. The rest is for who comes next. */
static void tie_fetched(struct split *s, struct worker *w, const struct split_block *mine,
                        enum source_passer who, struct err *err)
{
    pthread_mutex_lock(&s->mutex);
    s->fetched[mine->number % SPLIT_BLOCKS] = *mine;
    while (!s->tying && !s->over && s->fetched[s->tied % SPLIT_BLOCKS].batch) {
        struct split_block *next = &s->fetched[s->tied % SPLIT_BLOCKS];
        s->tying = true;
        pthread_mutex_unlock(&s->mutex);
        bool tied = tie(s, w, next, who, err);
        pthread_mutex_lock(&s->mutex);
        s->tying = false;
        s->over = !tied;
        s->tied += tied;
        if (tied)
            next->batch = NULL;
    }
    if (s->over)
        give_back_fetched(s, w);
    pthread_mutex_unlock(&s->mutex);
}

static void read_blocks(struct split *s, struct worker *w, enum source_passer who, struct err *err)
{
    for (;;) {
        struct split_block b = {.batch = pool_take(w)}; /* first: a block that is taken must come */
        if (!take_block(s, &b)) {
            pool_give_back(w, b.batch);
            break;
        }
        fetch(s, &b);
        tie_fetched(s, w, &b, who, err);
        pool_scan_queued(w);
    }
}

struct split_job {
    struct pool_job job;
    struct split *split;
};

static void help(struct pool_job *job, struct worker *w)
{
    struct err none = {0}; /* what helpers do cannot fail */
    read_blocks(((struct split_job *)job)->split, w, PASS_BY_HELPER, &none);
}

bool rows_can_split(const struct rows *r)
{
    uint64_t unused;
    size_t threads = pool_threads(r->worker->pool);
    return threads > 1 && pool_is_caller(r->worker) &&
           r->batches >= (SPLIT_AFTER * threads) << r->splits_in_vain && r->state == PULL_OK &&
           !r->ended && r->taken == window_rest(r->window).len && r->whole == 0 &&
           r->batch->len <= carry_room(r) && source_place(r->window->source, &unused) >= 0;
}

void rows_split(struct rows *r, struct err *err)
{
    struct pool *p = r->worker->pool;
    struct split s = {.rows = r, .carry = carry_room(r)};
    struct split_job jobs[SPLIT_HELPERS_MAX];
    size_t helpers = pool_threads(p) - 1;
    if (helpers > SPLIT_HELPERS_MAX)
        helpers = SPLIT_HELPERS_MAX;
    s.block = rows_room(r) - s.carry;
    s.fd = source_place(r->window->source, &s.from);
    s.base = s.from;
    if (s.block > SPLIT_PAGE) { /* whole pages are copied faster */
        s.block -= s.block % SPLIT_PAGE;
        s.base -= s.from % SPLIT_PAGE;
    }
    (void)pthread_mutex_init(&s.mutex, NULL);
    for (size_t i = 0; i < helpers; i++) {
        jobs[i] = (struct split_job){.job = {.run = help}, .split = &s};
        pool_add_job(p, &jobs[i].job);
    }
    read_blocks(&s, r->worker, PASS_BY_READER, err);
    struct err unused = {0};
    (void)pool_end_jobs(p, NULL, NULL, &unused);
    (void)pthread_mutex_destroy(&s.mutex);
    if (s.tied >= r->batches)
        r->splits_in_vain = 0;
    else if (r->splits_in_vain < SPLIT_IN_VAIN_MAX)
        r->splits_in_vain++;
    r->batches = 0;
}
