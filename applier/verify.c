/*
 * verify: what changed since a plan was made, and what a later plan remembers of it.
 */
#include "applier/plan_parts.h"

#include "common/text.h"

#include <stdlib.h>

static bool verify_target(struct buf *out, const struct plan_target *t, const struct plan_fact *f)
{
    bool stays = sha256_eq(&t->before, &t->after);
    const char *path = text_shown(out->arena, t->path);
    if (f->present && sha256_eq(&f->digest, &t->before)) {
        buf_printf(out, "unchanged  %s\n", path);
        return true;
    }
    if (!f->present)
        buf_printf(out, "missing    %s\n", path);
    else if (!stays && sha256_eq(&f->digest, &t->after))
        buf_printf(out, "applied    %s already is as the plan would leave it\n", path);
    else
        buf_printf(out, "changed    %s has other content than the plan was made from\n", path);
    return false;
}

bool plan_verify(struct buf *out, const struct plan *p, const struct plan_facts *facts,
                 struct err *err)
{
    size_t changed = 0;
    char when[UTC_TEXT], age[32];
    for (size_t i = 0; i < p->target_count; i++)
        changed += !verify_target(out, &p->targets[i], &facts->targets[i]);
    bool expired = p->expires != UTC_NONE && facts->now > p->expires;
    if (facts->spent_by.len)
        buf_printf(out, "spent      transaction %s applied this plan\n",
                   text_shown(out->arena, facts->spent_by));
    if (p->expires == UTC_NONE)
        buf_text(out, "expiry     none: --max-report-age none\n");
    else if (expired)
        buf_printf(out, "expired    %s, %s ago\n", utc_text(p->expires, when),
                   utc_age(facts->now - p->expires, age));
    else
        buf_printf(out, "valid      until %s\n", utc_text(p->expires, when));
    if (facts->spent_by.len)
        err_set(err, ERR_STALE, 660, "the plan was applied already, by transaction %s",
                text_shown(out->arena, facts->spent_by));
    else if (changed)
        err_set(err, ERR_STALE, 662, "%zu of %zu files changed since the plan was made", changed,
                p->target_count);
    else if (expired)
        err_set(err, ERR_STALE, 661, "the plan expired at %s: its data is too old", when);
    err_hint(err, "make a new plan");
    return !err_is(err);
}

/* ---- what a later plan remembers (S2, S7, S9) ---- */

static struct str *remembered_databases(const struct plan *p, struct arena *a, size_t *count)
{
    size_t room = 0;
    struct str *names = NULL;
    *count = 0;
    for (size_t i = 0; i < p->database_count; i++) {
        names = arena_grow(a, names, *count, &room, sizeof names[0]);
        names[(*count)++] = arena_copy(a, p->databases[i]);
    }
    return names;
}

static struct plan_column_name copy_place(struct arena *a, const struct plan_column_name *at)
{
    return (struct plan_column_name){.database = arena_copy(a, at->database),
                                     .schema = arena_copy(a, at->schema),
                                     .table = arena_copy(a, at->table),
                                     .column = arena_copy(a, at->column)};
}

struct plan_previous plan_remember(const struct plan *p, struct arena *a)
{
    struct plan_previous was = {0};
    struct plan_column_name *tables = ARENA_ARRAY(a, p->table_count, struct plan_column_name);
    struct plan_column_name *columns = ARENA_ARRAY(a, p->column_count, struct plan_column_name);
    struct plan_column_name *declared = ARENA_ARRAY(a, p->column_count, struct plan_column_name);
    struct plan_write_time *writes = ARENA_ARRAY(a, p->version_count, struct plan_write_time);
    for (size_t i = 0; i < p->table_count; i++)
        if (p->tables[i].state == COVERAGE_DATA)
            tables[was.table_count++] = copy_place(a, &p->tables[i].at);
    for (size_t i = 0; i < p->column_count; i++) {
        if (p->columns[i].values > 0)
            columns[was.column_count++] = copy_place(a, &p->columns[i].at);
        if (p->columns[i].declared)
            declared[was.declared_count++] = copy_place(a, &p->columns[i].at);
    }
    for (size_t i = 0; i < p->version_count; i++)
        writes[was.write_count++] =
            (struct plan_write_time){.version = arena_copy(a, p->versions[i].name),
                                     .oldest = p->versions[i].oldest,
                                     .newest = p->versions[i].newest};
    was.tables = tables;
    was.columns = columns;
    was.declared = declared;
    was.writes = writes;
    was.databases = remembered_databases(p, a, &was.database_count);
    return was;
}

/* ---- what several plans had seen ---- */

static int compare_places(const void *a, const void *b)
{
    return plan_compare_places(a, b);
}

/* Both lists as one, sorted, each place once. */
static const struct plan_column_name *join_places(struct arena *a,
                                                  const struct plan_column_name *one, size_t *count,
                                                  const struct plan_column_name *other,
                                                  size_t other_count)
{
    struct plan_column_name *all = ARENA_ARRAY(a, *count + other_count, struct plan_column_name);
    size_t n = 0, left = 0;
    for (size_t i = 0; i < *count; i++)
        all[n++] = one[i];
    for (size_t i = 0; i < other_count; i++)
        all[n++] = other[i];
    if (n)
        qsort(all, n, sizeof all[0], compare_places);
    for (size_t i = 0; i < n; i++)
        if (left == 0 || plan_compare_places(&all[left - 1], &all[i]) != 0)
            all[left++] = all[i];
    *count = left;
    return all;
}

void plan_previous_join(struct plan_previous *into, const struct plan_previous *more,
                        struct arena *a)
{
    struct str *databases = ARENA_ARRAY(a, into->database_count + more->database_count, struct str);
    struct plan_write_time *writes =
        ARENA_ARRAY(a, into->write_count + more->write_count, struct plan_write_time);
    into->tables =
        join_places(a, into->tables, &into->table_count, more->tables, more->table_count);
    into->columns =
        join_places(a, into->columns, &into->column_count, more->columns, more->column_count);
    into->declared =
        join_places(a, into->declared, &into->declared_count, more->declared, more->declared_count);
    for (size_t i = 0; i < into->database_count; i++)
        databases[i] = into->databases[i];
    for (size_t i = 0; i < more->database_count; i++)
        databases[into->database_count++] = more->databases[i]; /* plan_make takes each once */
    for (size_t i = 0; i < into->write_count; i++)
        writes[i] = into->writes[i];
    for (size_t i = 0; i < more->write_count; i++)
        writes[into->write_count++] = more->writes[i];
    into->databases = databases;
    into->writes = writes;
}
