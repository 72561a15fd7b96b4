/*
 * sqlite: statements of SQLite's .dump: which it is, tables, and INSERT up to its values.
 *
 * The dump is one transaction: without its COMMIT it was cut off, and ROLLBACK in its place says
 * that SQLite could not read all of the database. Rows follow the definition of their table at
 * once, so that a table without any is an empty one. Generated columns have no values in it. Tables
 * of SQLite itself, sqlite_..., are none of the user's.
 * Source: shell.c, dump_callback; sqlite3/dump.py of Python; parse.y.
 */
#include "formats/dump/sql_parts.h"

static bool is_internal(struct str name)
{
    return name.len >= 7 && str_eq_nocase(str_slice(name, 0, 7), STR("sqlite_"));
}

static bool unread(struct sql_reader *r, const char *what, struct str name, struct err *err)
{
    return sql_unread(r, str_from(what), STR(""), name, err);
}

/* main.t is t. */
static bool table_name(struct sql_reader *r, struct str *name, struct err *err)
{
    struct str schema;
    return sql_table_name(r, &schema, name, err);
}

/* ---- CREATE ---- */

/* IF NOT EXISTS name; the token is the word before it. */
static bool begin(struct sql_reader *r, struct str *name, struct err *err)
{
    return sql_advance(r, err) && sql_pass_if_exists(r, err) && table_name(r, name, err);
}

static struct sql_event *emit_table(struct sql_reader *r, struct str name,
                                    enum sql_relation relation, bool temporary, struct err *err)
{
    struct sql_event *e = sql_emit(r, SQL_EVENT_TABLE, err);
    if (!e)
        return NULL;
    e->schema = STR("");
    e->name = name;
    e->relation = relation;
    e->temporary = temporary;
    return e;
}

static bool is_constraint(const struct sql_reader *r)
{
    return sql_is_word(r, "constraint") || sql_is_word(r, "primary") || sql_is_word(r, "unique") ||
           sql_is_word(r, "check") || sql_is_word(r, "foreign");
}

static bool refer_to(struct sql_reader *r, struct str from, struct err *err)
{
    struct str to;
    if (!sql_advance(r, err) || !table_name(r, &to, err))
        return false;
    return !to.len || sql_emit_reference(r, SQL_FOREIGN_KEY, STR(""), from, STR(""), to, err);
}

/* One element; at its end the token is the comma or parenthesis behind it. */
static bool element(struct sql_reader *r, const struct sql_event *e, struct sql_columns *list,
                    struct err *err)
{
    bool column = sql_is_name(r) && !is_constraint(r);
    bool generated = false;
    if (column && !sql_add_column(r, list, err))
        return false;
    while (!r->ended && r->depth > 0 && !(r->depth == 1 && sql_is_mark(r, ','))) {
        bool top = r->depth == 1;
        generated = generated || (top && sql_is_word(r, "as"));
        bool ok =
            top && sql_is_word(r, "references") ? refer_to(r, e->name, err) : sql_advance(r, err);
        if (!ok)
            return false;
    }
    list->count -= column && generated;
    return true;
}

static bool elements(struct sql_reader *r, struct sql_event *e, struct err *err)
{
    struct sql_columns list = {0};
    do {
        if (!sql_advance(r, err))
            return false;
        if (r->depth > 0 && !element(r, e, &list, err))
            return false;
    } while (!r->ended && r->depth > 0);
    e->columns = list.at;
    e->column_count = list.count;
    e->columns_known = true;
    return sql_advance(r, err);
}

static bool announce_rows(struct sql_reader *r, struct str name, struct err *err)
{
    struct sql_event *e = sql_emit(r, SQL_EVENT_FACT, err);
    if (!e)
        return false;
    e->fact = SQL_FACT_DATA_OF;
    e->schema = STR("");
    e->name = name;
    return true;
}

static bool create_table(struct sql_reader *r, bool temporary, struct err *err)
{
    struct str name;
    if (!begin(r, &name, err))
        return false;
    if (!name.len)
        return unread(r, "CREATE TABLE without a readable name", name, err);
    if (is_internal(name))
        return true;
    struct sql_event *e = emit_table(r, name, SQL_TABLE, temporary, err);
    if (!e)
        return false;
    if (!sql_is_mark(r, '('))
        return unread(r, "CREATE TABLE ... AS", name, err);
    if (!elements(r, e, err))
        return false;
    return temporary || announce_rows(r, name, err);
}

static bool create_view(struct sql_reader *r, bool temporary, struct err *err)
{
    struct str name;
    if (!begin(r, &name, err))
        return false;
    return !name.len || emit_table(r, name, SQL_VIEW, temporary, err);
}

static bool create(struct sql_reader *r, struct err *err)
{
    bool temporary = false;
    bool is_virtual = false;
    if (!sql_advance(r, err))
        return false;
    bool temp = sql_is_word(r, "temp") || sql_is_word(r, "temporary");
    if ((temp && !sql_advance(r, err)) || !sql_take_word(r, "virtual", &is_virtual, err))
        return false;
    temporary = temp;
    if (sql_is_word(r, "table") && !is_virtual)
        return create_table(r, temporary, err);
    /* what a virtual table keeps stands in other tables */
    return (!sql_is_word(r, "view") && !is_virtual) || create_view(r, temporary, err);
}

/* ---- INSERT ---- */

static bool insert(struct sql_reader *r, struct err *err)
{
    struct str word = sql_is_word(r, "insert") ? STR("insert") : STR("replace");
    struct sql_columns list = {0};
    struct str name;
    bool was = false;
    bool plain = true;
    if (!sql_view_head(r, err) || !sql_advance(r, err) || !sql_take_word(r, "or", &was, err) ||
        (was && !sql_advance(r, err)) || !sql_take_word(r, "into", &was, err) ||
        !table_name(r, &name, err))
        return false;
    if (!name.len)
        return unread(r, "INSERT without a readable name", name, err);
    if (is_internal(name))
        return true;
    if (sql_is_mark(r, '(') && !sql_column_list(r, &list, &plain, err))
        return false;
    if (plain && sql_is_word(r, "values"))
        return sql_emit_insert(r, word, STR(""), name, &list, err) != NULL;
    return unread(r, "INSERT ... SELECT", name, err);
}

/* ---- others ---- */

/* DELETE FROM sqlite_sequence is a part of every dump that has one. */
static bool delete_or_update(struct sql_reader *r, const char *what, struct err *err)
{
    struct str name;
    bool was = false;
    if (!sql_advance(r, err) || !sql_take_word(r, "from", &was, err) || !table_name(r, &name, err))
        return false;
    return is_internal(name) || unread(r, what, name, err);
}

static bool brings_nothing(const struct sql_reader *r)
{
    static const char *const list[] = {"analyze", "detach",  "drop",      "explain",
                                       "release", "reindex", "savepoint", "vacuum"};
    return sql_is_one_of(r, list, sizeof list / sizeof list[0]);
}

/* PRAGMA foreign_keys=OFF, or BEGIN where it is missing. */
static bool header(struct sql_reader *r, struct err *err)
{
    return r->header_open || sql_header(r, err);
}

static bool pragma(struct sql_reader *r, struct err *err)
{
    struct sql_token first = r->token;
    if (!sql_advance(r, err) || !sql_is_word(r, "foreign_keys"))
        return !err_is(err);
    r->token.offset = first.offset;
    r->token.line = first.line;
    return header(r, err);
}

/* The dump says itself that it had errors. */
static bool rollback(struct sql_reader *r, struct err *err)
{
    return unread(r, "ROLLBACK in place of COMMIT: rows that SQLite could not read", STR(""),
                  err) &&
           sql_trailer(r, err);
}

bool sqlite_statement(struct sql_reader *r, struct err *err)
{
    if (sql_is_word(r, "insert") || sql_is_word(r, "replace"))
        return insert(r, err);
    if (sql_is_word(r, "create"))
        return create(r, err);
    if (sql_is_word(r, "pragma"))
        return pragma(r, err);
    if (sql_is_word(r, "begin"))
        return header(r, err);
    if (sql_is_word(r, "commit") || sql_is_word(r, "end"))
        return sql_trailer(r, err);
    if (sql_is_word(r, "rollback"))
        return rollback(r, err);
    if (sql_is_word(r, "delete"))
        return delete_or_update(r, "DELETE", err);
    if (sql_is_word(r, "update"))
        return delete_or_update(r, "UPDATE", err);
    /* not by its first word: that may be a cell that strayed out of its row (S5) */
    return brings_nothing(r) || unread(r, "unknown statement", STR(""), err);
}
