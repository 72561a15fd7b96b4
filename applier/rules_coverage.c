/*
 * rules_coverage: is what was scanned all there is? (S2, S7)
 *
 * A table without its data, a dump without a catalogue, a database without a report: each is a
 * `partial-input` until an inventory or an acceptance answers for it. Declared columns that are not
 * there are `undeclared-missing`.
 */
#include "applier/plan_parts.h"

#include "common/text.h"

/* Tables that hold rows of their own: no partitioned roots, whose rows are their partitions'. */
#define INVENTORY_QUERY                                                                            \
    "psql -AtXc \"SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace " \
    "n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname " \
    "NOT IN ('pg_catalog','information_schema')\" DATABASE > tables.txt"

static void block_partial(struct planning *p, struct plan_column_name at, const char *message,
                          const char *resolve)
{
    struct plan_blocker *b = planning_block(p, "partial-input", at, 1);
    b->message = str_from(message);
    if (resolve)
        b->resolve = str_from(resolve);
}

/* Two names of one database, where one of them may not be known. */
static bool same_database(struct str a, struct str b)
{
    return a.len == 0 || b.len == 0 || str_eq(a, b);
}

static bool same_table(const struct plan_column_name *a, const struct plan_column_name *b)
{
    return str_eq(a->table, b->table) && str_eq(a->schema, b->schema) &&
           same_database(a->database, b->database);
}

static bool has_data(const struct plan *plan, const struct plan_column_name *at)
{
    for (size_t i = 0; i < plan->table_count; i++)
        if (plan->tables[i].state == COVERAGE_DATA && same_table(&plan->tables[i].at, at))
            return true;
    return false;
}

/* Has data under this very database, '' being one of its own. */
static bool has_own_data(const struct plan *plan, const struct plan_column_name *at)
{
    for (size_t i = 0; i < plan->table_count; i++)
        if (plan->tables[i].state == COVERAGE_DATA && same_table(&plan->tables[i].at, at) &&
            str_eq(plan->tables[i].at.database, at->database))
            return true;
    return false;
}

static const char *shown(struct planning *p, const struct plan_column_name *at)
{
    struct plan_blocker b = {.at = *at};
    return arena_text(p->a, acceptance_place(p, &b));
}

/* Partitioned roots, views and foreign tables hold no rows of their own. */
static bool owns_rows(enum table_kind kind)
{
    return kind == TABLE_ORDINARY || kind == TABLE_UNKNOWN;
}

bool coverage_lacks_data(enum coverage_state state, enum table_kind kind)
{
    switch (state) {
    case COVERAGE_NO_DATA:
    case COVERAGE_UNKNOWN:
        return owns_rows(kind);
    case COVERAGE_ABSENT:
        return true;
    case COVERAGE_DATA:
    case COVERAGE_SKIPPED:
    case COVERAGE_COUNT:
        break;
    }
    return false;
}

/* A CSV file knows no schema, and a line of the inventory may leave it out. */
static bool inventory_names(const struct plan_table_name *line, const struct plan_column_name *at)
{
    return str_eq(line->table, at->table) &&
           (line->schema.len == 0 || at->schema.len == 0 || str_eq(line->schema, at->schema));
}

static bool in_inventory(const struct plan_input *in, const struct plan_column_name *at)
{
    for (size_t i = 0; i < in->inventory_count; i++)
        if (inventory_names(&in->inventory[i], at))
            return true;
    return false;
}

static const char *state_words(enum coverage_state state)
{
    if (state == COVERAGE_NO_DATA)
        return "the dump defines the table and holds no data of it";
    if (state == COVERAGE_ABSENT)
        return "the dump refers to the table and does not hold it";
    return "whether all of its data was read is not known";
}

static void rule_table(struct planning *p, const struct plan_table *t)
{
    const char *name = shown(p, &t->at);
    if (t->state == COVERAGE_SKIPPED)
        planning_warn(p, "skipped-table",
                      "%s was left out by --exclude-table: nothing is known of its values", name);
    if (t->kind == TABLE_FOREIGN)
        planning_warn(
            p, "foreign-table",
            "%s is a foreign table: its rows are on another server and were not looked at", name);
}

/*
 * Rows in one report make up for what another leaves out when both name the same database, or when
 * an inventory says which tables there are. Two dumps without a name may be of two databases.
 */
static bool is_made_up_for(const struct planning *p, const struct plan_column_name *at)
{
    if (p->in->has_inventory)
        return has_data(p->plan, at);
    return at->database.len > 0 && has_own_data(p->plan, at);
}

/* Who gives an inventory says which tables there are: one that is not in it is only named. */
static void rule_lacking(struct planning *p, const struct report_table *t)
{
    struct plan_column_name at = {.database = arena_copy(p->a, t->database),
                                  .schema = arena_copy(p->a, t->schema),
                                  .table = arena_copy(p->a, t->name)};
    if (!coverage_lacks_data(t->state, t->kind) || is_made_up_for(p, &at))
        return;
    const char *name = shown(p, &at);
    if (p->in->has_inventory && !in_inventory(p->in, &at))
        planning_warn(p, "not-in-inventory", "%s: %s, and the inventory does not name it", name,
                      state_words(t->state));
    else
        block_partial(p, at, arena_printf(p->a, "%s: %s", name, state_words(t->state)), NULL);
}

/* ---- inputs that do not say what they leave out ---- */

/*
 * Nothing but the tables of rule_table makes this report partial. Data of a table that nothing
 * defined comes from an input without a catalogue.
 */
static bool is_explained(const struct report *r)
{
    bool lacks = r->row_security;
    for (size_t i = 0; i < r->table_count; i++) {
        if (r->tables[i].state == COVERAGE_DATA && r->tables[i].kind == TABLE_UNKNOWN)
            return false;
        lacks |= coverage_lacks_data(r->tables[i].state, r->tables[i].kind);
    }
    return lacks;
}

static void rule_reports(struct planning *p)
{
    for (size_t i = 0; i < p->in->report_count; i++) {
        const struct report *r = p->in->reports[i].report;
        const char *name = planning_report_name(p, r);
        if (r->row_security)
            block_partial(p, (struct plan_column_name){0},
                          arena_printf(p->a,
                                       "%s: the dump was made under row security, which hides "
                                       "rows",
                                       name),
                          NULL);
        if (r->partial && !p->in->has_inventory && !is_explained(r))
            block_partial(p, (struct plan_column_name){0},
                          arena_printf(p->a,
                                       "%s: its input does not say which tables the database has",
                                       name),
                          "--tables tables.txt, made by: " INVENTORY_QUERY);
    }
}

/* ---- inventory ---- */

/* Tables of one name in several schemas: a file that knows no schema is any of them. */
static bool inventory_repeats(const struct plan_input *in, const struct plan_table_name *line)
{
    for (size_t i = 0; i < in->inventory_count; i++)
        if (str_eq(in->inventory[i].table, line->table) &&
            !str_eq(in->inventory[i].schema, line->schema))
            return true;
    return false;
}

/* May the table be any of several of the line's name? MySQL's schema is its database. */
static bool may_be_another(const struct plan_table_name *line, const struct plan_column_name *at)
{
    return line->schema.len > 0 && at->schema.len == 0 && !str_eq(line->schema, at->database);
}

/* Has data, holds no rows of its own, or has a blocker already. */
static bool inventory_answered(const struct plan *plan, const struct plan_table_name *line,
                               bool repeats)
{
    for (size_t i = 0; i < plan->table_count; i++) {
        const struct plan_table *t = &plan->tables[i];
        bool counts = t->state == COVERAGE_DATA || !owns_rows(t->kind) ||
                      coverage_lacks_data(t->state, t->kind);
        if (counts && inventory_names(line, &t->at) && !(repeats && may_be_another(line, &t->at)))
            return true;
    }
    return false;
}

static void rule_inventory(struct planning *p)
{
    for (size_t i = 0; i < p->in->inventory_count; i++) {
        const struct plan_table_name *line = &p->in->inventory[i];
        bool repeats = inventory_repeats(p->in, line);
        if (inventory_answered(p->plan, line, repeats))
            continue;
        struct plan_column_name at = {.schema = arena_copy(p->a, line->schema),
                                      .table = arena_copy(p->a, line->table)};
        bool unclear = repeats && inventory_answered(p->plan, line, false);
        block_partial(
            p, at,
            arena_printf(p->a, "%s: in the inventory, and no report has its data%s", shown(p, &at),
                         unclear ? " for certain: a table of that name has no schema, and "
                                   "the inventory has several"
                                 : ""),
            unclear ? "name each file SCHEMA.TABLE.csv, and scan them again" : NULL);
    }
}

/* ---- databases ---- */

static bool database_seen(const struct plan *plan, struct str name)
{
    for (size_t i = 0; i < plan->table_count; i++)
        if (plan->tables[i].state == COVERAGE_DATA && str_eq(plan->tables[i].at.database, name))
            return true;
    return false;
}

void rules_databases(struct planning *p, const struct str *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str name = names[i];
        if (name.len == 0 || database_seen(p->plan, name))
            continue;
        const char *text = text_shown(p->a, name);
        block_partial(p, (struct plan_column_name){.database = name},
                      arena_printf(p->a,
                                   "database %s: the keyring serves it and no report has its "
                                   "data",
                                   text),
                      arena_printf(p->a,
                                   "scan a dump of %s that names its database (pg_dump -C) "
                                   "and add --report",
                                   text));
    }
}

static bool column_seen(const struct plan *plan, const struct plan_column_name *at)
{
    bool own = has_own_data(plan, at);
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct plan_column_name *now = &plan->columns[i].at;
        if (same_table(now, at) && str_eq(now->column, at->column) &&
            (!own || str_eq(now->database, at->database)))
            return true;
    }
    return false;
}

/*
 * A table of a dump that does not name its database may be the one that was seen, but it cannot be
 * those of two databases.
 */
static bool still_there(const struct plan *plan, const struct plan_previous *was, size_t which)
{
    const struct plan_column_name *at = &was->tables[which];
    if (at->database.len == 0 || has_own_data(plan, at))
        return has_data(plan, at);
    for (size_t i = 0; i < was->table_count; i++) {
        const struct plan_column_name *twin = &was->tables[i];
        if (i != which && twin->database.len && str_eq(twin->table, at->table) &&
            str_eq(twin->schema, at->schema) && !has_own_data(plan, twin))
            return false;
    }
    return has_data(plan, at);
}

static struct plan_column_name copy_name(struct planning *p, const struct plan_column_name *at)
{
    return (struct plan_column_name){.database = arena_copy(p->a, at->database),
                                     .schema = arena_copy(p->a, at->schema),
                                     .table = arena_copy(p->a, at->table),
                                     .column = arena_copy(p->a, at->column)};
}

/* ---- declared columns ---- */

/* --table without a schema declares the table wherever it is. */
static bool is_declared(const struct plan_column_name *declared, const struct plan_column_name *at)
{
    struct plan_column_name wanted = *declared;
    if (wanted.schema.len == 0)
        wanted.schema = at->schema;
    return same_table(&wanted, at);
}

static bool declared_seen(const struct plan *plan, const struct plan_column_name *declared)
{
    bool table = false, column = declared->column.len == 0;
    for (size_t i = 0; i < plan->table_count; i++)
        table |=
            plan->tables[i].state == COVERAGE_DATA && is_declared(declared, &plan->tables[i].at);
    for (size_t i = 0; i < plan->column_count; i++)
        column |= is_declared(declared, &plan->columns[i].at) &&
                  str_eq(plan->columns[i].at.column, declared->column);
    return table && column;
}

static void rule_declared(struct planning *p, const struct plan_column_name *at)
{
    if (declared_seen(p->plan, at))
        return;
    struct plan_blocker *b = planning_block(p, "undeclared-missing", copy_name(p, at), 1);
    b->message = str_from(
        arena_printf(p->a, "%s: declared as encrypted, and no report has its data", shown(p, at)));
}

/* ---- what was there before ---- */

void rules_previous(struct planning *p)
{
    const struct plan_previous *was = &p->in->previous;
    if (was->lost)
        block_partial(p, (struct plan_column_name){0},
                      "the plan that was last applied to one of the files is gone from the state "
                      "folder: whether the reports hold all that it had seen is not known",
                      "put STATE/plans back, or --accept partial-input:REASON");
    for (size_t i = 0; i < was->table_count; i++)
        if (!still_there(p->plan, was, i))
            block_partial(p, copy_name(p, &was->tables[i]),
                          arena_printf(p->a,
                                       "%s: the last applied plan had its data, no report "
                                       "has it now",
                                       shown(p, &was->tables[i])),
                          NULL);
    for (size_t i = 0; i < was->column_count; i++)
        if (has_data(p->plan, &was->columns[i]) && !column_seen(p->plan, &was->columns[i]))
            block_partial(p, copy_name(p, &was->columns[i]),
                          arena_printf(p->a,
                                       "%s: the last applied plan found ciphertext here, no "
                                       "report does now",
                                       shown(p, &was->columns[i])),
                          NULL);
    for (size_t i = 0; i < was->declared_count; i++)
        rule_declared(p, &was->declared[i]);
}

void rules_coverage(struct planning *p)
{
    for (size_t i = 0; i < p->plan->table_count; i++)
        rule_table(p, &p->plan->tables[i]);
    for (size_t i = 0; i < p->in->report_count; i++)
        for (size_t t = 0; t < p->in->reports[i].report->table_count; t++)
            rule_lacking(p, &p->in->reports[i].report->tables[t]);
    rule_reports(p);
    rule_inventory(p);
    rules_databases(p, p->plan->databases, p->plan->database_count);
    rules_previous(p);
    for (size_t i = 0; i < p->in->report_count; i++) {
        const struct report *r = p->in->reports[i].report;
        for (size_t k = 0; k < r->declared_count; k++) {
            const struct report_declared *d = &r->declared[k];
            rule_declared(p, &(struct plan_column_name){
                                 .schema = d->schema, .table = d->table, .column = d->column});
        }
    }
}
