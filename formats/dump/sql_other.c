/*
 * Which statement it is. What brings or changes rows and is not read in this version is counted as
 * unread, with its table; what is known to bring none is stepped over; what is not known at all is
 * unread (S1).
 */
#include "formats/dump/sql_parts.h"

/*
 * Statements that bring no row and change none. DROP is among them, though it takes rows away: what
 * pg_dump --clean drops stands before any data.
 */
static bool brings_nothing(const struct sql_reader *r)
{
    static const char *const list[] = {
        "analyze",  "analyse",  "checkpoint", "close",    "cluster", "comment", "deallocate",
        "drop",     "fetch",    "grant",      "import",   "listen",  "lock",    "move",
        "notify",   "reassign", "refresh",    "reindex",  "release", "revoke",  "savepoint",
        "security", "show",     "table",      "unlisten", "vacuum"};
    return sql_is_one_of(r, list, sizeof list / sizeof list[0]);
}

bool sql_is_system_table(struct str schema, struct str name)
{
    return str_eq(schema, STR("pg_catalog")) && !str_eq(name, STR("pg_largeobject"));
}

/* MERGE INTO t, UPDATE t, DELETE FROM t: the token is its first word. */
static bool unread_with_table(struct sql_reader *r, const char *what, struct err *err)
{
    bool was = false;
    if (!sql_advance(r, err) || !sql_take_word(r, "into", &was, err) ||
        !sql_take_word(r, "from", &was, err) || !sql_take_word(r, "only", &was, err))
        return false;
    struct str schema;
    struct str name;
    return sql_table_name(r, &schema, &name, err) &&
           (sql_is_system_table(schema, name) || sql_unread(r, str_from(what), schema, name, err));
}

/* [ONLY] a [*] */
static bool truncate_table(struct sql_reader *r, struct err *err)
{
    bool only = false;
    struct str schema;
    struct str name;
    if (!sql_take_word(r, "only", &only, err) || !sql_table_name(r, &schema, &name, err))
        return false;
    if (!(name.len && str_eq(schema, STR("pg_catalog"))) &&
        !sql_unread(r, STR("TRUNCATE"), schema, name, err))
        return false;
    return !sql_is_mark(r, '*') || sql_advance(r, err);
}

/* TRUNCATE [TABLE] a, b ... */
static bool truncate_tables(struct sql_reader *r, struct err *err)
{
    bool table = false;
    if (!sql_advance(r, err) || !sql_take_word(r, "table", &table, err))
        return false;
    for (bool more = true; more;) {
        struct arena_mark before = arena_mark(&r->arena);
        size_t queued = r->queued;
        if (!truncate_table(r, err))
            return false;
        if (r->queued == queued) /* it may name any number of them */
            arena_reset(&r->arena, before);
        more = sql_is_mark(r, ',');
        if (more && !sql_advance(r, err))
            return false;
    }
    return true;
}

static bool unread(struct sql_reader *r, const char *what, struct err *err)
{
    return sql_unread(r, str_from(what), STR(""), STR(""), err);
}

/* Functions that write large objects, but not as pg_dump does. lo_create and lo_open alone hold no
 * data. */
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

/* ---- queries ---- */

/* The token before, as far as it tells whether a parenthesis behind it calls a function. */
enum behind {
    BEHIND_OTHER,
    BEHIND_TYPE,      /* :: or AS: the name that follows calls nothing */
    BEHIND_TYPE_NAME, /* that name */
    BEHIND_CATALOG,   /* pg_catalog */
    BEHIND_SYSTEM,    /* pg_catalog. */
    BEHIND_DOT,
    BEHIND_NAME /* of a function, if a parenthesis comes: one that is not known */
};

/* What was met in a query. */
struct query {
    bool large_object; /* a function that writes one */
    bool into;         /* outside of parentheses */
    bool writes;       /* INSERT, UPDATE, ... somewhere in it */
    bool calls;        /* a function that is not the server's own */
    bool lock;         /* behind FOR, or FOR NO KEY: UPDATE is no statement there */
    enum behind behind;
};

/* Unqualified words before a parenthesis: of the grammar, and functions that change no row. */
static bool is_known_call(const struct sql_reader *r)
{
    static const char *const list[] = {
        "all",      "and",        "any",     "array",    "between", "by",        "case",
        "cast",     "coalesce",   "count",   "currval",  "cursor",  "distinct",  "else",
        "except",   "exists",     "explain", "extract",  "filter",  "for",       "from",
        "greatest", "grouping",   "having",  "ilike",    "in",      "intersect", "is",
        "join",     "lateral",    "least",   "like",     "limit",   "lo_close",  "lo_create",
        "lo_open",  "lo_unlink",  "max",     "min",      "nextval", "not",       "now",
        "nullif",   "offset",     "on",      "operator", "or",      "over",      "row",
        "select",   "set_config", "setval",  "sets",     "some",    "sum",       "then",
        "union",    "using",      "values",  "when",     "where",   "with"};
    return sql_is_one_of(r, list, sizeof list / sizeof list[0]);
}

static enum behind behind_name(const struct sql_reader *r, enum behind before)
{
    if (before == BEHIND_TYPE)
        return BEHIND_TYPE_NAME;
    if (before == BEHIND_SYSTEM)
        return BEHIND_OTHER;
    if (before == BEHIND_DOT)
        return BEHIND_NAME;
    if (sql_is_word(r, "as"))
        return BEHIND_TYPE;
    if (str_eq(r->token.text, STR("pg_catalog")))
        return BEHIND_CATALOG;
    return is_known_call(r) || writes_large_object(r) ? BEHIND_OTHER : BEHIND_NAME;
}

static void look_for_call(struct query *q, const struct sql_reader *r)
{
    enum behind before = q->behind;
    bool cast = r->token.kind == SQL_TOKEN_MARK && str_eq(r->token.text, STR("::"));
    q->calls = q->calls || (before == BEHIND_NAME && sql_is_mark(r, '('));
    q->behind = BEHIND_OTHER;
    if (sql_is_name(r))
        q->behind = behind_name(r, before);
    else if (cast || (before == BEHIND_TYPE_NAME && sql_is_mark(r, '.')))
        q->behind = BEHIND_TYPE;
    else if (sql_is_mark(r, '.'))
        q->behind = before == BEHIND_CATALOG ? BEHIND_SYSTEM : BEHIND_DOT;
}

static void look_for_writes(struct query *q, const struct sql_reader *r)
{
    q->large_object = q->large_object || writes_large_object(r);
    q->into = q->into || (r->depth == 0 && sql_is_word(r, "into"));
    q->writes = q->writes || sql_is_word(r, "insert") || sql_is_word(r, "merge") ||
                sql_is_word(r, "delete") || sql_is_word(r, "into") ||
                (sql_is_word(r, "update") && !q->lock);
    q->lock = sql_is_word(r, "for") || (q->lock && sql_is_word(r, "no")) || sql_is_word(r, "key");
}

/* At the parenthesis behind set_config. A query may hold any number of them. */
static bool set_config(struct sql_reader *r, struct err *err)
{
    struct arena_mark before = arena_mark(&r->arena);
    size_t queued = r->queued;
    if (!sql_set_config(r, err))
        return false;
    if (r->queued == queued)
        arena_reset(&r->arena, before);
    return true;
}

/*
 * A query does no more than read unless a function of the user's does, or a statement inside of it:
 * `writes` is what that is called; NULL where there can be none (and insert may name a column).
 */
static bool query(struct sql_reader *r, const char *writes, struct err *err)
{
    struct query q = {0};
    bool setting = false;
    while (!r->ended) {
        look_for_call(&q, r);
        look_for_writes(&q, r);
        bool opens = setting && sql_is_mark(r, '(');
        setting = sql_is_word(r, "set_config");
        if (opens ? !set_config(r, err) : !sql_advance(r, err))
            return false;
    }
    if (q.large_object && !unread(r, "large object", err))
        return false;
    if (writes && q.writes)
        return unread(r, writes, err);
    if (q.into && !unread(r, "SELECT ... INTO", err))
        return false;
    return !q.calls || unread(r, "call of a function", err);
}

bool sql_statement(struct sql_reader *r, struct err *err)
{
    bool object = false;
    if (sql_is_mark(r, '('))
        return query(r, "query that writes", err);
    if (sql_is_word(r, "copy"))
        return sql_copy(r, err);
    if (sql_is_word(r, "create"))
        return sql_create(r, err);
    if (sql_is_word(r, "alter"))
        return sql_alter(r, err);
    if (sql_is_word(r, "select"))
        return sql_object(r, &object, err) && (object || query(r, NULL, err));
    if (sql_is_word(r, "values") || sql_is_word(r, "declare"))
        return query(r, NULL, err);
    if (sql_is_word(r, "set"))
        return sql_set(r, err);
    if (sql_is_word(r, "reset") || sql_is_word(r, "discard"))
        return sql_reset(r, err);
    if (sql_is_word(r, "insert"))
        return sql_insert(r, err);
    if (sql_is_word(r, "update"))
        return unread_with_table(r, "UPDATE", err);
    if (sql_is_word(r, "merge"))
        return unread_with_table(r, "MERGE", err);
    if (sql_is_word(r, "delete"))
        return unread_with_table(r, "DELETE", err);
    if (sql_is_word(r, "truncate"))
        return truncate_tables(r, err);
    if (sql_is_word(r, "load"))
        return load(r, err);
    if (sql_is_word(r, "do"))
        return unread(r, "DO", err);
    if (sql_is_word(r, "call"))
        return unread(r, "CALL", err);
    if (sql_is_word(r, "execute"))
        return unread(r, "EXECUTE", err);
    if (sql_is_word(r, "with"))
        return query(r, "WITH ... that writes", err);
    if (sql_is_word(r, "explain"))
        return query(r, "EXPLAIN of a statement that writes", err);
    bool transaction = false;
    if (!sql_transaction(r, &transaction, err))
        return false;
    /* not by its first word: that may be a cell that strayed out of its rows (S5) */
    return transaction || brings_nothing(r) || unread(r, "unknown statement", err);
}
