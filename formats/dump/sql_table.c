/*
 * CREATE and ALTER of what can hold rows: which tables there are, what they refer to, and their
 * columns as far as the statement lists them.
 * Source: gram.y, CreateStmt, CreateForeignTableStmt, CreateAsStmt, ViewStmt, AlterTableStmt.
 */
#include "formats/dump/sql_parts.h"

/* The table whose statement is read; the event stands in the queue and is filled as it goes. */
struct table {
    struct sql_event *event;
    size_t column_room;
};

/* At a name: a reference from this table to it. */
static bool refer_to(struct sql_reader *r, enum sql_reference kind, struct str schema,
                     struct str name, struct err *err)
{
    struct str to_schema;
    struct str to_name;
    if (!sql_table_name(r, &to_schema, &to_name, err))
        return false;
    return !to_name.len || sql_emit_reference(r, kind, schema, name, to_schema, to_name, err);
}

/* ---- the list of columns and constraints ---- */

static struct sql_column *add_column(struct sql_reader *r, struct table *t, struct err *err)
{
    struct sql_event *e = t->event;
    if (e->column_count >= SQL_COLUMNS_MAX) {
        err_set(err, ERR_CORRUPT, 315, "a table has more than %d columns", SQL_COLUMNS_MAX);
        window_place(r->lexer.window, r->offset, r->line, err);
        return NULL;
    }
    e->columns =
        arena_grow(&r->arena, e->columns, e->column_count, &t->column_room, sizeof *e->columns);
    return &e->columns[e->column_count++];
}

static bool is_constraint_word(const struct sql_reader *r)
{
    return sql_is_word(r, "constraint") || sql_is_word(r, "primary") || sql_is_word(r, "unique") ||
           sql_is_word(r, "check") || sql_is_word(r, "foreign");
}

/* GENERATED [ALWAYS | BY DEFAULT] AS ( expression ), and not AS IDENTITY. */
static bool generated(struct sql_reader *r, bool *is_generated, struct err *err)
{
    bool was = false;
    if (!sql_advance(r, err) || !sql_take_word(r, "always", &was, err) ||
        !sql_take_word(r, "as", &was, err))
        return false;
    if (was && sql_is_mark(r, '('))
        *is_generated = true;
    return true;
}

/* Goes to the comma or parenthesis that ends the element, and looks for what matters on the way. */
static bool rest_of_element(struct sql_reader *r, struct table *t, struct sql_column *column,
                            struct err *err)
{
    while (!r->ended && r->depth > 0 && !(r->depth == 1 && sql_is_mark(r, ','))) {
        bool top = r->depth == 1;
        if (top && sql_is_word(r, "references")) {
            if (!sql_advance(r, err) ||
                !refer_to(r, SQL_FOREIGN_KEY, t->event->schema, t->event->name, err))
                return false;
        } else if (top && column && sql_is_word(r, "generated")) {
            if (!generated(r, &column->generated, err))
                return false;
        } else if (!sql_advance(r, err)) {
            return false;
        }
    }
    return true;
}

static bool element(struct sql_reader *r, struct table *t, struct err *err)
{
    struct sql_column *column = NULL;
    if (sql_is_word(r, "like")) {
        t->event->columns_known = false;
    } else if (sql_is_name(r) && !is_constraint_word(r)) {
        bool may_exclude = sql_is_word(r, "exclude"); /* not reserved: a column may be called so */
        struct str name;
        if (!sql_identifier(r, &name, err))
            return false;
        if (!may_exclude || !(sql_is_word(r, "using") || sql_is_mark(r, '('))) {
            column = add_column(r, t, err);
            if (!column)
                return false;
            column->name = name;
        }
    }
    return rest_of_element(r, t, column, err);
}

/* At the opening parenthesis; leaves the token behind the closing one. */
static bool elements(struct sql_reader *r, struct table *t, struct err *err)
{
    do {
        if (!sql_advance(r, err))
            return false;
        if (r->depth > 0 && !element(r, t, err))
            return false;
    } while (!r->ended && r->depth > 0);
    return sql_advance(r, err);
}

/* ---- what follows the list ---- */

static bool inherits(struct sql_reader *r, struct table *t, struct err *err)
{
    t->event->inherits = t->event->columns_known;
    t->event->columns_known = false;
    if (!sql_advance(r, err))
        return false;
    while (sql_is_mark(r, '(') || sql_is_mark(r, ',')) {
        if (!sql_advance(r, err) ||
            !refer_to(r, SQL_INHERITS, t->event->schema, t->event->name, err))
            return false;
    }
    return true;
}

/* PARTITION BY ...: a root; PARTITION OF root [(...)]. */
static bool partition(struct sql_reader *r, struct table *t, struct err *err)
{
    bool of = false;
    if (!sql_advance(r, err))
        return false;
    if (sql_is_word(r, "by") && t->event->relation == SQL_TABLE)
        t->event->relation = SQL_PARTITIONED;
    if (!sql_take_word(r, "of", &of, err))
        return false;
    if (!of)
        return true;
    t->event->columns_known = false;
    t->event->inherits = true;
    if (!refer_to(r, SQL_PARTITION_OF, t->event->schema, t->event->name, err))
        return false;
    return !sql_is_mark(r, '(') || elements(r, t, err);
}

/* CREATE TABLE ... AS query: rows from somewhere, unless it ends in WITH NO DATA. */
static bool as_query(struct sql_reader *r, struct table *t, struct err *err)
{
    bool with_data = true;
    t->event->columns_known = false;
    while (!r->ended) {
        bool no = false;
        if (!sql_take_word(r, "no", &no, err))
            return false;
        if (no && r->depth == 0 && sql_is_word(r, "data"))
            with_data = false;
        if (!no && !sql_advance(r, err))
            return false;
    }
    return !with_data ||
           sql_unread(r, STR("CREATE TABLE ... AS"), t->event->schema, t->event->name, err);
}

static bool table_tail(struct sql_reader *r, struct table *t, struct err *err)
{
    while (!r->ended) {
        bool ok;
        if (r->depth == 0 && sql_is_word(r, "inherits")) {
            ok = inherits(r, t, err);
        } else if (r->depth == 0 && sql_is_word(r, "partition")) {
            ok = partition(r, t, err);
        } else if (r->depth == 0 && sql_is_word(r, "as")) {
            ok = as_query(r, t, err);
        } else {
            if (r->depth == 0 && sql_is_word(r, "of"))
                t->event->columns_known = false;
            ok = sql_advance(r, err);
        }
        if (!ok)
            return false;
    }
    return true;
}

/* ---- CREATE ---- */

/* The token is the word behind TABLE, VIEW, ... */
static bool begin_table(struct sql_reader *r, enum sql_relation relation, bool temporary,
                        struct table *t, struct err *err)
{
    *t = (struct table){0};
    if (!sql_pass_if_exists(r, err))
        return false;
    struct str schema;
    struct str name;
    if (!sql_table_name(r, &schema, &name, err))
        return false;
    if (!name.len)
        return sql_unread(r, STR("CREATE TABLE without a readable name"), STR(""), STR(""), err);
    t->event = sql_emit(r, SQL_EVENT_TABLE, err);
    if (!t->event)
        return false;
    t->event->schema = schema;
    t->event->name = name;
    t->event->relation = relation;
    t->event->temporary = temporary;
    return true;
}

static bool create_table(struct sql_reader *r, enum sql_relation relation, bool temporary,
                         struct err *err)
{
    struct table t;
    if (!sql_advance(r, err) || !begin_table(r, relation, temporary, &t, err))
        return false;
    if (!t.event)
        return true;
    t.event->columns_known = sql_is_mark(r, '(');
    if (sql_is_mark(r, '(') && !elements(r, &t, err))
        return false;
    return table_tail(r, &t, err);
}

static bool create_view(struct sql_reader *r, enum sql_relation relation, bool temporary,
                        struct err *err)
{
    struct table t;
    return sql_advance(r, err) && begin_table(r, relation, temporary, &t, err);
}

/* CREATE SCHEMA may hold CREATE TABLE and others without a semicolon between; not read. */
static bool create_schema(struct sql_reader *r, struct err *err)
{
    bool more = false;
    while (!r->ended) {
        if (!sql_advance(r, err))
            return false;
        more = more || sql_is_word(r, "create");
    }
    return !more || sql_unread(r, STR("CREATE SCHEMA ... CREATE"), STR(""), STR(""), err);
}

/* Without connect = false, which pg_dump always writes, it brings the rows of its tables. */
static bool create_subscription(struct sql_reader *r, struct err *err)
{
    bool connects = true;
    while (!r->ended) {
        bool option = sql_is_word(r, "connect");
        if (!sql_advance(r, err))
            return false;
        if (option && sql_is_mark(r, '=')) {
            if (!sql_advance(r, err))
                return false;
            connects = !sql_is_word(r, "false");
        }
    }
    return !connects || sql_unread(r, STR("CREATE SUBSCRIPTION"), STR(""), STR(""), err);
}

bool sql_create(struct sql_reader *r, struct err *err)
{
    bool temporary = false;
    bool foreign = false;
    bool materialized = false;
    static const char *const ignored[] = {"or",    "replace",  "global",
                                          "local", "unlogged", "recursive"};
    for (;;) {
        if (!sql_advance(r, err))
            return false;
        bool modifier = false;
        for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
            modifier = modifier || sql_is_word(r, ignored[i]);
        if (sql_is_word(r, "temp") || sql_is_word(r, "temporary"))
            temporary = modifier = true;
        if (sql_is_word(r, "foreign"))
            foreign = modifier = true;
        if (sql_is_word(r, "materialized"))
            materialized = modifier = true;
        if (!modifier)
            break;
    }
    if (sql_is_word(r, "table"))
        return create_table(r, foreign ? SQL_FOREIGN : SQL_TABLE, temporary, err);
    if (sql_is_word(r, "view"))
        return create_view(r, materialized ? SQL_MATERIALIZED_VIEW : SQL_VIEW, temporary, err);
    if (sql_is_word(r, "subscription"))
        return create_subscription(r, err);
    return !sql_is_word(r, "schema") || create_schema(r, err);
}

/* ---- ALTER TABLE ---- */

static bool attach(struct sql_reader *r, struct str schema, struct str name, struct err *err)
{
    bool partition = false;
    struct str part_schema;
    struct str part;
    if (!sql_advance(r, err) || !sql_take_word(r, "partition", &partition, err))
        return false;
    if (!partition)
        return true;
    if (!sql_table_name(r, &part_schema, &part, err))
        return false;
    return !part.len ||
           sql_emit_reference(r, SQL_PARTITION_OF, part_schema, part, schema, name, err);
}

/* What an action does to the rows that are there already. */
enum action { ACTION_OTHER, ACTION_ADDS_COLUMN, ACTION_ALTERS_COLUMN };

/* At its first word; takes ADD. */
static bool begin_action(struct sql_reader *r, enum action *action, struct err *err)
{
    bool adds = false;
    *action = sql_is_word(r, "alter") ? ACTION_ALTERS_COLUMN : ACTION_OTHER;
    if (!sql_take_word(r, "add", &adds, err))
        return false;
    if (adds && !is_constraint_word(r) && !sql_is_word(r, "exclude") && !sql_is_word(r, "not"))
        *action = ACTION_ADDS_COLUMN;
    return true;
}

/* A new column with a default fills every row, a column whose type changes may get other values. */
static bool rewrites(const struct sql_reader *r, enum action action)
{
    return r->depth == 0 && ((action == ACTION_ADDS_COLUMN && sql_is_word(r, "default")) ||
                             (action == ACTION_ALTERS_COLUMN && sql_is_word(r, "using")));
}

static bool unread_action(struct sql_reader *r, enum action action, struct str schema,
                          struct str name, struct err *err)
{
    struct str what = action == ACTION_ADDS_COLUMN ? STR("ALTER TABLE ... ADD COLUMN ... DEFAULT")
                                                   : STR("ALTER TABLE ... USING");
    return sql_unread(r, what, schema, name, err) && sql_advance(r, err);
}

/* ATTACH and INHERIT begin an action; elsewhere they are names of columns. */
static bool alter_actions(struct sql_reader *r, struct str schema, struct str name, struct err *err)
{
    bool begins = true;
    enum action action = ACTION_OTHER;
    while (!r->ended) {
        bool top = r->depth == 0;
        bool ok;
        if (begins && !begin_action(r, &action, err))
            return false;
        if (top && sql_is_word(r, "references"))
            ok = sql_advance(r, err) && refer_to(r, SQL_FOREIGN_KEY, schema, name, err);
        else if (begins && action == ACTION_OTHER && sql_is_word(r, "attach"))
            ok = attach(r, schema, name, err);
        else if (begins && action == ACTION_OTHER && sql_is_word(r, "inherit"))
            ok = sql_advance(r, err) && refer_to(r, SQL_INHERITS, schema, name, err);
        else if (rewrites(r, action))
            ok = unread_action(r, action, schema, name, err);
        else {
            begins = top && (sql_is_mark(r, ',') || sql_is_mark(r, '*'));
            if (!sql_advance(r, err))
                return false;
            continue;
        }
        if (!ok)
            return false;
        begins = false;
    }
    return true;
}

bool sql_alter(struct sql_reader *r, struct err *err)
{
    bool was = false;
    if (!sql_advance(r, err) || !sql_take_word(r, "foreign", &was, err) ||
        !sql_take_word(r, "table", &was, err))
        return false;
    if (!was)
        return true;
    if (!sql_pass_if_exists(r, err) || !sql_take_word(r, "only", &was, err))
        return false;
    struct str schema;
    struct str name;
    if (!sql_table_name(r, &schema, &name, err))
        return false;
    return !name.len || alter_actions(r, schema, name, err);
}
