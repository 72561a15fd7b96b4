/*
 * db: SQLite, as little of it as is needed. db.c alone includes sqlite3.h.
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
 *
 * A database of somebody else may hold rows of any length. They come whole up to DB_ROW_MAX bytes;
 * a longer one is DB_LARGE, and its cells are read in pieces:
 *
 *     struct db *db = db_open_foreign(path, arena, err);
 *     if (db_step(q, err) == DB_LARGE) {                     its place in the table is not told
 *         db_allow_large(db, true);
 *         struct db_cell *c = db_cell_open(db, table, column, rowid, err);
 *         db_cell_read(c, offset, into, n, err);             n <= db_cell_size(c) - offset
 *         db_cell_close(c);
 *         db_allow_large(db, false);
 *     }
 *
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

enum {
    DB_CELL_MAX = 1024 * 1024,   /* bytes of one text, and of one SQL statement */
    DB_ROW_MAX = 8 * 1024 * 1024 /* of a row of somebody else's database that comes whole */
};

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
/* The same for a database that is no report; views and triggers are off. */
struct db *db_open_foreign(const char *path, struct arena *arena, struct err *err);
/* Asked now and then while SQLite works; false with err set ends what it does. NULL: nobody. */
void db_watch(struct db *db, bool (*watch)(void *context, struct err *err), void *context);
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

/* DB_LARGE is of db_open_foreign only; the query has to begin anew behind that row. */
enum db_row { DB_ROW, DB_DONE, DB_LARGE, DB_FAILED };
enum db_row db_step(struct db_query *q, struct err *err);
/* For another run, with other parameters. */
void db_rewind(struct db_query *q);

/* Columns count from 0. */
enum db_type { DB_NULL, DB_INTEGER, DB_REAL, DB_TEXT, DB_BLOB };
int db_columns(const struct db_query *q);
const char *db_column_name(const struct db_query *q, int column);
enum db_type db_type(const struct db_query *q, int column);
/* False when the cell is of another type: nothing is converted. */
bool db_text(const struct db_query *q, int column, struct str *text);
bool db_integer(const struct db_query *q, int column, int64_t *value);
bool db_real(const struct db_query *q, int column, double *value);
/* What is no NULL, as bytes: a text in UTF-8, a number's text, a blob as it is. */
bool db_bytes(struct db_query *q, int column, struct str *bytes, struct err *err);

/* A cell of db_open_foreign that is a text or a blob, in pieces, as it is stored. */
struct db_cell;
void db_allow_large(struct db *db, bool allow);
struct db_cell *db_cell_open(struct db *db, const char *table, const char *column, int64_t rowid,
                             struct err *err);
size_t db_cell_size(const struct db_cell *c);
bool db_cell_read(struct db_cell *c, size_t offset, unsigned char *into, size_t n, struct err *err);
void db_cell_close(struct db_cell *c);

#endif
