/* alert_file: read, write, and the order of writing and telling. */
#include "applier/vault/alert_file.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

static const char *path_of(struct arena *a, const char *dir, const char *name)
{
    return arena_printf(a, "%s/%s", dir, name);
}

bool alert_file_read(const char *dir, struct arena *a, struct alerts *list, struct err *err)
{
    struct err missing = {0};
    struct str text;
    *list = (struct alerts){.arena = a};
    if (file_read(a, path_of(a, dir, ALERT_FILE), &text, &missing))
        return alerts_read(list, text, err);
    if (missing.kind == ERR_NOT_FOUND)
        return true;
    *err = missing;
    return false;
}

bool alert_file_write(const char *dir, const struct alerts *list, struct err *err)
{
    struct buf text = {.arena = list->arena};
    alerts_write(list, &text);
    return file_replace(path_of(list->arena, dir, ALERT_FILE), buf_str(&text), 0600, FILE_OVERWRITE,
                        err);
}

/* It says which programs are started: nobody else may have written it. */
static bool is_ours(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (sys->fstat(fd, &st) != 0) {
        err_sys(err, ERR_SYSTEM, 1117, errno, "stat %s", path);
        return false;
    }
    if (S_ISREG(st.st_mode) && (st.st_uid == sys->geteuid() || st.st_uid == 0) &&
        !(st.st_mode & (S_IWGRP | S_IWOTH)))
        return true;
    err_set(err, ERR_REFUSED, 1117, "%s is no file that only you may write", path);
    err_hint(err, "chmod 0600 %s, and see that it is yours", path);
    return false;
}

bool alert_places_read(const char *dir, struct arena *a, struct places *places, struct err *err)
{
    const char *path = path_of(a, dir, ALERT_PLACES);
    struct str text;
    *places = (struct places){0};
    int fd = sys->openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return true;
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 1117, errno, "open %s", text_shown(a, str_from(path)));
        return false;
    }
    bool done = is_ours(fd, path, err) && file_read_fd(a, fd, path, &text, err) &&
                deliver_read(a, text, places, err);
    (void)sys->close(fd); /* read-only */
    return done;
}

/* ---- telling ---- */

static void say(struct cli *cli, const struct alert *const *due, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf text = {.arena = cli->arena};
        alert_text(due[i], &text);
        cli_warn(cli, "alert: %.*s", STR_ARG(buf_str(&text)));
    }
}

bool alert_tell(struct cli *cli, const char *dir, const struct alert *const *due, size_t count,
                struct err *err)
{
    struct places places;
    if (!alert_places_read(dir, cli->arena, &places, err))
        return false;
    if (places.count == 0)
        say(cli, due, count);
    return deliver_all(cli->arena, &places, due, count, err);
}

bool alert_file_tell(struct cli *cli, const char *dir, struct alerts *list, size_t *told,
                     struct err *err)
{
    const struct alert **due;
    int64_t now = sys->now();
    *told = 0;
    alerts_prune(list, now);
    size_t count = alerts_due(list, cli->arena, &due);
    if (!alert_file_write(dir, list, err))
        return false;
    if (count == 0)
        return true;
    if (!alert_tell(cli, dir, due, count, err))
        return false;
    alerts_delivered(list, now);
    *told = count;
    return alert_file_write(dir, list, err);
}
