/* policy: found, compared with what is asked for, and with what a plan says. */
#include "applier/policy.h"

#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

/* ---- find ---- */

enum { WRITABLE_BY_OTHERS = S_IWGRP | S_IWOTH };

static bool is_roots(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (sys->fstat(fd, &st) != 0) {
        err_sys(err, ERR_SYSTEM, 950, errno, "stat %s", path);
        return false;
    }
    if (st.st_uid == 0 && !(st.st_mode & WRITABLE_BY_OTHERS))
        return true;
    err_set(err, ERR_REFUSED, 950, "%s does not belong to root alone", path);
    err_hint(err, "nothing is planned or applied until it does: chown root, chmod go-w");
    return false;
}

/* -1 with errno ENOENT and no error: it is not there. */
static int open_roots(const char *path, int flags, struct err *err)
{
    int fd = sys->openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0);
    if (fd < 0) {
        int why = errno;
        if (why != ENOENT)
            err_sys(err, why == ELOOP || why == ENOTDIR ? ERR_REFUSED : ERR_SYSTEM, 950, why,
                    "open %s", path);
        errno = why;
        return -1;
    }
    if (is_roots(fd, path, err))
        return fd;
    (void)sys->close(fd);
    errno = EPERM;
    return -1;
}

static bool folder_is_roots(struct arena *a, const char *file, struct err *err)
{
    char *folder, *name;
    file_split(a, file, &folder, &name);
    int fd = open_roots(folder, O_DIRECTORY, err);
    if (fd >= 0)
        (void)sys->close(fd);
    else if (!err_is(err))
        err_sys(err, ERR_REFUSED, 950, ENOENT, "open %s", folder);
    return fd >= 0;
}

/* A file of root's in a folder of root's. *found false: it is not there. */
static bool read_roots(struct arena *a, const char *path, struct str *text, bool *found,
                       struct err *err)
{
    int fd = open_roots(path, 0, err);
    *found = fd >= 0;
    if (fd < 0)
        return !err_is(err);
    bool done = file_read_fd(a, fd, path, text, err);
    (void)sys->close(fd); /* read-only */
    return done;
}

/* A list that the policy names has to be there. */
static bool read_list(struct arena *a, struct str path, struct str *text, struct err *err)
{
    const char *name = arena_text(a, path);
    bool found = false;
    if (!folder_is_roots(a, name, err) || !read_roots(a, name, text, &found, err))
        return false;
    if (!found)
        err_sys(err, ERR_REFUSED, 950, ENOENT, "%s, which the policy names", name);
    return found;
}

static bool load_lists(struct arena *a, struct policy *p, struct err *err)
{
    struct str text;
    if (p->signers_path.len > 0 &&
        (!read_list(a, p->signers_path, &text, err) || !crypto_sha256(text, &p->signers, err)))
        return false;
    return p->revoked_path.len == 0 || read_list(a, p->revoked_path, &text, err);
}

bool policy_load(struct arena *a, struct policy *p, struct err *err)
{
    struct str text;
    bool found = false;
    *p = (struct policy){.max_age = PLAN_NO_MAX_AGE};
    int folder = open_roots(KEYRETIRE_POLICY_FOLDER, O_DIRECTORY, err);
    if (folder < 0)
        return !err_is(err);
    (void)sys->close(folder);
    if (!read_roots(a, KEYRETIRE_POLICY, &text, &found, err) || !found)
        return !err_is(err);
    if (text.len > POLICY_BYTES_MAX) {
        err_set(err, ERR_CORRUPT, 951, "the policy is larger than %d bytes", POLICY_BYTES_MAX);
    } else if (policy_parse(text, a, p, err) && crypto_sha256(text, &p->digest, err) &&
               load_lists(a, p, err)) {
        return true;
    }
    err_place(err, "%s", KEYRETIRE_POLICY);
    return false;
}

/* ---- what is asked for ---- */

static bool below(struct err *err, const char *what)
{
    err_set(err, ERR_REFUSED, 952, "the policy of this machine demands %s", what);
    err_hint(err, "options may ask for more than %s, never for less", KEYRETIRE_POLICY);
    return false;
}

static bool tighten_approvals(const struct policy *p, struct arena *a, struct conditions *c,
                              struct err *err)
{
    if (p->approvals == 0)
        return true;
    if (c->approvals > 0 && c->approvals < p->approvals)
        return below(err, arena_printf(a, "%llu approvals", (unsigned long long)p->approvals));
    if (c->approvals > 0 && !str_eq(c->signers_path, p->signers_path))
        return below(err, "its own list of allowed signers");
    if (c->revoked_path.len > 0 && p->revoked_path.len > 0 &&
        !str_eq(c->revoked_path, p->revoked_path))
        return below(err, "its own list of revoked keys");
    if (c->approvals < p->approvals)
        c->approvals = p->approvals;
    c->signers_path = p->signers_path;
    c->signers = p->signers;
    if (p->revoked_path.len > 0)
        c->revoked_path = p->revoked_path;
    return true;
}

static bool fewer_censuses(const struct policy *p, const struct census_demand *d)
{
    return d->count < p->census.count || d->interval < p->census.interval;
}

static bool tighten_census(const struct policy *p, struct census_demand *d, struct err *err)
{
    if (p->census.count == 0)
        return true;
    if (d->count == 0)
        *d = p->census;
    return !fewer_censuses(p, d) || below(err, "more clean censuses, or further apart");
}

bool policy_tighten(const struct policy *p, struct arena *a, struct plan_input *in,
                    enum policy_age age, struct err *err)
{
    struct conditions *c = &in->conditions;
    if (!p->present)
        return true;
    if (!tighten_census(p, &in->census, err))
        return false;
    bool older = p->max_age != PLAN_NO_MAX_AGE &&
                 (in->max_age == PLAN_NO_MAX_AGE || in->max_age > p->max_age);
    if (older && age == POLICY_AGE_GIVEN)
        return below(err, "younger data than --max-report-age allows");
    if (older)
        in->max_age = p->max_age;
    c->has_policy = true;
    c->policy = p->digest;
    if (!p->exclude_planner)
        c->planner = STR("");
    return tighten_approvals(p, a, c, err);
}

/* ---- what a plan says ---- */

static bool same_policy(const struct policy *p, const struct plan *plan, struct err *err)
{
    const struct conditions *c = &plan->conditions;
    if (p->present == c->has_policy && (!p->present || sha256_eq(&p->digest, &c->policy)))
        return true;
    if (p->present && c->has_policy)
        err_set(err, ERR_STALE, 953, "the policy changed since the plan was made");
    else if (p->present)
        err_set(err, ERR_REFUSED, 953, "the plan was not made under the policy of this machine");
    else
        err_set(err, ERR_REFUSED, 953, "the plan was made under a policy that is not here");
    err_hint(err, "make a new plan here and have it approved");
    return false;
}

/* A table that --exclude-table left out may be the one whose rows still need a version. */
static bool whole_database(const struct plan *plan)
{
    for (size_t i = 0; i < plan->table_count; i++)
        if (plan->tables[i].state == COVERAGE_SKIPPED)
            return false;
    return true;
}

static bool evidence_allows(const struct policy *p, const struct plan *plan, struct err *err)
{
    if (p->clean_census && !whole_database(plan))
        return below(err, "a census without --exclude-table");
    for (size_t i = 0; i < plan->evidence_count; i++) {
        const struct plan_evidence *e = &plan->evidence[i];
        if (e->kind == EVIDENCE_RETAINED)
            continue;
        if (p->verified_reports && !e->verified)
            return below(err, "reports in which every value was proven");
        if (p->sha256_inputs && !e->sha256_inputs)
            return below(err, "inputs digested with SHA-256: keycensus scan --sha256");
        if (p->clean_census && (!e->complete || e->partial))
            return below(err, "a complete census of the whole database");
    }
    return true;
}

static bool acceptances_allow(const struct policy *p, const struct plan *plan, struct err *err)
{
    for (size_t i = 0; p->limits_acceptances && i < plan->accepted_count; i++) {
        bool allowed = false;
        for (size_t k = 0; k < p->accept_count; k++)
            allowed |= str_eq(p->accept[k], plan->accepted[i].code);
        if (!allowed)
            return below(err, arena_printf(plan->arena, "that no %s is accepted",
                                           text_shown(plan->arena, plan->accepted[i].code)));
    }
    return true;
}

static bool conditions_allow(const struct policy *p, const struct plan *plan, struct err *err)
{
    const struct conditions *c = &plan->conditions;
    if (c->approvals < p->approvals)
        return below(err, "more approvals than the plan asks for");
    if (p->approvals > 0 && !str_eq(c->signers_path, p->signers_path))
        return below(err, "its own list of allowed signers");
    if (p->revoked_path.len > 0 && !str_eq(c->revoked_path, p->revoked_path))
        return below(err, "its own list of revoked keys");
    if (p->census.count > 0 && fewer_censuses(p, &plan->census))
        return below(err, "more clean censuses, or further apart");
    if (p->exclude_planner && c->planner.len == 0)
        return below(err, "a plan that says who made it");
    if (p->max_age != PLAN_NO_MAX_AGE &&
        (plan->max_age == PLAN_NO_MAX_AGE || plan->max_age > p->max_age))
        return below(err, "younger data than the plan allows");
    return true;
}

bool policy_seals(const struct policy *p, struct str seal_to, struct err *err)
{
    if (!p->sealed_backups || seal_to.len > 0)
        return true;
    err_set(err, ERR_REFUSED, 952, "the policy of this machine demands sealed backups");
    err_hint(err, "--encrypt-to RECIPIENT names who can open it");
    return false;
}

bool policy_allows(const struct policy *p, const struct plan *plan, struct err *err)
{
    if (!same_policy(p, plan, err))
        return false;
    return !p->present || (conditions_allow(p, plan, err) && evidence_allows(p, plan, err) &&
                           acceptances_allow(p, plan, err));
}
