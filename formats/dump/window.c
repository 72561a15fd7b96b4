/* window: slide, grow, refill. */
#include "formats/dump/window.h"

#include <inttypes.h>
#include <stdlib.h>

enum { WINDOW_FIRST = 64 * 1024 };

bool window_open(struct window *w, struct source *source, size_t most, struct err *err)
{
    *w = (struct window){.source = source, .line = 1, .piece = SIZE_MAX, .state = PULL_OK};
    w->most = most < WINDOW_FIRST ? WINDOW_FIRST : most;
    w->room = WINDOW_FIRST;
    w->bytes = malloc(w->room);
    if (!w->bytes)
        err_set(err, ERR_SYSTEM, 101, "no memory");
    return w->bytes != NULL;
}

void window_close(struct window *w)
{
    free(w->bytes);
    w->bytes = NULL;
}

void window_skip_lines(struct window *w, size_t n, uint64_t lines)
{
    w->begin += n;
    w->offset += n;
    w->line += lines;
}

void window_skip(struct window *w, size_t n)
{
    uint64_t lines = 0;
    struct str taken = str_slice(window_rest(w), 0, n);
    for (size_t at = str_find(taken, '\n'); at < taken.len; at = str_find(taken, '\n')) {
        lines++;
        taken = str_slice(taken, at + 1, taken.len);
    }
    window_skip_lines(w, n, lines);
}

static bool window_resize(struct window *w, size_t room, struct err *err)
{
    unsigned char *wider = realloc(w->bytes, room);
    if (!wider) {
        err_set(err, ERR_SYSTEM, 101, "no memory");
        w->state = PULL_FAILED;
        return false;
    }
    w->bytes = wider;
    w->room = room;
    return true;
}

bool window_more(struct window *w, struct err *err)
{
    if (w->state != PULL_OK)
        return false;
    if (w->begin > 0) {
        memmove(w->bytes, w->bytes + w->begin, w->end - w->begin);
        w->end -= w->begin;
        w->begin = 0;
    }
    if (w->end == w->room) {
        if (w->room >= w->most)
            return false;
        bool far = w->room > 0 && w->room < w->most / 2;
        size_t wider = far ? w->room * 2 : w->most;
        if (!window_resize(w, wider, err))
            return false;
    }
    size_t got = 0;
    size_t want = w->room - w->end < w->piece ? w->room - w->end : w->piece;
    w->state = source_read(w->source, w->bytes + w->end, want, &got, err);
    if (w->state != PULL_OK)
        return false;
    w->end += got;
    return true;
}

enum pull window_read(struct window *w, unsigned char *into, size_t room, size_t *got,
                      struct err *err)
{
    struct str rest = window_rest(w);
    if (rest.len > 0) {
        *got = rest.len < room ? rest.len : room;
        memcpy(into, rest.at, *got);
        window_skip_lines(w, *got, 0);
        return PULL_OK;
    }
    if (w->state != PULL_OK)
        return w->state;
    w->state = source_read(w->source, into, room < w->piece ? room : w->piece, got, err);
    if (w->state == PULL_OK)
        w->offset += *got;
    return w->state;
}

bool window_skip_all(struct window *w, struct err *err)
{
    do
        window_skip(w, window_rest(w).len);
    while (window_more(w, err));
    return w->state == PULL_END;
}

bool window_give_back(struct window *w, struct str bytes, uint64_t offset, uint64_t line,
                      struct err *err)
{
    if (bytes.len > w->room && !window_resize(w, bytes.len, err))
        return false;
    if (bytes.len)
        memcpy(w->bytes, bytes.at, bytes.len);
    w->begin = 0;
    w->end = bytes.len;
    w->offset = offset;
    w->line = line;
    return true;
}

void window_place(const struct window *w, uint64_t offset, uint64_t line, struct err *err)
{
    err_place(err, "%s%sbyte %" PRIu64 " of the decoded stream (line %" PRIu64 ")",
              w->name ? w->name : "", w->name ? ", " : "", offset, line);
}
