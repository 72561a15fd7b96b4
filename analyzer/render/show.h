/*
 * show: a report for people, or as JSON or CSV.
 *
 * What `keycensus show report.db` prints. Text is one screen for a usual report: verdict first,
 * then the evidence, what it says of each key version, what blocks, what was not seen, and the next
 * command. JSON is one object: `summary` with its items, then every view of the report under its
 * name, an array of objects with the view's own columns. CSV and JSON Lines are the view key_usage.
 *
 *     struct buf out = {.arena = &run};
 *     struct show_style style = {.now = sys->now()};
 *     show_report(&out, &r, "report.db", &style, TABLE_TEXT, err);
 *
 * Ownership: scratch comes from the arena of `out`. The report must be sealed.
 */
#ifndef ANALYZER_RENDER_SHOW_H
#define ANALYZER_RENDER_SHOW_H

#include "common/report.h"
#include "common/table.h"

enum show_colour { SHOW_PLAIN, SHOW_ANSI };

struct show_style {
    enum show_colour colour;
    int64_t now; /* for the age of the data */
};

enum { SHOW_LIST_MAX = 20 }; /* entries of one list in text; the rest is counted */

/* `path` is how the user named the report: it is shown and stands in the next command. */
bool show_report(struct buf *out, const struct report *r, const char *path,
                 const struct show_style *style, enum table_format format, struct err *err);

/* The text alone, without a database behind it. */
void show_text(struct buf *out, const struct report *r, const char *path,
               const struct show_style *style);

#endif
