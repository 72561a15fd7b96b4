/*
 * gather: what all reports say, added up by version, table, column and job (S7).
 *
 * Entries are appended as they come and joined after sorting, so the outcome does not depend on the
 * order in which reports were named.
 */
#include "applier/plan_parts.h"

#include <stdlib.h>

static struct plan_column_name name_of(struct planning *p, const struct report_table *t,
                                       struct str column)
{
    return (struct plan_column_name){.database = arena_copy(p->a, t->database),
                                     .schema = arena_copy(p->a, t->schema),
                                     .table = arena_copy(p->a, t->name),
                                     .column = arena_copy(p->a, column)};
}

/* UTC_NONE gives way to anything. */
static void widen(int64_t *oldest, int64_t *newest, int64_t from, int64_t to)
{
    from = plan_time(from);
    to = plan_time(to);
    if (from != UTC_NONE && (*oldest == UTC_NONE || from < *oldest))
        *oldest = from;
    if (to != UTC_NONE && (*newest == UTC_NONE || to > *newest))
        *newest = to;
}

static void add_use(struct planning *p, size_t version, const struct plan_column_name *at,
                    uint64_t records)
{
    struct plan_version *v = &p->plan->versions[version];
    v->uses = arena_grow(p->a, v->uses, v->use_count, &p->use_rooms[version], sizeof v->uses[0]);
    v->uses[v->use_count++] = (struct plan_use){.at = *at, .records = records};
    v->records = count_add(v->records, records);
}

/*
 * An earlier census is of the same rows: what it counted is not added, but a version that only it
 * saw is in use. After join_uses of the live ones.
 */
static void raise_use(struct planning *p, size_t version, const struct plan_column_name *at,
                      uint64_t records)
{
    struct plan_version *v = &p->plan->versions[version];
    for (size_t i = 0; i < v->use_count; i++)
        if (plan_compare_places(&v->uses[i].at, at) == 0)
            return;
    add_use(p, version, at, records);
}

/* The archive must outlive every backup that needs it; one without a known end has none. */
static void note_retained(struct plan_version *v, uint64_t records, int64_t kept_until)
{
    kept_until = plan_time(kept_until);
    if (v->retained_records == 0) {
        v->kept_until_known = kept_until != UTC_NONE;
        v->kept_until = kept_until;
    } else if (kept_until == UTC_NONE || !v->kept_until_known) {
        v->kept_until_known = false;
        v->kept_until = UTC_NONE;
    } else if (kept_until > v->kept_until) {
        v->kept_until = kept_until;
    }
    v->retained_records = count_add(v->retained_records, records);
}

/*
 * Were all values of the column proven, or found to be nobody's? Then a version that is only named
 * made none of them, and the oldest of them is no begin of its use (S9).
 */
static bool no_label_is_open(const struct report *r, const struct report_column *c)
{
    return r->verified && report_values(c) == count_add(report_proven(c), report_orphans(c));
}

static void gather_usages(struct planning *p, const struct plan_source *s, enum evidence_kind kind,
                          const struct report_column *c, const struct plan_column_name *at)
{
    for (size_t i = 0; i < c->usage_count; i++) {
        const struct report_usage *u = &c->usages[i];
        size_t version = planning_find(p, planning_version(p, u->version));
        if (version == p->plan->version_count || u->records == 0)
            continue; /* no version: a class; a name without key: rules_values */
        struct plan_version *v = &p->plan->versions[version];
        bool lies = u->basis == BASIS_HINT && no_label_is_open(s->report, c);
        widen(&v->oldest, &v->newest, lies ? UTC_NONE : u->oldest, u->newest);
        if (kind == EVIDENCE_RETAINED)
            note_retained(v, u->records, s->kept_until);
        else if (kind == EVIDENCE_EARLIER)
            raise_use(p, version, at, u->records);
        else
            add_use(p, version, at, u->records);
        if (kind == EVIDENCE_LIVE && version == p->active && u->basis == BASIS_PROVEN)
            p->active_proven = count_add(p->active_proven, u->records);
    }
}

static void gather_column(struct planning *p, const struct report_column *c,
                          const struct plan_column_name *at)
{
    if (!c->declared && c->usage_count == 0 && c->envelope.len == 0)
        return;
    struct plan *plan = p->plan;
    plan->columns = arena_grow(p->a, plan->columns, plan->column_count, &p->column_room,
                               sizeof plan->columns[0]);
    plan->columns[plan->column_count++] =
        (struct plan_column){.at = *at, .values = report_values(c), .declared = c->declared};
}

static void gather_table(struct planning *p, const struct report_table *t)
{
    struct plan *plan = p->plan;
    plan->tables =
        arena_grow(p->a, plan->tables, plan->table_count, &p->table_room, sizeof plan->tables[0]);
    plan->tables[plan->table_count++] = (struct plan_table){
        .at = name_of(p, t, STR("")), .kind = t->kind, .state = t->state, .records = t->records};
}

static void gather_report(struct planning *p, const struct plan_source *s, enum evidence_kind kind)
{
    const struct report *r = s->report;
    for (size_t i = 0; i < r->table_count; i++) {
        const struct report_table *t = &r->tables[i];
        if (kind == EVIDENCE_LIVE)
            gather_table(p, t);
        for (size_t c = 0; c < t->column_count; c++) {
            struct plan_column_name at = name_of(p, t, t->columns[c].name);
            gather_usages(p, s, kind, &t->columns[c], &at);
            if (kind == EVIDENCE_LIVE)
                gather_column(p, &t->columns[c], &at);
        }
    }
}

/* ---- joining equal names ---- */

static int compare_uses(const void *a, const void *b)
{
    const struct plan_use *x = a, *y = b;
    return plan_compare_places(&x->at, &y->at);
}

static int compare_columns(const void *a, const void *b)
{
    const struct plan_column *x = a, *y = b;
    return plan_compare_places(&x->at, &y->at);
}

/* Of one table in several reports the one that had data comes first; the enum is in that order. */
int plan_compare_tables(const struct plan_table *a, const struct plan_table *b)
{
    int order = plan_compare_places(&a->at, &b->at);
    return order ? order : (a->state > b->state) - (a->state < b->state);
}

static int compare_tables(const void *a, const void *b)
{
    const struct plan_table *x = a, *y = b;
    int order = plan_compare_tables(x, y);
    return order ? order : (x->kind > y->kind) - (x->kind < y->kind);
}

/*
 * Two reports that name the database speak of one table. Where they do not, it may be of two
 * databases: what one of them lacks is then shown beside what the other has.
 */
static bool is_one_table(const struct plan_table *a, const struct plan_table *b)
{
    return plan_compare_places(&a->at, &b->at) == 0 && (a->at.database.len || a->state == b->state);
}

static void join_uses(struct plan_version *v)
{
    if (v->use_count == 0)
        return;
    qsort(v->uses, v->use_count, sizeof v->uses[0], compare_uses);
    size_t last = 0;
    for (size_t i = 1; i < v->use_count; i++) {
        if (compare_uses(&v->uses[last], &v->uses[i]) == 0)
            v->uses[last].records = count_add(v->uses[last].records, v->uses[i].records);
        else
            v->uses[++last] = v->uses[i];
    }
    v->use_count = last + 1;
}

static void join_columns(struct plan *plan)
{
    if (plan->column_count == 0)
        return;
    qsort(plan->columns, plan->column_count, sizeof plan->columns[0], compare_columns);
    size_t last = 0;
    for (size_t i = 1; i < plan->column_count; i++) {
        struct plan_column *into = &plan->columns[last], *from = &plan->columns[i];
        if (compare_columns(into, from) == 0) {
            into->values = count_add(into->values, from->values);
            into->declared |= from->declared;
        } else {
            plan->columns[++last] = *from;
        }
    }
    plan->column_count = last + 1;
}

static void join_tables(struct plan *plan)
{
    if (plan->table_count == 0)
        return;
    qsort(plan->tables, plan->table_count, sizeof plan->tables[0], compare_tables);
    size_t last = 0;
    for (size_t i = 1; i < plan->table_count; i++) {
        if (is_one_table(&plan->tables[last], &plan->tables[i]))
            plan->tables[last].records =
                count_add(plan->tables[last].records, plan->tables[i].records);
        else
            plan->tables[++last] = plan->tables[i];
    }
    plan->table_count = last + 1;
}

/* The latest first, whatever the order they were named in: of one place, its count is the one told.
 */
static void gather_earlier(struct planning *p)
{
    int64_t below = INT64_MAX;
    for (;;) {
        int64_t next = UTC_NONE;
        for (size_t i = 0; i < p->in->report_count; i++) {
            int64_t t = p->in->reports[i].report->data_time;
            if (p->marks[i].earlier && t < below && t > next)
                next = t;
        }
        if (next == UTC_NONE)
            return;
        for (size_t i = 0; i < p->in->report_count; i++)
            if (p->marks[i].earlier && p->in->reports[i].report->data_time == next)
                gather_report(p, &p->in->reports[i], EVIDENCE_EARLIER);
        below = next;
    }
}

void gather_all(struct planning *p)
{
    for (size_t i = 0; i < p->in->report_count; i++)
        if (!p->marks[i].earlier)
            gather_report(p, &p->in->reports[i], EVIDENCE_LIVE);
    for (size_t i = 0; i < p->plan->version_count; i++)
        join_uses(&p->plan->versions[i]);
    gather_earlier(p);
    for (size_t i = 0; i < p->in->retained_count; i++)
        gather_report(p, &p->in->retained[i], EVIDENCE_RETAINED);
    for (size_t i = 0; i < p->in->previous.write_count; i++) {
        const struct plan_write_time *w = &p->in->previous.writes[i];
        size_t version = planning_find(p, planning_version(p, w->version));
        if (version < p->plan->version_count)
            widen(&p->plan->versions[version].oldest, &p->plan->versions[version].newest, w->oldest,
                  w->newest);
    }
    for (size_t i = 0; i < p->plan->version_count; i++)
        join_uses(&p->plan->versions[i]);
    join_columns(p->plan);
    join_tables(p->plan);
}
