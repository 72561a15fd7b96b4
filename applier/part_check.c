/* part_check: what a target must be before anything is done to it; nothing here changes anything.
 */
#include "applier/begin.h"
#include "applier/mounts.h"
#include "applier/part_file.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

bool part_check_stages(struct part_file *f, struct err *err)
{
    size_t n = strlen(f->name);
    const char *entry;
    const char *found = NULL;
    int fd = sys->openat(f->folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    struct sys_dir *list = fd < 0 ? NULL : sys->opendir_fd(fd);
    if (!list) {
        err_sys(err, ERR_SYSTEM, 746, errno, "list the folder %s", f->folder->path);
        if (fd >= 0)
            (void)sys->close(fd); /* read-only */
        return false;
    }
    while ((entry = sys->readdir(list)) != NULL) {
        struct str s = str_from(entry);
        if (s.len == n + 1 + TXID_HEX + 4 && memcmp(s.at, f->name, n) == 0 && s.at[n] == '.' &&
            txid_is(str_slice(s, n + 1, n + 1 + TXID_HEX)) && str_ends(s, STR(".new")))
            found = arena_text(f->a, s);
    }
    bool done = errno == 0;
    if (!done)
        err_sys(err, ERR_SYSTEM, 746, errno, "list the folder %s", f->folder->path);
    (void)sys->closedir(list);
    if (!done || !found)
        return done;
    err_set(err, ERR_REFUSED, 735, "%s is being changed by another transaction: %s is there",
            f->base.name, found);
    err_hint(err,
             "finish it: keyretire recover, as the user and with the --state-dir that began it");
    return false;
}

bool part_check_inode(struct part_file *f, int fd, struct err *err)
{
    const char *shown = text_shown(f->a, str_from(f->base.name));
    struct stat st;
    unsigned flags = 0;
    uint64_t magic = 0;
    enum { OVERLAYFS = 0x794C7630 }; /* its files have the device of their layer */
    if (sys->fstat(fd, &st) != 0) {
        err_sys(err, ERR_SYSTEM, 746, errno, "stat %s", shown);
    } else if (!S_ISREG(st.st_mode)) {
        err_set(err, ERR_CORRUPT, 731, "%s is not a regular file", shown);
    } else if (st.st_nlink != 1) {
        err_set(err, ERR_REFUSED, 732, "%s has %lu names (hard links); an exchange changes one",
                shown, (unsigned long)st.st_nlink);
        err_hint(err, "find them with `find -samefile`, and make this one a file of its own");
    } else if (st.st_dev != f->folder->st.st_dev &&
               (sys->filesystem(f->folder->fd, &magic) != 0 || magic != OVERLAYFS)) {
        err_set(err, ERR_REFUSED, 734, "%s is on another device than its folder", shown);
    } else if (sys->inode_flags(fd, &flags) != 0 && errno != ENOTTY && errno != EOPNOTSUPP &&
               errno != EINVAL && errno != ENOSYS) {
        err_sys(err, ERR_SYSTEM, 737, errno, "ask for the flags of %s", shown);
    } else if (flags & (SYS_INODE_IMMUTABLE | SYS_INODE_APPEND_ONLY)) {
        err_set(err, ERR_REFUSED, 737, "%s is immutable or append-only", shown);
        err_hint(err, "chattr -i -a %s", shown);
    } else {
        return true;
    }
    return false;
}

bool part_check_open(struct part_file *f, int *fd, struct err *err)
{
    const char *shown = text_shown(f->a, str_from(f->base.name));
    *fd = sys->openat(f->folder->fd, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (*fd >= 0)
        return true;
    if (errno == ELOOP) {
        err_set(err, ERR_REFUSED, 731, "%s is a symbolic link", shown);
        err_hint(err, "name the real file, or plan again: a plan resolves links");
    } else if (errno == ENOENT) {
        err_set(err, ERR_NOT_FOUND, 730, "%s does not exist", shown);
    } else {
        err_sys(err, ERR_SYSTEM, 746, errno, "open %s", shown);
    }
    return false;
}

/* The same for plan and --dry-run, before any transaction. */
bool txn_target_check(const char *path, struct arena *a, struct txn_notes *notes, struct err *err)
{
    struct folder *folders = NULL;
    char *folder, *name;
    struct part_file f;
    file_split(a, path, &folder, &name);
    struct folder *in = part_folder_open(&folders, folder, FOLDER_LOOK, 0, a, notes, err);
    bool done = false;
    if (in) {
        f = (struct part_file){
            .base.name = path, .folder = in, .a = a, .name = name, .live_fd = -1};
        done = part_check_open(&f, &f.live_fd, err) && part_check_inode(&f, f.live_fd, err) &&
               mounts_check(path, in->st.st_dev, MOUNTS_ALL, a, err) && part_check_stages(&f, err);
        if (f.live_fd >= 0)
            (void)sys->close(f.live_fd); /* read-only */
    }
    part_folders_close(folders);
    return done;
}
