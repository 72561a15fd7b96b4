/*
 * rows: the state of reading the rows of one table.
 *
 * Private to rows.c, which reads on one thread, and rows_split.c, which takes over where all
 * threads can read side by side.
 */
#ifndef ANALYZER_ROWS_H
#define ANALYZER_ROWS_H

#include "analyzer/batch.h"

struct rows {
    struct worker *worker;
    struct table_scan *table;
    const struct scan_layout *layout;
    struct window *window;
    enum rows_end end;

    size_t taken;    /* bytes copied out of window_rest, not skipped yet */
    uint64_t lines;  /* newlines in the bytes so far */
    uint64_t read;   /* bytes read from the source */
    size_t copy;     /* most bytes to be copied next */
    enum pull state; /* of the input */
    struct csv_cut cut;
    bool even;      /* as csv_cut says of the batch so far */
    bool tail_even; /* and of the part of it that may be carried over */

    struct batch *batch;
    size_t whole;            /* end of the last record in it; 0: none ends */
    size_t batches;          /* submitted since all threads read for the last time, */
    unsigned splits_in_vain; /* which ended soon so many times on end */
    bool ended;              /* the end line was seen */
    size_t end_line;         /* its begin, and where what follows begins */
    size_t behind;
};

static inline size_t rows_room(const struct rows *r)
{
    return r->worker->pool->block_size + BATCH_SLACK;
}

/* Index behind the last newline; 0: there is none. */
static inline size_t rows_behind_newline(struct str bytes)
{
    size_t n = bytes.len;
    while (n > 0 && bytes.at[n - 1] != '\n')
        n--;
    return n;
}

/* CSV: r->cut has gone on to `cut`, over bytes whose last record end is at n; 0: none. */
static inline void rows_have_cut(struct rows *r, const struct csv_cut *cut, size_t n)
{
    r->lines += cut->lines - r->cut.lines;
    r->cut = *cut;
    r->even = r->even && cut->even;
    r->tail_even = (n > 0 || r->tail_even) && cut->even;
}

/*
 * Is it worth while that all threads read? The batch holds only what is carried over, and much was
 * read before: most tables are small.
 */
bool rows_can_split(const struct rows *r);
/* Reads and scans as far as that goes, and then is to be read on where it stands. */
void rows_split(struct rows *r, struct err *err);

#endif
