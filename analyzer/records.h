/*
 * records: the rows of one table, decoded one by one.
 *
 * The slow and simple way, for the few tables whose cells are read and not only counted
 * (reencrypt_jobs). It takes the place of rows_scan, and counts the rows in the same way:
 *
 *     struct records r;
 *     records_open(&r, pool, table_scan, &window, ROWS_END_LINE, &arena);
 *     struct record rec;
 *     while (records_next(&r, &rec, err))
 *         ...rec.fields[0..rec.count), rec.nulls[i]...
 *     if (err_is(err)) ...                              else the rows are at their end
 *
 * Ownership: a record's bytes die with the next records_next.
 * Errors: 312 and 350 as rows_scan; a record that the window cannot hold: ERR_CORRUPT 333.
 */
#ifndef ANALYZER_RECORDS_H
#define ANALYZER_RECORDS_H

#include "analyzer/pool.h"

struct record {
    struct str *fields; /* decoded; empty for NULL */
    bool *nulls;
    size_t count;
    uint64_t number; /* from 1 */
    uint64_t offset; /* in the decoded stream */
};

struct records {
    struct pool *pool;
    struct table_scan *table;
    struct window *window;
    enum rows_end end;
    struct arena *arena;
    struct arena_mark mark;
    uint64_t number;
    bool done;
};

void records_open(struct records *r, struct pool *pool, struct table_scan *table, struct window *w,
                  enum rows_end end, struct arena *arena);
/* False at the end of the rows (the window stands behind it) and on errors. */
bool records_next(struct records *r, struct record *record, struct err *err);

#endif
