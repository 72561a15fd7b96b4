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

static void hole_stays(struct source *base)
{
    (void)base; /* it is not its reader's to close */
}

void hole_watch(struct hole *h, struct window *w)
{
    static const struct source_ops ops = {.read = hole_read, .close = hole_stays};
    *h = (struct hole){.base = {&ops}, .below = w->source};
    w->source = &h->base;
}
