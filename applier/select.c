/*
 * select: the decisions put into the plan, and what the user named checked against it: the versions
 * of --only and --protect, and the scope of cleanup-keys, which must be in the reports (K5.5).
 */
#include "applier/plan_parts.h"

#include "common/text.h"

/* "did you mean" for the error that was just set. */
static void hint_nearest(struct err *err, struct arena *a, struct str wanted,
                         const struct str *names, size_t count)
{
    enum { SHOWN = 3 };
    struct str best[SHOWN];
    size_t n = text_nearest(wanted, names, count, best, SHOWN);
    struct buf b = {.arena = a};
    for (size_t i = 0; i < n; i++) {
        buf_text(&b, i ? ", " : "");
        text_visible(&b, best[i]);
    }
    if (n)
        err_hint(err, "did you mean %s?", arena_text(a, buf_str(&b)));
}

/* ---- --only and --protect ---- */

static bool check_named(struct planning *p, struct str name, const char *option, struct err *err)
{
    struct plan *plan = p->plan;
    if (planning_find(p, planning_version(p, name)) < plan->version_count)
        return true;
    struct str *names = ARENA_ARRAY(p->a, plan->version_count, struct str);
    for (size_t i = 0; i < plan->version_count; i++)
        names[i] = plan->versions[i].name;
    err_set(err, ERR_NOT_FOUND, 606, "%s: no configuration file has version \"%s\"", option,
            text_shown(p->a, name));
    hint_nearest(err, p->a, name, names, plan->version_count);
    return false;
}

bool select_names(struct planning *p, struct err *err)
{
    for (size_t i = 0; i < p->in->protect_count; i++)
        if (!check_named(p, p->in->protect[i], "--protect", err))
            return false;
    for (size_t i = 0; i < p->in->only_count; i++)
        if (!check_named(p, p->in->only[i], "--only", err))
            return false;
    for (size_t i = 0; i < p->in->order_count; i++)
        if (planning_find(p, planning_version(p, p->in->order[i])) == p->plan->version_count)
            planning_warn(p, "order-unknown", "--order names %s, which no configuration file has",
                          text_shown(p->a, p->in->order[i]));
    return true;
}

static bool refuse_selected(struct planning *p, const struct plan_version *v, const char *why,
                            const char *hint, struct err *err)
{
    err_set(err, ERR_REFUSED, 605, "--only names version \"%s\", which must stay: %s",
            text_shown(p->a, v->name), why);
    err_hint(err, "%s", hint);
    return false;
}

static bool check_selected(struct planning *p, const struct plan_version *v, struct err *err)
{
    if (v->reason == KEEP_ACTIVE)
        return refuse_selected(p, v, "it is the active version",
                               "rotate to another version first, then scan a new dump", err);
    if (v->reason == KEEP_IN_USE)
        return refuse_selected(p, v, "stored values use it",
                               "encrypt those values anew; `show` of a plan without --only says "
                               "where they are",
                               err);
    if (version_is_named(p->plan->protect, p->plan->protect_count, v->name))
        return refuse_selected(p, v, "--protect names it", "take it out of one of the two", err);
    if (v->reason == KEEP_STAGED)
        return refuse_selected(p, v, "it is newer than the active version",
                               "a staged version leaves by hand, when the rotation is given up",
                               err);
    if (v->reason == KEEP_JOB_TARGET)
        return refuse_selected(p, v, "a re-encryption job writes it",
                               "finish the job, then scan a new dump", err);
    if (v->reason == KEEP_UNORDERED)
        return refuse_selected(p, v, "its age is not known",
                               "give --order FILE with all versions, oldest first", err);
    if (v->reason == KEEP_RECENT)
        planning_warn(p, "only-recent",
                      "%s stays although --only names it: it is among the newest that "
                      "--keep-versions asks for",
                      text_shown(p->a, v->name));
    return true;
}

bool select_versions(struct planning *p, struct err *err)
{
    struct plan *plan = p->plan;
    enum keep_reason *reasons = ARENA_ARRAY(p->a, plan->version_count, enum keep_reason);
    if (!decide_reasons(plan, reasons, err))
        return false;
    for (size_t i = 0; i < plan->version_count; i++) {
        plan->versions[i].reason = reasons[i];
        if (version_is_named(plan->only, plan->only_count, plan->versions[i].name) &&
            !check_selected(p, &plan->versions[i], err))
            return false;
    }
    return true;
}

bool select_critical(struct planning *p, struct err *err)
{
    struct plan *plan = p->plan;
    unsigned *critical = ARENA_ARRAY(p->a, plan->version_count, unsigned);
    if (!decide_critical(plan, critical, err))
        return false;
    for (size_t i = 0; i < plan->version_count; i++)
        plan->versions[i].critical = critical[i];
    return true;
}

/* ---- scope (K5.5) ---- */

/* All names that stood where the scope's table or column was looked for. */
struct seen_names {
    struct str *items;
    size_t count, room;
    bool table, column;
};

static void add_seen(struct arena *a, struct seen_names *n, struct str name)
{
    n->items = arena_grow(a, n->items, n->count, &n->room, sizeof n->items[0]);
    n->items[n->count++] = name;
}

static void look_in_table(struct arena *a, const struct plan_scope *s, const struct report_table *t,
                          struct seen_names *tables, struct seen_names *columns)
{
    add_seen(a, tables, t->name);
    if (!plan_scope_is(s, t->schema, t->name))
        return;
    tables->table = true;
    for (size_t c = 0; c < t->column_count; c++) {
        add_seen(a, columns, t->columns[c].name);
        columns->column |= str_eq(t->columns[c].name, s->column);
    }
}

bool scope_check(const struct planning *p, struct err *err)
{
    const struct plan_scope *s = p->in->scope;
    if (!s)
        return true;
    struct seen_names tables = {0}, columns = {0};
    for (size_t i = 0; i < p->in->report_count; i++) {
        const struct report *r = p->in->reports[i].report;
        for (size_t t = 0; t < r->table_count; t++)
            look_in_table(p->a, s, &r->tables[t], &tables, &columns);
    }
    if (columns.column)
        return true;
    const char *table = text_shown(p->a, s->table);
    if (!tables.table) {
        err_set(err, ERR_NOT_FOUND, 630, "no report has table \"%s\" of %s", table,
                text_shown(p->a, s->model));
        hint_nearest(err, p->a, s->table, tables.items, tables.count);
        return false;
    }
    err_set(err, ERR_NOT_FOUND, 631, "column \"%s\" is not in table \"%s\" of any report",
            text_shown(p->a, s->column), table);
    hint_nearest(err, p->a, s->column, columns.items, columns.count);
    return false;
}
