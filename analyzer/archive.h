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
 *     ...for each block or file: d = archive_tables_take(&t, id, err);
 *        archive_data_read(a, &t, d, err)
 *     archive_tables_settle(a, &t);                        S1
 *
 * Ownership: the arena of the analysis. Memory grows with the entries that have data.
 */
#ifndef ANALYZER_ARCHIVE_H
#define ANALYZER_ARCHIVE_H

#include "analyzer/analysis.h"
#include "formats/dump/archive_blocks.h"
#include "formats/dump/archive_file.h"

struct archive_data {
    int64_t id;
    struct str schema, tag, desc, copy, file;
    bool seen;
};

/* Large objects, whose numbers need not be kept to compare two sets of them. */
struct archive_objects {
    uint64_t count;
    uint64_t sum; /* of hashes of their numbers */
};

struct archive_tables {
    enum archive_format format;
    struct archive_data *data; /* by id */
    size_t count, room;
    struct archive_data **by_file; /* ARCHIVE_FILES: the same by file */
    bool backslashes;              /* standard_conforming_strings is off */
    struct archive_objects listed, came;
};

/* Behind the header. The catalogue has the tables then, and the analysis the time, server and
 * database. */
bool archive_tables_read(struct analysis *a, struct archive_toc *toc, struct archive_tables *t,
                         struct err *err);
/* The entry whose data this is; it is marked as seen. ERR_CORRUPT 384: none, or it came already. */
struct archive_data *archive_tables_take(struct archive_tables *t, int64_t id, struct err *err);
struct archive_data *archive_tables_take_file(struct archive_tables *t, struct str file,
                                              struct err *err);
/* The same without taking it; NULL: there is none. */
const struct archive_data *archive_tables_find_file(const struct archive_tables *t,
                                                    struct str file);
/*
 * The same for a list of large objects. In a tar its entry names another file, which is nowhere:
 * then it is the entry whose number stands in the name, or the only one.
 */
struct archive_data *archive_tables_take_list(struct archive_tables *t, struct str file,
                                              struct err *err);
bool archive_data_is_objects(const struct archive_data *d);
/* a->window shows the decoded bytes of its block or file. */
bool archive_data_read(struct analysis *a, struct archive_tables *t, struct archive_data *d,
                       struct err *err);
/*
 * The same in two steps, for a COPY whose rows are only to be counted (not those of jobs): what the
 * rows need, NULL when they are not to be read; and what may stand behind them.
 */
bool archive_data_is_copy(const struct archive_data *d);
bool archive_copy_begin(struct analysis *a, struct archive_tables *t, const struct archive_data *d,
                        struct table_rows **rows, struct err *err);
bool archive_copy_ends(struct window *rows, struct err *err);
/* Not all rows of the table could be read (S2). */
void archive_data_broke_off(struct analysis *a, const struct archive_data *d);
/* Left out by --exclude-table, and surely its own: its data need not be decoded. */
bool archive_data_is_excluded(struct analysis *a, const struct archive_data *d);
/* A large object came. */
void archive_object_came(struct archive_tables *t, uint64_t oid);
/* Names what was listed and did not come. */
void archive_tables_settle(struct analysis *a, struct archive_tables *t);
/*
 * The same for large objects one by one. Up to pg_dump 8.4, and in a dump of the data's section up
 * to 16, none is listed. Where all are and no data of any is due, they are a table without its
 * data.
 */
void archive_objects_settle(struct analysis *a, const struct archive_tables *t);

/*
 * An archive in directory or tar format: a toc.dat, and beside it the files of its data. Its files
 * may stand in any order where the input can be read twice: at the first file that looks like one
 * and has no toc.dat yet, all of them are looked for. In a pipe toc.dat must come first.
 */
struct archive_folder {
    struct archive_folder *next;
    struct str prefix;            /* of the paths of its files */
    struct archive_tables tables; /* format is ARCHIVE_FILES once they were read to the end */
    bool met;                     /* toc.dat came by in its place */
    struct catalogue_text text;
    struct str database, server_version;
    int64_t header_time, header_latest;
    uint64_t listed, came;         /* large objects: in lists, and as files */
    uint64_t listed_sum, came_sum; /* of hashes of their names */
};

/* At the toc.dat of such an archive. */
bool archive_folder_toc(struct analysis *a, struct archive_toc *toc, struct err *err);
/* At one whose header cannot be read: the files beside it are its data all the same. */
void archive_folder_broken(struct analysis *a);
/* Is the member a file of such an archive? */
enum input_claim archive_folder_claim(void *analysis, const struct input_text *text);
/* Such a file. `kind` says what it is, for the report. */
bool archive_folder_file(struct analysis *a, const char **kind, struct err *err);
/* Will such a file be left to a job? Then a->left is set when it was looked at. */
bool archive_folder_goes_apart(const struct analysis *a, const struct input_text *text);
/* At the end of the input. */
void archive_folders_settle(struct analysis *a);

#endif
