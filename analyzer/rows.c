/*
 * rows: the reader: bytes of a window and its source into batches of whole records.
 *
 * A batch starts at a record's start. It is filled until it is full or the rows end; what stands
 * behind its last record end is carried to the next one. What was read beyond the rows goes back
 * to the window. In a plain file all threads read the middle of long rows (rows_split.c).
 */
#include "analyzer/rows.h"
#include "formats/dump/copy.h"

/* First bytes copied out of a window: most tables are small, and what lies behind them must not be
 * copied again for each. */
enum { ROWS_FIRST_COPY = 4096 };

/* Adds bytes to the batch; false when the input has no more, or failed. */
static bool fill(struct rows *r, struct err *err)
{
    struct batch *b = r->batch;
    size_t want = rows_room(r) - b->len;
    struct str rest = window_rest(r->window);
    size_t left = rest.len - r->taken;
    if (left > 0) {
        size_t n = left < want ? left : want;
        if (n > r->copy)
            n = r->copy;
        if (r->copy < rows_room(r))
            r->copy *= 4;
        memcpy(b->bytes + b->len, rest.at + r->taken, n);
        r->taken += n;
        b->len += n;
        return true;
    }
    if (r->state != PULL_OK)
        return false;
    size_t got = 0;
    if (want > r->window->piece)
        want = r->window->piece;
    r->state = source_read(r->window->source, b->bytes + b->len, want, &got, err);
    r->window->state = r->state;
    r->read += got;
    b->len += got;
    return r->state == PULL_OK;
}

/* Is there an end line at bytes[at]? *behind is set. At the end of the input it needs no LF. */
static bool is_end_line(struct str bytes, size_t at, enum pull state, size_t *behind)
{
    struct str rest = str_slice(bytes, at, bytes.len);
    size_t line = str_find(rest, '\n');
    if ((line == rest.len && state == PULL_OK) || !copy_is_end(str_slice(rest, 0, line)))
        return false;
    *behind = at + line + (line < rest.len);
    return true;
}

/* Does the end line begin at bytes[at]? Then the rows have ended. */
static void try_end_line(struct rows *r, struct str bytes, size_t at)
{
    if ((at == 0 || bytes.at[at - 1] == '\n') && is_end_line(bytes, at, r->state, &r->behind)) {
        r->ended = true;
        r->end_line = at;
    }
}

/*
 * Looks for the line that ends the rows, and counts the lines before it. An end line that was cut
 * off by the end of the bytes at hand began at most three bytes before them.
 */
static void seek_end_line(struct rows *r, size_t from)
{
    struct str bytes = str_make(r->batch->bytes, r->batch->len);
    for (size_t at = from > 3 ? from - 3 : 0; at < from && !r->ended; at++)
        if (bytes.at[at] == '\\')
            try_end_line(r, bytes, at);
    for (size_t at = from; !r->ended; at++) {
        at += r->layout->reading.simd->find_end_line(str_slice(bytes, at, bytes.len), &r->lines);
        if (at >= bytes.len)
            return;
        try_end_line(r, bytes, at);
    }
}

/* CSV: index behind the last record end in bytes; 0: none. Counts their lines. */
static size_t cut_csv(struct rows *r, struct str bytes)
{
    struct csv_cut cut = r->cut;
    size_t n = csv_cut(&cut, r->layout->dialect, bytes);
    rows_have_cut(r, &cut, n);
    return n;
}

/* Looks at the bytes of the batch from `from` on. */
static void look(struct rows *r, size_t from)
{
    bool csv = r->layout->format == SCAN_CSV;
    struct str fresh = str_slice(str_make(r->batch->bytes, r->batch->len), from, r->batch->len);
    size_t n = csv ? cut_csv(r, fresh) : rows_behind_newline(fresh);
    if (n)
        r->whole = from + n;
    if (!csv)
        seek_end_line(r, from);
}

/* Sends the whole records off and carries the rest over. */
static void submit(struct rows *r)
{
    struct batch *full = r->batch;
    struct batch *next = pool_take(r->worker);
    next->len = full->len - r->whole;
    memcpy(next->bytes, full->bytes + r->whole, next->len);
    full->len = r->whole;
    full->even = r->even;
    r->even = r->tail_even;
    r->batch = next;
    r->whole = 0;
    r->batches++;
    pool_submit(r->worker, r->table, full);
}

/* Drops n bytes from the front of the batch. */
static void drop(struct rows *r, size_t n)
{
    struct batch *b = r->batch;
    memmove(b->bytes, b->bytes + n, b->len - n);
    b->len -= n;
}

/* Does the end of the input end the rows as it should? */
static bool input_is_whole(const struct rows *r)
{
    struct err unused = {0};
    return r->state == PULL_END && r->end == ROWS_END_INPUT &&
           (r->layout->format != SCAN_CSV || csv_cut_finish(&r->cut, &unused));
}

/* A record longer than the batch: scanned piece by piece up to a record end, here and now. */
static void scan_long(struct rows *r, struct err *err)
{
    struct scan_piece *piece = pool_piece_open(r->worker, r->table);
    struct batch *b = r->batch;
    size_t n = 0;
    pool_piece_feed(r->worker, piece, str_make(b->bytes, b->len));
    b->len = 0;
    while (n == 0 && fill(r, err)) {
        struct str bytes = str_make(b->bytes, b->len);
        if (r->layout->format == SCAN_CSV) {
            n = cut_csv(r, bytes);
        } else { /* what follows the record is for `look` */
            size_t line = str_find(bytes, '\n');
            n = line < bytes.len ? line + 1 : 0;
            r->lines += n > 0;
        }
        size_t taken = n ? n : bytes.len;
        pool_piece_feed(r->worker, piece, str_slice(bytes, 0, taken));
        drop(r, taken);
    }
    r->even = r->tail_even;
    bool broken = n == 0 && !input_is_whole(r);
    pool_piece_close(r->worker, piece, broken ? PIECE_BROKEN : PIECE_WHOLE);
    r->whole = 0;
    if (b->len > 0 && r->layout->format == SCAN_COPY_TEXT)
        look(r, 0);
}

/* The rows ended with their end line: what follows it goes back to the window. */
static bool end_at_line(struct rows *r, struct err *err)
{
    struct batch *b = r->batch;
    struct window *w = r->window;
    struct str over = str_slice(str_make(b->bytes, b->len), r->behind, b->len);
    uint64_t lines = r->lines + 1; /* the end line itself; without an LF nothing follows it */
    bool ok = true;
    if (r->taken < window_rest(w).len || r->read == 0)
        window_skip_lines(w, r->taken - over.len, lines);
    else
        ok = window_give_back(w, over, w->offset + r->taken + r->read - over.len, w->line + lines,
                              err);
    b->len = r->end_line;
    pool_submit(r->worker, r->table, b);
    return ok;
}

/* Why the rows are not whole, where the source has not said it itself. */
static void explain_end(const struct rows *r, uint64_t offset, uint64_t line, struct err *err)
{
    if (r->state == PULL_END && r->end == ROWS_END_LINE) {
        err_set(err, ERR_INCOMPLETE, 312, "the input ends inside the rows of a table");
        err_hint(err, "the dump was cut off: make it again, and look at the exit code of pg_dump");
    } else if (r->state == PULL_END) {
        (void)csv_cut_finish(&r->cut, err);
    }
    window_place(r->window, offset, line, err);
}

/* The input ended or failed first. All that was read is counted. */
static bool end_of_input(struct rows *r, struct err *err)
{
    struct window *w = r->window;
    bool whole = input_is_whole(r);
    uint64_t offset = w->offset + r->taken + r->read;
    uint64_t line = w->line + r->lines;
    if (!whole)
        explain_end(r, offset, line, err);
    submit(r); /* first: records are numbered in the order in which they are scanned */
    if (r->batch->len > 0) {
        struct scan_piece *piece = pool_piece_open(r->worker, r->table);
        pool_piece_feed(r->worker, piece, str_make(r->batch->bytes, r->batch->len));
        pool_piece_close(r->worker, piece, whole ? PIECE_WHOLE : PIECE_BROKEN);
    }
    pool_give_back(r->worker, r->batch);
    return window_give_back(w, str_make(NULL, 0), offset, line, err) && whole;
}

bool rows_scan(struct pool *p, struct table_scan *t, struct window *w, enum rows_end end,
               struct err *err)
{
    return rows_scan_by(&p->workers[0], t, w, end, err);
}

bool rows_scan_by(struct worker *worker, struct table_scan *t, struct window *w, enum rows_end end,
                  struct err *err)
{
    struct rows r = {.worker = worker,
                     .table = t,
                     .layout = t->layout,
                     .window = w,
                     .end = end,
                     .copy = ROWS_FIRST_COPY,
                     .state = w->state,
                     .even = t->layout->format == SCAN_CSV,
                     .tail_even = t->layout->format == SCAN_CSV,
                     .batch = pool_take(worker)};
    while (!r.ended) {
        size_t from = r.batch->len;
        bool more = fill(&r, err);
        if (more || r.batch->len > 0)
            look(&r, from);
        if (!more)
            break;
        if (r.ended || r.batch->len < rows_room(&r))
            continue;
        if (r.whole)
            submit(&r);
        else
            scan_long(&r, err);
        if (rows_can_split(&r))
            rows_split(&r, err);
    }
    return r.ended ? end_at_line(&r, err) : end_of_input(&r, err);
}

bool value_scan(struct pool *p, struct table_scan *t, struct window *w, struct err *err)
{
    struct worker *here = &p->workers[0];
    struct scan_piece *piece = pool_piece_open(here, t);
    do {
        struct str rest = window_rest(w);
        pool_piece_feed(here, piece, rest);
        window_skip_lines(w, rest.len, 0);
    } while (window_more(w, err));
    bool whole = w->state == PULL_END;
    pool_piece_close(here, piece, whole ? PIECE_WHOLE : PIECE_BROKEN);
    return whole;
}
