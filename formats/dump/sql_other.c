/*
 * Which statement it is. What brings or changes rows and is not read in this version is counted as
 * unread, with its table; what is known to bring none is stepped over; what is not known at all is
 * unread (S1).
 */
#include "formats/dump/sql_parts.h"

/* Statements after which every table holds what it held before, or less. */
static bool brings_nothing(const struct sql_reader *r)
{
    static const char *const list[] = {
        "abort",     "analyze",  "analyse",    "begin",   "checkpoint", "close",    "cluster",
        "comment",   "commit",   "deallocate", "declare", "delete",     "drop",     "end",
        "fetch",     "grant",    "import",     "listen",  "lock",       "move",     "notify",
        "prepare",   "reassign", "refresh",    "reindex", "release",    "revoke",   "rollback",
        "savepoint", "security", "show",       "start",   "table",      "truncate", "unlisten",
        "vacuum",    "values"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (sql_is_word(r, list[i]))
            return true;
    return false;
}

/* INSERT INTO t, MERGE INTO t, UPDATE t: the token is its first word. */
static bool unread_with_table(struct sql_reader *r, const char *what, struct err *err)
{
    bool was = false;
    if (!sql_advance(r, err) || !sql_take_word(r, "into", &was, err) ||
        !sql_take_word(r, "only", &was, err))
        return false;
    struct str schema;
    struct str name;
    return sql_table_name(r, &schema, &name, err) &&
           sql_unread(r, str_from(what), schema, name, err);
}

static bool unread(struct sql_reader *r, const char *what, struct err *err)
{
    return sql_unread(r, str_from(what), STR(""), STR(""), err);
}

/* Functions that write large objects. lo_create and lo_open alone hold no data. */
static bool writes_large_object(const struct sql_reader *r)
{
    return sql_is_word(r, "lowrite") || sql_is_word(r, "lo_put") ||
           sql_is_word(r, "lo_from_bytea") || sql_is_word(r, "lo_import");
}

/* LOAD 'library' is PostgreSQL's; LOAD DATA would be MySQL's. */
static bool load(struct sql_reader *r, struct err *err)
{
    return sql_advance(r, err) && (r->token.kind == SQL_TOKEN_STRING || unread(r, "LOAD", err));
}

static bool select_query(struct sql_reader *r, struct err *err)
{
    bool large_object = false;
    bool into = false;
    while (!r->ended) {
        bool set_config = sql_is_word(r, "set_config");
        large_object = large_object || writes_large_object(r);
        into = into || (r->depth == 0 && sql_is_word(r, "into"));
        if (!sql_advance(r, err))
            return false;
        struct arena_mark before = arena_mark(&r->arena);
        size_t queued = r->queued;
        if (set_config && sql_is_mark(r, '(') && !sql_set_config(r, err))
            return false;
        if (r->queued == queued)
            arena_reset(&r->arena, before);
    }
    if (large_object && !unread(r, "large object", err))
        return false;
    return !into || unread(r, "SELECT ... INTO", err);
}

/* WITH and EXPLAIN may have a statement inside that writes. FOR UPDATE does not. */
static bool with_query(struct sql_reader *r, const char *what, struct err *err)
{
    bool writes = false;
    bool lock = false; /* behind FOR, or FOR NO KEY */
    while (!r->ended) {
        writes = writes || sql_is_word(r, "insert") || sql_is_word(r, "merge") ||
                 sql_is_word(r, "into") || writes_large_object(r) ||
                 (sql_is_word(r, "update") && !lock);
        lock = sql_is_word(r, "for") || (lock && sql_is_word(r, "no")) || sql_is_word(r, "key");
        if (!sql_advance(r, err))
            return false;
    }
    return !writes || unread(r, what, err);
}

bool sql_statement(struct sql_reader *r, struct err *err)
{
    if (sql_is_mark(r, '(')) /* a query in parentheses */
        return select_query(r, err);
    if (sql_is_word(r, "copy"))
        return sql_copy(r, err);
    if (sql_is_word(r, "create"))
        return sql_create(r, err);
    if (sql_is_word(r, "alter"))
        return sql_alter(r, err);
    if (sql_is_word(r, "select"))
        return select_query(r, err);
    if (sql_is_word(r, "set"))
        return sql_set(r, err);
    if (sql_is_word(r, "reset") || sql_is_word(r, "discard"))
        return sql_reset(r, err);
    if (sql_is_word(r, "insert"))
        return unread_with_table(r, "INSERT", err);
    if (sql_is_word(r, "update"))
        return unread_with_table(r, "UPDATE", err);
    if (sql_is_word(r, "merge"))
        return unread_with_table(r, "MERGE", err);
    if (sql_is_word(r, "load"))
        return load(r, err);
    if (sql_is_word(r, "do"))
        return unread(r, "DO", err);
    if (sql_is_word(r, "call"))
        return unread(r, "CALL", err);
    if (sql_is_word(r, "execute"))
        return unread(r, "EXECUTE", err);
    if (sql_is_word(r, "with"))
        return with_query(r, "WITH ... that writes", err);
    if (sql_is_word(r, "explain"))
        return with_query(r, "EXPLAIN of a statement that writes", err);
    /* not by its first word: that may be a cell that strayed out of its rows (S5) */
    return brings_nothing(r) || unread(r, "unknown statement", err);
}
