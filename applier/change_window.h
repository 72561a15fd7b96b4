/*
 * change_window: the span of time in which a change may be made.
 *
 * An interval of ISO 8601 with its offsets, as people agree on it, and the two instants it means.
 * It stands in the plan, so it is approved with it, and it is asked twice: when apply starts and
 * right before COMMIT. Both times what is left must be enough to finish (WINDOW_BUDGET): a change
 * that cannot be done inside the window is not begun. What is decided is finished, outside too.
 *
 *     struct change_window w;
 *     change_window_parse(STR("2026-11-22T22:00:00-03:00/PT4H"), &w, err)         ERR_USAGE 937
 *     change_window_is_open(&w, sys->now(), err)                                  ERR_WINDOW 938
 *
 * Forms: START/END and START/DURATION. A time is YYYY-MM-DDTHH:MM[:SS] and Z, +HH:MM, +HHMM or
 * +HH; a duration is PnW or PnDTnHnMnS with any part left out. ISO 8601-1:2019, 5.3, 5.5.2, 5.6.
 * Not taken, because it would have to be guessed: a time without its offset, years and months in a
 * duration, fractions, an interval that is empty or ends before it starts.
 *
 * Ownership: `given` points to what was parsed. Units: unix seconds; the end is no part of it.
 * Pure. Limits: WINDOW_TEXT_MAX.
 */
#ifndef APPLIER_CHANGE_WINDOW_H
#define APPLIER_CHANGE_WINDOW_H

#include "common/err.h"
#include "common/utc.h"

enum {
    WINDOW_TEXT_MAX = 128, /* bytes of the interval's text */
    WINDOW_BUDGET = 5      /* seconds that must be left */
};

struct change_window {
    struct str given;   /* as it was said; '' when there is no window */
    int64_t start, end; /* seconds; end excluded */
};

static inline bool change_window_is(const struct change_window *w)
{
    return w->given.len > 0;
}

bool change_window_parse(struct str text, struct change_window *w, struct err *err);
/* True without a window. The error says when it opens, or that it has closed. */
bool change_window_is_open(const struct change_window *w, int64_t now, struct err *err);

#endif
