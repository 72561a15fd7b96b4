/* confine: the sandbox of lean_vault's commands. */
#include "applier/vault/confine.h"
#include "applier/approval.h"
#include "applier/vault/alert_file.h"
#include "applier/vault/commands.h"
#include "common/file.h"
#include "common/sandbox.h"
#include "common/sys.h"

enum { FILES_MAX = 32 };

/* Name service and certificates, for libcurl. */
static const char *const network_files[] = {"/etc/resolv.conf",
                                            "/run/systemd/resolve",
                                            "/etc/hosts",
                                            "/etc/host.conf",
                                            "/etc/nsswitch.conf",
                                            "/etc/gai.conf",
                                            "/etc/ssl",
                                            "/etc/ca-certificates",
                                            "/usr/share/ca-certificates",
                                            "/usr/local/share/ca-certificates"};

static bool is_given(const struct cli *cli, int id)
{
    const struct cli_option *o = cli->command->options;
    while (o && o->name && o->id != id)
        o++;
    return o && o->name;
}

/* A command that takes --endpoint makes requests. */
static bool is_remote(const struct cli *cli)
{
    return is_given(cli, OPT_ENDPOINT);
}

/* The places of alerts.conf: their files may be written, their commands started. */
static struct places places;

/* A command that tells alerts keeps somebody who starts what alerts.conf names, and nothing else.
 */
static bool keep_places(struct cli *cli, struct err *err)
{
    static child_rule *const rules[] = {deliver_may_start, NULL};
    const char *dir = cli_value(cli, OPT_VAULT_DIR);
    bool starts = false;
    if (cli->command->run != command_sync && cli->command->run != command_alerts)
        return true;
    if (!dir && !(dir = vault_default_dir(cli->arena, err)))
        return false;
    if (!alert_places_read(dir, cli->arena, &places, err))
        return false;
    for (size_t i = 0; i < places.count; i++)
        starts = starts || places.at[i].kind != PLACE_FILE;
    deliver_allow(&places);
    return !starts || child_keep(rules, err);
}

/* A spool's requests are signed and verified by ssh-keygen. */
static bool keep_signer(struct cli *cli, struct err *err)
{
    static child_rule *const rules[] = {approval_may_ask, NULL};
    bool spools = cli->command->run == command_spool ||
                  (cli->command->run == command_remove && cli_value(cli, OPT_SPOOL));
    return !spools || child_keep(rules, err);
}

bool vault_confine_calls(struct cli *cli, struct err *err)
{
    char unused[256];
    struct sandbox_state got = {0};
    if (!keep_places(cli, err) || !keep_signer(cli, err))
        return false;
    /* Asked while a directory service can still be asked; sys keeps the answers. */
    (void)sys->user_name(sys->getuid(), unused);
    (void)sys->user_name(sys->geteuid(), unused);
    sandbox_limit_calls(is_remote(cli) ? SANDBOX_CHANGES_REMOTE : SANDBOX_CHANGES, &got);
    if (got.calls == SANDBOX_OFF)
        cli_warn(cli, "no seccomp here (%s): this command runs without a sandbox",
                 strerror(got.calls_why));
    return true;
}

void vault_confine_files(struct cli *cli, const char *vault_dir, const char *const *extra)
{
    static bool done;
    const char *readable[FILES_MAX] = {"/proc", "/etc/passwd", "/etc/group", "/etc/localtime"};
    const char *writable[3 + PLACES_MAX] = {vault_dir};
    size_t readable_count = 4;
    size_t writable_count = 1;
    struct sandbox_state got = {0};
    if (done)
        return;
    done = true;
    for (size_t i = 0; is_remote(cli) && i < sizeof network_files / sizeof network_files[0]; i++)
        readable[readable_count++] = network_files[i];
    if (cli->command->run == command_spool || cli->command->run == command_remove) {
        if (spool_of(cli))
            writable[writable_count++] = spool_of(cli);
        if (cli_value(cli, OPT_ALLOWED_SIGNERS))
            readable[readable_count++] = cli_value(cli, OPT_ALLOWED_SIGNERS);
    }
    if (cli_value(cli, OPT_REPORT))
        readable[readable_count++] = cli_value(cli, OPT_REPORT);
    for (size_t i = 0; i < places.count; i++) {
        char *folder, *name;
        if (places.at[i].kind != PLACE_FILE)
            continue;
        file_split(cli->arena, places.at[i].words[0], &folder, &name);
        writable[writable_count++] = folder;
    }
    for (; extra && *extra && readable_count < FILES_MAX; extra++)
        readable[readable_count++] = *extra;
    if (cli->output) {
        char *folder, *name;
        file_split(cli->arena, cli->output, &folder, &name);
        writable[writable_count++] = folder;
    }
    const struct sandbox s = {.use = SANDBOX_CHANGES,
                              .readable = readable,
                              .readable_count = readable_count,
                              .writable = writable,
                              .writable_count = writable_count};
    sandbox_limit_files(&s, &got);
    cli_detail(cli, "sandbox: no other programs%s, %s", is_remote(cli) ? "" : " and no network",
               got.files == SANDBOX_ON ? "only the files of this command" : "no Landlock");
}
