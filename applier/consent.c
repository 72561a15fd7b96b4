/* consent: signatures found, read, judged and counted. */
#include "applier/consent.h"
#include "applier/part_file.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>
#include <stdlib.h>

enum { NAME_MAX_BYTES = 128 };

const char *consent_path(struct arena *a, const char *plan_path, const char *name, struct err *err)
{
    struct str s = str_from(name);
    bool good = s.len > 0 && s.len <= NAME_MAX_BYTES;
    for (size_t i = 0; i < s.len; i++)
        good &= s.at[i] != '/' && s.at[i] > ' ' && s.at[i] != 0x7F;
    if (good)
        return arena_printf(a, "%s.%s.sig", plan_path, name);
    err_set(err, ERR_USAGE, 945, "\"%s\" cannot be part of a file's name", text_shown(a, s));
    err_hint(err, "--as takes the name that the signature's file is given: PLAN.NAME.sig");
    return NULL;
}

/* ---- read ---- */

static bool add(struct consent *c, const char *path, bool named, struct err *err)
{
    if (c->count == APPROVALS_MAX) {
        err_set(err, ERR_REFUSED, 946, "more than %d signatures", APPROVALS_MAX);
        err_hint(err, "remove those that are void from the plan's folder");
        return false;
    }
    struct err failed = {0};
    c->unread[c->count] = NULL;
    if (!file_read(c->arena, path, &c->signatures[c->count], &failed)) {
        if (named)
            return *err = failed, false;
        c->signatures[c->count] = STR("");
        c->unread[c->count] = arena_printf(c->arena, "%s", failed.text);
    }
    c->approvals[c->count] = (struct approval){.verdict = APPROVAL_BAD, .file = path};
    c->named[c->count++] = named;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the folder that are BASE.something.sig, sorted: the order of a folder is chance. */
static bool list_signatures(struct arena *a, const char *folder, const char *base, char ***names,
                            size_t *count, struct err *err)
{
    size_t room = 0, head = strlen(base);
    int fd = sys->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    struct sys_dir *dir = fd >= 0 ? sys->opendir_fd(fd) : NULL;
    if (!dir) {
        err_sys(err, ERR_SYSTEM, 103, errno, "list %s", text_shown(a, str_from(folder)));
        if (fd >= 0)
            (void)sys->close(fd);
        return false;
    }
    const char *name;
    while ((name = sys->readdir(dir))) {
        struct str s = str_from(name);
        if (s.len < head + sizeof ".x.sig" - 1 || memcmp(name, base, head) != 0 ||
            name[head] != '.' || !str_ends(s, STR(".sig")))
            continue;
        *names = arena_grow(a, *names, *count, &room, sizeof **names);
        (*names)[(*count)++] = arena_text(a, s);
    }
    bool failed = errno != 0;
    if (failed)
        err_sys(err, ERR_SYSTEM, 103, errno, "list %s", text_shown(a, str_from(folder)));
    (void)sys->closedir(dir);
    if (*count)
        qsort(*names, *count, sizeof **names, compare_names);
    return !failed;
}

bool consent_read(struct consent *c, const char *plan_path, const char *const *named,
                  size_t named_count, struct err *err)
{
    char *folder, *base, **names = NULL;
    size_t count = 0;
    c->count = 0;
    if (c->plan->conditions.approvals == 0)
        return true;
    for (size_t i = 0; i < named_count; i++)
        if (!add(c, named[i], true, err))
            return false;
    file_split(c->arena, plan_path, &folder, &base);
    if (!list_signatures(c->arena, folder, base, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add(c, arena_printf(c->arena, "%s/%s", folder, names[i]), false, err))
            return false;
    return true;
}

/* ---- judge ---- */

static bool read_lists(struct consent *c, struct approval_lists *lists, struct err *err)
{
    const struct conditions *asked = &c->plan->conditions;
    const char *path = arena_text(c->arena, asked->signers_path);
    struct sha256 digest;
    if (!file_read(c->arena, path, &lists->signers, err) ||
        !crypto_sha256(lists->signers, &digest, err)) {
        err_hint(err, "it is the list of allowed signers that the plan was made with");
        return false;
    }
    if (!sha256_eq(&digest, &asked->signers)) {
        err_set(err, ERR_REFUSED, 941,
                "the list of allowed signers %s changed since the plan was made",
                text_shown(c->arena, asked->signers_path));
        err_hint(err, "make a new plan and have it approved");
        return false;
    }
    lists->has_revoked = asked->revoked_path.len > 0;
    if (!lists->has_revoked)
        return true;
    if (file_read(c->arena, arena_text(c->arena, asked->revoked_path), &lists->revoked, err))
        return true;
    err_hint(err, "without the list of revoked keys no approval counts");
    return false;
}

/* The planner's login name, or that before the @ of a principal. */
static bool is_planner(const struct consent *c, const struct approval *p)
{
    struct str planner = c->plan->conditions.planner;
    for (size_t i = 0; planner.len > 0 && i < p->principal_count; i++) {
        struct str name = p->principals[i];
        if (str_eq_nocase(name, planner) ||
            str_eq_nocase(str_slice(name, 0, str_find(name, '@')), planner))
            return true;
    }
    return false;
}

/* One signature beside the plan is passed over; one that was named must be what it is called. */
static bool judge(struct consent *c, size_t i, const struct approval_lists *lists, struct err *err)
{
    struct approval *p = &c->approvals[i];
    if (c->unread[i]) {
        txn_note(&c->notes, c->arena, "an approval does not count: %s", c->unread[i]);
        return true;
    }
    if (!approval_verify(c->arena, lists, c->text, c->signatures[i], p, err))
        return false;
    if (p->verdict == APPROVAL_GOOD && is_planner(c, p)) {
        p->verdict = APPROVAL_NOT_ALLOWED;
        p->why = "its signer made the plan";
    }
    if (p->verdict == APPROVAL_GOOD)
        return true;
    const char *file = text_shown(c->arena, str_from(p->file));
    if (p->verdict == APPROVAL_BAD && c->named[i]) {
        err_set(err, ERR_CORRUPT, 943, "%s: %s", file, p->why);
        err_hint(err, "any change of a plan voids its approvals; approve it again");
        return false;
    }
    txn_note(&c->notes, c->arena, "%s does not count: %s", file, p->why);
    return true;
}

bool consent_check(struct consent *c, struct err *err)
{
    struct approval_lists lists = {0};
    uint64_t needed = c->plan->conditions.approvals;
    c->notes = (struct txn_notes){0};
    if (needed == 0)
        return true;
    if (!read_lists(c, &lists, err))
        return false;
    for (size_t i = 0; i < c->count; i++)
        if (!judge(c, i, &lists, err))
            return false;
    size_t people = approval_people(c->approvals, c->count);
    if (people >= needed)
        return true;
    err_set(err, ERR_REFUSED, CONSENT_TOO_FEW, "not approved: %zu of %llu approvals", people,
            (unsigned long long)needed);
    err_hint(err,
             "keyretire approve PLAN --key KEY makes one; signatures of one person count once");
    return false;
}

struct str consent_lines(const struct consent *c)
{
    struct buf lines = {.arena = c->arena};
    for (size_t i = 0; i < c->count; i++) {
        const struct approval *p = &c->approvals[i];
        if (p->verdict != APPROVAL_GOOD)
            continue;
        text_visible(&lines, p->principals[0]);
        buf_byte(&lines, ' ');
        text_visible(&lines, p->key);
        buf_byte(&lines, '\n');
    }
    return buf_str(&lines);
}
