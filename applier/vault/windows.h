/*
 * windows: the days and months in which spend is counted, in UTC.
 *
 * OpenRouter's windows reset at 00:00 UTC, so local time and its summer-time changes have no part
 * in them. Every day has 86,400 seconds (utc.h).
 *
 *     window_start(WINDOW_MONTH, now)      2026-11-01T00:00:00Z
 *     window_end(WINDOW_MONTH, now)        2026-12-01T00:00:00Z, the first second that is no part
 *     window_label(WINDOW_DAY, now, text)  "2026-11-22"
 *
 * Units: unix seconds. UTC_NONE is in no window. Threads: any.
 */
#ifndef APPLIER_VAULT_WINDOWS_H
#define APPLIER_VAULT_WINDOWS_H

#include "common/utc.h"

enum window { WINDOW_DAY, WINDOW_MONTH, WINDOW_COUNT };

enum { WINDOW_LABEL = 11 }; /* bytes of a label with its NUL */

int64_t window_start(enum window w, int64_t t);
int64_t window_end(enum window w, int64_t t);
/* Whether two points in time are in the same day or month. */
bool window_same(enum window w, int64_t a, int64_t b);
/* "day", "month". */
const char *window_name(enum window w);
/* "2026-11-22" or "2026-11". */
const char *window_label(enum window w, int64_t t, char into[WINDOW_LABEL]);

#endif
