/*
 * decide: what the plan's own facts make of each version: its reason, and what is critical of it.
 *
 * plan_make and plan_check both come here, so a text whose decisions do not follow from what it
 * says of uses, jobs, options and write times is not a plan.
 */
#include "applier/plan_parts.h"

#include "applier/keep.h"
#include "applier/order.h"

static size_t index_of(const struct plan *plan, struct str name)
{
    size_t i = 0;
    while (i < plan->version_count && !str_eq(plan->versions[i].name, name))
        i++;
    return i;
}

bool version_is_named(const struct str *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(names[i], name))
            return true;
    return false;
}

static bool rank_versions(const struct plan *plan, size_t **ranks, struct err *err)
{
    struct str *names = ARENA_ARRAY(plan->arena, plan->version_count, struct str);
    *ranks = ARENA_ARRAY(plan->arena, plan->version_count, size_t);
    for (size_t i = 0; i < plan->version_count; i++)
        names[i] = plan->versions[i].name;
    return order_versions(plan->active, plan->order, plan->order_count, names, plan->version_count,
                          *ranks, err);
}

bool decide_reasons(const struct plan *plan, enum keep_reason *reasons, struct err *err)
{
    size_t count = plan->version_count;
    struct keep_version *rule = ARENA_ARRAY(plan->arena, count, struct keep_version);
    size_t *ranks;
    if (!rank_versions(plan, &ranks, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct plan_version *v = &plan->versions[i];
        rule[i] = (struct keep_version){
            .rank = ranks[i],
            .in_use = v->records > 0,
            .is_protected = version_is_named(plan->protect, plan->protect_count, v->name)};
    }
    for (size_t i = 0; i < plan->job_count; i++) {
        size_t target = index_of(plan, plan->jobs[i].target);
        if (target < count)
            rule[target].job_target |= plan->jobs[i].keeps_target;
    }
    keep_rule(rule, count, index_of(plan, plan->active), plan->keep_versions);
    for (size_t i = 0; i < count; i++) {
        reasons[i] = rule[i].reason;
        if (reasons[i] == KEEP_NOT && plan->only_count &&
            !version_is_named(plan->only, plan->only_count, plan->versions[i].name))
            reasons[i] = KEEP_NOT_SELECTED;
    }
    return true;
}

/* ---- critical versions (S17) ---- */

bool decide_is_stale(const struct plan *plan, const struct plan_version *v)
{
    int64_t start = plan->versions[index_of(plan, plan->active)].oldest;
    return start != UTC_NONE && v->newest != UTC_NONE && v->newest > start;
}

static size_t newest_below_active(const struct plan *plan, const size_t *ranks)
{
    size_t count = plan->version_count, newest = count;
    size_t active = ranks[index_of(plan, plan->active)];
    for (size_t i = 0; i < count; i++)
        if (ranks[i] < active && (newest == count || ranks[i] > ranks[newest]))
            newest = i;
    return newest;
}

/* Against the newest data, not against the clock. */
static bool is_recent(const struct plan *plan, int64_t written)
{
    int64_t newest = UTC_NONE;
    for (size_t i = 0; i < plan->evidence_count; i++)
        if (plan->evidence[i].kind == EVIDENCE_LIVE && plan->evidence[i].data_time > newest)
            newest = plan->evidence[i].data_time;
    return written != UTC_NONE && (newest == UTC_NONE || written >= newest - PLAN_CRITICAL_WRITE);
}

static bool is_in_job(const struct plan *plan, const struct plan_version *v)
{
    for (size_t i = 0; i < plan->job_count; i++)
        if (str_eq(plan->jobs[i].target, v->name))
            return true;
    return false;
}

/* What was accepted may need any version, but for a writer, which is known. */
static bool rests_on_acceptance(const struct plan *plan, const struct plan_version *v)
{
    size_t writers = 0;
    for (size_t i = 0; i < plan->accepted_count; i++)
        writers += str_eq(plan->accepted[i].code, STR("stale-writer"));
    return writers < plan->accepted_count || (writers && decide_is_stale(plan, v));
}

bool decide_critical(const struct plan *plan, unsigned *critical, struct err *err)
{
    size_t *ranks;
    if (!rank_versions(plan, &ranks, err))
        return false;
    size_t below = newest_below_active(plan, ranks);
    for (size_t i = 0; i < plan->version_count; i++) {
        const struct plan_version *v = &plan->versions[i];
        critical[i] = 0;
        if (v->reason == KEEP_NOT)
            critical[i] = (i == below ? (unsigned)CRITICAL_NEWEST_BELOW : 0u) |
                          (is_recent(plan, v->newest) ? (unsigned)CRITICAL_RECENT_WRITE : 0u) |
                          (is_in_job(plan, v) ? (unsigned)CRITICAL_JOB : 0u) |
                          (rests_on_acceptance(plan, v) ? (unsigned)CRITICAL_ACCEPTANCE : 0u);
    }
    return true;
}
