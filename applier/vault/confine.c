/* confine: the sandbox of lean_vault's commands. */
#include "applier/vault/confine.h"
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

bool vault_confine_calls(struct cli *cli, struct err *err)
{
    char unused[256];
    struct sandbox_state got = {0};
    (void)err;
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
    const char *writable[2] = {vault_dir};
    size_t readable_count = 4;
    size_t writable_count = 1;
    struct sandbox_state got = {0};
    if (done)
        return;
    done = true;
    for (size_t i = 0; is_remote(cli) && i < sizeof network_files / sizeof network_files[0]; i++)
        readable[readable_count++] = network_files[i];
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
