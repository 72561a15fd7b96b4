/*
 * sqlite_file: an SQLite database file as an input: its tables, and their rows as COPY text.
 *
 * SQLite itself reads the file, read-only and without a lock, as if nobody wrote to it. Whether
 * that is so is found out here: a log or journal beside it means that rows stand elsewhere, and a
 * file that is another one at the end was written to meanwhile. The format has no checksums; what
 * its structure tells of damage is looked at as a whole (sqlite_check), not only where rows are.
 *
 *     struct sqlite_file f;
 *     sqlite_open(&f, path, head, arena, err)              head: the file's first bytes
 *     sqlite_tables(&f, err)                               ...f.tables[0..f.table_count)...
 *     struct sqlite_rows *rows = sqlite_rows_open(&f, &f.tables[i], err);
 *     ...rows_scan over a window on sqlite_rows_source(rows), ROWS_END_INPUT...
 *     sqlite_rows_close(rows);
 *     sqlite_check(&f, err) && sqlite_unchanged(&f, err)
 *     sqlite_close(&f);
 *
 * Every ordinary table is one: WITHOUT ROWID, STRICT, and those in which a virtual table keeps what
 * it stores. Left out are generated columns, as COPY leaves them out, and by their reserved name
 * the tables of SQLite itself, sqlite_...: sequences and statistics. Views have no rows of their
 * own. A text is its bytes in UTF-8, whatever the encoding of the file; a blob its bytes; a number
 * its text.
 *
 * Ownership: all in the arena, borrowed like the path. Errors: ERR_CORRUPT 370, the file or what
 * SQLite says of it; ERR_INCOMPLETE 371, rows stand in a log beside it; 372, it was written to;
 * 374, a row beyond the limits. Every error names the file.
 * Limits: a row that comes whole has DB_ROW_MAX bytes. A longer one is read in pieces, whatever its
 * length, but for tables without a rowid or with generated columns, and texts of UTF-16.
 * Threads: one at a time. Source: https://www.sqlite.org/fileformat2.html.
 */
#ifndef ANALYZER_SQLITE_FILE_H
#define ANALYZER_SQLITE_FILE_H

#include "common/db.h"
#include "common/source.h"

#include <sys/stat.h>

enum sqlite_kind { SQLITE_TABLE, SQLITE_VIEW, SQLITE_VIRTUAL };

struct sqlite_table {
    enum sqlite_kind kind;
    struct str name;
    struct str *columns; /* that hold data; of a table only */
    size_t column_count;
    const char *rowid; /* a name by which it is selected; NULL: there is none */
    bool generated;    /* it has generated columns, too */
};

struct sqlite_file {
    const char *path;
    const char *real; /* without symbolic links: beside it stand its log and its journal */
    struct arena *arena;
    struct db *db;
    struct stat before;
    bool utf16;
    struct sqlite_table *tables;
    size_t table_count, table_room;
};

/* Is it a report of keycensus, which is no input? Sets ERR_CORRUPT 373. */
bool sqlite_is_report(struct str head, struct err *err);
bool sqlite_open(struct sqlite_file *f, const char *path, struct str head, struct arena *arena,
                 struct err *err);
void sqlite_close(struct sqlite_file *f);

bool sqlite_tables(struct sqlite_file *f, struct err *err);
/* Tables that foreign keys of this one name, as they name them. */
bool sqlite_references(struct sqlite_file *f, const struct sqlite_table *t, struct str **names,
                       size_t *count, struct err *err);

struct sqlite_rows;
struct sqlite_rows *sqlite_rows_open(struct sqlite_file *f, const struct sqlite_table *t,
                                     struct err *err);
struct source *sqlite_rows_source(struct sqlite_rows *r);
void sqlite_rows_close(struct sqlite_rows *r);

/* All that is known of damage: trees, lists of pages, the order of rows. */
bool sqlite_check(struct sqlite_file *f, struct err *err);
bool sqlite_unchanged(const struct sqlite_file *f, struct err *err);

#endif
