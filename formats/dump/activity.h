/*
 * activity: a record of OpenRouter's activity export: which key, which day, how much.
 *
 * The export is a CSV with a row for each generation. It is told by the names of its columns, whose
 * order varies:
 *
 *     struct activity_columns c;
 *     if (activity_columns(names, count, &c)) ...           it is one
 *         struct activity_record r;
 *         enum activity_verdict v = activity_read(&c, fields, field_count, &r);
 *
 * Units: money is micro-dollars, as the export has six decimals; nothing is rounded. A day is its
 * first second in UTC, which is what the export's times are in, without saying so.
 * Errors: every verdict but ACTIVITY_READ is a record that counts for nothing; activity_problem
 * says why.
 * Source: OpenRouter's activity page, "Export to CSV".
 */
#ifndef FORMATS_DUMP_ACTIVITY_H
#define FORMATS_DUMP_ACTIVITY_H

#include "common/str.h"

enum { ACTIVITY_KEY_NAME_MAX = 256, ACTIVITY_ID_MAX = 256 };

enum activity_field {
    ACTIVITY_GENERATION_ID,
    ACTIVITY_CREATED_AT,
    ACTIVITY_COST_TOTAL,
    ACTIVITY_API_KEY_NAME,
    ACTIVITY_BYOK_USAGE, /* not in every export */
    ACTIVITY_FIELDS
};

struct activity_columns {
    size_t index[ACTIVITY_FIELDS]; /* SIZE_MAX: there is none */
};

struct activity_record {
    struct str generation_id;
    struct str key_name;
    int64_t day;
    int64_t micros;      /* 0 or more, as is the next */
    int64_t byok_micros; /* of keys at other providers */
};

enum activity_verdict {
    ACTIVITY_READ,
    ACTIVITY_NO_ID,
    ACTIVITY_BAD_TIME,
    ACTIVITY_BAD_COST,
    ACTIVITY_BAD_BYOK,
    ACTIVITY_LONG_KEY,
    ACTIVITY_VERDICTS
};

bool activity_columns(const struct str *names, size_t count, struct activity_columns *c);
/* NULL fields are empty ones. Slices of the record are those of the fields. */
enum activity_verdict activity_read(const struct activity_columns *c, const struct str *fields,
                                    size_t count, struct activity_record *r);
/* "whose cost_total is no amount of dollars" */
const char *activity_problem(enum activity_verdict verdict);

/* Digits, perhaps a point and up to six decimals; further decimals only if they are 0. */
bool activity_amount(struct str text, int64_t *micros);
/* YYYY-MM-DD, T or a space, HH:MM:SS, perhaps a fraction, perhaps a UTC zone. */
bool activity_day(struct str text, int64_t *day);

#endif
