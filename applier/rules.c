/*
 * rules: blockers and warnings from values, versions, jobs and write times.
 *
 * S4 classes that a keyring cannot answer for, S6 active-unseen, S8 jobs, S9 stale writers, S11 two
 * names of one key. What tables say is in rules_coverage.c; which blockers are accepted, in
 * accept.c.
 */
#include "applier/plan_parts.h"

#include "common/text.h"
#include "formats/envelope/envelope.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- values (S4) ---- */

static bool in_scope(const struct plan_input *in, const struct report_table *t,
                     const struct report_column *c)
{
    const struct plan_scope *s = in->scope;
    return c->declared || (s && str_eq(s->column, c->name) && plan_scope_is(s, t->schema, t->name));
}

static void block_values(struct planning *p, const char *code, const struct plan_column_name *at,
                         uint64_t count)
{
    if (count > 0)
        planning_block(p, code, *at, count);
}

/* No key of this keyring, whatever its name: the envelope has keys of its own. */
static void warn_foreign(struct planning *p, const struct plan_column_name *at, struct str version,
                         uint64_t count)
{
    planning_warn(p, "other-envelope",
                  "%s.%s.%s holds values (%" PRIu64 ") of %s: their keys are not in this keyring, "
                  "and this plan says nothing about them",
                  text_shown(p->a, at->schema), text_shown(p->a, at->table),
                  text_shown(p->a, at->column), count, text_shown(p->a, version));
}

/* Where values were proven, their class says it; else a name that no file has. */
static void rule_orphans(struct planning *p, const struct report_column *c,
                         const struct plan_column_name *at)
{
    block_values(p, "orphan", at, report_orphans(c));
    if (report_orphans(c) > 0)
        return;
    for (size_t i = 0; i < c->usage_count; i++) {
        struct str version = planning_version(p, c->usages[i].version);
        if (version.len == 0 || c->usages[i].records == 0 ||
            planning_find(p, version) < p->plan->version_count)
            continue;
        if (envelope_is_foreign(version)) {
            warn_foreign(p, at, version, c->usages[i].records);
            continue;
        }
        planning_block(p, "orphan", *at, c->usages[i].records)->version = version;
    }
}

/* Values without a version stand as usage '' too; the classes are the finer account. */
static uint64_t unversioned_of(const struct report_column *c)
{
    if (c->has_classes)
        return count_add(c->classes[CLASS_UNVERSIONED], c->classes[CLASS_UNVERSIONED_EMBEDDED]);
    uint64_t n = 0;
    for (size_t i = 0; i < c->usage_count; i++)
        if (c->usages[i].version.len == 0 && c->usages[i].basis == BASIS_HINT)
            n = count_add(n, c->usages[i].records);
    return n;
}

static void rule_column(struct planning *p, const struct report_table *t,
                        const struct report_column *c)
{
    struct plan_column_name at = {.database = arena_copy(p->a, t->database),
                                  .schema = arena_copy(p->a, t->schema),
                                  .table = arena_copy(p->a, t->name),
                                  .column = arena_copy(p->a, c->name)};
    block_values(p, "unversioned", &at, unversioned_of(c));
    block_values(p, "truncated", &at,
                 count_add(c->classes[CLASS_TRUNCATED], c->classes[CLASS_TRUNCATED_EMBEDDED]));
    block_values(p, "malformed", &at, c->classes[CLASS_MALFORMED]);
    if (in_scope(p->in, t, c))
        block_values(p, "plaintext", &at, c->classes[CLASS_PLAINTEXT]);
    rule_orphans(p, c, &at);
    if (c->future_times > 0)
        planning_warn(p, "future-time",
                      "%s.%s.%s holds values that are dated later than the data (%" PRIu64
                      "): their times are used for nothing",
                      text_shown(p->a, t->schema), text_shown(p->a, t->name),
                      text_shown(p->a, c->name), c->future_times);
}

/* Stored values whose key left the files before: only an archive can read them. */
static void warn_retained_orphans(struct planning *p, const struct report *r)
{
    for (size_t t = 0; t < r->table_count; t++)
        for (size_t c = 0; c < r->tables[t].column_count; c++) {
            const struct report_column *column = &r->tables[t].columns[c];
            for (size_t i = 0; i < column->usage_count; i++) {
                struct str version = planning_version(p, column->usages[i].version);
                if (version.len == 0 || column->usages[i].records == 0 ||
                    envelope_is_foreign(version) ||
                    planning_find(p, version) < p->plan->version_count)
                    continue;
                planning_warn(p, "retained-orphan",
                              "%s of a stored backup holds values of version %s, which no "
                              "configuration file has: only an archive can have its key",
                              planning_report_name(p, r), text_shown(p->a, version));
            }
            if (report_orphans(column) > 0)
                planning_warn(p, "retained-orphan",
                              "%s of a stored backup holds values that no key of the configuration "
                              "made (%" PRIu64 ")",
                              planning_report_name(p, r), report_orphans(column));
        }
}

static void warn_undeclared(struct planning *p)
{
    bool any = p->in->scope != NULL;
    for (size_t i = 0; i < p->plan->column_count; i++)
        any |= p->plan->columns[i].declared;
    for (size_t i = 0; any && i < p->plan->column_count; i++) {
        const struct plan_column *c = &p->plan->columns[i];
        if (!c->declared && c->values > 0)
            planning_warn(p, "undeclared-column",
                          "%s.%s.%s holds values (%" PRIu64 ") and was not declared when it was "
                          "scanned: plaintext in it was not looked for",
                          text_shown(p->a, c->at.schema), text_shown(p->a, c->at.table),
                          text_shown(p->a, c->at.column), c->values);
    }
}

void rules_values(struct planning *p)
{
    for (size_t i = 0; i < p->in->report_count; i++) {
        const struct report *r = p->in->reports[i].report;
        for (size_t t = 0; !p->marks[i].earlier && t < r->table_count; t++)
            for (size_t c = 0; c < r->tables[t].column_count; c++)
                rule_column(p, &r->tables[t], &r->tables[t].columns[c]);
    }
    for (size_t i = 0; i < p->in->retained_count; i++)
        warn_retained_orphans(p, p->in->retained[i].report);
    warn_undeclared(p);
}

/* ---- versions (S6, S11) ---- */

/*
 * A list of bare keys: an unverified report cannot say of any value which of them it needs, and one
 * that proves no value of the active key may have looked for another kind of value.
 */
static void rule_proof(struct planning *p)
{
    bool needed = false, proven = p->active_proven > 0;
    for (size_t i = 0; i < p->in->file_count; i++)
        needed |= p->in->files[i].needs_proof;
    for (size_t i = 0; i < p->in->report_count; i++)
        proven &= p->in->reports[i].report->verified;
    if (!needed || proven)
        return;
    struct plan_blocker *b = planning_block(p, "unversioned", (struct plan_column_name){0}, 1);
    b->message =
        STR("the keys of this keyring are not named in stored values, and no report proves "
            "which value has which");
    b->resolve = STR("keycensus scan --verify with the same --env-file and --keyring; it cannot be "
                     "accepted");
}

static bool any_is_verified(const struct planning *p)
{
    bool any = false;
    for (size_t i = 0; i < p->in->report_count; i++)
        any |= p->in->reports[i].report->verified;
    return any;
}

static void rule_active(struct planning *p)
{
    const struct plan_version *active = &p->plan->versions[p->active];
    const char *name = text_shown(p->a, active->name);
    const char *message;
    if (active->records == 0)
        message = arena_printf(p->a, "no value of the active version %s in any report", name);
    else if (any_is_verified(p) && p->active_proven == 0)
        message = arena_printf(p->a,
                               "the key of the active version %s made none of the values that name "
                               "it: this may be another keyring than the application's",
                               name);
    else
        return;
    struct plan_blocker *b = planning_block(p, "active-unseen", (struct plan_column_name){0}, 1);
    b->version = active->name;
    b->message = str_from(message);
}

void rules_versions(struct planning *p)
{
    const struct plan_version *v = p->plan->versions;
    rule_proof(p);
    rule_active(p);
    for (size_t i = 0; i < p->plan->version_count; i++)
        for (size_t k = i + 1; k < p->plan->version_count; k++)
            if (v[i].fingerprint.hex[0] && strcmp(v[i].fingerprint.hex, v[k].fingerprint.hex) == 0)
                planning_warn(p, "same-key",
                              "%s and %s are one key (fingerprint %s): removing one of them "
                              "retires nothing",
                              text_shown(p->a, v[i].name), text_shown(p->a, v[k].name),
                              v[i].fingerprint.hex);
}

/* ---- jobs (S8, K6.4) ---- */

bool job_is_clean(struct str status, int64_t errors, bool dry_run)
{
    return str_eq_nocase(status, STR("finished")) && errors == 0 && !dry_run;
}

static uint64_t not_negative(int64_t n)
{
    return n > 0 ? (uint64_t)n : 0;
}

static void rule_job(struct planning *p, const struct report_job *j)
{
    struct plan *plan = p->plan;
    struct str target = planning_version(p, str_trim(j->target_version));
    size_t version = planning_find(p, target);
    bool clean = job_is_clean(j->status, j->errors, j->dry_run);
    plan->jobs = arena_grow(p->a, plan->jobs, plan->job_count, &p->job_room, sizeof plan->jobs[0]);
    plan->jobs[plan->job_count++] =
        (struct plan_job){.database = arena_copy(p->a, j->database),
                          .id = arena_copy(p->a, j->id),
                          .model_path = arena_copy(p->a, j->model_path),
                          .column_name = arena_copy(p->a, j->column_name),
                          .target = target,
                          .status = arena_copy(p->a, j->status),
                          .processed = (int64_t)not_negative(j->processed),
                          .total = (int64_t)not_negative(j->total_records),
                          .errors = (int64_t)not_negative(j->errors),
                          .dry_run = j->dry_run,
                          .keeps_target = !clean};
    if (clean)
        return;
    planning_warn(p, "job",
                  "re-encryption job %s of %s.%s is \"%s\"%s%s: values may still change; its "
                  "target %s is kept%s",
                  text_shown(p->a, j->id), text_shown(p->a, j->model_path),
                  text_shown(p->a, j->column_name), text_shown(p->a, j->status),
                  j->errors ? " with errors" : "", j->dry_run ? " as a dry run" : "",
                  target.len ? text_shown(p->a, target) : "(none)",
                  version < plan->version_count ? "" : ", though no file has it");
}

void rules_jobs(struct planning *p)
{
    for (size_t i = 0; i < p->in->report_count; i++) {
        const struct report *r = p->in->reports[i].report;
        if (p->marks[i].earlier)
            continue; /* its jobs are as the later one has them */
        for (size_t k = 0; k < r->job_count; k++)
            rule_job(p, &r->jobs[k]);
        if (!r->jobs_known)
            planning_warn(p, "jobs-unknown",
                          "jobs: unknown; %s holds no reencrypt_jobs table, so a job may be "
                          "running",
                          planning_report_name(p, r));
    }
}

/* ---- write times (S9) ---- */

void rules_stale_writers(struct planning *p)
{
    int64_t start = p->plan->versions[p->active].oldest;
    if (start == UTC_NONE)
        return;
    char written[UTC_TEXT], began[UTC_TEXT];
    (void)utc_text(start, began);
    for (size_t i = 0; i < p->plan->version_count; i++) {
        const struct plan_version *v = &p->plan->versions[i];
        if (i == p->active || !decide_is_stale(p->plan, v))
            continue;
        const char *message =
            arena_printf(p->a,
                         "%s was written with on %s, after the active version %s came into use on "
                         "%s: a process with the old configuration may be running",
                         text_shown(p->a, v->name), utc_text(v->newest, written),
                         text_shown(p->a, p->plan->active), began);
        if (v->reason != KEEP_NOT) {
            planning_warn(p, "stale-writer", "%s", message);
            continue;
        }
        struct plan_blocker *b = planning_block(p, "stale-writer", (struct plan_column_name){0}, 1);
        b->version = v->name;
        b->message = str_from(message);
    }
}

/* ---- putting blockers into words ---- */

static void join_blockers(struct plan *plan)
{
    if (plan->blocker_count == 0)
        return;
    qsort(plan->blockers, plan->blocker_count, sizeof plan->blockers[0], plan_compare_blockers);
    size_t last = 0;
    for (size_t i = 1; i < plan->blocker_count; i++) {
        if (plan_compare_blockers(&plan->blockers[last], &plan->blockers[i]) == 0)
            plan->blockers[last].count =
                count_add(plan->blockers[last].count, plan->blockers[i].count);
        else
            plan->blockers[++last] = plan->blockers[i];
    }
    plan->blocker_count = last + 1;
}

static const char *value_words(struct str code)
{
    if (str_eq(code, STR("unversioned")))
        return "without a version name: which key they need is not known";
    if (str_eq(code, STR("truncated")))
        return "cut off: they cannot be read, and the key of the whole value is needed";
    if (str_eq(code, STR("malformed")))
        return "that begin like a version and are no valid token";
    return "of plain text in a column that was declared as encrypted";
}

static void compose(struct planning *p, struct plan_blocker *b)
{
    const char *place = arena_text(p->a, acceptance_place(p, b));
    bool orphan = str_eq(b->code, STR("orphan"));
    const char *values = b->count == 1 ? "value" : "values";
    if (b->message.len == 0 && orphan && b->version.len == 0)
        b->message = str_from(arena_printf(p->a,
                                           "%s: %" PRIu64 " %s that no key of the configuration "
                                           "made, or whose label it lacks",
                                           place, b->count, values));
    else if (b->message.len == 0 && orphan)
        b->message = str_from(
            arena_printf(p->a, "%s: %" PRIu64 " %s of version %s, which no configuration file has",
                         place, b->count, values, text_shown(p->a, b->version)));
    else if (b->message.len == 0)
        b->message = str_from(arena_printf(p->a, "%s: %" PRIu64 " %s %s", place, b->count, values,
                                           value_words(b->code)));
    if (orphan && p->active_proven == 0)
        b->resolve =
            str_from("find the key and put it into the configuration; it cannot be accepted "
                     "while no value proves the active version");
    else if (b->resolve.len == 0)
        b->resolve =
            str_from(arena_printf(p->a, "--accept %s%s%s=%" PRIu64 ":REASON",
                                  arena_text(p->a, b->code), place[0] ? "@" : "", place, b->count));
}

void rules_compose(struct planning *p)
{
    join_blockers(p->plan);
    for (size_t i = 0; i < p->plan->blocker_count; i++)
        compose(p, &p->plan->blockers[i]);
}
