/*
 * plan_sort: the one order of a plan's lists, and the figures that follow from others.
 *
 * plan_make and plan_read both end here, so a text in another order, or with a figure that does
 * not follow, is not the text that plan_write gives and is refused.
 */
#include "applier/plan_parts.h"

#include "applier/order.h"

#include <stdlib.h>

int plan_compare_places(const struct plan_column_name *a, const struct plan_column_name *b)
{
    int order = str_cmp(a->database, b->database);
    if (order == 0)
        order = str_cmp(a->schema, b->schema);
    if (order == 0)
        order = str_cmp(a->table, b->table);
    return order ? order : str_cmp(a->column, b->column);
}

struct ranked {
    struct plan_version version;
    size_t rank;
};

/* Oldest first; those of unknown age (the highest rank) behind them, by name. */
static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return str_cmp(x->version.name, y->version.name);
}

static bool sort_versions(struct plan *plan, struct err *err)
{
    size_t count = plan->version_count;
    struct str *names = ARENA_ARRAY(plan->arena, count, struct str);
    size_t *ranks = ARENA_ARRAY(plan->arena, count, size_t);
    struct ranked *sorted = ARENA_ARRAY(plan->arena, count, struct ranked);
    for (size_t i = 0; i < count; i++)
        names[i] = plan->versions[i].name;
    if (!order_versions(plan->active, plan->order, plan->order_count, names, count, ranks, err))
        return false;
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct ranked){plan->versions[i], ranks[i]};
    qsort(sorted, count, sizeof sorted[0], compare_ranked);
    for (size_t i = 0; i < count; i++)
        plan->versions[i] = sorted[i].version;
    return true;
}

/* ---- the other lists ---- */

static int compare_evidence(const void *a, const void *b)
{
    const struct plan_evidence *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int order = str_cmp(x->digest, y->digest);
    if (order)
        return order;
    if (x->data_time != y->data_time)
        return x->data_time < y->data_time ? -1 : 1;
    if (x->kept_until != y->kept_until)
        return x->kept_until < y->kept_until ? -1 : 1;
    if (x->inputs != y->inputs)
        return x->inputs < y->inputs ? -1 : 1;
    order = str_cmp(x->data_time_source, y->data_time_source);
    return order ? order : str_cmp(x->server, y->server);
}

static int compare_names(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    return str_cmp(*x, *y);
}

static int compare_jobs(const void *a, const void *b)
{
    const struct plan_job *x = a, *y = b;
    const struct str mine[] = {x->database,    x->id,     x->model_path,
                               x->column_name, x->target, x->status};
    const struct str other[] = {y->database,    y->id,     y->model_path,
                                y->column_name, y->target, y->status};
    for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++) {
        int order = str_cmp(mine[i], other[i]);
        if (order)
            return order;
    }
    if (x->processed != y->processed)
        return x->processed < y->processed ? -1 : 1;
    if (x->total != y->total)
        return x->total < y->total ? -1 : 1;
    if (x->errors != y->errors)
        return x->errors < y->errors ? -1 : 1;
    return (x->dry_run > y->dry_run) - (x->dry_run < y->dry_run);
}

static int compare_accepted(const void *a, const void *b)
{
    const struct acceptance *x = a, *y = b;
    int order = str_cmp(x->code, y->code);
    if (order == 0)
        order = str_cmp(x->place, y->place);
    if (order == 0)
        order = str_cmp(x->reason, y->reason);
    if (order == 0 && x->limit != y->limit)
        order = x->limit < y->limit ? -1 : 1;
    return order;
}

static int compare_targets(const void *a, const void *b)
{
    const struct plan_target *x = a, *y = b;
    return str_cmp(x->path, y->path);
}

int plan_compare_blockers(const void *a, const void *b)
{
    const struct plan_blocker *x = a, *y = b;
    int order = str_cmp(x->code, y->code);
    if (order == 0)
        order = plan_compare_places(&x->at, &y->at);
    if (order == 0)
        order = str_cmp(x->version, y->version);
    return order ? order : str_cmp(x->message, y->message);
}

int plan_compare_warnings(const void *a, const void *b)
{
    const struct plan_warning *x = a, *y = b;
    int order = str_cmp(x->code, y->code);
    return order ? order : str_cmp(x->message, y->message);
}

/* Versions leave a file in the order in which the plan lists them. */
static void sort_removed(const struct plan *plan, struct plan_target *t)
{
    size_t n = 0;
    for (size_t v = 0; v < plan->version_count; v++)
        for (size_t i = n; i < t->removed_count; i++)
            if (str_eq(t->removed[i], plan->versions[v].name)) {
                struct str swap = t->removed[n];
                t->removed[n++] = t->removed[i];
                t->removed[i] = swap;
                break;
            }
}

static void sort_list(void *items, size_t count, size_t size,
                      int (*compare)(const void *, const void *))
{
    if (count > 1)
        qsort(items, count, size, compare);
}

static void derive_times(struct plan *plan)
{
    plan->data_time = UTC_NONE;
    plan->expires = UTC_NONE;
    for (size_t i = 0; i < plan->evidence_count; i++) {
        const struct plan_evidence *e = &plan->evidence[i];
        if (e->kind == EVIDENCE_LIVE && e->data_time != UTC_NONE &&
            (plan->data_time == UTC_NONE || e->data_time < plan->data_time))
            plan->data_time = e->data_time;
    }
    int64_t expires;
    if (plan->max_age != PLAN_NO_MAX_AGE && plan->data_time != UTC_NONE &&
        !__builtin_add_overflow(plan->data_time, plan->max_age, &expires))
        plan->expires = plan_time(expires);
}

bool plan_sort(struct plan *plan, struct err *err)
{
    sort_list(plan->evidence, plan->evidence_count, sizeof plan->evidence[0], compare_evidence);
    for (size_t i = 0; i < plan->evidence_count; i++)
        sort_list(plan->evidence[i].databases, plan->evidence[i].database_count, sizeof(struct str),
                  compare_names);
    sort_list(plan->blockers, plan->blocker_count, sizeof plan->blockers[0], plan_compare_blockers);
    sort_list(plan->warnings, plan->warning_count, sizeof plan->warnings[0], plan_compare_warnings);
    sort_list(plan->jobs, plan->job_count, sizeof plan->jobs[0], compare_jobs);
    sort_list(plan->accepted, plan->accepted_count, sizeof plan->accepted[0], compare_accepted);
    sort_list(plan->targets, plan->target_count, sizeof plan->targets[0], compare_targets);
    derive_times(plan);
    if (!sort_versions(plan, err))
        return false;
    for (size_t i = 0; i < plan->target_count; i++)
        sort_removed(plan, &plan->targets[i]);
    return true;
}
