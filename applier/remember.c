/* remember: what a later plan remembers of one that was applied (S2, S7, S9). */
#include "applier/plan_parts.h"

#include <stdlib.h>

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
