/*
 * diff: the changes between two reports, for people or as JSON or CSV.
 *
 * Text: what the two reports are, how many changes and which of them deserve a look, then the
 * changes under a heading for each subject. JSON is one object: `old` and `new` with what they are
 * of, `differ`, and `changes`, an array of objects with the columns of the CSV:
 *
 *     subject,change,schema_name,table_name,column_name,name,property,old,new,difference,note,
 *     database_name
 *
 * `change` is added, removed or changed. `old` and `new` are null where a report has no such fact;
 * `difference` is null where they are no counts.
 *
 *     compare_reports(&before, &after, &run, &changes);
 *     diff_write(&out, &sides, &changes, TABLE_TEXT);
 *
 * Ownership: scratch comes from the arena of `out`.
 */
#ifndef ANALYZER_RENDER_DIFF_H
#define ANALYZER_RENDER_DIFF_H

#include "analyzer/compare.h"

struct diff_sides {
    const char *before_path, *after_path; /* as the user named them */
    const struct report *before, *after;
};

void diff_write(struct buf *out, const struct diff_sides *sides, const struct comparison *changes,
                enum table_format format);

#endif
