/* hole: a source that looks at a byte here and there. */
#include "formats/dump/hole.h"

/* The bytes at h->passed. */
static void look(struct hole *h, struct str bytes)
{
    size_t at = (size_t)(HOLE_STEP - 1 - h->passed % HOLE_STEP);
    for (; at < bytes.len && !h->found; at += HOLE_STEP) {
        if (bytes.at[at])
            continue;
        if (h->zeros++ == 0)
            h->offset = h->passed + at;
        h->found = h->zeros == HOLE_SAMPLES;
    }
}

static enum pull hole_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                           struct err *err)
{
    struct hole *h = (struct hole *)base;
    enum pull p = source_read(h->below, into, room, got, err);
    if (p == PULL_OK) {
        look(h, str_make(into, *got));
        h->passed += *got;
    }
    return p;
}

static int hole_place(struct source *base, uint64_t *at)
{
    return source_place(((struct hole *)base)->below, at);
}

static bool hole_pass(struct source *base, struct str bytes, enum source_passer who,
                      struct err *err)
{
    struct hole *h = (struct hole *)base;
    if (!source_pass(h->below, bytes, who, err))
        return false;
    look(h, bytes);
    h->passed += bytes.len;
    return true;
}

static void hole_stays(struct source *base)
{
    (void)base; /* it is not its reader's to close */
}

void hole_watch(struct hole *h, struct window *w)
{
    static const struct source_ops ops = {
        .read = hole_read, .close = hole_stays, .place = hole_place, .pass = hole_pass};
    *h = (struct hole){.base = {&ops}, .below = w->source};
    w->source = &h->base;
}
