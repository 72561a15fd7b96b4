/*
 * spare: -o and --log-file never write where the command reads.
 *
 * --overwrite is meant for the report of yesterday. A slip of the hand that puts the plan in the
 * place of the keys would be past any undo.
 */
#include "applier/commands.h"
#include "common/sys.h"
#include "common/text.h"

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Symbolic links count as what they lead to: replacing the link would hide the file from others. */
bool output_spares(struct cli *cli, const char *path, struct err *err)
{
    struct stat input, other;
    const char *option = NULL;
    if (sys->fstatat(AT_FDCWD, path, &input, 0) != 0)
        return true; /* whoever reads it says why */
    if (cli->output && sys->fstatat(AT_FDCWD, cli->output, &other, 0) == 0 &&
        is_same_file(&input, &other))
        option = "-o";
    if (cli->log_fd >= 0 && sys->fstat(cli->log_fd, &other) == 0 && is_same_file(&input, &other)) {
        option = "--log-file";
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

bool output_spares_all(struct cli *cli, const char *const *paths, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!output_spares(cli, paths[i], err))
            return false;
    return true;
}
