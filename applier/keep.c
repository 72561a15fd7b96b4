/* keep: requirements.md, "Keep rule". */
#include "applier/keep.h"

#include "applier/order.h"

static bool is_staged(const struct keep_version *v, const struct keep_version *active)
{
    return v->rank != ORDER_NONE && v->rank > active->rank;
}

/* Every reason but the number asked for. */
static enum keep_reason reason_of(const struct keep_version *v, const struct keep_version *active)
{
    if (v == active)
        return KEEP_ACTIVE;
    if (v->in_use)
        return KEEP_IN_USE;
    if (is_staged(v, active))
        return KEEP_STAGED;
    if (v->job_target)
        return KEEP_JOB_TARGET;
    if (v->is_protected)
        return KEEP_PROTECTED;
    if (v->rank == ORDER_NONE)
        return KEEP_UNORDERED;
    return KEEP_NOT;
}

static struct keep_version *newest_of_the_rest(struct keep_version *versions, size_t count)
{
    struct keep_version *newest = NULL;
    for (size_t i = 0; i < count; i++)
        if (versions[i].reason == KEEP_NOT && (!newest || versions[i].rank > newest->rank))
            newest = &versions[i];
    return newest;
}

void keep_rule(struct keep_version *versions, size_t count, size_t active, int64_t n)
{
    int64_t counted = 1; /* the active version */
    for (size_t i = 0; i < count; i++) {
        struct keep_version *v = &versions[i];
        v->reason = reason_of(v, &versions[active]);
        /* By the set, not by the reason: every staged version that no value uses counts. */
        if (i != active && !v->in_use && is_staged(v, &versions[active]))
            counted++;
    }
    for (; counted < n; counted++) {
        struct keep_version *taken = newest_of_the_rest(versions, count);
        if (!taken)
            return;
        taken->reason = KEEP_RECENT;
    }
}
