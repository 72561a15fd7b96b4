/* confine: which paths a command needs, from its options, its plan and the journals. */
#include "applier/confine.h"
#include "applier/approval.h"
#include "applier/commands.h"
#include "applier/git_tree.h"
#include "applier/policy.h"
#include "applier/seal.h"
#include "common/child.h"
#include "common/sandbox.h"
#include "common/sys.h"

enum { PATH_ROOM = 4096 };

struct paths {
    const char **at;
    size_t count, room;
};

/* Of the process, as what it gives up is. */
static struct {
    bool done;
    const struct plan *plan;
    const char *plan_path;
    struct arena names;
    struct paths targets;
} about;

static void add(struct paths *p, struct arena *a, const char *path)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->at[i], path) == 0)
            return;
    p->at = arena_grow(a, p->at, p->count, &p->room, sizeof *p->at);
    p->at[p->count++] = path;
}

static void add_folder_of(struct paths *p, struct arena *a, const char *path)
{
    char *folder, *name;
    file_split(a, path, &folder, &name);
    add(p, a, folder);
}

/* Where the name stands, and where the file itself is. */
static void add_target(struct paths *p, struct arena *a, const char *path)
{
    char real[PATH_ROOM];
    add_folder_of(p, a, path);
    if (sys->realpath(path, real))
        add_folder_of(p, a, arena_text(a, str_from(real)));
}

/* The list of what git tracks, of the work tree that a target is in. */
static void add_git_index(struct paths *p, struct arena *a, const char *path)
{
    char real[PATH_ROOM];
    const char *root = sys->realpath(path, real) ? git_tree_of(a, real) : NULL;
    if (root)
        add(p, a, arena_printf(a, "%s/.git/index", strcmp(root, "/") == 0 ? "" : root));
}

/* ---- the calls ---- */

bool confine_calls(struct cli *cli, struct err *err)
{
    static child_rule *const rules[] = {approval_may_ask, seal_may_ask, NULL};
    char unused[256];
    struct sandbox_state got = {0};
    if (!child_keep(rules, err))
        return false;
    /* Asked while a directory service can still be asked; sys keeps the answers. */
    (void)sys->user_name(sys->getuid(), unused);
    (void)sys->user_name(sys->geteuid(), unused);
    sandbox_limit_calls(SANDBOX_CHANGES, &got);
    if (got.calls == SANDBOX_OFF)
        cli_warn(cli, "no seccomp here (%s): this command runs without a sandbox",
                 strerror(got.calls_why));
    return true;
}

/* ---- the files ---- */

void confine_about(const struct plan *plan)
{
    about.plan = plan;
}

void confine_target(const char *path)
{
    add(&about.targets, &about.names, arena_text(&about.names, str_from(path)));
}

void confine_beside(const char *plan_path)
{
    about.plan_path = plan_path;
}

static bool is_file_option(int id)
{
    static const int files[] = {OPT_REPORT,    OPT_ORDER, OPT_TABLES, OPT_ALLOWED_SIGNERS,
                                OPT_REVOKED,   OPT_SIG,   OPT_KEY,    OPT_IDENTITY,
                                OPT_ENCRYPT_TO};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i] == id)
            return true;
    return false;
}

static void add_options(const struct cli *cli, struct paths *readable, struct paths *targets)
{
    static const char until[] = ":UNTIL=";
    struct arena *a = cli->arena;
    for (size_t i = 0; i < cli->given_count; i++) {
        int id = cli->given[i].option->id;
        const char *value = cli->given[i].value;
        if (id == OPT_ENV_FILE || id == OPT_CONFIG) {
            add_target(targets, a, value);
            add_git_index(readable, a, value);
        } else if (id == OPT_RETAINED) {
            struct str whole = str_from(value);
            add(readable, a,
                arena_text(a, str_slice(whole, 0, str_search(whole, str_from(until)))));
        } else if (is_file_option(id)) {
            add(readable, a, value);
        }
    }
}

static void add_plan(struct arena *a, struct paths *readable, struct paths *targets)
{
    const struct conditions *c = &about.plan->conditions;
    if (c->signers_path.len > 0)
        add(readable, a, arena_text(a, c->signers_path));
    if (c->revoked_path.len > 0)
        add(readable, a, arena_text(a, c->revoked_path));
    for (size_t i = 0; i < about.plan->target_count; i++)
        add_target(targets, a, arena_text(a, about.plan->targets[i].path));
}

/* The policy is root's own, so it is read before. One that does not read is refused later. */
static void add_policy(struct arena *a, struct paths *readable)
{
    struct policy policy;
    struct err unread = {0};
    add(readable, a, KEYRETIRE_POLICY_FOLDER);
    if (!policy_load(a, &policy, &unread))
        return;
    if (policy.signers_path.len > 0)
        add_folder_of(readable, a, arena_text(a, policy.signers_path));
    if (policy.revoked_path.len > 0)
        add_folder_of(readable, a, arena_text(a, policy.revoked_path));
}

/* What recovery and rollback are about. A journal that does not read is refused by them. */
static void add_journals(struct arena *a, const struct state *state, struct paths *targets,
                         struct paths *backups)
{
    struct txn_list list = {0};
    struct err unread = {0};
    (void)txn_list_read(state, a, &list, &unread);
    for (size_t i = 0; i < list.count; i++) {
        add(backups, a, list.at[i].backup_folder);
        for (size_t t = 0; t < list.at[i].target_count; t++)
            add_target(targets, a, list.at[i].targets[t].path);
    }
}

static void add_state(struct cli *cli, struct state *state, struct paths *targets,
                      struct paths *folders)
{
    struct arena *a = cli->arena;
    struct err unmade = {0};
    const char *path = cli_value(cli, OPT_STATE_DIR);
    const char *backups = cli_value(cli, OPT_BACKUP_DIR);
    if (!path)
        path = state_default_path(a, &unmade);
    if (path)
        add(folders, a, path);
    if (backups)
        add(folders, a, backups);
    if (!state || state->dir < 0)
        return;
    /* A folder that the user named is made while it can be; a failure comes again when it counts.
     */
    if (state->use == STATE_CHANGE && backups) {
        unmade = (struct err){0};
        (void)state_backups(state, &unmade);
    }
    add_journals(a, state, targets, folders);
}

static void join(struct paths *into, struct arena *a, const struct paths *from)
{
    for (size_t i = 0; i < from->count; i++)
        add(into, a, from->at[i]);
}

void confine_files(struct cli *cli, enum confine_use use, struct state *state)
{
    static const char *const always[] = {"/proc", "/etc/passwd", "/etc/group",
                                         "/etc/nsswitch.conf"};
    struct paths readable = {0}, writable = {0}, targets = {0}, folders = {0};
    struct arena *a = cli->arena;
    struct sandbox_state got = {0};
    if (about.done)
        return;
    about.done = true;
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        add(&readable, a, always[i]);
    if (about.plan_path)
        add_folder_of(use == CONFINE_SIGN ? &writable : &readable, a, about.plan_path);
    if (cli->output)
        add_folder_of(&writable, a, cli->output);
    for (size_t i = 0; i < about.targets.count; i++)
        add_target(&targets, a, about.targets.at[i]);
    add_options(cli, &readable, &targets);
    add_policy(a, &readable);
    if (about.plan)
        add_plan(a, &readable, &targets);
    add_state(cli, state, &targets, &folders);
    join(use == CONFINE_CHANGE ? &writable : &readable, a, &targets);
    join(use == CONFINE_CHANGE ? &writable : &readable, a, &folders);
    const struct sandbox s = {.use = SANDBOX_CHANGES,
                              .readable = readable.at,
                              .readable_count = readable.count,
                              .writable = writable.at,
                              .writable_count = writable.count};
    sandbox_limit_files(&s, &got);
    cli_detail(cli, "sandbox: no network and no other programs, %s",
               got.files == SANDBOX_ON ? "only the files of this command" : "no Landlock");
}
