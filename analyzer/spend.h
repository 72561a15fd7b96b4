/*
 * spend: what each key of OpenRouter cost on each day, added up over all exports of a run.
 *
 * Exports overlap, so a generation counts once, whichever of them it stands in. To know it again a
 * hash of 128 bits of its id is kept, and one of 64 of what it said.
 *
 *     struct spend *s = spend_open(report, err);
 *     spend_add(s, &record)                             per record of the exports
 *     ...s->again, s->differing, s->not_kept...
 *     spend_close(s);
 *
 * Ownership: the sums are the report's; the hashes have memory of their own until spend_close.
 * Limits: SPEND_GENERATIONS_MAX generations (24 bytes each at least, 200 MB at most, and half as
 * much again while the table grows), SPEND_ROWS_MAX pairs of a key and a day, and sums that fit an
 * int64_t. What is beyond them is not counted, and spend_add says so.
 */
#ifndef ANALYZER_SPEND_H
#define ANALYZER_SPEND_H

#include "common/report.h"
#include "formats/dump/activity.h"

enum { SPEND_GENERATIONS_MAX = 6 * 1024 * 1024, SPEND_ROWS_MAX = 1000000 };

enum spend_verdict {
    SPEND_COUNTED,
    SPEND_AGAIN,     /* it was counted before */
    SPEND_DIFFERING, /* it was, with another key, day or amount; the first stands */
    SPEND_FULL       /* beyond a limit */
};

struct spend;
struct spend *spend_open(struct report *report);
enum spend_verdict spend_add(struct spend *s, const struct activity_record *r);
void spend_close(struct spend *s); /* NULL: nothing */

#endif
