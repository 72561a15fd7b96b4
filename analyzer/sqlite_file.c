/* sqlite_file: what stands beside the file, and what the schema tells. */
#include "analyzer/sqlite_parts.h"
#include "common/report_schema.h"
#include "common/sys.h"

#include <errno.h>

/* ---- the file ---- */

enum { HEADER_ENCODING = 56, HEADER_APPLICATION = 68, HEADER_BYTES = 100 };

static uint32_t big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

bool sqlite_is_report(struct str head, struct err *err)
{
    if (head.len < HEADER_BYTES ||
        big_endian(head.at + HEADER_APPLICATION) != REPORT_APPLICATION_ID)
        return false;
    err_set(err, ERR_CORRUPT, 373, "the input is a report of keycensus, and no data");
    err_hint(err, "keycensus show FILE shows it, keyretire plan --report FILE plans from it");
    return true;
}

/* SQLite takes a journal for hot by its first byte. What cannot be read is taken for hot, too. */
static bool is_hot(const char *journal)
{
    unsigned char first = 1;
    int fd = sys->openat(AT_FDCWD, journal, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return true;
    bool hot = sys->pread(fd, &first, 1, 0) != 1 || first != 0;
    (void)sys->close(fd);
    return hot;
}

static bool fail_beside(const struct sqlite_file *f, const char *name, struct err *err)
{
    err_set(err, ERR_INCOMPLETE, 371, "%s: rows of the database stand in %s beside it", f->path,
            name);
    err_hint(err, "make a copy in one file: sqlite3 %s \".backup copy.db\", and give that",
             f->path);
    return false;
}

static bool nothing_beside(const struct sqlite_file *f, struct err *err)
{
    struct stat st;
    const char *wal = arena_printf(f->arena, "%s-wal", f->real);
    const char *journal = arena_printf(f->arena, "%s-journal", f->real);
    if (sys->fstatat(AT_FDCWD, wal, &st, 0) == 0 && st.st_size > 0)
        return fail_beside(f, "the write-ahead log", err);
    if (sys->fstatat(AT_FDCWD, journal, &st, 0) == 0 && st.st_size > 0 && is_hot(journal))
        return fail_beside(f, "the journal of a transaction that did not end", err);
    return true;
}

/* SQLite follows symbolic links before it names the log and the journal (os_unix.c). */
static bool find_real(struct sqlite_file *f, struct err *err)
{
    char real[4096];
    if (!sys->realpath(f->path, real)) {
        err_sys(err, ERR_SYSTEM, 102, errno, "find %s", f->path);
        return false;
    }
    f->real = arena_text(f->arena, str_from(real));
    return true;
}

static bool stat_file(const struct sqlite_file *f, struct stat *st, struct err *err)
{
    if (sys->fstatat(AT_FDCWD, f->path, st, 0) == 0)
        return true;
    err_sys(err, ERR_SYSTEM, 102, errno, "stat %s", f->path);
    return false;
}

bool sqlite_unchanged(const struct sqlite_file *f, struct err *err)
{
    struct stat now;
    const struct stat *was = &f->before;
    if (!stat_file(f, &now, err))
        return false;
    if (now.st_dev == was->st_dev && now.st_ino == was->st_ino && now.st_size == was->st_size &&
        now.st_mtim.tv_sec == was->st_mtim.tv_sec && now.st_mtim.tv_nsec == was->st_mtim.tv_nsec)
        return nothing_beside(f, err);
    err_set(err, ERR_INCOMPLETE, 372, "%s: the database was written to while it was read", f->path);
    err_hint(err, "make a copy that rests: sqlite3 %s \".backup copy.db\", and give that", f->path);
    return false;
}

bool sqlite_open(struct sqlite_file *f, const char *path, struct str head, struct arena *arena,
                 struct err *err)
{
    *f = (struct sqlite_file){.path = path, .arena = arena};
    if (!find_real(f, err) || !stat_file(f, &f->before, err) || !nothing_beside(f, err))
        return false;
    uint32_t encoding = head.len >= HEADER_BYTES ? big_endian(head.at + HEADER_ENCODING) : 0;
    f->utf16 = encoding == 2 || encoding == 3;
    f->db = db_open_foreign(path, arena, err);
    return f->db != NULL;
}

void sqlite_close(struct sqlite_file *f)
{
    struct err unused = {0};
    (void)db_close(f->db, &unused); /* read only: nothing can be lost */
    f->db = NULL;
}

/* ---- the schema ---- */

void sqlite_quote(struct buf *sql, struct str name)
{
    buf_byte(sql, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '"')
            buf_byte(sql, '"');
        buf_byte(sql, name.at[i]);
    }
    buf_byte(sql, '"');
}

struct db_query *sqlite_prepare(struct sqlite_file *f, const struct buf *sql, struct err *err)
{
    return db_prepare(f->db, arena_text(f->arena, buf_str(sql)), err);
}

static bool fail_schema(const struct sqlite_file *f, struct err *err)
{
    err_set(err, ERR_CORRUPT, 370, "%s: the schema of the database cannot be read", f->path);
    return false;
}

/* Steps through a query; false at its end, and on failure with err set. */
static bool next_row(const struct sqlite_file *f, struct db_query *q, struct err *err)
{
    enum db_row row = db_step(q, err);
    if (row == DB_LARGE)
        (void)fail_schema(f, err);
    return row == DB_ROW;
}

static bool list_tables(struct sqlite_file *f, struct err *err)
{
    struct db_query *q = db_prepare(
        f->db,
        "SELECT type='view', type='table', name, coalesce(rootpage,0)>0 FROM sqlite_master "
        "WHERE type IS NULL OR type NOT IN ('index','trigger') ORDER BY name",
        err);
    while (q && next_row(f, q, err)) {
        int64_t view = 0;
        int64_t table = 0;
        int64_t stored = 0;
        struct str name;
        bool known = db_integer(q, 0, &view) && db_integer(q, 1, &table) && (view || table);
        if (!known || !db_text(q, 2, &name) || !db_integer(q, 3, &stored)) {
            (void)fail_schema(f, err);
            break;
        }
        if (name.len >= 7 && str_eq_nocase(str_slice(name, 0, 7), STR("sqlite_")))
            continue;
        f->tables =
            arena_grow(f->arena, f->tables, f->table_count, &f->table_room, sizeof *f->tables);
        f->tables[f->table_count++] = (struct sqlite_table){.kind = view     ? SQLITE_VIEW
                                                                    : stored ? SQLITE_TABLE
                                                                             : SQLITE_VIRTUAL,
                                                            .name = arena_copy(f->arena, name)};
    }
    db_finish(q);
    return !err_is(err);
}

/* What PRAGMA table_xinfo calls hidden: https://www.sqlite.org/pragma.html#pragma_table_xinfo */
enum { COLUMN_VISIBLE = 0, COLUMN_HIDDEN = 1 };

struct names {
    struct str *at;
    size_t count, room;
};

static void add_name(struct sqlite_file *f, struct names *list, struct str name)
{
    list->at = arena_grow(f->arena, list->at, list->count, &list->room, sizeof *list->at);
    list->at[list->count++] = arena_copy(f->arena, name);
}

static bool is_among(const struct names *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_eq_nocase(list->at[i], str_from(name)))
            return true;
    return false;
}

/* By which name, if any: one that is no column's. */
static const char *find_rowid(struct sqlite_file *f, const struct sqlite_table *t,
                              const struct names *all)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct buf sql = {.arena = f->arena};
        struct err unused = {0};
        if (is_among(all, names[i]))
            continue;
        buf_printf(&sql, "SELECT %s FROM ", names[i]);
        sqlite_quote(&sql, t->name);
        struct db_query *q = sqlite_prepare(f, &sql, &unused);
        db_finish(q);
        return q ? names[i] : NULL; /* it is a table WITHOUT ROWID */
    }
    return NULL;
}

static bool read_columns(struct sqlite_file *f, struct sqlite_table *t, struct err *err)
{
    struct buf sql = {.arena = f->arena};
    struct names all = {0};
    struct names stored = {0};
    buf_text(&sql, "PRAGMA table_xinfo(");
    sqlite_quote(&sql, t->name);
    buf_byte(&sql, ')');
    struct db_query *q = sqlite_prepare(f, &sql, err);
    while (q && next_row(f, q, err)) {
        struct str name;
        int64_t hidden = 0;
        if (!db_text(q, 1, &name) || !db_integer(q, 6, &hidden)) {
            (void)fail_schema(f, err);
            break;
        }
        add_name(f, &all, name);
        if (hidden == COLUMN_VISIBLE || hidden == COLUMN_HIDDEN)
            add_name(f, &stored, name);
        else
            t->generated = true;
    }
    db_finish(q);
    if (!err_is(err) && stored.count == 0)
        (void)fail_schema(f, err);
    if (err_is(err))
        return false;
    t->columns = stored.at;
    t->column_count = stored.count;
    t->rowid = find_rowid(f, t, &all);
    return true;
}

bool sqlite_tables(struct sqlite_file *f, struct err *err)
{
    if (!list_tables(f, err))
        return false;
    for (size_t i = 0; i < f->table_count; i++)
        if (f->tables[i].kind == SQLITE_TABLE && !read_columns(f, &f->tables[i], err))
            return false;
    return true;
}

bool sqlite_references(struct sqlite_file *f, const struct sqlite_table *t, struct str **names,
                       size_t *count, struct err *err)
{
    struct buf sql = {.arena = f->arena};
    struct names found = {0};
    struct str name;
    buf_text(&sql, "PRAGMA foreign_key_list(");
    sqlite_quote(&sql, t->name);
    buf_byte(&sql, ')');
    struct db_query *q = sqlite_prepare(f, &sql, err);
    while (q && next_row(f, q, err))
        if (db_text(q, 2, &name))
            add_name(f, &found, name);
    db_finish(q);
    *names = found.at;
    *count = found.count;
    return !err_is(err);
}
