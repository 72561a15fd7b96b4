/* change_window: an ISO 8601 interval read, and whether it is open. */
#include "applier/change_window.h"

enum { DAY_SECONDS = 86400, OFFSET_HOURS_MAX = 14 };
#define WINDOW_LATEST ((int64_t)253370764800) /* 9999-01-01T00:00:00Z: later has no text */

/* Takes exactly `count` digits off the text. */
static bool take_digits(struct str *rest, size_t count, int *value)
{
    *value = 0;
    if (rest->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!ascii_digit(rest->at[i]))
            return false;
        *value = *value * 10 + (rest->at[i] - '0');
    }
    *rest = str_slice(*rest, count, rest->len);
    return true;
}

static bool take_byte(struct str *rest, unsigned char byte)
{
    if (rest->len == 0 || rest->at[0] != byte)
        return false;
    *rest = str_slice(*rest, 1, rest->len);
    return true;
}

/* Z, +HH, +HHMM, +HH:MM; in seconds east of UTC. */
static bool read_offset(struct str rest, int64_t *offset)
{
    int hours, minutes = 0;
    *offset = 0;
    if (str_eq(rest, STR("Z")))
        return true;
    bool west = take_byte(&rest, '-');
    if ((!west && !take_byte(&rest, '+')) || !take_digits(&rest, 2, &hours))
        return false;
    if (rest.len) {
        (void)take_byte(&rest, ':');
        if (!take_digits(&rest, 2, &minutes))
            return false;
    }
    if (rest.len || minutes > 59 || hours > OFFSET_HOURS_MAX)
        return false;
    *offset = (west ? -1 : 1) * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
    return true;
}

static bool read_time(struct str rest, int64_t *t)
{
    struct utc_parts p = {0};
    int64_t offset;
    if (!take_digits(&rest, 4, &p.year) || !take_byte(&rest, '-') ||
        !take_digits(&rest, 2, &p.month) || !take_byte(&rest, '-') ||
        !take_digits(&rest, 2, &p.day) || !take_byte(&rest, 'T') ||
        !take_digits(&rest, 2, &p.hour) || !take_byte(&rest, ':') ||
        !take_digits(&rest, 2, &p.minute))
        return false;
    if (take_byte(&rest, ':') && !take_digits(&rest, 2, &p.second))
        return false;
    if (p.year < 1 || p.second > 59 || !read_offset(rest, &offset) || !utc_from_parts(&p, t))
        return false;
    *t -= offset;
    return true;
}

/* One part of a duration, "12H"; the parts come in the order of `units`, each at most once. */
static bool take_part(struct str *rest, const char **units, int64_t *count, char *unit)
{
    size_t digits = 0;
    uint64_t n;
    while (digits < rest->len && ascii_digit(rest->at[digits]))
        digits++;
    if (digits == 0 || digits > 6 || digits == rest->len ||
        !str_to_u64(str_slice(*rest, 0, digits), &n))
        return false;
    *unit = (char)rest->at[digits];
    while (**units && **units != *unit)
        (*units)++;
    if (!**units)
        return false;
    (*units)++;
    *count = (int64_t)n;
    *rest = str_slice(*rest, digits + 1, rest->len);
    return true;
}

static int64_t unit_seconds(char unit)
{
    switch (unit) {
    case 'W':
        return (int64_t)7 * DAY_SECONDS;
    case 'D':
        return DAY_SECONDS;
    case 'H':
        return 3600;
    case 'M':
        return 60;
    default:
        return 1;
    }
}

/* PnW, PnD, PTnHnMnS, PnDTnHnMnS. */
static bool read_duration(struct str rest, int64_t *seconds)
{
    const char *days = "D", *times = "HMS";
    int64_t n;
    char unit;
    *seconds = 0;
    if (!take_byte(&rest, 'P') || rest.len == 0)
        return false;
    if (rest.at[rest.len - 1] == 'W') {
        const char *weeks = "W";
        bool good = take_part(&rest, &weeks, &n, &unit) && rest.len == 0;
        *seconds = good ? n * unit_seconds('W') : 0;
        return good;
    }
    if (rest.at[0] != 'T') {
        if (!take_part(&rest, &days, &n, &unit))
            return false;
        *seconds = n * unit_seconds(unit);
        if (rest.len == 0)
            return true;
    }
    if (!take_byte(&rest, 'T') || rest.len == 0)
        return false;
    while (rest.len) {
        if (!take_part(&rest, &times, &n, &unit))
            return false;
        *seconds += n * unit_seconds(unit);
    }
    return true;
}

static const char *read_interval(struct str text, struct change_window *w)
{
    struct str start, end;
    int64_t seconds;
    if (text.len > WINDOW_TEXT_MAX || !str_cut(text, '/', &start, &end))
        return "is no interval START/END";
    if (!read_time(start, &w->start))
        return "does not begin with a time and its offset";
    if (end.len && end.at[0] == 'P') {
        if (!read_duration(end, &seconds))
            return "does not end with a duration of weeks, days, hours, minutes and seconds";
        w->end = w->start + seconds;
    } else if (!read_time(end, &w->end)) {
        return "does not end with a time and its offset, or a duration";
    }
    if (w->end > WINDOW_LATEST)
        return "ends too late";
    return w->end > w->start ? NULL : "ends before it starts, or with it";
}

bool change_window_parse(struct str text, struct change_window *w, struct err *err)
{
    *w = (struct change_window){.given = text};
    const char *wrong = read_interval(text, w);
    if (!wrong)
        return true;
    *w = (struct change_window){0};
    err_set(err, ERR_USAGE, 937, "the change window %s", wrong);
    err_hint(err, "for example 2026-11-22T22:00:00-03:00/2026-11-23T02:00:00-03:00, or "
                  "2026-11-22T22:00:00-03:00/PT4H");
    return false;
}

bool change_window_is_open(const struct change_window *w, int64_t now, struct err *err)
{
    char start[UTC_TEXT], end[UTC_TEXT];
    if (!change_window_is(w) || (now >= w->start && w->end - now >= WINDOW_BUDGET))
        return true;
    (void)utc_text(w->start, start);
    (void)utc_text(w->end, end);
    if (now < w->start) {
        err_set(err, ERR_WINDOW, 938, "the change window opens at %s", start);
        err_hint(err, "run it again between %s and %s", start, end);
    } else if (now >= w->end) {
        err_set(err, ERR_WINDOW, 938, "the change window closed at %s", end);
        err_hint(err, "make a new plan with another --window, and have it approved");
    } else {
        err_set(err, ERR_WINDOW, 938,
                "the change window closes at %s, and a change needs %d seconds", end,
                WINDOW_BUDGET);
        err_hint(err, "make a new plan with another --window, and have it approved");
    }
    return false;
}
