/*
 * CREATE and ALTER of MySQL: columns, what they refer to, views and the tables that stand in for
 * them. A partitioned table holds its rows itself. A generated column is dumped like any other by
 * mariadb-dump, and left out of a list of columns by mysqldump.
 */
#include "formats/dump/mysql_parts.h"

/* At a name: a foreign key to it. One of another database is none of this one's. */
static bool refer_to(struct sql_reader *r, struct str from, struct err *err)
{
    struct str to;
    if (!mysql_table_name(r, &to, err))
        return false;
    return !to.len || sql_emit_reference(r, SQL_FOREIGN_KEY, STR(""), from, STR(""), to, err);
}

/* ---- the list of columns and keys ---- */

static bool is_key_word(const struct sql_reader *r)
{
    static const char *const list[] = {"primary", "key",        "index",   "unique", "fulltext",
                                       "spatial", "constraint", "foreign", "check",  "period"};
    return sql_is_one_of(r, list, sizeof list / sizeof list[0]);
}

/* One element; at its end the token is the comma or parenthesis behind it. */
static bool element(struct sql_reader *r, struct sql_event *e, struct sql_columns *list,
                    struct err *err)
{
    bool like = sql_is_word(r, "like");
    bool column = !like && sql_is_name(r) && !is_key_word(r);
    e->columns_known = e->columns_known && !like;
    if (column && !sql_add_column(r, list, err))
        return false;
    while (!r->ended && r->depth > 0 && !(r->depth == 1 && sql_is_mark(r, ','))) {
        if (column && r->depth == 1 && sql_is_word(r, "as")) /* GENERATED ALWAYS may be left out */
            list->at[list->count - 1].computed = true;
        bool refers = r->depth == 1 && sql_is_word(r, "references");
        if (r->depth == 1 && sql_is_word(r, "invisible"))
            e->columns_known = false; /* not in an INSERT without a list */
        if (!sql_advance(r, err) || (refers && !refer_to(r, e->name, err)))
            return false;
    }
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
    return sql_advance(r, err);
}

/* ENGINE = x: some hold no rows of their own, and are dumped without. */
static void engine(const struct sql_reader *r, struct sql_event *e)
{
    if (sql_is_word(r, "mrg_myisam") || sql_is_word(r, "merge"))
        e->relation = SQL_VIEW;
    if (sql_is_word(r, "federated"))
        e->relation = SQL_FOREIGN;
}

/* What follows the list: options, partitions, or a query that brings rows. */
static bool table_tail(struct sql_reader *r, struct sql_event *e, struct err *err)
{
    bool behind_engine = false;
    while (!r->ended) {
        if (behind_engine && !sql_is_mark(r, '=')) {
            engine(r, e);
            behind_engine = false;
        }
        behind_engine = behind_engine || (r->depth == 0 && sql_is_word(r, "engine"));
        if (r->depth == 0 && (sql_is_word(r, "select") || sql_is_word(r, "values"))) {
            e->columns_known = false;
            return sql_unread(r, STR("CREATE TABLE ... SELECT"), STR(""), e->name, err);
        }
        if (!sql_advance(r, err))
            return false;
    }
    return true;
}

/* IF NOT EXISTS name; the token is the word before it. */
static bool begin(struct sql_reader *r, enum sql_relation relation, struct sql_event **e,
                  struct err *err)
{
    struct str name;
    *e = NULL;
    if (!sql_advance(r, err) || !sql_pass_if_exists(r, err) || !mysql_table_name(r, &name, err))
        return false;
    if (!name.len)
        return sql_unread(r, STR("CREATE TABLE in another database"), STR(""), STR(""), err);
    *e = sql_emit(r, SQL_EVENT_TABLE, err);
    if (!*e)
        return false;
    (*e)->name = name;
    (*e)->relation = relation;
    return true;
}

static bool create_table(struct sql_reader *r, bool temporary, struct err *err)
{
    struct sql_event *e;
    if (!begin(r, SQL_TABLE, &e, err))
        return false;
    if (!e)
        return true;
    e->temporary = temporary;
    e->columns_known = sql_is_mark(r, '(');
    return (!e->columns_known || elements(r, e, err)) && table_tail(r, e, err);
}

bool mysql_create(struct sql_reader *r, struct err *err)
{
    static const char *const harmless[] = {
        "database", "schema",   "user",    "role",       "sequence",  "index",
        "unique",   "fulltext", "spatial", "trigger",    "procedure", "function",
        "event",    "package",  "server",  "tablespace", "logfile"};
    bool temporary = false;
    while (!r->ended) {
        if (!sql_advance(r, err))
            return false;
        temporary = temporary || sql_is_word(r, "temporary");
        if (sql_is_word(r, "table"))
            return create_table(r, temporary, err);
        if (sql_is_word(r, "view")) {
            struct sql_event *e;
            return begin(r, SQL_VIEW, &e, err);
        }
        if (sql_is_one_of(r, harmless, sizeof harmless / sizeof harmless[0]))
            return true;
    }
    return sql_unread(r, STR("CREATE of an unknown kind"), STR(""), STR(""), err);
}

/* ---- ALTER TABLE ---- */

/* Does the action, at its first word, leave rows and columns as they are? *again: one more word. */
static bool keeps_columns(const struct sql_reader *r, bool behind_verb)
{
    static const char *const actions[] = {
        "disable",   "enable",  "engine", "auto_increment", "comment", "convert",   "default",
        "character", "collate", "order",  "force",          "modify",  "row_format"};
    static const char *const objects[] = {"primary", "key",     "index", "unique",    "fulltext",
                                          "spatial", "foreign", "check", "constraint"};
    if (behind_verb)
        return sql_is_one_of(r, objects, sizeof objects / sizeof objects[0]);
    return sql_is_one_of(r, actions, sizeof actions / sizeof actions[0]);
}

static bool alter_actions(struct sql_reader *r, struct str name, struct err *err)
{
    bool begins = true;
    while (!r->ended) {
        bool verb = begins && (sql_is_word(r, "add") || sql_is_word(r, "drop"));
        if (verb && !sql_advance(r, err))
            return false;
        if (begins && !keeps_columns(r, verb))
            return sql_unread(r, STR("ALTER TABLE that changes columns or rows"), STR(""), name,
                              err);
        bool refers = r->depth == 0 && sql_is_word(r, "references");
        begins = r->depth == 0 && sql_is_mark(r, ',');
        if (!sql_advance(r, err) || (refers && !refer_to(r, name, err)))
            return false;
    }
    return true;
}

bool mysql_alter(struct sql_reader *r, struct err *err)
{
    bool was = false;
    struct str name;
    if (!sql_advance(r, err) || !sql_take_word(r, "table", &was, err))
        return false;
    if (!was) /* DATABASE, USER, VIEW, ... */
        return true;
    if (!sql_pass_if_exists(r, err) || !mysql_table_name(r, &name, err))
        return false;
    if (!name.len)
        return sql_unread(r, STR("ALTER TABLE in another database"), STR(""), STR(""), err);
    return alter_actions(r, name, err);
}
