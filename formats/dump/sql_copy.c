/*
 * COPY: which table, which columns, and whether the rows that follow are the text format that is
 * read. Every other form is reported as unread, and its rows, if they stand in the script, are
 * skipped.
 * Source: gram.y, CopyStmt, with the old syntax still accepted: BINARY, DELIMITERS, WITH OIDS.
 */
#include "formats/dump/sql_parts.h"

enum copy_from { COPY_FROM_NOWHERE, COPY_FROM_STDIN, COPY_FROM_FILE, COPY_FROM_PROGRAM };

/* The statement as it is read. */
struct copy_statement {
    struct str schema, name;
    struct sql_columns list;
    bool has_columns;
    enum copy_from from;
    bool oids; /* each row begins with its oid */
    bool csv, binary;
    bool changed; /* delimiter, NULL text, header or default are not the usual */
};

static bool copy_columns(struct sql_reader *r, struct copy_statement *c, struct err *err)
{
    c->has_columns = true;
    if (!sql_advance(r, err))
        return false;
    while (!r->ended && r->depth > 0) {
        if (!sql_is_name(r)) {
            if (!sql_advance(r, err))
                return false;
            continue;
        }
        if (!sql_add_column(r, &c->list, err))
            return false;
    }
    return sql_advance(r, err);
}

/* STDIN, a file's name or PROGRAM; the token behind FROM. */
static bool copy_origin(struct sql_reader *r, struct copy_statement *c, struct err *err)
{
    if (sql_is_word(r, "stdin") || sql_is_word(r, "stdout"))
        c->from = COPY_FROM_STDIN;
    else if (sql_is_word(r, "program"))
        c->from = COPY_FROM_PROGRAM;
    else
        c->from = COPY_FROM_FILE;
    return sql_advance(r, err);
}

/* The value behind an option's name, if it is a string other than `usual`. */
static bool changed_text(struct sql_reader *r, struct str usual, bool *changed, struct err *err)
{
    bool was = false;
    if (!sql_advance(r, err) || !sql_take_word(r, "as", &was, err))
        return false;
    if (r->token.kind != SQL_TOKEN_STRING || str_eq(r->token.text, usual))
        return true;
    *changed = true;
    return true;
}

static bool copy_format(struct sql_reader *r, struct copy_statement *c, struct err *err)
{
    if (!sql_advance(r, err))
        return false;
    if (str_eq_nocase(r->token.text, STR("csv")))
        c->csv = true;
    else if (str_eq_nocase(r->token.text, STR("binary")))
        c->binary = true;
    else if (!str_eq_nocase(r->token.text, STR("text")))
        c->changed = true;
    return true;
}

static bool copy_encoding(struct sql_reader *r, struct err *err)
{
    if (!sql_advance(r, err))
        return false;
    return r->token.kind != SQL_TOKEN_STRING || sql_set_encoding(r, r->token.text, err);
}

/* Options in either syntax: what changes how rows read is looked for, the rest is passed. */
static bool copy_options(struct sql_reader *r, struct copy_statement *c, struct err *err)
{
    while (!r->ended && !sql_is_word(r, "where")) {
        bool ok = true;
        if (sql_is_word(r, "csv"))
            c->csv = true;
        else if (sql_is_word(r, "binary"))
            c->binary = true;
        else if (sql_is_word(r, "oids"))
            c->oids = true;
        else if (sql_is_word(r, "header") || sql_is_word(r, "default"))
            c->changed = true;
        else if (sql_is_word(r, "format"))
            ok = copy_format(r, c, err);
        else if (sql_is_word(r, "delimiter") || sql_is_word(r, "delimiters"))
            ok = changed_text(r, STR("\t"), &c->changed, err);
        else if (sql_is_word(r, "null"))
            ok = changed_text(r, STR("\\N"), &c->changed, err);
        else if (sql_is_word(r, "encoding"))
            ok = copy_encoding(r, err);
        if (!ok || !sql_advance(r, err))
            return false;
    }
    return sql_finish_statement(r, err);
}

/* Rows begin on the next line; only white space and a comment may stand before it. */
static bool go_to_rows(struct sql_reader *r, bool *crlf, struct err *err)
{
    struct window *w = r->lexer.window;
    bool comment = false;
    bool return_seen = false;
    for (;;) {
        if (!window_rest(w).len && !window_more(w, err)) {
            sql_rows_cut_off(r, err);
            return false;
        }
        unsigned char c = window_rest(w).at[0];
        if (!comment && c == '-' && (window_rest(w).len > 1 || window_more(w, err)))
            comment = window_rest(w).at[1] == '-';
        if (!comment && !ascii_space(c))
            break;
        window_skip(w, 1);
        if (c == '\n') {
            *crlf = return_seen;
            r->rows_due = true;
            r->rows_offset = w->offset;
            return true;
        }
        return_seen = c == '\r';
    }
    err_set(err, ERR_CORRUPT, 316, "more text stands behind COPY ... FROM stdin on its line");
    window_place(w, w->offset, w->line, err);
    err_hint(err, "put it on a line of its own, behind the rows");
    return false;
}

/* What is not read of it, or NULL. */
static const char *not_read(const struct copy_statement *c)
{
    if (!c->name.len)
        return "COPY without a readable name";
    if (c->from == COPY_FROM_FILE)
        return "COPY ... FROM a file";
    if (c->from == COPY_FROM_PROGRAM)
        return "COPY ... FROM a program";
    if (c->csv)
        return "COPY ... CSV";
    if (c->binary)
        return "COPY ... BINARY";
    return c->changed ? "COPY ... with other than the usual options" : NULL;
}

/* The leading oid of each row is a column of its own. */
static void name_oid_column(struct sql_reader *r, struct sql_event *e)
{
    struct sql_column *wider = ARENA_ARRAY(&r->arena, e->column_count + 1, struct sql_column);
    wider[0].name = STR("oid");
    if (e->column_count)
        memcpy(wider + 1, e->columns, e->column_count * sizeof *wider);
    e->columns = wider;
    e->column_count++;
}

static bool copy_in(struct sql_reader *r, struct copy_statement *c, struct err *err)
{
    const char *what = not_read(c);
    if (what && !sql_unread(r, str_from(what), c->schema, c->name, err))
        return false;
    bool crlf = false;
    if (c->from == COPY_FROM_STDIN && !go_to_rows(r, &crlf, err))
        return false;
    if (what)
        return true;
    struct sql_event *e = sql_emit(r, SQL_EVENT_COPY, err);
    if (!e)
        return false;
    e->schema = c->schema;
    e->name = c->name;
    e->columns = c->list.at;
    e->column_count = c->list.count;
    e->columns_known = c->has_columns;
    e->crlf = crlf;
    if (c->oids && c->has_columns)
        name_oid_column(r, e);
    return true;
}

bool sql_copy(struct sql_reader *r, struct err *err)
{
    struct copy_statement c = {0};
    if (!sql_advance(r, err) || !sql_take_word(r, "binary", &c.binary, err))
        return false;
    if (sql_is_mark(r, '(')) /* COPY (query) TO */
        return true;
    if (!sql_table_name(r, &c.schema, &c.name, err))
        return false;
    if (sql_is_mark(r, '(') && !copy_columns(r, &c, err))
        return false;
    while (!r->ended && !sql_is_word(r, "from") && !sql_is_word(r, "to")) {
        c.oids = c.oids || sql_is_word(r, "oids"); /* WITH OIDS stood here up to version 11 */
        if (!sql_advance(r, err))
            return false;
    }
    if (r->ended)
        return sql_unread(r, STR("COPY without FROM or TO"), c.schema, c.name, err);
    if (sql_is_word(r, "to"))
        return true;
    return sql_advance(r, err) && copy_origin(r, &c, err) && copy_options(r, &c, err) &&
           copy_in(r, &c, err);
}
