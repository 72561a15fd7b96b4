/* scope: match what was declared with what comes by. */
#include "analyzer/scope.h"
#include "common/text.h"

void scope_open(struct scope *s, struct report *report, const struct scope_table *excluded,
                size_t excluded_count)
{
    *s = (struct scope){.report = report, .excluded = excluded, .excluded_count = excluded_count};
    s->pairs = ARENA_ARRAY(report->arena, report->declared_count, struct scope_pair);
}

bool scope_names(struct str schema, struct str table, struct table_name name)
{
    return str_eq(table, name.name) &&
           (schema.len == 0 || name.schema.len == 0 || str_eq(schema, name.schema));
}

static void keep_header(struct scope *s, struct scope_pair *p, struct table_name name,
                        const struct str *columns, size_t count, const char *place)
{
    struct arena *a = s->report->arena;
    if (p->columns)
        return;
    p->place = arena_copy(a, str_from(place));
    p->table = table_name_shown(a, name);
    p->columns = ARENA_ARRAY(a, count + 1, struct str);
    p->column_count = count;
    for (size_t i = 0; i < count; i++)
        p->columns[i] = arena_copy(a, columns[i]);
}

static bool fail_column(const struct scope *s, size_t pair, struct err *err)
{
    const struct scope_pair *p = &s->pairs[pair];
    const struct report_declared *d = &s->report->declared[pair];
    scope_unknown_column(err, p->table, d->column, p->columns, p->column_count);
    err_place(err, "%.*s", STR_ARG(p->place));
    return false;
}

bool scope_match(struct scope *s, struct table_name name, const struct str *columns, size_t count,
                 const char *place, const bool **flags, struct err *err)
{
    bool *set = NULL;
    *flags = NULL;
    for (size_t i = 0; i < s->report->declared_count; i++) {
        const struct report_declared *d = &s->report->declared[i];
        struct scope_pair *p = &s->pairs[i];
        if (!scope_names(d->schema, d->table, name))
            continue;
        p->table_met = true;
        bool met = d->column.len == 0;
        for (size_t c = 0; c < count; c++) {
            if (!str_eq(columns[c], d->column))
                continue;
            if (!set)
                set = ARENA_ARRAY(s->report->arena, count, bool);
            set[c] = met = true;
        }
        p->column_met |= met;
        if (met)
            continue;
        keep_header(s, p, name, columns, count, place);
        if (d->schema.len)
            return fail_column(s, i, err);
    }
    *flags = set;
    return true;
}

static bool *copy_flags(struct arena *a, const bool *flags, size_t count)
{
    bool *copy = ARENA_ARRAY(a, count, bool);
    for (size_t i = 0; flags && i < count; i++)
        copy[i] = flags[i];
    return copy;
}

const bool *scope_inherit(const struct scope *s, struct table_name above, const struct str *columns,
                          size_t count, const bool *flags)
{
    bool *set = NULL;
    for (size_t i = 0; i < s->report->declared_count; i++) {
        const struct report_declared *d = &s->report->declared[i];
        for (size_t c = 0; scope_names(d->schema, d->table, above) && c < count; c++) {
            if (!str_eq(columns[c], d->column))
                continue;
            if (!set)
                set = copy_flags(s->report->arena, flags, count);
            set[c] = true;
        }
    }
    return set ? set : flags;
}

bool scope_declares(const struct scope *s, struct table_name name)
{
    for (size_t i = 0; i < s->report->declared_count; i++) {
        const struct report_declared *d = &s->report->declared[i];
        if (d->column.len && scope_names(d->schema, d->table, name))
            return true;
    }
    return false;
}

bool scope_is_excluded(const struct scope *s, struct table_name name)
{
    for (size_t i = 0; i < s->excluded_count; i++)
        if (scope_names(s->excluded[i].schema, s->excluded[i].table, name))
            return true;
    return false;
}

static bool fail_table(const struct scope *s, const struct report_declared *d, struct err *err)
{
    const struct report *r = s->report;
    struct scope_table *known = ARENA_ARRAY(r->arena, r->table_count, struct scope_table);
    for (size_t i = 0; i < r->table_count; i++)
        known[i] = (struct scope_table){r->tables[i].schema, r->tables[i].name};
    scope_unknown_table(err, (struct scope_table){d->schema, d->table}, known, r->table_count);
    if (d->model.len)
        err_place(err, "model %s, resolved by %.*s", text_shown(r->arena, d->model),
                  STR_ARG(d->resolved_by));
    return false;
}

bool scope_check(struct scope *s, struct err *err)
{
    for (size_t i = 0; i < s->report->declared_count; i++) {
        if (!s->pairs[i].table_met)
            return fail_table(s, &s->report->declared[i], err);
        if (!s->pairs[i].column_met)
            return fail_column(s, i, err);
    }
    return true;
}
