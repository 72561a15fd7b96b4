/*
 * scope: the tables and columns that the user declared, and whether the data has them.
 *
 * Declaring changes no count of the census; it states what must be there (S3) and which cells must
 * all be readable (S4). Pairs are resolved before the scan (model.h); here they are matched with
 * the tables that come by.
 *
 *     struct scope s;
 *     scope_open(&s, &report);                       pairs are report->declared
 *     flags = scope_match(&s, name, columns, count, where, err);
 *     if (!scope_check(&s, err)) ...                 after the scan: what was never met
 *
 * A pair without a column declares its table alone. A pair without a schema, and a table without
 * one (CSV), match any. Errors: 411 and 412, ERR_NOT_FOUND, with the nearest names.
 */
#ifndef ANALYZER_SCOPE_H
#define ANALYZER_SCOPE_H

#include "analyzer/catalogue.h"
#include "common/scope_hints.h"

struct scope_pair {
    bool table_met;
    bool column_met;
    struct str place;    /* of the first header of its table that lacks the column */
    struct str table;    /* as that header names it */
    struct str *columns; /* of that header */
    size_t column_count;
};

struct scope {
    struct report *report;
    struct scope_pair *pairs; /* as report->declared */
    /* --exclude-table */
    const struct scope_table *excluded;
    size_t excluded_count;
};

/* Does [schema.]table, as the user wrote it, mean this table? */
bool scope_names(struct str schema, struct str table, struct table_name name);
void scope_open(struct scope *s, struct report *report, const struct scope_table *excluded,
                size_t excluded_count);
/*
 * Notes that a table with these columns came by. *flags: one a column, or NULL when none is
 * declared. False: a pair that names this very table names a column that it lacks.
 */
bool scope_match(struct scope *s, struct table_name name, const struct str *columns, size_t count,
                 const char *place, const bool **flags, struct err *err);
/*
 * The flags of scope_match with those added that are declared of a table above it: its partitioned
 * root, or what it inherits from.
 */
const bool *scope_inherit(const struct scope *s, struct table_name above, const struct str *columns,
                          size_t count, const bool *flags);
/* Is a column of it declared? */
bool scope_declares(const struct scope *s, struct table_name name);
bool scope_is_excluded(const struct scope *s, struct table_name name);
/* After the scan. */
bool scope_check(struct scope *s, struct err *err);

#endif
