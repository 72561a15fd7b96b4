/*
 * window: a sliding view of a source, with the place in the stream.
 *
 * Readers look at window_rest(), take what they understood with window_skip(), and ask for more
 * when the view ends in the middle of something. The bulk of the rows does not pass through here:
 * a batch takes what the window holds, then reads the source itself, and gives back what it read
 * too far.
 *
 *     while (!complete(window_rest(w)))
 *         if (!window_more(w, err)) ...        nothing more: w->state says END or FAILED
 *     window_skip(w, taken);
 *
 * Ownership: the window owns its buffer, not the source. Slices of it die with the next window_more
 * or window_give_back.
 * Units: `offset` counts bytes of the decoded stream, `line` from 1.
 */
#ifndef FORMATS_DUMP_WINDOW_H
#define FORMATS_DUMP_WINDOW_H

#include "common/arena.h"
#include "common/source.h"

struct window {
    struct source *source;
    const char *name; /* of the input, fit to be shown; for err_place. May be NULL */
    unsigned char *bytes;
    size_t room; /* of bytes; window_more doubles it up to `most` */
    size_t most;
    size_t begin, end;
    size_t piece;    /* most bytes asked of the source at once; tests set 1 */
    uint64_t offset; /* stream offset of bytes[begin] */
    uint64_t line;   /* line number of bytes[begin] */
    enum pull state; /* of the source, as last seen */
};

/* `most` is the longest thing a reader may need to see whole. Memory is malloc'd, window_close. */
bool window_open(struct window *w, struct source *source, size_t most, struct err *err);
void window_close(struct window *w);

static inline struct str window_rest(const struct window *w)
{
    return str_make(w->bytes + w->begin, w->end - w->begin);
}

/* Takes n bytes (n <= rest) and counts their lines. */
void window_skip(struct window *w, size_t n);
/* The same for bytes whose lines were counted already. */
void window_skip_lines(struct window *w, size_t n, uint64_t lines);
/* Takes all that is there, to the end of the source. False: it failed. */
bool window_skip_all(struct window *w, struct err *err);
/*
 * Brings at least one more byte behind the present rest, moving it to the front. False: the source
 * ended (state PULL_END), failed (PULL_FAILED, err set), or the rest already is `most` long (state
 * PULL_OK, err untouched).
 */
bool window_more(struct window *w, struct err *err);
/*
 * Takes up to `room` bytes out, as source_read gives them, without counting lines; what the window
 * does not hold comes straight from its source.
 */
enum pull window_read(struct window *w, unsigned char *into, size_t room, size_t *got,
                      struct err *err);
/*
 * A batch that took window_rest and then read the source itself gives back the bytes behind its
 * end: they become the rest. `offset` and `line` are those of the first of them. False: no memory.
 */
bool window_give_back(struct window *w, struct str bytes, uint64_t offset, uint64_t line,
                      struct err *err);

/* Says in an error that is set where it is: the input's name, byte and line. */
void window_place(const struct window *w, uint64_t offset, uint64_t line, struct err *err);

#endif
