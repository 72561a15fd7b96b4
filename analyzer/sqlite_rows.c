/*
 * sqlite_rows: one row of SQLite after the other as COPY text.
 *
 * A row comes whole where it is not large. Of a large one SQLite tells nothing but that it is; its
 * rowid is then asked for, and its cells one by one.
 */
#include "analyzer/sqlite_parts.h"
#include "common/text.h"
#include "formats/dump/copy_text.h"

#include <inttypes.h>
#include <stdlib.h>

enum { STEP = 16 /* room that is asked for */, PIECE = 64 * 1024 /* bytes of a large cell */ };

struct sqlite_rows {
    struct source source;
    struct sqlite_file *file;
    const struct sqlite_table *table;
    struct db_query *all; /* its rows from a rowid on */
    bool over;
    bool in_row, large;
    bool last;     /* no rowid is greater */
    int64_t next;  /* the least rowid that is due */
    int64_t rowid; /* of the large row */
    uint64_t rows;
    size_t position; /* of the column in its row */
    bool begun;      /* its field is; `value` is the rest of what is in view of it */
    struct str value;
    struct db_query *number; /* that value is of it */
    struct db_cell *cell;    /* the value is one; read up to `offset` */
    size_t offset;
    unsigned char *piece;
    struct copy_text out;
    struct copy_text_spare spare;
    struct err why; /* it failed; told when what is before it was given out */
};

static bool fail(struct sqlite_rows *r, int kind, int id, const char *problem)
{
    err_set(&r->why, kind, id, "%s: %s", r->file->path, problem);
    return false;
}

/* ---- a large row ---- */

static bool fail_large(struct sqlite_rows *r, const char *why)
{
    fail(r, ERR_INCOMPLETE, 374, why);
    err_hint(&r->why, "give the table's rows as a dump: sqlite3 FILE .dump");
    return false;
}

/* SELECT what FROM table WHERE rowid... */
static struct db_query *ask(struct sqlite_rows *r, struct buf *sql, const char *where, int64_t row)
{
    buf_text(sql, " FROM ");
    sqlite_quote(sql, r->table->name);
    buf_printf(sql, " NOT INDEXED WHERE %s%s", r->table->rowid, where);
    struct db_query *q = sqlite_prepare(r->file, sql, &r->why);
    if (q)
        db_bind_integer(q, 1, row);
    return q;
}

static bool find_large(struct sqlite_rows *r)
{
    struct buf sql = {.arena = r->file->arena};
    if (!r->table->rowid)
        return fail_large(r, "a row is too long, in a table without a rowid");
    if (r->table->generated)
        return fail_large(r, "a row is too long, in a table with generated columns");
    db_rewind(r->all);
    buf_printf(&sql, "SELECT %s", r->table->rowid);
    const char *order = arena_printf(r->file->arena, ">=?1 ORDER BY %s LIMIT 1", r->table->rowid);
    struct db_query *q = ask(r, &sql, order, r->next);
    bool found = q && db_step(q, &r->why) == DB_ROW && db_integer(q, 0, &r->rowid);
    db_finish(q);
    if (!found)
        return err_is(&r->why) || fail(r, ERR_CORRUPT, 370, "a row is lost behind another");
    r->large = true;
    db_allow_large(r->file->db, true);
    return true;
}

static bool open_cell(struct sqlite_rows *r, struct str type)
{
    struct arena *a = r->file->arena;
    if (str_eq(type, STR("text")) && r->file->utf16)
        return fail_large(r, "a row with a text is too long, in a database of UTF-16");
    r->cell = db_cell_open(r->file->db, arena_text(a, r->table->name),
                           arena_text(a, r->table->columns[r->position]), r->rowid, &r->why);
    r->offset = 0;
    return r->cell != NULL;
}

/* typeof() looks at no value, and neither does CASE at one that it does not give. */
static bool begin_large_field(struct sqlite_rows *r)
{
    struct buf sql = {.arena = r->file->arena};
    struct str type;
    buf_text(&sql, "SELECT typeof(");
    sqlite_quote(&sql, r->table->columns[r->position]);
    buf_text(&sql, "),CASE WHEN typeof(");
    sqlite_quote(&sql, r->table->columns[r->position]);
    buf_text(&sql, ") IN ('text','blob') THEN NULL ELSE ");
    sqlite_quote(&sql, r->table->columns[r->position]);
    buf_text(&sql, " END");
    r->number = ask(r, &sql, "=?1", r->rowid);
    if (!r->number || db_step(r->number, &r->why) != DB_ROW || !db_text(r->number, 0, &type))
        return err_is(&r->why) || fail(r, ERR_CORRUPT, 370, "a row is lost");
    if (str_eq(type, STR("text")) || str_eq(type, STR("blob")))
        return open_cell(r, type);
    if (str_eq(type, STR("null")))
        copy_text_null(&r->out);
    else if (!db_bytes(r->number, 1, &r->value, &r->why))
        return false;
    return true;
}

/* More of the value in view; false: that was all, or it failed. */
static bool next_piece(struct sqlite_rows *r)
{
    if (!r->cell)
        return false;
    size_t left = db_cell_size(r->cell) - r->offset;
    size_t n = left < PIECE ? left : PIECE;
    if (n == 0 || !db_cell_read(r->cell, r->offset, r->piece, n, &r->why))
        return false;
    r->offset += n;
    r->value = str_make(r->piece, n);
    return true;
}

static void end_large_field(struct sqlite_rows *r)
{
    db_cell_close(r->cell);
    db_finish(r->number);
    r->cell = NULL;
    r->number = NULL;
}

/* Behind the row that has this rowid. */
static bool pass_rowid(struct sqlite_rows *r, int64_t rowid)
{
    if (r->last || rowid < r->next)
        return fail(r, ERR_CORRUPT, 370, "rows of a table are out of order");
    r->last = rowid == INT64_MAX;
    r->next = r->last ? rowid : rowid + 1;
    return true;
}

static void end_large(struct sqlite_rows *r)
{
    r->large = false;
    db_allow_large(r->file->db, false);
    r->over = !pass_rowid(r, r->rowid) || r->last;
    db_bind_integer(r->all, 1, r->next);
}

/* ---- rows ---- */

/* Has a table more rows than the file has bytes? Then pages are read again and again. */
static bool count_row(struct sqlite_rows *r)
{
    if (++r->rows <= (uint64_t)r->file->before.st_size)
        return true;
    return fail(r, ERR_CORRUPT, 370, "a table has more rows than the file can hold");
}

static bool begin_row(struct sqlite_rows *r)
{
    int64_t rowid = 0;
    switch (db_step(r->all, &r->why)) {
    case DB_ROW:
        if (r->table->rowid && !db_integer(r->all, 0, &rowid))
            return fail(r, ERR_CORRUPT, 370, "a row has no rowid");
        if (r->table->rowid && !pass_rowid(r, rowid))
            return false;
        break;
    case DB_LARGE:
        if (!find_large(r))
            return false;
        break;
    case DB_DONE:
    case DB_FAILED:
        return false;
    }
    r->in_row = true;
    r->position = 0;
    return count_row(r);
}

static bool begin_field(struct sqlite_rows *r)
{
    int column = (int)r->position + (r->table->rowid != NULL);
    copy_text_field(&r->out);
    r->begun = true;
    r->value = STR("");
    if (r->large)
        return begin_large_field(r);
    if (db_type(r->all, column) != DB_NULL)
        return db_bytes(r->all, column, &r->value, &r->why);
    copy_text_null(&r->out);
    return true;
}

/* One step of a row: at most a field's text, or what there is room for. */
static bool write_field(struct sqlite_rows *r)
{
    if (!r->begun && !begin_field(r))
        return false;
    size_t taken = copy_text_put(&r->out, r->value);
    r->value = str_slice(r->value, taken, r->value.len);
    if (r->value.len > 0 || next_piece(r))
        return true;
    if (err_is(&r->why))
        return false;
    end_large_field(r);
    r->begun = false;
    r->position++;
    return true;
}

static bool write_step(struct sqlite_rows *r)
{
    if (!r->in_row)
        return begin_row(r);
    if (r->position < r->table->column_count)
        return write_field(r);
    copy_text_end(&r->out);
    r->in_row = false;
    if (r->large)
        end_large(r);
    return true;
}

static size_t write_rows(void *context, unsigned char *into, size_t room)
{
    struct sqlite_rows *r = context;
    copy_text_open(&r->out, into, room);
    while (!r->over && copy_text_room(&r->out) >= STEP)
        if (!write_step(r))
            r->over = true;
    return r->out.len;
}

/* ---- the source ---- */

static enum pull rows_read(struct source *source, unsigned char *into, size_t room, size_t *got,
                           struct err *err)
{
    struct sqlite_rows *r = (struct sqlite_rows *)source;
    *got = copy_text_give(&r->spare, write_rows, r, into, room);
    if (*got > 0)
        return PULL_OK;
    if (!err_is(&r->why))
        return PULL_END;
    err_place(&r->why, "table %s", text_shown(r->file->arena, r->table->name));
    if (!err_is(err))
        *err = r->why;
    return PULL_FAILED;
}

static void rows_close(struct source *source)
{
    (void)source;
}

struct source *sqlite_rows_source(struct sqlite_rows *r)
{
    return &r->source;
}

struct sqlite_rows *sqlite_rows_open(struct sqlite_file *f, const struct sqlite_table *t,
                                     struct err *err)
{
    static const struct source_ops ops = {.read = rows_read, .close = rows_close};
    struct buf sql = {.arena = f->arena};
    struct sqlite_rows *r = ARENA_NEW(f->arena, struct sqlite_rows);
    r->source.ops = &ops;
    r->file = f;
    r->table = t;
    r->next = INT64_MIN;
    r->piece = arena_alloc(f->arena, PIECE);
    buf_printf(&sql, "SELECT %s", t->rowid ? t->rowid : "");
    for (size_t i = 0; i < t->column_count; i++) {
        if (i > 0 || t->rowid)
            buf_byte(&sql, ',');
        sqlite_quote(&sql, t->columns[i]);
    }
    buf_text(&sql, " FROM ");
    sqlite_quote(&sql, t->name);
    buf_text(&sql, " NOT INDEXED");
    if (t->rowid)
        buf_printf(&sql, " WHERE %s>=?1 ORDER BY %s", t->rowid, t->rowid);
    r->all = sqlite_prepare(f, &sql, err);
    if (!r->all)
        return NULL;
    if (t->rowid)
        db_bind_integer(r->all, 1, r->next);
    return r;
}

void sqlite_rows_close(struct sqlite_rows *r)
{
    if (!r)
        return;
    end_large_field(r);
    db_finish(r->all);
    db_allow_large(r->file->db, false);
}
