/*
 * accept: --accept CODE[@place][=COUNT]:REASON, and what it covers (S16).
 *
 * An acceptance covers the blockers of its code at its place, as long as their values together are
 * no more than COUNT; one more, and all of them block again. Without a count it covers what is
 * there now, and the plan records how many that was. The more exact acceptance is asked first.
 */
#include "applier/plan_parts.h"

#include "common/text.h"

#include <inttypes.h>
#include <stdlib.h>

/* Parts name schema.table.column; two of them name a table, or a column where there is no schema.
 */
static bool is_place_of(const struct acceptance *w, const struct plan_blocker *b)
{
    struct str have[3];
    size_t n = 0;
    if (b->at.table.len == 0) {
        have[n++] = b->at.database.len ? b->at.database : b->version;
    } else {
        if (b->at.schema.len)
            have[n++] = b->at.schema;
        have[n++] = b->at.table;
        if (b->at.column.len)
            have[n++] = b->at.column;
    }
    if (w->part_count != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!str_eq(w->parts[i], have[i]))
            return false;
    return true;
}

static bool covers(const struct planning *p, const struct acceptance *w,
                   const struct plan_blocker *b)
{
    if (!str_eq(w->code, b->code) || (w->part_count && !is_place_of(w, b)))
        return false;
    if (str_eq(b->code, STR("unversioned")) && b->at.table.len == 0)
        return false; /* of no column: rules.c, rule_proof */
    /* S16: with no proven value of the active version this may simply be the wrong keyring. */
    return !str_eq(b->code, STR("orphan")) || p->active_proven > 0;
}

static int compare_wanted(const void *a, const void *b)
{
    const struct acceptance *x = a, *y = b;
    if (x->part_count != y->part_count)
        return x->part_count > y->part_count ? -1 : 1;
    int order = str_cmp(x->code, y->code);
    if (order == 0)
        order = str_cmp(x->place, y->place);
    if (order == 0 && x->limited != y->limited)
        return x->limited ? -1 : 1;
    if (order == 0 && x->limit != y->limit)
        return x->limit < y->limit ? -1 : 1;
    return order ? order : str_cmp(x->reason, y->reason);
}

static const char *words(struct planning *p, const struct acceptance *w)
{
    return text_shown(p->a, str_from(arena_printf(p->a, "%.*s%s%.*s", STR_ARG(w->code),
                                                  w->place.len ? "@" : "", STR_ARG(w->place))));
}

/* Blockers stay in the plan with a zero count until accept_apply takes them out. */
static void apply_one(struct planning *p, const struct acceptance *w)
{
    struct plan *plan = p->plan;
    uint64_t seen = 0;
    for (size_t i = 0; i < plan->blocker_count; i++)
        if (covers(p, w, &plan->blockers[i]))
            seen = count_add(seen, plan->blockers[i].count);
    if (seen == 0) {
        planning_warn(p, "acceptance-unused", "--accept %s covers nothing", words(p, w));
        return;
    }
    if (w->limited && seen > w->limit) {
        for (size_t i = 0; i < plan->blocker_count; i++) {
            struct plan_blocker *b = &plan->blockers[i];
            if (covers(p, w, b) && b->count > 0)
                b->message = str_from(arena_printf(
                    p->a, "%.*s (accepted: at most %" PRIu64 " there, found %" PRIu64 ")",
                    STR_ARG(b->message), w->limit, seen));
        }
        return;
    }
    struct acceptance *done = &plan->accepted[plan->accepted_count++];
    *done = *w;
    done->code = arena_copy(p->a, w->code);
    done->place = arena_copy(p->a, w->place);
    done->reason = arena_copy(p->a, w->reason);
    done->seen = seen;
    if (!w->limited)
        done->limit = seen;
    done->limited = true;
    for (size_t i = 0; i < plan->blocker_count; i++)
        if (covers(p, w, &plan->blockers[i]))
            plan->blockers[i].count = 0;
}

void accept_apply(struct planning *p)
{
    struct plan *plan = p->plan;
    size_t count = p->in->accept_count;
    if (count == 0)
        return;
    struct acceptance *wanted = ARENA_ARRAY(p->a, count, struct acceptance);
    memcpy(wanted, p->in->accept, count * sizeof wanted[0]);
    qsort(wanted, count, sizeof wanted[0], compare_wanted);
    plan->accepted = ARENA_ARRAY(p->a, count, struct acceptance);
    for (size_t i = 0; i < count; i++)
        apply_one(p, &wanted[i]);
    size_t left = 0;
    for (size_t i = 0; i < plan->blocker_count; i++)
        if (plan->blockers[i].count > 0)
            plan->blockers[left++] = plan->blockers[i];
    plan->blocker_count = left;
}
