/*
 * spare: -o and --log-file never write where the command reads.
 *
 * --overwrite is meant for the report of yesterday. A slip of the hand that puts a report in the
 * place of the keys would be past any undo. Every argument and every value of an option may be a
 * file; what a command finds by other ways, it asks about itself.
 */
#include "common/cli/talk.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool find_log(const struct cli *cli, struct stat *st)
{
    if (cli->log_fd >= 0)
        return sys->fstat(cli->log_fd, st) == 0;
    return cli->log_path && sys->fstatat(AT_FDCWD, cli->log_path, st, 0) == 0;
}

/* Symbolic links count as what they lead to: replacing the link would hide the file from others. */
bool cli_spares(struct cli *cli, const char *path, struct err *err)
{
    struct stat input, other;
    const char *option = NULL;
    if (sys->fstatat(AT_FDCWD, path, &input, 0) != 0)
        return true; /* whoever reads it says why */
    if (cli->output && sys->fstatat(AT_FDCWD, cli->output, &other, 0) == 0 &&
        is_same_file(&input, &other))
        option = "-o";
    if (find_log(cli, &other) && is_same_file(&input, &other)) {
        option = "--log-file";
        if (cli->log_fd >= 0)
            (void)sys->close(cli->log_fd); /* before this very error is appended to it */
        cli->log_fd = -1;
    }
    if (!option)
        return true;
    err_set(err, ERR_USAGE, 934, "%s names %s, which the command works from", option,
            text_shown(cli->arena, str_from(path)));
    err_hint(err, "give another name; --overwrite does not allow this");
    return false;
}

bool cli_spares_words(struct cli *cli, struct err *err)
{
    if (!cli->output && !cli->log_path)
        return true;
    for (size_t i = 0; i < cli->argument_count; i++)
        if (!cli_spares(cli, cli->arguments[i], err))
            return false;
    for (size_t i = 0; i < cli->given_count; i++)
        if (cli->given[i].value && !cli_spares(cli, cli->given[i].value, err))
            return false;
    return true;
}

bool cli_open_log(struct cli *cli, struct err *err)
{
    if (!cli->log_path)
        return true;
    cli->log_fd = sys->openat(AT_FDCWD, cli->log_path,
                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (cli->log_fd < 0)
        err_sys(err, ERR_SYSTEM, 103, errno, "open the log file %s",
                text_shown(cli->arena, str_from(cli->log_path)));
    return cli->log_fd >= 0;
}
