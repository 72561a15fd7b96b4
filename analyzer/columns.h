/*
 * columns: the counts of one column from several places added up, and what they give cause to say.
 *
 * A table may come in pieces (several inputs, several COPY of one table); its columns are met by
 * name. Adding up keeps what tally.h promises: of the unknown version names the smallest
 * USAGE_UNKNOWN_MAX stay, the others are summed.
 */
#ifndef ANALYZER_COLUMNS_H
#define ANALYZER_COLUMNS_H

#include "common/report.h"
#include "formats/envelope/key_names.h"

/* Adds `found` to `into`, both of one name. `known` are the names of the keyring. */
void column_merge(struct arena *a, struct report_column *into, const struct report_column *found,
                  const struct key_names *known);
/* When all of it is added up, before anything is made of it. */
void column_settle(struct report_column *c);
/* The findings about a finished column. Call it before the next report_add_ of anything else. */
void column_findings(struct report *r, const struct report_table *t, const struct report_column *c,
                     const struct key_names *known);

#endif
