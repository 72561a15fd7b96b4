/* db: SQLite behind a dozen functions. The only file that includes sqlite3.h. */
#include "common/db.h"
#include "common/buf.h"

#include <sqlite3.h>

struct db {
    sqlite3 *handle;
    struct arena *arena;
    const char *name; /* for errors */
    bool reading;     /* a file of somebody else's */
    bool foreign;     /* and no report */
    bool (*watch)(void *context, struct err *err);
    void *watch_context;
    struct err stopped; /* by the watch */
};

struct db_query {
    sqlite3_stmt *statement;
    struct db *db;
    int bound; /* the first bind that failed */
};

static bool is_damage(int code)
{
    switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_FULL:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
        return false;
    default:
        return true;
    }
}

static bool db_failed(const struct db *db, int code, struct err *err)
{
    if (err_is(&db->stopped) && !err_is(err))
        *err = db->stopped;
    const char *reason = db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code);
    int errnum = db->handle ? sqlite3_system_errno(db->handle) : 0;
    const char *verb = db->reading ? "read" : "write";
    if (db->reading && is_damage(code))
        err_set(err, ERR_CORRUPT, db->foreign ? 370 : 453, "%s %s: %s", verb, db->name, reason);
    else if ((code & 0xff) == SQLITE_FULL || errnum == 0)
        err_set(err, ERR_SYSTEM, 450, "%s %s: %s", verb, db->name, reason);
    else
        err_sys(err, ERR_SYSTEM, 450, errnum, "%s %s: %s", verb, db->name, reason);
    return false;
}

bool db_close(struct db *db, struct err *err)
{
    if (!db)
        return true;
    int code = sqlite3_close(db->handle);
    if (code != SQLITE_OK)
        return db_failed(db, code, err);
    db->handle = NULL;
    return true;
}

/* A handle that failed to open or to be set up is given back at once. */
static struct db *db_give_up(struct db *db, int code, struct err *err)
{
    if (code != SQLITE_OK)
        (void)db_failed(db, code, err);
    (void)sqlite3_close(db->handle); /* the cause is already in err */
    return NULL;
}

/* `sqlite_path` is what SQLite gets: a path, ":memory:" or a URI; `name` is what people see. */
static struct db *db_open(const char *sqlite_path, const char *name, int flags, const char *setup,
                          struct arena *arena, struct err *err)
{
    struct db *db = ARENA_NEW(arena, struct db);
    db->arena = arena;
    db->name = arena_text(arena, str_from(name));
    db->reading = (flags & SQLITE_OPEN_READONLY) != 0;
    flags |= SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_FULLMUTEX;
    int code = sqlite3_open_v2(sqlite_path, &db->handle, flags, NULL);
    if (code != SQLITE_OK)
        return db_give_up(db, code, err);
    (void)sqlite3_extended_result_codes(db->handle, 1);
    (void)sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, DB_CELL_MAX);
    (void)sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
    if (!db_exec(db, setup, err))
        return db_give_up(db, SQLITE_OK, err);
    return db;
}

/* SQLite takes a relative path from the working folder, and some names for its own. */
static const char *plain_path(const char *path, struct arena *arena)
{
    return path[0] == '/' ? path : arena_printf(arena, "./%s", path);
}

struct db *db_create(const char *path, const char *name, struct arena *arena, struct err *err)
{
    return db_open(plain_path(path, arena), name, SQLITE_OPEN_READWRITE,
                   "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;"
                   "PRAGMA locking_mode=EXCLUSIVE; PRAGMA encoding='UTF-8';",
                   arena, err);
}

struct db *db_memory(struct arena *arena, struct err *err)
{
    return db_open(":memory:", "the report in memory",
                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY,
                   "PRAGMA temp_store=MEMORY;", arena, err);
}

/* https://www.sqlite.org/uri.html: what would end or change the path is percent-encoded. */
static const char *readonly_uri(const char *path, struct arena *arena)
{
    struct buf uri = {.arena = arena};
    buf_text(&uri, path[0] == '/' ? "file://" : "file:./");
    for (const char *p = path; *p; p++) {
        if (*p == '%' || *p == '?' || *p == '#')
            buf_printf(&uri, "%%%02x", (unsigned)(unsigned char)*p);
        else
            buf_byte(&uri, (unsigned char)*p);
    }
    buf_text(&uri, "?mode=ro&immutable=1");
    return arena_text(arena, buf_str(&uri));
}

struct db *db_open_readonly(const char *path, struct arena *arena, struct err *err)
{
    struct db *db = db_open(readonly_uri(path, arena), path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                            "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                            "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA query_only=ON;",
                            arena, err);
    if (db)
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return db;
}

struct db *db_open_foreign(const char *path, struct arena *arena, struct err *err)
{
    static const int off[] = {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                              SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER,
                              SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, SQLITE_DBCONFIG_DQS_DML};
    struct db *db = db_open_readonly(path, arena, err);
    if (!db)
        return NULL;
    db->foreign = true;
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
        (void)sqlite3_db_config(db->handle, off[i], 0, NULL);
    (void)sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, DB_ROW_MAX);
    (void)sqlite3_limit(db->handle, SQLITE_LIMIT_SQL_LENGTH, DB_ROW_MAX);
    if (db_exec(db, "PRAGMA cache_size=-8192; PRAGMA ignore_check_constraints=ON;", err))
        return db;
    (void)db_close(db, err);
    return NULL;
}

static int ask_watch(void *context)
{
    struct db *db = context;
    return !db->watch(db->watch_context, &db->stopped);
}

void db_watch(struct db *db, bool (*watch)(void *context, struct err *err), void *context)
{
    enum { WATCH_STEPS = 100000 }; /* of SQLite's virtual machine: some milliseconds */
    db->watch = watch;
    db->watch_context = context;
    sqlite3_progress_handler(db->handle, watch ? WATCH_STEPS : 0, watch ? ask_watch : NULL, db);
}

bool db_exec(struct db *db, const char *sql, struct err *err)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || db_failed(db, code, err);
}

struct db_query *db_prepare(struct db *db, const char *sql, struct err *err)
{
    struct db_query *q = ARENA_NEW(db->arena, struct db_query);
    q->db = db;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &q->statement, NULL);
    if (code == SQLITE_OK)
        return q;
    (void)db_failed(db, code, err);
    return NULL;
}

void db_finish(struct db_query *q)
{
    if (q)
        (void)sqlite3_finalize(q->statement); /* repeats what the last step reported */
}

static void remember(struct db_query *q, int code)
{
    if (q->bound == SQLITE_OK)
        q->bound = code;
}

void db_bind_text(struct db_query *q, int parameter, struct str text)
{
    const char *at = text.len ? (const char *)text.at : ""; /* a NULL pointer would bind NULL */
    remember(
        q, sqlite3_bind_text64(q->statement, parameter, at, text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void db_bind_integer(struct db_query *q, int parameter, int64_t value)
{
    remember(q, sqlite3_bind_int64(q->statement, parameter, value));
}

void db_bind_null(struct db_query *q, int parameter)
{
    remember(q, sqlite3_bind_null(q->statement, parameter));
}

enum db_row db_step(struct db_query *q, struct err *err)
{
    int code = q->bound != SQLITE_OK ? q->bound : sqlite3_step(q->statement);
    if (code == SQLITE_ROW)
        return DB_ROW;
    if (code == SQLITE_DONE)
        return DB_DONE;
    if (code == SQLITE_TOOBIG && q->db->foreign)
        return DB_LARGE;
    (void)db_failed(q->db, code, err);
    return DB_FAILED;
}

void db_rewind(struct db_query *q)
{
    (void)sqlite3_reset(q->statement); /* repeats what the last step reported */
}

bool db_run(struct db_query *q, struct err *err)
{
    enum db_row row = DB_ROW;
    do
        row = db_step(q, err);
    while (row == DB_ROW);
    (void)sqlite3_reset(q->statement); /* repeats what the step reported */
    return row == DB_DONE;
}

int db_columns(const struct db_query *q)
{
    return sqlite3_column_count(q->statement);
}

const char *db_column_name(const struct db_query *q, int column)
{
    const char *name = sqlite3_column_name(q->statement, column);
    return name ? name : "";
}

enum db_type db_type(const struct db_query *q, int column)
{
    switch (sqlite3_column_type(q->statement, column)) {
    case SQLITE_INTEGER:
        return DB_INTEGER;
    case SQLITE_FLOAT:
        return DB_REAL;
    case SQLITE_TEXT:
        return DB_TEXT;
    case SQLITE_BLOB:
        return DB_BLOB;
    default:
        return DB_NULL;
    }
}

bool db_text(const struct db_query *q, int column, struct str *text)
{
    if (db_type(q, column) != DB_TEXT)
        return false;
    const unsigned char *at = sqlite3_column_text(q->statement, column);
    int len = sqlite3_column_bytes(q->statement, column);
    if (!at || len < 0)
        return false;
    *text = str_make(at, (size_t)len);
    return true;
}

bool db_integer(const struct db_query *q, int column, int64_t *value)
{
    if (db_type(q, column) != DB_INTEGER)
        return false;
    *value = sqlite3_column_int64(q->statement, column);
    return true;
}

bool db_real(const struct db_query *q, int column, double *value)
{
    if (db_type(q, column) != DB_REAL)
        return false;
    *value = sqlite3_column_double(q->statement, column);
    return true;
}

bool db_bytes(struct db_query *q, int column, struct str *bytes, struct err *err)
{
    bool blob = db_type(q, column) == DB_BLOB;
    const void *at = blob ? sqlite3_column_blob(q->statement, column)
                          : (const void *)sqlite3_column_text(q->statement, column);
    int len = sqlite3_column_bytes(q->statement, column);
    if (!at && (!blob || len > 0)) /* no memory for it; a blob of no bytes has no place */
        return db_failed(q->db, SQLITE_NOMEM, err);
    *bytes = str_make(at ? at : "", (size_t)len);
    return true;
}

/* ---- cells in pieces ---- */

struct db_cell {
    sqlite3_blob *blob;
    struct db *db;
};

void db_allow_large(struct db *db, bool allow)
{
    enum { LARGEST = 1000000000 }; /* what SQLite can store, but for special builds */
    (void)sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, allow ? LARGEST : DB_ROW_MAX);
}

struct db_cell *db_cell_open(struct db *db, const char *table, const char *column, int64_t rowid,
                             struct err *err)
{
    struct db_cell *c = ARENA_NEW(db->arena, struct db_cell);
    c->db = db;
    int code = sqlite3_blob_open(db->handle, "main", table, column, rowid, 0, &c->blob);
    if (code == SQLITE_OK)
        return c;
    (void)db_failed(db, code, err);
    return NULL;
}

size_t db_cell_size(const struct db_cell *c)
{
    return (size_t)sqlite3_blob_bytes(c->blob);
}

bool db_cell_read(struct db_cell *c, size_t offset, unsigned char *into, size_t n, struct err *err)
{
    int code = sqlite3_blob_read(c->blob, into, (int)n, (int)offset);
    return code == SQLITE_OK || db_failed(c->db, code, err);
}

void db_cell_close(struct db_cell *c)
{
    if (c)
        (void)sqlite3_blob_close(c->blob); /* read only: nothing can be lost */
}
