/*
 * plan_check: what holds in every plan, however it came here.
 *
 * A text that was changed by hand with care can still be well formed. Its decisions must follow
 * from the facts that it states (decide.c), what these facts lack must be accepted in it, and a
 * file must lose the versions that leave and no others.
 */
#include "applier/conditions.h"
#include "applier/plan_parts.h"
#include "formats/keyring/key_list.h"

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

/* What can be seen of one version alone. */
static const char *check_version(const struct plan *p, const struct plan_version *v)
{
    if (v->reason == KEEP_NOT && (str_eq(v->name, p->active) || v->records > 0))
        return "it removes a version that is active or in use";
    if (v->reason == KEEP_NOT && plan_is_blocked(p))
        return "it is blocked and removes a version";
    if (v->reason == KEEP_NOT && !removed_somewhere(p, v->name))
        return "a version leaves no file";
    return check_uses(v);
}

/* Every reason is the one that the keep rule gives for these uses, jobs and options. */
static const char *check_decisions(const struct plan *p)
{
    struct err err = {0};
    enum keep_reason *reasons = ARENA_ARRAY(p->arena, p->version_count, enum keep_reason);
    unsigned *critical = ARENA_ARRAY(p->arena, p->version_count, unsigned);
    if (!decide_reasons(p, reasons, &err) || !decide_critical(p, critical, &err))
        return "the order of its versions is not known";
    for (size_t i = 0; i < p->version_count; i++) {
        bool is_blocked = reasons[i] == KEEP_NOT && plan_is_blocked(p);
        if (p->versions[i].reason != (is_blocked ? KEEP_BLOCKED : reasons[i]))
            return "a version is removed or kept against its own uses, jobs and options";
        if (p->versions[i].critical != critical[i])
            return "it hides that a removal is critical";
    }
    return NULL;
}

static const char *check_jobs(const struct plan *p)
{
    for (size_t i = 0; i < p->job_count; i++) {
        const struct plan_job *j = &p->jobs[i];
        if (!j->keeps_target && !job_is_clean(j->status, j->errors, j->dry_run))
            return "a job that is not finished does not keep its target";
    }
    return NULL;
}

static uint64_t accepted_of(const struct plan *p, struct str code)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < p->accepted_count; i++)
        if (str_eq(p->accepted[i].code, code))
            seen = count_add(seen, p->accepted[i].seen);
    return seen;
}

/* A clean census read all of its database at a known time, and there are as many as are asked for.
 */
static const char *check_censuses(const struct plan *p)
{
    struct census_lack lack;
    for (size_t i = 0; i < p->evidence_count; i++) {
        const struct plan_evidence *e = &p->evidence[i];
        bool clean = e->complete && !e->partial && e->data_time != UTC_NONE;
        if ((e->clean || e->kind == EVIDENCE_EARLIER) && (!clean || p->census.count == 0))
            return "a report counts as a clean census that is none";
    }
    return census_lacks(p, &p->census, &lack) ? "it has fewer clean censuses than it asks for"
                                              : NULL;
}

/* A plan that removes something has answered for what its own evidence lacks. */
static const char *check_answers(const struct plan *p)
{
    uint64_t incomplete = 0, lacking = 0, stale = 0, unseen = 0;
    for (size_t i = 0; i < p->evidence_count; i++)
        incomplete += p->evidence[i].kind == EVIDENCE_LIVE && !p->evidence[i].complete;
    for (size_t i = 0; i < p->table_count; i++)
        lacking += coverage_lacks_data(p->tables[i].state, p->tables[i].kind);
    for (size_t i = 0; i < p->version_count; i++) {
        const struct plan_version *v = &p->versions[i];
        stale += v->reason == KEEP_NOT && decide_is_stale(p, v);
        unseen += v->reason == KEEP_ACTIVE && v->records == 0;
    }
    if (plan_is_blocked(p))
        return NULL;
    if (incomplete > accepted_of(p, STR("incomplete-report")))
        return "a report is incomplete and nothing answers for it";
    if (!p->has_inventory && lacking > accepted_of(p, STR("partial-input")))
        return "a table lacks its data and nothing answers for it";
    if (stale > accepted_of(p, STR("stale-writer")))
        return "it removes a version that is still written with and nothing answers for it";
    if (unseen > accepted_of(p, STR("active-unseen")))
        return "no value of the active version was seen and nothing answers for it";
    return NULL;
}

static bool stands_before(const struct plan_target *t, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (str_eq(t->removed[i], t->removed[at]))
            return true;
    return false;
}

static bool is_unproven(const struct plan *p)
{
    uint64_t proven = 0;
    for (size_t i = 0; i < p->evidence_count; i++) {
        if (p->evidence[i].kind != EVIDENCE_LIVE)
            continue;
        if (!p->evidence[i].verified)
            return true;
        proven = count_add(proven, p->evidence[i].proven);
    }
    return proven == 0;
}

static const char *check_target(const struct plan *p, const struct plan_target *t)
{
    if ((t->removed_count > 0) == sha256_eq(&t->before, &t->after))
        return "a file changes without a version that leaves it, or the other way round";
    for (size_t i = 0; i < t->removed_count; i++) {
        if (!removed_in_plan(p, t->removed[i]))
            return "a file loses a version that the plan keeps";
        if (stands_before(t, i))
            return "a version leaves a file twice";
    }
    const struct keyring_syntax *syntax = keyring_form(p->arena, t->form);
    if (!syntax)
        return "a file has a form that this version does not know";
    if (t->removed_count && syntax->list && !syntax->list->kind->names_values && is_unproven(p))
        return "it removes keys in a row, and no report proves which values they have";
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
        if (plan_compare_tables(&p->tables[i - 1], &p->tables[i]) >= 0)
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
    if (!broken)
        broken = check_decisions(p);
    if (!broken)
        broken = check_jobs(p);
    if (!broken)
        broken = check_censuses(p);
    if (!broken)
        broken = conditions_contradiction(&p->conditions);
    return broken ? broken : check_answers(p);
}
