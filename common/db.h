/*
 * db: SQLite, as little of it as a report needs. db.c alone includes sqlite3.h.
 *
 *     struct db *db = db_create("x.tmp", "x", arena, err);      an existing, empty file
 *     struct db_query *q = db_prepare(db, "INSERT INTO t VALUES(?,?)", err);
 *     db_bind_text(q, 1, name);
 *     db_bind_integer(q, 2, n);
 *     db_run(q, err);                                            to the end, ready for the next row
 *     db_finish(q);
 *     db_close(db, err);
 *
 *     while ((row = db_step(q, err)) == DB_ROW)
 *         if (!db_text(q, 0, &name) || !db_integer(q, 1, &n)) ...the cell has another type...
 *
 * A file that is read is treated as hostile: opened read-only and immutable, with SQLite's own
 * defences on (trusted_schema off, cell_size_check on, cells of at most DB_CELL_MAX bytes).
 * Ownership: a db lives in the arena given to it; db_close and db_finish release what SQLite holds
 * and accept NULL. Text from db_text is valid until the next step.
 * Errors: SQLite's message. A file read that is damaged is ERR_CORRUPT 453; all else ERR_SYSTEM
 * 450. Failed binds are reported by the db_run or db_step that follows. Threads: one at a time.
 * SQLite does its own file I/O; nothing of it goes through sys.
 */
#ifndef COMMON_DB_H
#define COMMON_DB_H

#include "common/arena.h"
#include "common/err.h"

enum { DB_CELL_MAX = 1024 * 1024 }; /* bytes of one text, and of one SQL statement */

struct db;
struct db_query;

/*
 * For writing. Nothing is journaled or synced: the file is a temporary one, which its owner syncs
 * and renames when it is whole, and throws away when it is not. `name` is what errors call it.
 */
struct db *db_create(const char *path, const char *name, struct arena *arena, struct err *err);
/* The same in memory, without a file. */
struct db *db_memory(struct arena *arena, struct err *err);
struct db *db_open_readonly(const char *path, struct arena *arena, struct err *err);
/* Finish every query first. */
bool db_close(struct db *db, struct err *err);

/* Any number of statements that give no rows. */
bool db_exec(struct db *db, const char *sql, struct err *err);

struct db_query *db_prepare(struct db *db, const char *sql, struct err *err);
void db_finish(struct db_query *q);

/* Parameters count from 1. The text must live until the row was run. */
void db_bind_text(struct db_query *q, int parameter, struct str text);
void db_bind_integer(struct db_query *q, int parameter, int64_t value);
void db_bind_null(struct db_query *q, int parameter);

bool db_run(struct db_query *q, struct err *err);

enum db_row { DB_ROW, DB_DONE, DB_FAILED };
enum db_row db_step(struct db_query *q, struct err *err);

/* Columns count from 0. */
enum db_type { DB_NULL, DB_INTEGER, DB_REAL, DB_TEXT, DB_BLOB };
int db_columns(const struct db_query *q);
const char *db_column_name(const struct db_query *q, int column);
enum db_type db_type(const struct db_query *q, int column);
/* False when the cell is of another type: nothing is converted. */
bool db_text(const struct db_query *q, int column, struct str *text);
bool db_integer(const struct db_query *q, int column, int64_t *value);
bool db_real(const struct db_query *q, int column, double *value);

#endif
