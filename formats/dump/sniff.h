/*
 * sniff: what kind of dump a decoded stream holds, told by its first bytes and never by a name.
 *
 *     while (window_rest(w).len < SNIFF_HEAD && window_more(w, err))
 *         ;
 *     enum dump_kind kind = dump_sniff(window_rest(w));
 *     if (!dump_accept(kind, err)) ...        err says what it is and how to get something readable
 *
 * Compression, UTF-16 and containers lie one layer below (formats/stream); here a stream is already
 * decoded. Anything not recognised is refused, so that no input counts as zero rows (S1).
 */
#ifndef FORMATS_DUMP_SNIFF_H
#define FORMATS_DUMP_SNIFF_H

#include "common/err.h"

enum dump_kind {
    DUMP_UNKNOWN,         /* binary, or text of no kind known here */
    DUMP_EMPTY,           /* no byte at all, or white space only */
    DUMP_PLAIN_SQL,       /* a PostgreSQL script; read by sql.h */
    DUMP_CSV,             /* CSV, TSV or COPY text without a script around it; read by csv.h */
    DUMP_PG_CUSTOM,       /* PGDMP: a custom archive, or the toc.dat of a directory or tar archive;
                             archive_toc.h */
    DUMP_PG_CUSTOM_UTF16, /* the same, ruined by a shell's redirection */
    DUMP_UTF32_TEXT,
    DUMP_BINARY_COPY,   /* PGCOPY: COPY ... (FORMAT binary); read by pgcopy.h */
    DUMP_SQLITE,        /* a database file; read where it is a plain file */
    DUMP_SQLITE_SCRIPT, /* what its .dump writes; read by sql.h */
    DUMP_MYSQL,         /* mysqldump, mariadb-dump */
    DUMP_JSON_LINES,    /* an object a line; read by json_lines.h */
    DUMP_JSON,          /* one array, or objects over several lines */
    DUMP_PARQUET,
    DUMP_DRAWN_TABLE, /* psql's aligned output, the boxes of mysql and sqlite3 */
    DUMP_KIND_COUNT
};

enum { SNIFF_HEAD = 64 * 1024 }; /* bytes worth having; fewer only when the stream is shorter */

enum dump_kind dump_sniff(struct str head);

/* "plain-sql", "csv", "pg-custom", ...: names of the report. */
const char *dump_kind_name(enum dump_kind kind);

/* Is it text, so that it holds no zero byte? */
bool dump_is_text(enum dump_kind kind);

/* True for the kinds that are read. Else sets an ERR_CORRUPT that names the kind, with a hint. */
bool dump_accept(enum dump_kind kind, struct err *err);

#endif
