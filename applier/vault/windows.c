/* windows: civil dates in UTC. */
#include "applier/vault/windows.h"

enum { DAY_SECONDS = 86400, DAY_LABEL = 10, MONTH_LABEL = 7 };

/* The first second of the month that is `later` months behind that of t. */
static int64_t month_start(int64_t t, int later)
{
    struct utc_parts p = utc_to_parts(t);
    struct utc_parts first = {.year = p.year, .month = p.month + later, .day = 1};
    int64_t start = t;
    if (first.month > 12) {
        first.month -= 12;
        first.year++;
    }
    (void)utc_from_parts(&first, &start);
    return start;
}

int64_t window_start(enum window w, int64_t t)
{
    if (w == WINDOW_MONTH)
        return month_start(t, 0);
    int64_t of_day = t % DAY_SECONDS;
    return t - (of_day < 0 ? of_day + DAY_SECONDS : of_day);
}

int64_t window_end(enum window w, int64_t t)
{
    return w == WINDOW_MONTH ? month_start(t, 1) : window_start(w, t) + DAY_SECONDS;
}

bool window_same(enum window w, int64_t a, int64_t b)
{
    return a != UTC_NONE && b != UTC_NONE && window_start(w, a) == window_start(w, b);
}

const char *window_name(enum window w)
{
    return w == WINDOW_MONTH ? "month" : "day";
}

const char *window_label(enum window w, int64_t t, char into[WINDOW_LABEL])
{
    char text[UTC_TEXT] = {0};
    size_t len = t == UTC_NONE ? 0 : w == WINDOW_MONTH ? MONTH_LABEL : DAY_LABEL;
    memcpy(into, utc_text(t, text), len);
    into[len] = 0;
    return into;
}
