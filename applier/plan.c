/*
 * plan: the steps of plan_make, in their order, and what they share.
 *
 * Files first (which versions are there, which is active, do the files agree), then whether the
 * reports may be used at all, then what they say, then the rules, then the keep rule and what
 * --only makes of it; blockers that no acceptance covers keep everything.
 */
#include "applier/plan_parts.h"

#include "applier/order.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdlib.h>

static const char *const reason_names[KEEP_REASON_COUNT] = {
    [KEEP_ACTIVE] = "active",       [KEEP_IN_USE] = "in-use",
    [KEEP_STAGED] = "staged",       [KEEP_JOB_TARGET] = "job-target",
    [KEEP_PROTECTED] = "protected", [KEEP_UNORDERED] = "unordered",
    [KEEP_RECENT] = "recent",       [KEEP_NOT_SELECTED] = "not-selected",
    [KEEP_BLOCKED] = "blocked",     [KEEP_NOT] = "removed",
};

const char *keep_reason_name(enum keep_reason r)
{
    return r < KEEP_REASON_COUNT ? reason_names[r] : "";
}

/* ---- what the steps share ---- */

struct plan_warning *planning_warn(struct planning *p, const char *code, const char *format, ...)
{
    struct plan *plan = p->plan;
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(p->a, format, args);
    va_end(args);
    plan->warnings = arena_grow(p->a, plan->warnings, plan->warning_count, &p->warning_room,
                                sizeof plan->warnings[0]);
    struct plan_warning *w = &plan->warnings[plan->warning_count++];
    *w = (struct plan_warning){.code = str_from(code), .message = str_from(text)};
    return w;
}

struct plan_blocker *planning_block(struct planning *p, const char *code,
                                    struct plan_column_name at, uint64_t count)
{
    struct plan *plan = p->plan;
    plan->blockers = arena_grow(p->a, plan->blockers, plan->blocker_count, &p->blocker_room,
                                sizeof plan->blockers[0]);
    struct plan_blocker *b = &plan->blockers[plan->blocker_count++];
    *b = (struct plan_blocker){.code = str_from(code), .at = at, .count = count};
    return b;
}

size_t planning_find(const struct planning *p, struct str name)
{
    size_t low = 0, high = p->plan->version_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(p->plan->versions[middle].name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return p->plan->version_count;
}

struct str planning_version(struct planning *p, struct str name)
{
    return arena_lower(p->a, name);
}

int64_t plan_time(int64_t t)
{
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */
    return t < 0 || t > last ? UTC_NONE : t;
}

const char *planning_report_name(struct planning *p, const struct report *r)
{
    enum { SHOWN = 23 }; /* "sha256:" and 16 digits */
    return arena_printf(p->a, "report %s",
                        text_shown(p->a, str_slice(r->content_digest, 0, SHOWN)));
}

/* ---- options ---- */

static bool check_options(const struct plan_input *in, struct err *err)
{
    if (in->keep_versions < 1) {
        err_set(err, ERR_USAGE, 600, "--keep-versions is %lld; at least 1 version is kept",
                (long long)in->keep_versions);
        err_hint(err, "1 keeps only the active version and those in use");
        return false;
    }
    if (in->report_count == 0 || in->file_count == 0) {
        err_set(err, ERR_USAGE, 607, "a plan needs at least one report and one configuration file");
        err_hint(err, "give --report FILE and --env-file FILE");
        return false;
    }
    return true;
}

static int compare_strs(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    return str_cmp(*x, *y);
}

/* A sorted copy without repetitions. */
static struct str *sorted_copy(struct planning *p, const struct str *names, size_t count,
                               size_t *left)
{
    struct str *copy = ARENA_ARRAY(p->a, count, struct str);
    for (size_t i = 0; i < count; i++)
        copy[i] = arena_copy(p->a, names[i]);
    if (count)
        qsort(copy, count, sizeof copy[0], compare_strs);
    *left = 0;
    for (size_t i = 0; i < count; i++)
        if (*left == 0 || !str_eq(copy[*left - 1], copy[i]))
            copy[(*left)++] = copy[i];
    return copy;
}

static void keep_options(struct planning *p)
{
    const struct plan_input *in = p->in;
    struct plan *plan = p->plan;
    plan->keep_versions = in->keep_versions;
    plan->max_age = in->max_age;
    plan->kdf_iterations = in->kdf_iterations;
    plan->census = in->census;
    plan->protect = sorted_copy(p, in->protect, in->protect_count, &plan->protect_count);
    plan->only = sorted_copy(p, in->only, in->only_count, &plan->only_count);
    plan->order = ARENA_ARRAY(p->a, in->order_count, struct str);
    plan->order_count = in->order_count;
    for (size_t i = 0; i < in->order_count; i++)
        plan->order[i] = planning_version(p, in->order[i]);
    bool said = in->database_count > 0;
    plan->databases =
        sorted_copy(p, said ? in->databases : in->previous.databases,
                    said ? in->database_count : in->previous.database_count, &plan->database_count);
    plan->has_inventory = in->has_inventory;
    plan->inventory_count = in->inventory_count;
    plan->conditions = in->conditions;
}

/* ---- configuration files (S12) ---- */

static bool check_active(struct planning *p, const struct plan_file *f, struct err *err)
{
    const char *path = text_shown(p->a, f->path);
    struct str active = planning_version(p, f->active);
    if (active.len == 0) {
        err_set(err, ERR_REFUSED, 603, "%s does not say which version is active", path);
        err_hint(err, "set ACTIVE_ENCRYPTION_VERSION in it");
        return false;
    }
    bool found = false;
    for (size_t i = 0; i < f->key_count; i++)
        found |= str_eq(planning_version(p, f->keys[i].name), active);
    if (!found) {
        err_set(err, ERR_REFUSED, 603, "%s: the active version \"%s\" has no key in it", path,
                text_shown(p->a, active));
        return false;
    }
    if (p->plan->active.len == 0)
        p->plan->active = active;
    if (str_eq(p->plan->active, active))
        return true;
    err_set(err, ERR_REFUSED, 601, "%s has active version \"%s\", %s has \"%s\"",
            text_shown(p->a, p->in->files[0].path), text_shown(p->a, p->plan->active), path,
            text_shown(p->a, active));
    err_hint(err, "make the files agree first; which one is right only you can know");
    return false;
}

struct found_key {
    struct str name;
    const struct plan_key *key;
    const struct plan_file *file;
};

static int compare_found(const void *a, const void *b)
{
    const struct found_key *x = a, *y = b;
    int order = str_cmp(x->name, y->name);
    return order ? order : str_cmp(x->file->path, y->file->path);
}

static bool join_keys(struct planning *p, const struct found_key *found, size_t count,
                      struct err *err)
{
    struct plan *plan = p->plan;
    plan->versions = ARENA_ARRAY(p->a, count, struct plan_version);
    const struct found_key *last = NULL;
    for (size_t i = 0; i < count; last = &found[i++]) {
        if (!last || !str_eq(last->name, found[i].name)) {
            plan->versions[plan->version_count++] =
                (struct plan_version){.name = found[i].name,
                                      .fingerprint = found[i].key->fingerprint,
                                      .oldest = UTC_NONE,
                                      .newest = UTC_NONE,
                                      .kept_until = UTC_NONE};
            continue;
        }
        if (strcmp(last->key->fingerprint.hex, found[i].key->fingerprint.hex) == 0)
            continue;
        err_set(err, ERR_REFUSED, 602, "version \"%s\" has one key in %s and another in %s",
                text_shown(p->a, found[i].name), text_shown(p->a, last->file->path),
                text_shown(p->a, found[i].file->path));
        err_hint(err, "make the files agree first; which one is right only you can know");
        return false;
    }
    return true;
}

static bool read_files(struct planning *p, struct err *err)
{
    size_t count = 0, n = 0;
    for (size_t i = 0; i < p->in->file_count; i++) {
        const struct plan_file *f = &p->in->files[i];
        for (size_t k = 0; k < i; k++)
            if (str_eq(p->in->files[k].path, f->path))
                return err_set(err, ERR_USAGE, 608, "%s is given twice", text_shown(p->a, f->path)),
                       false;
        if (!check_active(p, f, err))
            return false;
        count += f->key_count;
    }
    struct found_key *found = ARENA_ARRAY(p->a, count, struct found_key);
    for (size_t i = 0; i < p->in->file_count; i++)
        for (size_t k = 0; k < p->in->files[i].key_count; k++) {
            const struct plan_key *key = &p->in->files[i].keys[k];
            found[n++] = (struct found_key){planning_version(p, key->name), key, &p->in->files[i]};
        }
    qsort(found, count, sizeof found[0], compare_found);
    if (!join_keys(p, found, count, err))
        return false;
    p->use_rooms = ARENA_ARRAY(p->a, p->plan->version_count, size_t);
    p->active = planning_find(p, p->plan->active);
    return true;
}

/* Asked before anything is made of the reports: without an order there is nothing to decide. */
static bool check_order(struct planning *p, struct err *err)
{
    size_t count = p->plan->version_count;
    struct str *names = ARENA_ARRAY(p->a, count, struct str);
    size_t *ranks = ARENA_ARRAY(p->a, count, size_t);
    for (size_t i = 0; i < count; i++)
        names[i] = p->plan->versions[i].name;
    return order_versions(p->plan->active, p->plan->order, p->plan->order_count, names, count,
                          ranks, err);
}

/* ---- targets ---- */

static bool file_has(struct planning *p, const struct plan_file *f, struct str version)
{
    for (size_t i = 0; i < f->key_count; i++)
        if (str_eq(planning_version(p, f->keys[i].name), version))
            return true;
    return false;
}

static void make_targets(struct planning *p)
{
    struct plan *plan = p->plan;
    plan->targets = ARENA_ARRAY(p->a, p->in->file_count, struct plan_target);
    plan->target_count = p->in->file_count;
    for (size_t i = 0; i < plan->target_count; i++) {
        const struct plan_file *f = &p->in->files[i];
        struct plan_target *t = &plan->targets[i];
        *t = (struct plan_target){.path = arena_copy(p->a, f->path),
                                  .form = arena_copy(p->a, f->form),
                                  .before = f->digest,
                                  .after = f->digest,
                                  .bytes_before = f->bytes,
                                  .bytes_after = f->bytes};
        t->removed = ARENA_ARRAY(p->a, plan->version_count, struct str);
        for (size_t v = 0; v < plan->version_count; v++)
            if (plan->versions[v].reason == KEEP_NOT && file_has(p, f, plan->versions[v].name))
                t->removed[t->removed_count++] = plan->versions[v].name;
        for (size_t k = 0; k < f->remark_count; k++)
            planning_warn(p, "file", "%s: %s", text_shown(p->a, f->path),
                          text_shown(p->a, f->remarks[k]));
    }
}

static void join_warnings(struct plan *plan)
{
    if (plan->warning_count)
        qsort(plan->warnings, plan->warning_count, sizeof plan->warnings[0], plan_compare_warnings);
    size_t left = 0;
    for (size_t i = 0; i < plan->warning_count; i++)
        if (left == 0 || plan_compare_warnings(&plan->warnings[left - 1], &plan->warnings[i]) != 0)
            plan->warnings[left++] = plan->warnings[i];
    plan->warning_count = left;
}

/* ---- the steps ---- */

static void apply_rules(struct planning *p)
{
    rules_values(p);
    rules_versions(p);
    rules_coverage(p);
}

static void block_everything(struct plan *plan)
{
    for (size_t i = 0; plan_is_blocked(plan) && i < plan->version_count; i++)
        if (plan->versions[i].reason == KEEP_NOT)
            plan->versions[i].reason = KEEP_BLOCKED;
}

bool plan_make(const struct plan_input *in, struct arena *a, struct plan *plan, struct err *err)
{
    *plan = (struct plan){.arena = a, .data_time = UTC_NONE, .expires = UTC_NONE};
    struct planning p = {.in = in, .plan = plan, .a = a};
    if (!check_options(in, err) || !read_files(&p, err))
        return false;
    keep_options(&p);
    census_mark(&p);
    if (!select_names(&p, err) || !check_order(&p, err) || !scope_check(&p, err) ||
        !evidence_check(&p, err))
        return false;
    evidence_describe(&p);
    if (!census_check(&p, err))
        return false;
    gather_all(&p);
    rules_jobs(&p);
    if (!select_versions(&p, err))
        return false;
    apply_rules(&p);
    rules_stale_writers(&p);
    rules_compose(&p);
    accept_apply(&p);
    block_everything(plan);
    if (!select_critical(&p, err))
        return false;
    make_targets(&p);
    join_warnings(plan);
    return plan_sort(plan, err);
}

size_t plan_removed_count(const struct plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->version_count; i++)
        n += p->versions[i].reason == KEEP_NOT;
    return n;
}

bool plan_find_version(const struct plan *p, struct str name, const struct plan_version **found)
{
    for (size_t i = 0; i < p->version_count; i++)
        if (str_eq_nocase(p->versions[i].name, name)) {
            *found = &p->versions[i];
            return true;
        }
    return false;
}
