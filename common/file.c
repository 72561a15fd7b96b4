/* file: read whole, replace atomically. */
#include "common/file.h"
#include "common/buf.h"
#include "common/sys.h"

#include <errno.h>
#include <stdio.h>

bool file_read_fd(struct arena *a, int fd, const char *name, struct str *content, struct err *err)
{
    struct buf b = {.arena = a};
    struct stat st;
    size_t room = 65536;
    if (sys->fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size < FILE_MAX)
        room = (size_t)st.st_size + 1; /* one read finds the end */
    unsigned char *piece = arena_alloc(a, room);
    for (;;) {
        ssize_t n = sys->read(fd, piece, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_sys(err, ERR_SYSTEM, 102, errno, "read %s", name);
            return false;
        }
        if (n == 0)
            break;
        if (b.len + (size_t)n > FILE_MAX) {
            err_set(err, ERR_SYSTEM, 107, "read %s: larger than %d bytes", name, FILE_MAX);
            return false;
        }
        buf_add(&b, str_make(piece, (size_t)n));
    }
    *content = buf_str(&b);
    return true;
}

bool file_read(struct arena *a, const char *path, struct str *content, struct err *err)
{
    if (strcmp(path, "-") == 0)
        return file_read_fd(a, 0, "standard input", content, err);
    int fd = sys->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0) {
        err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, 103, errno, "open %s", path);
        return false;
    }
    struct stat st;
    bool done = false;
    if (sys->fstat(fd, &st) != 0)
        err_sys(err, ERR_SYSTEM, 102, errno, "stat %s", path);
    else if (S_ISDIR(st.st_mode))
        err_set(err, ERR_CORRUPT, 106, "open %s: is a folder", path);
    else
        done = file_read_fd(a, fd, path, content, err);
    (void)sys->close(fd); /* read-only: nothing can be lost here */
    return done;
}

bool file_write_all(int fd, struct str bytes, const char *name, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t n = sys->write(fd, bytes.at, bytes.len);
        if (n < 0) {
            err_sys(err, ERR_SYSTEM, 104, errno, "write %s", name);
            return false;
        }
        bytes = str_slice(bytes, (size_t)n, bytes.len);
    }
    return true;
}

void file_split(struct arena *a, const char *path, char **folder, char **name)
{
    const char *slash = strrchr(path, '/');
    *name = arena_text(a, str_from(slash ? slash + 1 : path));
    if (!slash)
        *folder = arena_text(a, STR("."));
    else
        *folder = arena_text(a, slash == path ? STR("/") : str_make(path, (size_t)(slash - path)));
}

bool file_in_the_way(const char *path, struct err *err)
{
    err_set(err, ERR_USAGE, 105, "write %s: the file exists", path);
    err_hint(err, "give another name, or --overwrite");
    return false;
}

bool file_give_name(int dir, const char *temporary, const char *name, enum file_existing existing,
                    const char *path, struct err *err)
{
    unsigned flags = existing == FILE_OVERWRITE ? 0 : SYS_RENAME_NOREPLACE;
    if (sys->renameat2(dir, temporary, dir, name, flags) != 0) {
        if (errno == EEXIST)
            return file_in_the_way(path, err);
        err_sys(err, ERR_SYSTEM, 104, errno, "rename to %s", path);
        return false;
    }
    if (sys->fsync(dir) != 0) {
        err_sys(err, ERR_SYSTEM, 104, errno, "fsync the folder of %s", path);
        return false;
    }
    return true;
}

static struct {
    bool is_set;
    mode_t umask;
} shared;

void file_share_by(mode_t umask)
{
    shared.is_set = true;
    shared.umask = umask;
}

static bool share(int fd, mode_t mode, const char *path, struct err *err)
{
    if (!shared.is_set || !(mode & (S_IRWXG | S_IRWXO)) ||
        sys->fchmod(fd, mode & ~shared.umask) == 0)
        return true;
    err_sys(err, ERR_SYSTEM, 104, errno, "give %s its mode", path);
    return false;
}

static bool sync_file(int fd, const char *path, struct err *err)
{
    if (sys->fsync(fd) == 0)
        return true;
    err_sys(err, ERR_SYSTEM, 104, errno, "fsync %s", path);
    return false;
}

bool file_replace(const char *path, struct str bytes, mode_t mode, enum file_existing existing,
                  struct err *err)
{
    struct arena scratch = {0};
    char *folder;
    char *name;
    file_split(&scratch, path, &folder, &name);
    char *temporary = arena_printf(&scratch, ".%s.%ld.tmp", name, (long)sys->getpid());
    bool done = false;
    int fd = -1;
    int dir = sys->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (dir < 0) {
        err_sys(err, ERR_SYSTEM, 103, errno, "open the folder of %s", path);
        goto out;
    }
    fd = sys->openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 104, errno, "create %s", path);
        goto out;
    }
    done = file_write_all(fd, bytes, path, err) && share(fd, mode, path, err) &&
           sync_file(fd, path, err) && file_give_name(dir, temporary, name, existing, path, err);
    if (sys->close(fd) != 0 && done) {
        err_sys(err, ERR_SYSTEM, 104, errno, "close %s", path);
        done = false;
    }
    if (!done)
        (void)sys->unlinkat(dir, temporary, 0); /* the cause is already in err */
out:
    if (dir >= 0)
        (void)sys->close(dir);
    arena_free(&scratch);
    return done;
}
