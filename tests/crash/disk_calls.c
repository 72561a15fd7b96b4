/* disk_calls: the table of system calls over a disk in memory. */
#define _GNU_SOURCE
#include "common/hash.h"
#include "tests/crash/disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>

static struct disk *disk;

struct sys_dir {
    int fd, folder, at;
};

static int fail(int why)
{
    errno = why;
    return -1;
}

static struct disk_fd *open_fd(int fd)
{
    int i = fd - DISK_FD_FIRST;
    return i >= 0 && i < DISK_OPEN && disk->fds[i].open ? &disk->fds[i] : NULL;
}

static struct disk_node *node_of(int fd)
{
    struct disk_fd *f = open_fd(fd);
    return f ? &disk->now.nodes[f->node] : NULL;
}

/* ---- the log ---- */

static bool is_lie(enum disk_op_kind kind)
{
    enum disk_lie about = kind == OP_SYNC                          ? LIE_SYNC
                          : kind == OP_MOVE || kind == OP_EXCHANGE ? LIE_RENAME
                          : kind == OP_DROP                        ? LIE_REMOVE
                                                                   : LIE_NONE;
    return about != LIE_NONE && about == disk->lie && ++disk->lie_seen == disk->lie_at;
}

static void note(struct disk_op op)
{
    if (is_lie(op.kind)) {
        disk->lie_node = op.kind == OP_SYNC   ? op.node
                         : op.kind == OP_DROP ? disk_find(&disk->now, op.node, op.name)
                                              : op.target;
        return;
    }
    if (disk->op_count == DISK_OPS) {
        fprintf(stderr, "disk: a run of more than %d operations\n", DISK_OPS);
        abort();
    }
    disk_apply(&disk->now, &op);
    disk->ops[disk->op_count++] = op;
}

static void note_bytes(int node, struct str bytes)
{
    struct disk_op op = {.kind = OP_BYTES, .node = node, .bytes = bytes};
    op.sum = hash_xxh3_64(bytes, 0);
    if (disk->now.nodes[node].quiet)
        disk_apply(&disk->now, &op);
    else
        note(op);
}

/* ---- names ---- */

/* The folder and the last name of a path; -1 with errno. */
static int folder_of(int dir, const char *path, const struct label **name)
{
    const char *slash = strrchr(path, '/');
    char folder[512];
    int at = 0;
    *name = disk_label(slash ? slash + 1 : path);
    if (path[0] != '/') {
        if (slash || !open_fd(dir))
            return fail(EINVAL);
        at = open_fd(dir)->node;
    } else {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        at = disk_walk(&disk->now, folder);
    }
    if (at < 0)
        return fail(ENOENT);
    return disk->now.nodes[at].folder ? at : fail(ENOTDIR);
}

static int find(int dir, const char *path, int *folder, const struct label **name)
{
    *folder = folder_of(dir, path, name);
    if (*folder < 0)
        return -1;
    if ((*name)->text[0] == 0 || strcmp((*name)->text, ".") == 0)
        return *folder;
    int node = disk_find(&disk->now, *folder, *name);
    return node < 0 ? fail(ENOENT) : node;
}

/* The new node stands in base too, without a name, so that its operations have something to change.
 */
static int make(int folder, const struct label *name, bool is_folder, mode_t mode)
{
    struct disk_state *const states[] = {&disk->base, &disk->now};
    int node = disk->now.node_count;
    if (node == DISK_NODES) {
        fprintf(stderr, "disk: more nodes than it has room for\n");
        abort();
    }
    for (size_t i = 0; i < 2; i++) {
        states[i]->nodes[node] = (struct disk_node){
            .folder = is_folder,
            .quiet = strcmp(name->text, "lock") == 0,
            .mode = mode | (is_folder ? S_IFDIR : S_IFREG),
            .sum = hash_xxh3_64(str_make("", 0), 0),
            .path = hash_xxh3_64(str_from(name->text), disk->now.nodes[folder].path)};
        states[i]->node_count = node + 1;
    }
    struct disk_op op = {.kind = OP_PUT, .node = folder, .target = node, .name = name};
    if (disk->now.nodes[node].quiet) { /* whether the empty lock file is there is all the same */
        disk_apply(&disk->base, &op);
        disk_apply(&disk->now, &op);
    } else {
        note(op);
    }
    return node;
}

static int disk_openat(int dir, const char *path, int flags, mode_t mode)
{
    int folder;
    const struct label *name;
    int node = find(dir, path, &folder, &name);
    if (folder < 0)
        return -1;
    if (node >= 0 && (flags & O_EXCL))
        return fail(EEXIST);
    if (node < 0 && !(flags & O_CREAT))
        return fail(ENOENT);
    if (node < 0)
        node = make(folder, name, false, mode);
    if ((flags & O_DIRECTORY) && !disk->now.nodes[node].folder)
        return fail(ENOTDIR);
    for (int i = 0; i < DISK_OPEN; i++) {
        if (disk->fds[i].open)
            continue;
        disk->fds[i] =
            (struct disk_fd){.open = true, .node = node, .writes = (flags & O_ACCMODE) != O_RDONLY};
        if (flags & O_TRUNC)
            note_bytes(node, str_make("", 0));
        return DISK_FD_FIRST + i;
    }
    return fail(EMFILE);
}

static int disk_close(int fd)
{
    struct disk_fd *f = open_fd(fd);
    if (!f)
        return fail(EBADF);
    *f = (struct disk_fd){0};
    return 0;
}

static int disk_renameat2(int from_dir, const char *from, int to_dir, const char *to,
                          unsigned flags)
{
    int folder, other;
    const struct label *name, *old;
    int node = find(from_dir, from, &other, &old);
    if (node < 0)
        return -1;
    int there = find(to_dir, to, &folder, &name);
    if (folder != other)
        return fail(EXDEV);
    if (there >= 0 && (flags & SYS_RENAME_NOREPLACE))
        return fail(EEXIST);
    if (there < 0 && (flags & SYS_RENAME_EXCHANGE))
        return fail(ENOENT);
    note((struct disk_op){.kind = flags & SYS_RENAME_EXCHANGE ? OP_EXCHANGE : OP_MOVE,
                          .node = folder,
                          .target = node,
                          .name = name,
                          .other = old});
    return 0;
}

static int disk_unlinkat(int dir, const char *path, int flags)
{
    int folder;
    const struct label *name;
    int node = find(dir, path, &folder, &name);
    (void)flags;
    if (node < 0)
        return -1;
    note((struct disk_op){.kind = OP_DROP, .node = folder, .name = name});
    return 0;
}

static int disk_mkdirat(int dir, const char *path, mode_t mode)
{
    int folder;
    const struct label *name;
    int node = find(dir, path, &folder, &name);
    if (node >= 0)
        return fail(EEXIST);
    return folder < 0 ? -1 : (make(folder, name, true, mode), 0);
}

static ssize_t disk_readlinkat(int dir, const char *path, char *into, size_t n)
{
    (void)dir, (void)path, (void)into, (void)n;
    return fail(EINVAL);
}

static char *disk_realpath(const char *path, char into[4096])
{
    if (disk_walk(&disk->now, path) < 0)
        return errno = ENOENT, NULL;
    (void)snprintf(into, 4096, "%s", path);
    return into;
}

static char *disk_getcwd(char *into, size_t n)
{
    (void)snprintf(into, n, "/");
    return into;
}

static struct sys_dir *disk_opendir_fd(int fd)
{
    struct disk_fd *f = open_fd(fd);
    struct sys_dir *dir = f ? malloc(sizeof *dir) : NULL;
    if (!dir)
        return errno = f ? ENOMEM : EBADF, NULL;
    *dir = (struct sys_dir){.fd = fd, .folder = f->node};
    return dir;
}

static const char *disk_readdir(struct sys_dir *dir)
{
    errno = 0;
    while (dir->at < disk->now.entry_count) {
        const struct disk_entry *e = &disk->now.entries[dir->at++];
        if (e->folder == dir->folder)
            return e->name->text;
    }
    return NULL;
}

static int disk_closedir(struct sys_dir *dir)
{
    int done = disk_close(dir->fd);
    free(dir);
    return done;
}

/* ---- bytes ---- */

static ssize_t disk_pread(int fd, void *into, size_t n, off_t at)
{
    const struct disk_node *node = node_of(fd);
    if (!node || at < 0)
        return fail(EBADF);
    if (node->folder)
        return fail(EISDIR);
    if ((size_t)at >= node->bytes.len)
        return 0;
    size_t left = node->bytes.len - (size_t)at;
    n = n < left ? n : left;
    memcpy(into, node->bytes.at + at, n);
    return (ssize_t)n;
}

static ssize_t disk_read(int fd, void *into, size_t n)
{
    struct disk_fd *f = open_fd(fd);
    ssize_t got = f ? disk_pread(fd, into, n, f->at) : fail(EBADF);
    if (got > 0)
        f->at += got;
    return got;
}

static ssize_t disk_write(int fd, const void *from, size_t n)
{
    struct disk_fd *f = open_fd(fd);
    if (!f || !f->writes)
        return fail(EBADF);
    struct str old = disk->now.nodes[f->node].bytes;
    size_t at = (size_t)f->at;
    size_t len = at + n > old.len ? at + n : old.len;
    unsigned char *bytes = arena_alloc(disk->arena, len);
    if (old.len)
        memcpy(bytes, old.at, old.len);
    memcpy(bytes + at, from, n);
    f->at += (off_t)n;
    note_bytes(f->node, str_make(bytes, len));
    return (ssize_t)n;
}

static int disk_ftruncate(int fd, off_t len)
{
    struct disk_fd *f = open_fd(fd);
    if (!f || !f->writes)
        return fail(EBADF);
    struct str old = disk->now.nodes[f->node].bytes;
    if ((size_t)len > old.len)
        return fail(EINVAL); /* nothing of ours does that */
    if ((size_t)len < old.len)
        note_bytes(f->node, str_make(old.at, (size_t)len));
    return 0;
}

static off_t disk_lseek(int fd, off_t at, int whence)
{
    struct disk_fd *f = open_fd(fd);
    if (!f)
        return fail(EBADF);
    f->at = whence == SEEK_END   ? (off_t)disk->now.nodes[f->node].bytes.len + at
            : whence == SEEK_CUR ? f->at + at
                                 : at;
    return f->at;
}

static int disk_fadvise(int fd)
{
    (void)fd;
    return 0;
}

static int disk_fsync(int fd)
{
    struct disk_fd *f = open_fd(fd);
    if (!f)
        return fail(EBADF);
    note((struct disk_op){.kind = OP_SYNC, .node = f->node});
    return 0;
}

/* ---- metadata ---- */

static void fill_stat(int node, struct stat *st)
{
    const struct disk_node *n = &disk->now.nodes[node];
    *st = (struct stat){.st_dev = 77,
                        .st_ino = (ino_t)node + 1,
                        .st_mode = n->mode,
                        .st_uid = n->uid,
                        .st_gid = n->gid,
                        .st_nlink = 0,
                        .st_size = (off_t)n->bytes.len};
    for (int i = 0; i < disk->now.entry_count; i++)
        st->st_nlink += disk->now.entries[i].node == node;
}

static int disk_fstat(int fd, struct stat *st)
{
    struct disk_fd *f = open_fd(fd);
    if (!f)
        return fail(EBADF);
    fill_stat(f->node, st);
    return 0;
}

static int disk_fstatat(int dir, const char *path, struct stat *st, int flags)
{
    int folder;
    const struct label *name;
    int node = find(dir, path, &folder, &name);
    (void)flags;
    if (node < 0)
        return -1;
    fill_stat(node, st);
    return 0;
}

static int change_meta(int fd, struct disk_node meta, enum disk_field field)
{
    struct disk_fd *f = open_fd(fd);
    if (!f)
        return fail(EBADF);
    note((struct disk_op){.kind = OP_META, .node = f->node, .meta = meta, .field = field});
    return 0;
}

static int disk_fchown(int fd, uid_t uid, gid_t gid)
{
    return change_meta(fd, (struct disk_node){.uid = uid, .gid = gid}, META_OWNER);
}

static int disk_fchmod(int fd, mode_t mode)
{
    return change_meta(fd, (struct disk_node){.mode = S_IFREG | mode}, META_MODE);
}

static const char attribute_name[] = "user.note";

static ssize_t disk_flistxattr(int fd, char *into, size_t n)
{
    const struct disk_node *node = node_of(fd);
    if (!node)
        return fail(EBADF);
    if (!node->attribute)
        return 0;
    if (n < sizeof attribute_name)
        return fail(ERANGE);
    memcpy(into, attribute_name, sizeof attribute_name);
    return sizeof attribute_name;
}

static ssize_t disk_fgetxattr(int fd, const char *name, void *into, size_t n)
{
    const struct disk_node *node = node_of(fd);
    if (!node || !node->attribute || strcmp(name, attribute_name) != 0)
        return fail(ENODATA);
    if (n < sizeof node->attribute)
        return fail(ERANGE);
    memcpy(into, &node->attribute, sizeof node->attribute);
    return sizeof node->attribute;
}

static int disk_fsetxattr(int fd, const char *name, const void *value, size_t n)
{
    struct disk_node meta = {0};
    if (strcmp(name, attribute_name) != 0 || n != sizeof meta.attribute)
        return fail(EOPNOTSUPP);
    memcpy(&meta.attribute, value, n);
    return change_meta(fd, meta, META_ATTRIBUTE);
}

static int disk_fremovexattr(int fd, const char *name)
{
    (void)name;
    return change_meta(fd, (struct disk_node){0}, META_ATTRIBUTE);
}

static int disk_inode_flags(int fd, unsigned *flags)
{
    *flags = 0;
    return open_fd(fd) ? 0 : fail(EBADF);
}

static int disk_filesystem(int fd, uint64_t *magic)
{
    *magic = 0xEF53;
    return open_fd(fd) ? 0 : fail(EBADF);
}

/* ---- locks ---- */

static int disk_flock(int fd, int operation)
{
    struct disk_fd *f = open_fd(fd);
    if (!f)
        return fail(EBADF);
    for (int i = 0; i < DISK_OPEN && operation != LOCK_UN; i++) {
        const struct disk_fd *other = &disk->fds[i];
        if (other != f && other->open && other->locked && other->node == f->node)
            return fail(EWOULDBLOCK);
    }
    f->locked = operation != LOCK_UN;
    return 0;
}

static int disk_lock_ofd(int fd)
{
    return disk_flock(fd, LOCK_EX | LOCK_NB);
}

static int disk_lock_owner(int fd, pid_t *owner)
{
    *owner = 0;
    return open_fd(fd) ? 0 : fail(EBADF);
}

/* Granted while nobody else has it open; for reading only descriptors, as in Linux. */
static int disk_lease(int fd, enum sys_lease lease)
{
    struct disk_fd *f = open_fd(fd);
    if (!f)
        return fail(EBADF);
    for (int i = 0; i < DISK_OPEN && lease == SYS_LEASE_WRITE; i++)
        if (&disk->fds[i] != f && disk->fds[i].open && disk->fds[i].node == f->node)
            return fail(EAGAIN);
    f->leased = lease == SYS_LEASE_WRITE;
    return 0;
}

/* ---- the rest ---- */

static int64_t disk_now(void)
{
    return disk->clock;
}

static void disk_sleep_ms(unsigned ms)
{
    (void)ms;
}

static int disk_random_bytes(void *into, size_t n)
{
    unsigned char *at = into;
    for (size_t i = 0; i < n; i++)
        at[i] = (unsigned char)disk_random(&disk->chance);
    return 0;
}

static uid_t disk_uid(void)
{
    return 0;
}

static pid_t disk_pid(void)
{
    return 4711;
}

static const char *disk_user_name(uid_t uid, char into[256])
{
    (void)uid;
    return memcpy(into, "root", 5);
}

static const char *disk_group_name(gid_t gid, char into[256])
{
    (void)gid;
    return memcpy(into, "root", 5);
}

static const char *disk_host_name(char into[256])
{
    return memcpy(into, "host", 5);
}

static const char *disk_env(const char *name)
{
    (void)name;
    return NULL;
}

/* From malloc's, so that starve.h refuses them too. */
static void *disk_secret_pages(size_t n)
{
    return calloc(1, n);
}

static void disk_free_pages(void *at, size_t n)
{
    (void)n;
    free(at);
}

const struct sys_ops *disk_table(struct disk *d)
{
    static const struct sys_ops table = {.openat = disk_openat,
                                         .secret_pages = disk_secret_pages,
                                         .free_pages = disk_free_pages,
                                         .close = disk_close,
                                         .read = disk_read,
                                         .pread = disk_pread,
                                         .write = disk_write,
                                         .fsync = disk_fsync,
                                         .ftruncate = disk_ftruncate,
                                         .lseek = disk_lseek,
                                         .fadvise_sequential = disk_fadvise,
                                         .fstat = disk_fstat,
                                         .fstatat = disk_fstatat,
                                         .renameat2 = disk_renameat2,
                                         .unlinkat = disk_unlinkat,
                                         .mkdirat = disk_mkdirat,
                                         .readlinkat = disk_readlinkat,
                                         .realpath = disk_realpath,
                                         .getcwd = disk_getcwd,
                                         .opendir_fd = disk_opendir_fd,
                                         .readdir = disk_readdir,
                                         .closedir = disk_closedir,
                                         .fchown = disk_fchown,
                                         .fchmod = disk_fchmod,
                                         .flistxattr = disk_flistxattr,
                                         .fgetxattr = disk_fgetxattr,
                                         .fsetxattr = disk_fsetxattr,
                                         .fremovexattr = disk_fremovexattr,
                                         .inode_flags = disk_inode_flags,
                                         .filesystem = disk_filesystem,
                                         .flock = disk_flock,
                                         .lock_ofd = disk_lock_ofd,
                                         .lock_owner = disk_lock_owner,
                                         .lease = disk_lease,
                                         .now = disk_now,
                                         .sleep_ms = disk_sleep_ms,
                                         .random = disk_random_bytes,
                                         .geteuid = disk_uid,
                                         .getuid = disk_uid,
                                         .getpid = disk_pid,
                                         .user_name = disk_user_name,
                                         .group_name = disk_group_name,
                                         .host_name = disk_host_name,
                                         .env = disk_env};
    disk = d;
    return &table;
}
