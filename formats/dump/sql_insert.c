/*
 * INSERT: which table and columns, up to the values; those are read by insert.h. What brings rows
 * in another way is reported as unread.
 * Source: gram.y, InsertStmt; pg_dump.c, dumpTableData_insert.
 */
#include "formats/dump/sql_parts.h"

/* Brought into view, so that a run of statements is one whatever the pieces it comes in. */
bool sql_view_head(struct sql_reader *r, struct err *err)
{
    struct window *w = r->lexer.window;
    r->head.offset = w->offset;
    r->head.len = 0;
    while (window_rest(w).len < sizeof r->head.bytes)
        if (!window_more(w, err))
            break;
    if (err_is(err))
        return false;
    struct str seen = str_slice(window_rest(w), 0, sizeof r->head.bytes);
    memcpy(r->head.bytes, seen.at, seen.len);
    r->head.len = seen.len;
    return true;
}

/* The window stands behind the head. */
static struct str head_of(const struct sql_reader *r)
{
    uint64_t length = r->lexer.window->offset - r->head.offset;
    return length <= r->head.len ? str_make(r->head.bytes, (size_t)length) : STR("");
}

bool sql_column_list(struct sql_reader *r, struct sql_columns *list, bool *plain, struct err *err)
{
    *plain = true;
    do {
        if (!sql_advance(r, err))
            return false;
        bool name = sql_is_name(r);
        if (name && !sql_add_column(r, list, err))
            return false;
        *plain = *plain && name && (sql_is_mark(r, ',') || sql_is_mark(r, ')'));
    } while (!r->ended && sql_is_mark(r, ','));
    while (!r->ended && r->depth > 0)
        if (!sql_advance(r, err))
            return false;
    return sql_advance(r, err);
}

/* AS alias and OVERRIDING SYSTEM | USER VALUE. */
static bool pass_options(struct sql_reader *r, const char *first, int words, struct err *err)
{
    if (!sql_is_word(r, first))
        return true;
    for (; words > 0; words--)
        if (!sql_advance(r, err))
            return false;
    return true;
}

struct sql_event *sql_emit_insert(struct sql_reader *r, struct str word, struct str schema,
                                  struct str name, const struct sql_columns *list, struct err *err)
{
    struct sql_event *e = sql_emit(r, SQL_EVENT_INSERT, err);
    if (!e)
        return NULL;
    e->schema = schema;
    e->name = name;
    e->columns = list->at;
    e->column_count = list->count;
    e->columns_known = list->count > 0;
    struct insert_statement how = {.mysql = r->lexer.mysql,
                                   .sqlite = r->lexer.sqlite,
                                   .backslashes = r->lexer.backslashes,
                                   .ansi_quotes = r->lexer.ansi_quotes,
                                   .word = word,
                                   .head = head_of(r),
                                   .offset = r->offset,
                                   .line = r->line};
    insert_open(&r->insert, r->lexer.window, &how);
    sql_keep(&r->insert_schema, schema);
    sql_keep(&r->insert_name, name);
    r->values_due = true;
    r->ended = true; /* what is left of the statement is not for the lexer */
    return e;
}

/* DEFAULT VALUES: one row of them, and no tuple follows. */
static bool default_values(struct sql_reader *r, struct str schema, struct str name,
                           struct err *err)
{
    struct sql_columns none = {0};
    struct sql_event *e = sql_emit_insert(r, STR("insert"), schema, name, &none, err);
    if (!e)
        return false;
    e->defaults = true;
    r->insert.how.defaults = true;
    return true;
}

bool sql_insert(struct sql_reader *r, struct err *err)
{
    bool was = false;
    bool plain = true;
    struct sql_columns list = {0};
    struct str schema;
    struct str name;
    if (!sql_view_head(r, err) || !sql_advance(r, err) || !sql_take_word(r, "into", &was, err) ||
        !sql_table_name(r, &schema, &name, err))
        return false;
    if (!name.len)
        return sql_unread(r, STR("INSERT without a readable name"), schema, name, err);
    if (sql_is_system_table(schema, name))
        return true;
    if (str_eq(schema, STR("pg_catalog")))
        return sql_unread(r, STR("large object"), STR(""), STR(""), err);
    if (!pass_options(r, "as", 2, err))
        return false;
    if (sql_is_mark(r, '(') && !sql_column_list(r, &list, &plain, err))
        return false;
    if (!pass_options(r, "overriding", 3, err))
        return false;
    if (plain && sql_is_word(r, "values"))
        return sql_emit_insert(r, STR("insert"), schema, name, &list, err) != NULL;
    if (plain && !list.count && sql_is_word(r, "default")) {
        if (!sql_advance(r, err))
            return false;
        if (sql_is_word(r, "values"))
            return default_values(r, schema, name, err);
    }
    const char *what = plain ? "INSERT ... SELECT" : "INSERT into a part of a column";
    return sql_unread(r, str_from(what), schema, name, err);
}

struct source *sql_insert_rows(struct sql_reader *r, const bool *left_out, size_t count)
{
    insert_leave_out(&r->insert, left_out, count);
    return &r->insert.source;
}

/* ---- behind the rows ---- */

/* What stands behind the rows; only ON CONFLICT ... DO NOTHING changes nothing. */
static bool tail(struct sql_reader *r, struct err *err)
{
    bool conflict = true;
    bool nothing = false;
    r->ended = false;
    r->inside = true;
    r->depth = r->blocks = 0;
    for (unsigned n = 0; !r->ended; n++) {
        bool action = sql_is_word(r, "do");
        if (!sql_advance(r, err))
            return false;
        if (n < 2)
            conflict = conflict && sql_is_word(r, n == 0 ? "on" : "conflict");
        nothing = r->ended ? nothing : action && sql_is_word(r, "nothing");
    }
    if (!sql_finish_statement(r, err))
        return false;
    return (conflict && nothing) ||
           sql_unread(r, STR("INSERT with more behind its rows"), sql_kept(&r->insert_schema),
                      sql_kept(&r->insert_name), err);
}

bool sql_end_insert(struct sql_reader *r, struct err *err)
{
    struct insert_rows *rows = &r->insert;
    r->values_due = false;
    if (!insert_drain(rows, err))
        return false;
    arena_reset(&r->arena, r->arena_start);
    r->queued = 0;
    r->offset = rows->how.offset;
    r->line = rows->how.line;
    if (rows->end == INSERT_TAIL && !tail(r, err))
        return false;
    if (rows->odd == 0)
        return true;
    r->offset = rows->odd_offset;
    r->line = rows->odd_line;
    return sql_unread_many(r, STR("INSERT of a value that is no literal"), rows->odd,
                           sql_kept(&r->insert_schema), sql_kept(&r->insert_name), err);
}
