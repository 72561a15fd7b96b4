/* stage: write, copy what is not bytes, read back. */
#include "applier/stage.h"
#include "common/file.h"
#include "common/secret.h"
#include "common/sys.h"

#include <errno.h>

enum {
    XATTR_LIST_MAX = 64 * 1024,  /* bytes, XATTR_LIST_MAX of linux/limits.h */
    XATTR_VALUE_MAX = 64 * 1024, /* bytes, XATTR_SIZE_MAX */
    DIGEST_PIECE = 16 * 1024
};
/* A file that grows while it is read ends here. */
static const uint64_t digest_most = UINT64_C(1) << 32;

bool digest_fd(int fd, const char *name, struct sha256 *digest, struct err *err)
{
    unsigned char piece[DIGEST_PIECE];
    struct sha256_stream *s = sha256_open(err);
    bool done = s != NULL;
    for (uint64_t at = 0; done;) {
        ssize_t n = sys->pread(fd, piece, sizeof piece, (off_t)at);
        if (n == 0)
            break;
        if (n < 0) {
            err_sys(err, ERR_SYSTEM, 746, errno, "read %s", name);
            done = false;
        } else if (at > digest_most) {
            err_set(err, ERR_SYSTEM, 107, "read %s: it does not end", name);
            done = false;
        } else {
            done = sha256_add(s, str_make(piece, (size_t)n), err);
            at += (uint64_t)n;
        }
    }
    secret_wipe(piece, sizeof piece);
    return sha256_close(s, digest, err) && done;
}

/* ---- extended attributes ---- */

/* The names, one after the other, each with its NUL. A file system without attributes has none. */
static bool xattr_names(int fd, const char *name, struct arena *a, struct str *names,
                        struct err *err)
{
    char *room = arena_alloc(a, XATTR_LIST_MAX);
    ssize_t n = sys->flistxattr(fd, room, XATTR_LIST_MAX);
    if (n < 0 && errno != EOPNOTSUPP) {
        err_sys(err, ERR_SYSTEM, 740, errno, "list the attributes of %s", name);
        return false;
    }
    *names = str_make(room, n < 0 ? 0 : (size_t)n);
    return true;
}

static bool xattr_next(struct str *names, const char **one)
{
    size_t end = str_find(*names, 0);
    if (names->len == 0 || end == names->len)
        return false;
    *one = (const char *)names->at;
    *names = str_slice(*names, end + 1, names->len);
    return true;
}

static bool xattr_value(int fd, const char *attribute, const char *name, struct arena *a,
                        struct str *value, struct err *err)
{
    unsigned char *room = arena_alloc(a, XATTR_VALUE_MAX);
    ssize_t n = sys->fgetxattr(fd, attribute, room, XATTR_VALUE_MAX);
    if (n < 0) {
        err_sys(err, ERR_SYSTEM, 740, errno, "read the attribute %s of %s", attribute, name);
        return false;
    }
    *value = str_make(room, (size_t)n);
    return true;
}

static bool names_hold(struct str names, const char *wanted)
{
    const char *one;
    while (xattr_next(&names, &one))
        if (strcmp(one, wanted) == 0)
            return true;
    return false;
}

static bool xattrs_remove_extra(int fd, struct str wanted, const char *name, struct arena *a,
                                struct err *err)
{
    struct str names;
    const char *one;
    if (!xattr_names(fd, name, a, &names, err))
        return false;
    while (xattr_next(&names, &one)) {
        if (names_hold(wanted, one) || sys->fremovexattr(fd, one) == 0)
            continue;
        err_sys(err, ERR_SYSTEM, 740, errno, "remove the attribute %s of %s", one, name);
        return false;
    }
    return true;
}

static bool xattrs_copy(int from, int to, struct str names, const char *name, struct arena *a,
                        struct err *err)
{
    const char *one;
    while (xattr_next(&names, &one)) {
        struct arena_mark mark = arena_mark(a);
        struct str value;
        if (!xattr_value(from, one, name, a, &value, err))
            return false;
        if (sys->fsetxattr(to, one, value.at, value.len) != 0) {
            err_sys(err, ERR_SYSTEM, 740, errno, "copy the attribute %s of %s", one, name);
            return false;
        }
        arena_reset(a, mark);
    }
    return true;
}

static bool xattrs_equal(int x, int y, const char *name, int if_not, struct arena *a,
                         struct err *err)
{
    struct str xs, ys;
    const char *one;
    if (!xattr_names(x, name, a, &xs, err) || !xattr_names(y, name, a, &ys, err))
        return false;
    bool equal = xs.len == ys.len; /* the same names in any order have the same length */
    while (equal && xattr_next(&xs, &one)) {
        struct arena_mark mark = arena_mark(a);
        struct str xv, yv;
        equal = names_hold(ys, one);
        if (equal &&
            (!xattr_value(x, one, name, a, &xv, err) || !xattr_value(y, one, name, a, &yv, err)))
            return false;
        equal = equal && str_eq(xv, yv);
        arena_reset(a, mark);
    }
    if (!equal)
        err_set(err, if_not, 740, "the attributes of %s are not the same", name);
    return equal;
}

bool stage_same_metadata(int x, int y, const char *name, int if_not, struct err *err)
{
    struct stat xs, ys;
    struct arena scratch = {.wipe = true};
    if (sys->fstat(x, &xs) != 0 || sys->fstat(y, &ys) != 0) {
        err_sys(err, ERR_SYSTEM, 746, errno, "stat %s", name);
        return false;
    }
    bool same = xs.st_uid == ys.st_uid && xs.st_gid == ys.st_gid && xs.st_mode == ys.st_mode;
    if (!same)
        err_set(err, if_not, 740, "owner, group or mode of %s are not the same", name);
    same = same && xattrs_equal(x, y, name, if_not, &scratch, err);
    arena_free(&scratch);
    return same;
}

/* ---- the file ---- */

static bool copy_metadata(int from, int to, const char *name, struct err *err)
{
    struct arena scratch = {.wipe = true};
    struct stat st;
    struct str names;
    bool done = false;
    if (sys->fstat(from, &st) != 0)
        err_sys(err, ERR_SYSTEM, 746, errno, "stat %s", name);
    else if (sys->fchown(to, st.st_uid, st.st_gid) != 0)
        err_sys(err, ERR_SYSTEM, 740, errno, "give %s its owner (uid %lu, gid %lu)", name,
                (unsigned long)st.st_uid, (unsigned long)st.st_gid);
    else if (xattr_names(from, name, &scratch, &names, err) &&
             xattrs_remove_extra(to, names, name, &scratch, err)) {
        if (sys->fchmod(to, st.st_mode & 07777) != 0)
            err_sys(err, ERR_SYSTEM, 740, errno, "give %s its mode", name);
        else
            done = xattrs_copy(from, to, names, name, &scratch, err);
    }
    arena_free(&scratch);
    return done;
}

bool stage_write(int folder, const char *name, int like, struct str image, struct err *err)
{
    int fd = sys->openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 739, errno, "create %s", name);
        return false;
    }
    bool done = file_write_all(fd, image, name, err) && copy_metadata(like, fd, name, err);
    if (done && sys->fsync(fd) != 0) {
        err_sys(err, ERR_SYSTEM, 739, errno, "fsync %s", name);
        done = false;
    }
    if (sys->close(fd) != 0 && done) {
        err_sys(err, ERR_SYSTEM, 739, errno, "close %s", name);
        done = false;
    }
    return done;
}

bool stage_matches(int folder, const char *name, int like, const struct sha256 *digest, int *fd,
                   struct err *err)
{
    struct sha256 found;
    *fd = sys->openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (*fd < 0) {
        err_sys(err, ERR_SYSTEM, 746, errno, "open %s", name);
        return false;
    }
    if (!digest_fd(*fd, name, &found, err))
        return false;
    if (!sha256_eq(&found, digest)) {
        err_set(err, ERR_SYSTEM, 741, "%s does not read back as it was written", name);
        return false;
    }
    return stage_same_metadata(like, *fd, name, ERR_SYSTEM, err);
}
