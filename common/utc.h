/*
 * utc: points in time as unix seconds, printed and read as YYYY-MM-DDTHH:MM:SSZ.
 *
 * Units: int64_t seconds since 1970-01-01T00:00:00Z, proleptic Gregorian, no leap seconds.
 * UTC_NONE stands for "not known".
 */
#ifndef COMMON_UTC_H
#define COMMON_UTC_H

#include "common/str.h"

#define UTC_NONE INT64_MIN

enum { UTC_TEXT = 21 }; /* bytes of the printed form with its NUL */

struct utc_parts {
    int year, month, day, hour, minute, second; /* month and day from 1 */
};

bool utc_from_parts(const struct utc_parts *p, int64_t *t); /* false: no such date */
struct utc_parts utc_to_parts(int64_t t);
/* "2026-11-21T16:00:00Z"; "" for UTC_NONE. Years outside 0-9999 are clipped. */
const char *utc_text(int64_t t, char into[UTC_TEXT]);
/* "20261121T160000Z", for file names. */
const char *utc_compact(int64_t t, char into[UTC_TEXT]);
/* Exactly YYYY-MM-DDTHH:MM:SSZ. */
bool utc_parse(struct str s, int64_t *t);
/* The same, or YYYY-MM-DD for the beginning of that day. */
bool utc_parse_date(struct str s, int64_t *t);
/* 90s, 15m, 36h, 7d, 2w as seconds. */
bool utc_parse_duration(struct str s, int64_t *seconds);
/* "3 d 4 h", "25 min", "12 s": two units at most, for people. */
const char *utc_age(int64_t seconds, char into[32]);

#endif
