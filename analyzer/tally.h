/*
 * tally: what was counted in the rows of one table.
 *
 * One idea: the outcome does not depend on the order of records, batches or threads. Counts add up,
 * times take the least and the greatest, and of the version names that the keyring does not know a
 * column keeps the USAGE_UNKNOWN_MAX smallest by str_cmp: a name among the smallest of all is among
 * the smallest of every part, so it was never dropped and its count is exact; what was dropped is
 * summed as "(more)".
 *
 *     struct tally t;
 *     tally_open(&t, &layout, &arena);
 *     ...scan_batch(scanner, &layout, rows, &t)...                 per worker
 *     tally_merge(&total, &t);                                     associative, commutative
 *     tally_report(&total, column, &run_arena, &report_column);
 *
 * A column costs 24 bytes until something is counted in it beyond NULLs and empty values.
 * Ownership: a tally lives in the arena given to it. Threads: one at a time.
 */
#ifndef ANALYZER_TALLY_H
#define ANALYZER_TALLY_H

#include "analyzer/layout.h"
#include "common/report.h"
#include "formats/envelope/cell.h"

#define TALLY_NONE UINT64_MAX

/* Bytes of a version that another envelope names: "vault-transit:v3". */
enum { TALLY_NAME_MAX = 64 };

struct column_detail; /* classes, times, versions: tally.c */

struct column_tally {
    uint64_t nulls;
    uint64_t empties;
    struct column_detail *detail; /* NULL: nothing else counted */
};

struct tally {
    const struct scan_layout *layout;
    struct arena *arena;
    struct column_tally *columns; /* layout->columns of them */
    uint64_t records;             /* ragged ones included */
    uint64_t ragged;              /* records with another number of fields than columns */
    uint64_t ragged_first;        /* index of the first of them; TALLY_NONE. Not merged */
    uint64_t beyond;              /* fields behind the last column that name a version */
};

void tally_open(struct tally *t, const struct scan_layout *layout, struct arena *arena);
/* Adds `from`, which stays what it was, to `into`; both of one layout. */
void tally_merge(struct tally *into, struct tally *from);

/* Notes that the record of that index is ragged; records are counted apart from it. */
static inline void tally_ragged(struct tally *t, uint64_t index)
{
    t->ragged++;
    if (index < t->ragged_first)
        t->ragged_first = index;
}

/* A whole valid value in one of the columns. */
void tally_value(struct tally *t, size_t column, const struct fernet_value *value);
/* Anything else. A column behind the last counts its versions only. */
void tally_verdict(struct tally *t, size_t column, const struct verdict *v);

/* Cells that start with v and hold a ':' without being ciphertext, in a declared column. */
uint64_t tally_leaks(const struct tally *t, size_t column);
/*
 * Fills everything but the name: records, nulls, envelope, declared, classes, key_records, times,
 * usages. The classes add up to the records; what was not looked at closely in an undeclared column
 * is plaintext there. Without has_classes they only count when other rows of the column have some.
 */
void tally_report(struct tally *t, size_t column, struct arena *arena, struct report_column *into);

#endif
