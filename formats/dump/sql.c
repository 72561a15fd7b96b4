/* sql: the queue of events, and the tokens of one statement at a time. */
#include "formats/dump/sql_parts.h"

#include <inttypes.h>

struct sql_queued {
    struct sql_event event;
    struct sql_queued *next;
};

void sql_keep(struct sql_kept *kept, struct str s)
{
    kept->len = s.len < SQL_NAME_MAX ? s.len : SQL_NAME_MAX;
    if (kept->len)
        memcpy(kept->bytes, s.at, kept->len);
}

void sql_open(struct sql_reader *r, struct window *w)
{
    memset(r, 0, sizeof *r);
    sql_lex_open(&r->lexer, w);
    sql_keep(&r->path, STR("public"));
    (void)arena_alloc(&r->arena, 1); /* so that a reset keeps the first block */
    r->arena_start = arena_mark(&r->arena);
}

void sql_open_mysql(struct sql_reader *r, struct window *w)
{
    sql_open(r, w);
    r->lexer.mysql = true;
    r->lexer.backslashes = true;
    r->path.len = 0;
}

void sql_open_sqlite(struct sql_reader *r, struct window *w)
{
    sql_open(r, w);
    r->lexer.sqlite = true;
    r->path.len = 0;
}

void sql_in_session(struct sql_reader *r, struct str schema, bool backslashes)
{
    if (schema.len)
        sql_keep(&r->path, schema);
    r->lexer.backslashes = backslashes;
}

void sql_close(struct sql_reader *r)
{
    arena_free(&r->arena);
}

/* ---- events ---- */

static struct sql_event *enqueue(struct sql_reader *r, enum sql_event_kind kind, struct err *err)
{
    if (++r->queued > SQL_EVENTS_MAX) {
        err_set(err, ERR_CORRUPT, 315, "one statement tells more than %d facts", SQL_EVENTS_MAX);
        window_place(r->lexer.window, r->offset, r->line, err);
        return NULL;
    }
    struct sql_queued *q = ARENA_NEW(&r->arena, struct sql_queued);
    if (r->last)
        r->last->next = q;
    else
        r->first = q;
    r->last = q;
    q->event.kind = kind;
    q->event.offset = r->offset;
    q->event.line = r->line;
    q->event.time = UTC_NONE;
    q->event.database = arena_copy(&r->arena, sql_kept(&r->database));
    return &q->event;
}

/* The run of unread statements is over: it becomes one event. */
static bool flush_unread(struct sql_reader *r, struct err *err)
{
    if (!r->unread)
        return true;
    struct sql_event *e = enqueue(r, SQL_EVENT_UNREAD, err);
    if (!e)
        return false;
    e->offset = r->unread_offset;
    e->line = r->unread_line;
    e->what = arena_copy(&r->arena, sql_kept(&r->unread_what));
    e->schema = arena_copy(&r->arena, sql_kept(&r->unread_schema));
    e->name = arena_copy(&r->arena, sql_kept(&r->unread_name));
    e->count = r->unread;
    r->unread = 0;
    return true;
}

struct sql_event *sql_emit(struct sql_reader *r, enum sql_event_kind kind, struct err *err)
{
    return flush_unread(r, err) ? enqueue(r, kind, err) : NULL;
}

bool sql_emit_time(struct sql_reader *r, enum sql_fact fact, struct str text, int64_t time,
                   int64_t local, struct err *err)
{
    struct sql_event *e = sql_emit(r, SQL_EVENT_FACT, err);
    if (!e)
        return false;
    e->fact = fact;
    e->text = arena_copy(&r->arena, text);
    e->time = time;
    e->local = local;
    return true;
}

bool sql_emit_fact(struct sql_reader *r, enum sql_fact fact, struct str text, struct err *err)
{
    return sql_emit_time(r, fact, text, UTC_NONE, UTC_NONE, err);
}

bool sql_emit_reference(struct sql_reader *r, enum sql_reference reference, struct str schema,
                        struct str name, struct str to_schema, struct str to_name, struct err *err)
{
    struct sql_event *e = sql_emit(r, SQL_EVENT_REFERENCE, err);
    if (!e)
        return false;
    e->reference = reference;
    e->schema = schema;
    e->name = name;
    e->to_schema = to_schema;
    e->to_name = to_name;
    return true;
}

bool sql_unread_many(struct sql_reader *r, struct str what, uint64_t count, struct str schema,
                     struct str name, struct err *err)
{
    if (r->unread && str_eq(sql_kept(&r->unread_what), str_slice(what, 0, SQL_NAME_MAX)) &&
        str_eq(sql_kept(&r->unread_schema), schema) && str_eq(sql_kept(&r->unread_name), name)) {
        r->unread += count;
        return true;
    }
    if (!flush_unread(r, err))
        return false;
    r->unread = count;
    r->unread_offset = r->offset;
    r->unread_line = r->line;
    sql_keep(&r->unread_what, what);
    sql_keep(&r->unread_schema, schema);
    sql_keep(&r->unread_name, name);
    return true;
}

bool sql_unread(struct sql_reader *r, struct str what, struct str schema, struct str name,
                struct err *err)
{
    return sql_unread_many(r, what, 1, schema, name, err);
}

/* ---- tokens of a statement ---- */

bool sql_is_word(const struct sql_reader *r, const char *word)
{
    if (r->token.kind != SQL_TOKEN_WORD)
        return false;
    return r->lexer.sqlite ? str_eq_nocase(r->token.text, str_from(word))
                           : str_eq(r->token.text, str_from(word));
}

bool sql_is_one_of(const struct sql_reader *r, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sql_is_word(r, words[i]))
            return true;
    return false;
}

bool sql_is_mark(const struct sql_reader *r, char mark)
{
    return r->token.kind == SQL_TOKEN_MARK && r->token.text.len == 1 &&
           r->token.text.at[0] == (unsigned char)mark;
}

bool sql_is_name(const struct sql_reader *r)
{
    return r->token.kind == SQL_TOKEN_WORD || r->token.kind == SQL_TOKEN_NAME;
}

bool sql_take_word(struct sql_reader *r, const char *word, bool *was, struct err *err)
{
    *was = sql_is_word(r, word);
    return !*was || sql_advance(r, err);
}

bool sql_pass_if_exists(struct sql_reader *r, struct err *err)
{
    bool was = false;
    return sql_take_word(r, "if", &was, err) && sql_take_word(r, "not", &was, err) &&
           sql_take_word(r, "exists", &was, err);
}

bool sql_identifier(struct sql_reader *r, struct str *name, struct err *err)
{
    if (r->token.cut || r->token.text.len > SQL_NAME_MAX) {
        err_set(err, ERR_CORRUPT, 315, "a name is longer than %d bytes", SQL_NAME_MAX);
        window_place(r->lexer.window, r->token.offset, r->token.line, err);
        return false;
    }
    *name = arena_copy(&r->arena, r->token.text);
    return sql_advance(r, err);
}

bool sql_add_column(struct sql_reader *r, struct sql_columns *list, struct err *err)
{
    if (list->count >= SQL_COLUMNS_MAX) {
        err_set(err, ERR_CORRUPT, 315, "a statement names more than %d columns", SQL_COLUMNS_MAX);
        window_place(r->lexer.window, r->offset, r->line, err);
        return false;
    }
    list->at = arena_grow(&r->arena, list->at, list->count, &list->room, sizeof *list->at);
    return sql_identifier(r, &list->at[list->count++].name, err);
}

bool sql_table_name(struct sql_reader *r, struct str *schema, struct str *name, struct err *err)
{
    *schema = *name = STR("");
    if (!sql_is_name(r))
        return true;
    if (!sql_identifier(r, name, err))
        return false;
    bool qualified = false;
    while (sql_is_mark(r, '.')) { /* a third part, the database, can only be the present one */
        if (!sql_advance(r, err))
            return false;
        if (!sql_is_name(r)) {
            *schema = *name = STR("");
            return true;
        }
        *schema = *name;
        qualified = true;
        if (!sql_identifier(r, name, err))
            return false;
    }
    if (!qualified)
        *schema = arena_copy(&r->arena, sql_kept(&r->path));
    return true;
}

/*
 * Whether the first words make it a function or procedure, in which BEGIN opens a block of
 * statements: psql's own rule, by initials (psqlscan.l, "identifier").
 */
static bool may_have_body(const struct sql_reader *r)
{
    const unsigned char *i = r->initials;
    return i[0] == 'c' && (i[1] == 'f' || i[1] == 'p' ||
                           (i[1] == 'o' && i[2] == 'r' && (i[3] == 'f' || i[3] == 'p')));
}

static void track_word(struct sql_reader *r)
{
    if (r->words < 4) {
        static const char *const counted[] = {"create", "function", "procedure", "or", "replace"};
        for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++)
            if (sql_is_word(r, counted[i]))
                r->initials[r->words] = r->token.text.at[0];
        r->words++;
    }
    if (!may_have_body(r) || r->depth)
        return;
    if (sql_is_word(r, "begin") || (r->blocks && sql_is_word(r, "case")))
        r->blocks++;
    else if (r->blocks && sql_is_word(r, "end"))
        r->blocks--;
}

/* SQLite: the body of a trigger, CREATE [TEMP] TRIGGER ... BEGIN ... END. */
static void track_trigger(struct sql_reader *r)
{
    if (r->words < 3 && (sql_is_word(r, "create") || sql_is_word(r, "trigger")))
        r->initials[r->words ? 1 : 0] = ascii_lower(r->token.text.at[0]);
    if (r->words < 3)
        r->words++;
    if (r->initials[0] != 'c' || r->initials[1] != 't')
        return;
    if ((!r->blocks && sql_is_word(r, "begin")) || (r->blocks && sql_is_word(r, "case")))
        r->blocks++;
    else if (r->blocks && sql_is_word(r, "end"))
        r->blocks--;
}

/* MySQL: the delimiter ends it wherever it stands. */
static bool ends_statement(const struct sql_reader *r)
{
    if (r->lexer.mysql)
        return r->token.kind == SQL_TOKEN_STOP ||
               (sql_is_mark(r, ';') && !r->lexer.delimiter_length);
    return sql_is_mark(r, ';') && !r->depth && !r->blocks;
}

/* Follows what decides where the statement ends (psqlscan.l). */
static void track(struct sql_reader *r)
{
    sql_nested_follow(&r->nested, r);
    if (r->token.kind == SQL_TOKEN_WORD && r->lexer.sqlite)
        track_trigger(r);
    else if (r->token.kind == SQL_TOKEN_WORD && !r->lexer.mysql)
        track_word(r);
    else if (sql_is_mark(r, '('))
        r->depth++;
    else if (sql_is_mark(r, ')') && r->depth)
        r->depth--;
    else if (ends_statement(r))
        r->ended = true;
}

static bool end_inside_statement(struct sql_reader *r, struct err *err)
{
    err_set(err, ERR_INCOMPLETE, 310, "the script ends inside a statement");
    window_place(r->lexer.window, r->offset, r->line, err);
    err_hint(err, "the dump was cut off, or its last statement lacks its semicolon");
    return false;
}

/* A comment or a command of psql; between statements it stands for itself. */
static bool take_aside(struct sql_reader *r, struct err *err)
{
    if (!r->inside) {
        r->offset = r->token.offset;
        r->line = r->token.line;
        r->ended = true;
    }
    if (r->lexer.sqlite) /* its comments tell nothing */
        return true;
    struct arena_mark before = arena_mark(&r->arena);
    size_t queued = r->queued;
    bool (*read)(struct sql_reader *, struct err *) = r->token.kind == SQL_TOKEN_META ? sql_meta
                                                      : r->lexer.mysql ? mysql_comment
                                                                       : sql_comment;
    if (!read(r, err))
        return false;
    if (r->queued == queued) /* one statement may hold any number of them */
        arena_reset(&r->arena, before);
    return true;
}

static bool end_of_stream(struct sql_reader *r, struct err *err)
{
    if (r->inside)
        return end_inside_statement(r, err);
    r->finished = true;
    r->ended = true;
    return true;
}

bool sql_advance(struct sql_reader *r, struct err *err)
{
    bool colon = r->inside && sql_is_mark(r, ':');
    for (bool aside = true; aside && !r->ended;) {
        if (!sql_lex_next(&r->lexer, &r->token, err))
            return false;
        aside = r->token.kind == SQL_TOKEN_COMMENT || r->token.kind == SQL_TOKEN_META;
        if (aside && !take_aside(r, err))
            return false;
    }
    if (!r->ended && r->token.kind == SQL_TOKEN_END)
        return end_of_stream(r, err);
    if (!r->ended) {
        if (!r->inside) {
            r->offset = r->token.offset;
            r->line = r->token.line;
        }
        r->inside = true;
        if (colon && r->token.joined &&
            (r->token.kind == SQL_TOKEN_STRING || r->token.kind == SQL_TOKEN_NAME))
            r->variable = true;
        track(r);
    }
    if (r->ended)
        r->token = (struct sql_token){.kind = SQL_TOKEN_END};
    return true;
}

bool sql_finish_statement(struct sql_reader *r, struct err *err)
{
    while (!r->ended)
        if (!sql_advance(r, err))
            return false;
    bool variable = r->variable;
    r->variable = false;
    return (!variable || sql_unread(r, STR(":variable of psql"), STR(""), STR(""), err)) &&
           sql_nested_end(r, err);
}

/* ---- rows ---- */

void sql_rows_cut_off(const struct sql_reader *r, struct err *err)
{
    const struct window *w = r->lexer.window;
    err_set(err, ERR_INCOMPLETE, 312,
            "the script ends inside the rows of the COPY at line %" PRIu64, r->line);
    window_place(w, w->offset, w->line, err);
    err_hint(err, "the dump was cut off; make it again and compare sizes");
}

/* What stands ahead at the start of a line: 0: a row; else the length of the end line. */
static size_t end_line_ahead(struct window *w, struct err *err)
{
    while (window_rest(w).len < 4 && str_find(window_rest(w), '\n') == window_rest(w).len)
        if (!window_more(w, err))
            break;
    struct str rest = window_rest(w);
    size_t line = str_find(rest, '\n');
    bool end = str_eq(str_slice(rest, 0, line), STR("\\.")) ||
               str_eq(str_slice(rest, 0, line), STR("\\.\r"));
    return end ? line + (line < rest.len) : 0;
}

bool sql_skip_rows(struct sql_reader *r, struct err *err)
{
    struct window *w = r->lexer.window;
    r->rows_due = false;
    if (r->values_due)
        return insert_drain(&r->insert, err);
    if (r->object_due)
        return large_object_drain(&r->object, err);
    for (;;) {
        size_t end = end_line_ahead(w, err);
        if (end) {
            window_skip(w, end);
            return w->state != PULL_FAILED;
        }
        size_t line = str_find(window_rest(w), '\n');
        while (line == window_rest(w).len) {
            window_skip(w, line);
            if (!window_more(w, err)) {
                sql_rows_cut_off(r, err);
                return false;
            }
            line = str_find(window_rest(w), '\n');
        }
        window_skip(w, line + 1);
    }
}

/* ---- the reader ---- */

static void pop(struct sql_reader *r, struct sql_event *e)
{
    *e = r->first->event;
    r->first = r->first->next;
    if (!r->first)
        r->last = NULL;
}

static bool finish(struct sql_reader *r, struct sql_event *e, struct err *err)
{
    if (!flush_unread(r, err))
        return false;
    if (r->first) {
        pop(r, e);
        return true;
    }
    sql_note_open_headers(r);
    sql_note_open_transaction(r);
    const struct window *w = r->lexer.window;
    *e = (struct sql_event){.kind = SQL_EVENT_END,
                            .offset = w->offset,
                            .line = w->line,
                            .database = sql_kept(&r->database),
                            .time = UTC_NONE,
                            .end = r->end};
    e->end.header_database = sql_kept(&r->end_database);
    return true;
}

static bool next_statement(struct sql_reader *r, struct err *err)
{
    arena_reset(&r->arena, r->arena_start);
    r->queued = 0;
    r->inside = r->ended = r->variable = false;
    r->depth = r->blocks = 0;
    r->words = 0;
    r->nested = (struct sql_nested){0};
    memset(r->initials, 0, sizeof r->initials);
    bool (*read)(struct sql_reader *, struct err *) = r->lexer.mysql    ? mysql_statement
                                                      : r->lexer.sqlite ? sqlite_statement
                                                                        : sql_statement;
    return sql_advance(r, err) && (r->ended || read(r, err)) &&
           (r->finished || sql_finish_statement(r, err));
}

bool sql_next(struct sql_reader *r, struct sql_event *e, struct err *err)
{
    while (!r->first) {
        if (r->finished)
            return finish(r, e, err);
        if (r->rows_due && r->rows_offset == r->lexer.window->offset && !sql_skip_rows(r, err))
            return false;
        r->rows_due = false;
        if ((r->values_due && !sql_end_insert(r, err)) ||
            (r->object_due && !sql_end_object(r, err)))
            return false;
        if (!r->first && !next_statement(r, err))
            return false;
    }
    pop(r, e);
    return true;
}
