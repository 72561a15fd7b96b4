/*
 * keep: the rule that says which versions stay.
 *
 * kept = {active} + in use + staged + job targets + protected + unordered
 *      + the newest of the rest, taken until 1 + |staged and not in use| + |taken| >= N
 *
 * Each version gets the first reason that fits, in the order of enum keep_reason; KEEP_NOT for
 * those that may go. Pure, and the only place where the rule stands.
 */
#ifndef APPLIER_KEEP_H
#define APPLIER_KEEP_H

#include "applier/plan.h"

struct keep_version {
    size_t rank; /* by age, oldest lowest; ORDER_NONE unordered */
    bool in_use;
    bool job_target;
    bool is_protected;
    enum keep_reason reason; /* the outcome */
};

/* N >= 1; the active version is ordered. */
void keep_rule(struct keep_version *versions, size_t count, size_t active, int64_t n);

#endif
