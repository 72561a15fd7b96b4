/*
 * archive: what the files that read pg_dump archives share.
 *
 * The table of contents is read once and turned into tables of the catalogue, as the same
 * statements of a plain dump are; of the entries that have data only what their data needs is kept.
 * The data then comes in any order, each block or file with its entry, and is read by the readers
 * of plain dumps: rows by rows_scan, INSERTs by the script reader. At the end, what did not come is
 * missing.
 *
 *     struct archive_tables t = {0};
 *     archive_tables_read(a, &toc, &t, err);
 *     ...for each block or file: d = archive_tables_find(&t, id);
 *        archive_data_read(a, &t, d, source, err)
 *     archive_tables_settle(a, &t);                        S1
 *
 * Ownership: the arena of the analysis. Memory grows with the entries that have data.
 */
#ifndef ANALYZER_ARCHIVE_H
#define ANALYZER_ARCHIVE_H

#include "analyzer/analysis.h"
#include "formats/dump/archive_blocks.h"

struct archive_data {
    int64_t id;
    struct str schema, tag, desc, copy, file;
    bool seen;
};

struct archive_tables {
    struct archive_header header;
    struct archive_data *data; /* by id */
    size_t count, room;
    bool backslashes; /* standard_conforming_strings is off */
};

/* At PGDMP. The catalogue has the tables then, and the analysis the time, server and database. */
bool archive_tables_read(struct analysis *a, struct archive_toc *toc, struct archive_tables *t,
                         struct err *err);
/* ERR_CORRUPT 384 when there is none, or when it came already. */
struct archive_data *archive_tables_find(struct archive_tables *t, int64_t id, struct err *err);
bool archive_data_is_objects(const struct archive_data *d);
/* The decoded bytes of a block or file. Takes the source over. */
bool archive_data_read(struct analysis *a, struct archive_tables *t, struct archive_data *d,
                       struct source *source, struct err *err);
/* Left out by --exclude-table: its data need not be decoded. */
bool archive_data_is_excluded(struct analysis *a, const struct archive_data *d);
/* Names what was listed and did not come. */
void archive_tables_settle(struct analysis *a, struct archive_tables *t);

#endif
