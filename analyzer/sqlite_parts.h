/*
 * sqlite_parts: what the files of the SQLite reader share; private to them.
 *
 * sqlite_file.c    the file and what stands beside it; its tables
 * sqlite_rows.c    rows as COPY text
 * sqlite_check.c   damage
 */
#ifndef ANALYZER_SQLITE_PARTS_H
#define ANALYZER_SQLITE_PARTS_H

#include "analyzer/sqlite_file.h"
#include "common/buf.h"

/* A name in double quotes, each of its own doubled. */
void sqlite_quote(struct buf *sql, struct str name);
struct db_query *sqlite_prepare(struct sqlite_file *f, const struct buf *sql, struct err *err);

#endif
