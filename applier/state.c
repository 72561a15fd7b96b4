/* state: find, make, check and lock the state folder. */
#include "applier/state.h"
#include "applier/git_tree.h"
#include "applier/lock.h"
#include "common/file.h"
#include "common/sys.h"

#include <errno.h>

enum { PATH_ROOM = 4096 };

const char *state_default_path(struct arena *a, struct err *err)
{
    if (sys->geteuid() == 0)
        return "/var/lib/keyretire";
    const char *base = sys->env("XDG_STATE_HOME");
    if (base && base[0] == '/') /* a relative one is to be ignored (XDG base directory spec) */
        return arena_printf(a, "%s/keyretire", base);
    const char *home = sys->env("HOME");
    if (home && home[0] == '/')
        return arena_printf(a, "%s/.local/state/keyretire", home);
    err_set(err, ERR_NOT_FOUND, 722, "no place for the state folder: HOME is not set");
    err_hint(err, "give --state-dir DIR");
    return NULL;
}

static const char *absolute(struct arena *a, const char *path, struct err *err)
{
    char here[PATH_ROOM];
    if (path[0] == '/')
        return arena_text(a, str_from(path));
    if (!sys->getcwd(here, sizeof here)) {
        err_sys(err, ERR_SYSTEM, 723, errno, "find the current folder");
        return NULL;
    }
    return arena_printf(a, "%s/%s", here, path);
}

/* A journal is no more durable than the names of the folders that lead to it. */
static bool sync_parent(struct arena *a, const char *path, struct err *err)
{
    char *parent, *name;
    file_split(a, path, &parent, &name);
    int fd = sys->openat(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    /* A folder that may be searched and not read cannot be synced by us; it was there before. */
    bool done = fd >= 0 ? sys->fsync(fd) == 0 : errno == EACCES;
    if (!done)
        err_sys(err, ERR_SYSTEM, 723, errno, "fsync the folder %s", parent);
    if (fd >= 0)
        (void)sys->close(fd); /* read-only */
    return done;
}

/*
 * Makes the folder and those above it, 0700. What exists is left as it is; but the last one may
 * have been made by a process that was killed before it was durable, so that one is always synced.
 */
static bool make_folders(struct arena *a, const char *path, struct err *err)
{
    char *part = arena_text(a, str_from(path));
    for (size_t i = 1;; i++) {
        if (part[i] != '/' && part[i] != 0)
            continue;
        char at = part[i];
        part[i] = 0;
        /* EROFS and EACCES come before EEXIST on some file systems. */
        struct stat st;
        int why = sys->mkdirat(AT_FDCWD, part, 0700) == 0 ? 0 : errno;
        if (why && why != EEXIST && sys->fstatat(AT_FDCWD, part, &st, 0) != 0) {
            err_sys(err, ERR_SYSTEM, 723, why, "make the folder %s", part);
            return false;
        }
        if ((why == 0 || !at) && !sync_parent(a, part, err))
            return false;
        part[i] = at;
        if (!at)
            return true;
    }
}

/* Whoever may write here could make recovery move files, or read every key of a backup. */
static bool folder_is_safe(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (sys->fstat(fd, &st) != 0) {
        err_sys(err, ERR_SYSTEM, 723, errno, "stat %s", path);
        return false;
    }
    uid_t me = sys->geteuid();
    if (st.st_uid != me && st.st_uid != 0) {
        char name[256];
        err_set(err, ERR_REFUSED, 724, "the folder %s belongs to %s (uid %lu)", path,
                sys->user_name(st.st_uid, name), (unsigned long)st.st_uid);
        err_hint(err, "give --state-dir with a folder of your own");
        return false;
    }
    if (st.st_mode & (S_IWGRP | S_IWOTH)) {
        err_set(err, ERR_REFUSED, 724, "others may write to the folder %s (mode %04o)", path,
                (unsigned)(st.st_mode & 07777));
        err_hint(err, "chmod 0700 %s", path);
        return false;
    }
    return true;
}

/* -1 with errno ENOENT, and no error, where STATE_READ finds nothing. */
static bool open_folder(int at, const char *name, const char *path, enum state_use use, int *fd,
                        struct err *err)
{
    *fd = sys->openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (*fd < 0 && errno == ENOENT && use == STATE_READ)
        return true;
    if (*fd < 0) {
        err_sys(err, ERR_SYSTEM, 723, errno, "open the folder %s", path);
        return false;
    }
    return folder_is_safe(*fd, path, err);
}

static bool open_inner(struct state *s, struct arena *a, struct err *err)
{
    const char *path = arena_printf(a, "%s/txn", s->path);
    if (s->use == STATE_CHANGE && sys->mkdirat(s->dir, "txn", 0700) != 0 && errno != EEXIST) {
        err_sys(err, ERR_SYSTEM, 723, errno, "make the folder %s", path);
        return false;
    }
    if (s->use == STATE_CHANGE && sys->fsync(s->dir) != 0) {
        err_sys(err, ERR_SYSTEM, 723, errno, "fsync the folder %s", s->path);
        return false;
    }
    if (!open_folder(s->dir, "txn", path, s->use, &s->txn_dir, err))
        return false;
    if (s->use == STATE_READ)
        return true;
    path = arena_printf(a, "%s/lock", s->path);
    s->lock = sys->openat(s->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (s->lock < 0) {
        err_sys(err, ERR_SYSTEM, 721, errno, "open %s", path);
        return false;
    }
    return lock_file(s->lock, s->lock_timeout_ms, path, err);
}

bool state_open(struct state *s, const struct state_options *options, enum state_use use,
                struct arena *a, struct err *err)
{
    *s = (struct state){.use = use,
                        .lock_timeout_ms = options->lock_timeout_ms,
                        .identity = options->identity,
                        .images = options->images,
                        .recover_with =
                            options->recover_with ? options->recover_with : "keyretire recover",
                        .arena = a,
                        .dir = -1,
                        .txn_dir = -1,
                        .backup_dir = -1,
                        .lock = -1};
    const char *path = options->state_dir ? options->state_dir : state_default_path(a, err);
    s->path = path ? absolute(a, path, err) : NULL;
    if (!s->path)
        return false;
    s->backup_path = options->backup_dir ? absolute(a, options->backup_dir, err)
                                         : arena_printf(a, "%s/backups", s->path);
    if (!s->backup_path)
        return false;
    if (use == STATE_CHANGE && !make_folders(a, s->path, err))
        return false;
    if (!open_folder(AT_FDCWD, s->path, s->path, use, &s->dir, err) ||
        (s->dir >= 0 && !open_inner(s, a, err))) {
        state_close(s);
        return false;
    }
    return true;
}

static bool outside_git(struct arena *a, const char *path, struct err *err)
{
    char real[PATH_ROOM];
    if (!sys->realpath(path, real)) {
        err_sys(err, ERR_SYSTEM, 801, errno, "resolve the backup folder %s", path);
        return false;
    }
    const char *tree = git_tree_of(a, real);
    if (!tree)
        return true;
    err_set(err, ERR_REFUSED, 802, "the backup folder %s is inside the git work tree %s", path,
            tree);
    err_hint(err, "give --backup-dir with a folder outside it");
    return false;
}

bool state_backups(struct state *s, struct err *err)
{
    if (s->backup_dir >= 0)
        return true;
    if (s->use == STATE_CHANGE && !make_folders(s->arena, s->backup_path, err))
        goto fail;
    if (!open_folder(AT_FDCWD, s->backup_path, s->backup_path, s->use, &s->backup_dir, err))
        goto fail;
    if (s->use == STATE_READ || s->images == STATE_ENCRYPTED_IMAGES ||
        outside_git(s->arena, s->backup_path, err))
        return true;
fail:
    err_context(err, "backup folder");
    if (s->backup_dir >= 0)
        (void)sys->close(s->backup_dir);
    s->backup_dir = -1;
    return false;
}

void state_close(struct state *s)
{
    int *const fds[] = {&s->backup_dir, &s->txn_dir, &s->lock, &s->dir};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (*fds[i] >= 0)
            (void)sys->close(*fds[i]); /* folders, and a lock that goes with its descriptor */
        *fds[i] = -1;
    }
}
