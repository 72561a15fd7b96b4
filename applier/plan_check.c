/*
 * plan_check: what holds in every plan, however it came here.
 *
 * A text that was changed by hand with care can still be well formed. It must not remove what is
 * active or in use, remove anything while blocked, or change a file for no removed version.
 */
#include "applier/plan_parts.h"

static bool removed_in_plan(const struct plan *p, struct str name)
{
    for (size_t i = 0; i < p->version_count; i++)
        if (str_eq(p->versions[i].name, name))
            return p->versions[i].reason == KEEP_NOT;
    return false;
}

static bool removed_somewhere(const struct plan *p, struct str name)
{
    for (size_t t = 0; t < p->target_count; t++)
        for (size_t i = 0; i < p->targets[t].removed_count; i++)
            if (str_eq(p->targets[t].removed[i], name))
                return true;
    return false;
}

static const char *check_uses(const struct plan_version *v)
{
    uint64_t total = 0;
    for (size_t i = 0; i < v->use_count; i++) {
        total = count_add(total, v->uses[i].records);
        if (i && plan_compare_places(&v->uses[i - 1].at, &v->uses[i].at) >= 0)
            return "the places of a version are not in order";
    }
    return total == v->records ? NULL : "the values of a version do not add up";
}

static const char *check_version(const struct plan *p, const struct plan_version *v)
{
    bool is_active = str_eq(v->name, p->active);
    if (v->reason == KEEP_NOT && (is_active || v->records > 0))
        return "it removes a version that is active or in use";
    if (is_active != (v->reason == KEEP_ACTIVE))
        return "its active version is kept for another reason";
    if ((v->reason == KEEP_IN_USE) != (!is_active && v->records > 0))
        return "a version is in use and is not kept for it";
    if (v->reason == KEEP_NOT && plan_is_blocked(p))
        return "it is blocked and removes a version";
    if (v->reason == KEEP_BLOCKED && !plan_is_blocked(p))
        return "it keeps a version as blocked without a blocker";
    if (v->critical && v->reason != KEEP_NOT)
        return "a version that stays is critical";
    if (v->reason == KEEP_NOT && !removed_somewhere(p, v->name))
        return "a version leaves no file";
    return check_uses(v);
}

static const char *check_target(const struct plan *p, const struct plan_target *t)
{
    if ((t->removed_count > 0) == sha256_eq(&t->before, &t->after))
        return "a file changes without a version that leaves it, or the other way round";
    for (size_t i = 0; i < t->removed_count; i++) {
        if (!removed_in_plan(p, t->removed[i]))
            return "a file loses a version that the plan keeps";
        if (i && str_eq(t->removed[i - 1], t->removed[i]))
            return "a version leaves a file twice";
    }
    return t->removed_count || t->line_count == 0 ? NULL : "a file that stays has a diff";
}

static const char *check_codes(const struct plan *p)
{
    for (size_t i = 0; i < p->accepted_count; i++) {
        const struct acceptance *a = &p->accepted[i];
        if (!plan_code_lookup(a->code) || a->seen > a->limit || a->seen == 0 || !a->reason.len)
            return "an acceptance covers what it may not";
    }
    for (size_t i = 0; i < p->blocker_count; i++)
        if (!plan_code_lookup(p->blockers[i].code) || p->blockers[i].count == 0)
            return "a blocker is unknown";
    return NULL;
}

static const char *check_lists(const struct plan *p)
{
    for (size_t i = 1; i < p->version_count; i++)
        if (str_eq(p->versions[i - 1].name, p->versions[i].name))
            return "a version stands in it twice";
    for (size_t i = 1; i < p->target_count; i++)
        if (str_cmp(p->targets[i - 1].path, p->targets[i].path) >= 0)
            return "a file stands in it twice";
    for (size_t i = 1; i < p->table_count; i++)
        if (plan_compare_places(&p->tables[i - 1].at, &p->tables[i].at) >= 0)
            return "its tables are not in order";
    for (size_t i = 1; i < p->column_count; i++)
        if (plan_compare_places(&p->columns[i - 1].at, &p->columns[i].at) >= 0)
            return "its columns are not in order";
    return NULL;
}

const char *plan_contradiction(const struct plan *p)
{
    if (p->keep_versions < 1 || p->evidence_count == 0 || p->target_count == 0)
        return "it has no report, no file or keeps nothing";
    const char *broken = check_lists(p);
    if (!broken)
        broken = check_codes(p);
    for (size_t i = 0; !broken && i < p->version_count; i++)
        broken = check_version(p, &p->versions[i]);
    for (size_t i = 0; !broken && i < p->target_count; i++)
        broken = check_target(p, &p->targets[i]);
    return broken;
}
