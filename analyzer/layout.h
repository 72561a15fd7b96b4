/*
 * layout: how the rows of one table are to be scanned.
 *
 * Made once per table by who knows the table, read by every worker. Fill it and seal it:
 *
 *     struct scan_layout l = {.format = SCAN_COPY_TEXT, .columns = 8, .declared = flags,
 *                             .reading = {.known = &known, .simd = simd_best(),
 *                                         .time_limit = data_time}};
 *     scan_layout_seal(&l);
 *
 * Ownership: borrows all it points to; must outlive the scan of its table (until pool_drain).
 */
#ifndef ANALYZER_LAYOUT_H
#define ANALYZER_LAYOUT_H

#include "formats/dump/csv.h"
#include "formats/envelope/constants.h"

/* SCAN_BYTES: records of one field, fed as pieces, each up to its close; no byte means anything. */
enum scan_format { SCAN_COPY_TEXT, SCAN_CSV, SCAN_BYTES };

struct scan_layout {
    enum scan_format format;
    const struct csv_dialect *dialect; /* SCAN_CSV only */
    size_t columns;                    /* 0: every record must be an empty line */
    const bool *declared;              /* one a column; NULL: none is */
    /* One a column: the envelope that --envelope names for it, or NULL; NULL: none has one. */
    const struct envelope *const *named;
    struct reading reading;

    bool any_declared; /* by scan_layout_seal */
};

static inline void scan_layout_seal(struct scan_layout *l)
{
    l->any_declared = false;
    for (size_t i = 0; l->declared && i < l->columns; i++)
        l->any_declared = l->any_declared || l->declared[i];
}

static inline bool scan_is_declared(const struct scan_layout *l, size_t column)
{
    return l->declared && column < l->columns && l->declared[column];
}

static inline const struct envelope *scan_named(const struct scan_layout *l, uint64_t column)
{
    return l->named && column < l->columns ? l->named[column] : NULL;
}

#endif
