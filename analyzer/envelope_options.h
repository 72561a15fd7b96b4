/*
 * envelope_options: what --envelope says, made ready for a scan.
 *
 *     --envelope table.column=NAME         every cell of the column is classified as NAME's, and
 *     --envelope schema.table.column=NAME  the column is declared as encrypted
 *     --envelope 'text:prefix{id}sep'      a home-grown form, looked for in all data (template.h)
 *     --envelope 'table.column=text:...'   the same, and declared for one column
 *
 * Errors: 442 not of this form, ERR_USAGE; 443 no envelope of that name, ERR_NOT_FOUND.
 */
#ifndef ANALYZER_ENVELOPE_OPTIONS_H
#define ANALYZER_ENVELOPE_OPTIONS_H

#include "analyzer/scope.h"
#include "formats/envelope/constants.h"

struct named_column {
    struct scope_table table;
    struct str column;
    const struct envelope *envelope;
};

struct envelope_options {
    const struct envelope **list; /* all of them, home-grown ones last */
    size_t count, room;
    struct named_column *columns;
    size_t column_count, column_room;
};

/* All envelopes there are, and nothing declared. */
void envelope_options_open(struct envelope_options *o, struct arena *arena);
/* One --envelope; a column that it names is declared in the report. */
bool envelope_options_add(struct envelope_options *o, struct report *r, struct str text,
                          struct err *err);
/* The envelope of each column, NULL for one without; NULL: none of them has one. */
const struct envelope *const *envelope_options_match(const struct envelope_options *o,
                                                     struct arena *arena, struct table_name name,
                                                     const struct str *columns, size_t count,
                                                     const struct envelope *const *known);

#endif
