/* part_folder: the folders of the targets, opened once, checked and locked. */
#include "applier/lock.h"
#include "applier/part_file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>
#include <stdarg.h>

/* f_type of statfs(2), linux/magic.h: the file systems known to exchange two names. */
static bool exchanges(uint64_t magic)
{
    static const uint64_t known[] = {
        0xEF53,     /* ext4 */
        0x58465342, /* xfs */
        0x9123683E, /* btrfs */
        0x01021994, /* tmpfs */
        0x794C7630  /* overlayfs */
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (magic == known[i])
            return true;
    return false;
}

void txn_note(struct txn_notes *notes, struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(a, format, args);
    va_end(args);
    notes->at = arena_grow(a, notes->at, notes->count, &notes->room, sizeof *notes->at);
    notes->at[notes->count++] = text;
}

static bool folder_check(const struct folder *f, struct arena *a, struct txn_notes *notes,
                         struct err *err)
{
    uint64_t magic;
    const char *shown = text_shown(a, str_from(f->path));
    if (f->st.st_mode & S_IWOTH) {
        err_set(err, ERR_REFUSED, 736, "everybody may write to the folder %s (mode %04o)", shown,
                (unsigned)(f->st.st_mode & 07777));
        err_hint(err, "chmod o-w %s", shown);
        return false;
    }
    if (f->st.st_mode & S_IWGRP) {
        char group[256];
        txn_note(notes, a, "group %s (gid %lu) may write to the folder %s and so replace its files",
                 sys->group_name(f->st.st_gid, group), (unsigned long)f->st.st_gid, shown);
    }
    if (sys->filesystem(f->fd, &magic) != 0) {
        err_sys(err, ERR_SYSTEM, 733, errno, "ask for the file system of %s", shown);
        return false;
    }
    if (!exchanges(magic)) {
        err_set(err, ERR_SYSTEM, 733,
                "%s is on a file system (type 0x%llx) that is not known to exchange two names",
                shown, (unsigned long long)magic);
        err_hint(err, "ext4, xfs, btrfs, tmpfs and overlayfs do");
        return false;
    }
    return true;
}

static struct folder *folder_known(struct folder *folders, const struct stat *st)
{
    for (; folders; folders = folders->next)
        if (folders->st.st_dev == st->st_dev && folders->st.st_ino == st->st_ino)
            return folders;
    return NULL;
}

struct folder *part_folder_open(struct folder **folders, const char *path, enum folder_use use,
                                unsigned timeout_ms, struct arena *a, struct txn_notes *notes,
                                struct err *err)
{
    const char *shown = text_shown(a, str_from(path));
    struct folder *f = ARENA_NEW(a, struct folder);
    f->path = arena_text(a, str_from(path));
    /* The plan and the journal hold resolved paths: a link in one is somebody's since then. */
    f->fd = sys->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | SYS_NO_LINKS, 0);
    if (f->fd < 0) {
        int why = errno;
        bool gone = why == ENOENT || why == ENOTDIR || why == ELOOP;
        err_sys(err, gone ? ERR_NOT_FOUND : ERR_SYSTEM, 730, why, "open the folder %s", shown);
        if (why == ELOOP)
            err_hint(err, "a part of this path is a symbolic link now, and was none before");
        return NULL;
    }
    if (sys->fstat(f->fd, &f->st) != 0) {
        err_sys(err, ERR_SYSTEM, 746, errno, "stat the folder %s", shown);
        goto fail;
    }
    struct folder *known = folder_known(*folders, &f->st);
    if (known) {
        (void)sys->close(f->fd); /* a second lock on it would wait for our own */
        return known;
    }
    if (use != FOLDER_RECOVER && !folder_check(f, a, notes, err))
        goto fail;
    if (use != FOLDER_LOOK &&
        !lock_flock(f->fd, timeout_ms, arena_printf(a, "the folder %s", shown), err))
        goto fail;
    f->next = *folders;
    *folders = f;
    return f;
fail:
    (void)sys->close(f->fd);
    return NULL;
}

void part_folders_close(struct folder *folders)
{
    for (; folders; folders = folders->next) {
        if (folders->fd >= 0)
            (void)sys->close(folders->fd); /* read-only; the lock goes with it */
        folders->fd = -1;
    }
}
