/* power: durable and visible state apart, and every mix of them. */
#define _GNU_SOURCE
#include "tests/crash/power.h"
#include "common/sys.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    NAMES_MAX = 64,   /* in all folders together */
    INODES_MAX = 256, /* that ever were */
    STATES_MAX = 512, /* of one crash point; more would be cut, and that aborts */
    GROUP = 5         /* first bytes of a name: those that one exchange changes share them */
};

struct power power;

struct name {
    char folder[128]; /* below root; "" is root */
    char name[128];
    ino_t ino;
    mode_t mode;
};

struct names {
    struct name at[NAMES_MAX];
    size_t count;
};

struct bytes {
    char *at;
    size_t len;
};

struct inode {
    ino_t ino;
    struct bytes durable, now;
    bool gone; /* no name shows it any more */
};

static char root[128];
static struct sys_ops table;
static const struct sys_ops *below;
static struct names durable, now;
static struct inode inodes[INODES_MAX];
static size_t inode_count;

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

static struct inode *inode_of(ino_t ino)
{
    for (size_t i = 0; i < inode_count; i++)
        if (inodes[i].ino == ino)
            return &inodes[i];
    must(inode_count < INODES_MAX, "too many inodes");
    inodes[inode_count] = (struct inode){.ino = ino};
    return &inodes[inode_count++];
}

static struct bytes copy(struct bytes b)
{
    char *at = malloc(b.len + 1);
    must(at != NULL, "malloc");
    if (b.len)
        memcpy(at, b.at, b.len);
    return (struct bytes){at, b.len};
}

static struct bytes content(int fd)
{
    static char room[1 << 17];
    ssize_t n = pread(fd, room, sizeof room, 0);
    must(n >= 0, "pread");
    return copy((struct bytes){room, (size_t)n});
}

static void add_name(struct names *n, const struct name *one)
{
    must(n->count < NAMES_MAX, "too many names");
    n->at[n->count++] = *one;
}

/* The names of one folder as the kernel shows them. */
static void list_folder(const char *folder, struct names *into)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/%s", root, folder);
    DIR *d = opendir(path);
    must(d != NULL, path);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        struct stat st;
        struct name one = {.name = ""};
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        must(fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0, e->d_name);
        (void)snprintf(one.folder, sizeof one.folder, "%s", folder);
        (void)snprintf(one.name, sizeof one.name, "%.127s", e->d_name);
        one.ino = st.st_ino;
        one.mode = st.st_mode;
        add_name(into, &one);
    }
    closedir(d);
}

static void join(char into[256], const struct name *n)
{
    (void)snprintf(into, 256, "%s%s%s", n->folder, n->folder[0] ? "/" : "", n->name);
}

/* Everything that the kernel shows now. */
static void look_now(void)
{
    now.count = 0;
    for (size_t i = 0; i < inode_count; i++)
        inodes[i].gone = true;
    list_folder("", &now);
    for (size_t i = 0; i < now.count; i++) {
        char path[256], whole[400];
        join(path, &now.at[i]);
        if (S_ISDIR(now.at[i].mode)) {
            list_folder(path, &now);
            continue;
        }
        (void)snprintf(whole, sizeof whole, "%s/%s", root, path);
        int fd = open(whole, O_RDONLY | O_CLOEXEC);
        must(fd >= 0, whole);
        struct inode *node = inode_of(now.at[i].ino);
        free(node->now.at);
        node->now = content(fd);
        node->gone = false;
        close(fd);
    }
}

static void sync_folder(int fd)
{
    char link[64], path[PATH_MAX] = "";
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    must(readlink(link, path, sizeof path - 1) > 0, link);
    if (strncmp(path, root, strlen(root)) != 0)
        return; /* above our world */
    const char *folder = path + strlen(root);
    folder += *folder == '/';
    size_t kept = 0;
    for (size_t i = 0; i < durable.count; i++)
        if (strcmp(durable.at[i].folder, folder) != 0)
            durable.at[kept++] = durable.at[i];
    durable.count = kept;
    list_folder(folder, &durable);
}

static void count_change(void)
{
    if (++power.changes == power.crash_at)
        power.crash();
}

static int power_fsync(int fd)
{
    struct stat st;
    count_change();
    if (++power.fsyncs == power.skip_fsync)
        return 0;
    int done = below->fsync(fd);
    if (done != 0)
        return done;
    must(fstat(fd, &st) == 0, "fstat");
    if (S_ISDIR(st.st_mode)) {
        sync_folder(fd);
    } else {
        struct inode *node = inode_of(st.st_ino);
        free(node->durable.at);
        node->durable = content(fd);
    }
    return 0;
}

static int power_openat(int dir, const char *path, int flags, mode_t mode)
{
    if (flags & O_CREAT)
        count_change();
    return below->openat(dir, path, flags, mode);
}

static ssize_t power_write(int fd, const void *from, size_t n)
{
    count_change();
    return below->write(fd, from, n);
}

static int power_ftruncate(int fd, off_t len)
{
    count_change();
    return below->ftruncate(fd, len);
}

static int power_renameat2(int from_dir, const char *from, int to_dir, const char *to,
                           unsigned flags)
{
    count_change();
    return below->renameat2(from_dir, from, to_dir, to, flags);
}

static int power_unlinkat(int dir, const char *path, int flags)
{
    count_change();
    return below->unlinkat(dir, path, flags);
}

static int power_mkdirat(int dir, const char *path, mode_t mode)
{
    count_change();
    return below->mkdirat(dir, path, mode);
}

static int leased = -1;

static int power_lease(int fd, enum sys_lease lease)
{
    leased = fd;
    return below->lease(fd, lease);
}

/* A journal is open for writing only, so its bytes are read through another descriptor. */
static int readable(int fd)
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return open(link, O_RDONLY | O_CLOEXEC);
}

static int power_fsync_any(int fd)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        int again = readable(fd);
        must(again >= 0, "open again");
        int done = power_fsync(again);
        int why = errno;
        close(again);
        errno = why;
        return done;
    }
    return power_fsync(fd);
}

void power_install(const char *where)
{
    (void)snprintf(root, sizeof root, "%s", where);
    inode_count = 0;
    look_now();
    durable = now;
    for (size_t i = 0; i < inode_count; i++)
        inodes[i].durable = copy(inodes[i].now);
    power = (struct power){0};
    below = sys;
    table = *sys;
    table.fsync = power_fsync_any;
    table.openat = power_openat;
    table.write = power_write;
    table.ftruncate = power_ftruncate;
    table.renameat2 = power_renameat2;
    table.unlinkat = power_unlinkat;
    table.mkdirat = power_mkdirat;
    table.lease = power_lease;
    sys = &table;
}

/* ---- states ---- */

/* One thing that may or may not have reached the disk. */
struct choice {
    bool is_file;
    ino_t ino;                          /* a file's bytes */
    char folder[128], group[GROUP + 1]; /* or names that change together */
    unsigned options;
};

enum { FILE_OLD, FILE_NOW, FILE_TORN, FILE_ZEROS, FILE_OPTIONS };

static struct choice choices[32];
static unsigned chosen[32];
static size_t choice_count;

static const struct name *find(const struct names *n, const struct name *wanted)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->at[i].folder, wanted->folder) == 0 &&
            strcmp(n->at[i].name, wanted->name) == 0)
            return &n->at[i];
    return NULL;
}

static void add_group(const struct name *n)
{
    for (size_t i = 0; i < choice_count; i++)
        if (!choices[i].is_file && strcmp(choices[i].folder, n->folder) == 0 &&
            strncmp(choices[i].group, n->name, GROUP) == 0)
            return;
    must(choice_count < 32, "too many choices");
    struct choice *c = &choices[choice_count++];
    *c = (struct choice){.options = 2};
    (void)snprintf(c->folder, sizeof c->folder, "%s", n->folder);
    (void)snprintf(c->group, sizeof c->group, "%.*s", GROUP, n->name);
}

static void collect_choices(void)
{
    choice_count = 0;
    for (size_t i = 0; i < now.count; i++) {
        const struct name *d = find(&durable, &now.at[i]);
        if (!d || d->ino != now.at[i].ino)
            add_group(&now.at[i]);
    }
    for (size_t i = 0; i < durable.count; i++)
        if (!find(&now, &durable.at[i]))
            add_group(&durable.at[i]);
    for (size_t i = 0; i < inode_count; i++) {
        const struct inode *node = &inodes[i];
        bool same =
            node->durable.len == node->now.len &&
            (node->now.len == 0 || memcmp(node->durable.at, node->now.at, node->now.len) == 0);
        if (same || node->gone)
            continue;
        must(choice_count < 32, "too many choices");
        choices[choice_count++] =
            (struct choice){.is_file = true, .ino = node->ino, .options = FILE_OPTIONS};
    }
}

static bool is_now(const struct name *n)
{
    for (size_t i = 0; i < choice_count; i++)
        if (!choices[i].is_file && strcmp(choices[i].folder, n->folder) == 0 &&
            strncmp(choices[i].group, n->name, GROUP) == 0)
            return chosen[i] == 1;
    return true; /* the same in both */
}

static struct bytes bytes_of(ino_t ino)
{
    static char made[1 << 17];
    const struct inode *node = inode_of(ino);
    for (size_t i = 0; i < choice_count; i++) {
        if (!choices[i].is_file || choices[i].ino != ino)
            continue;
        if (chosen[i] == FILE_OLD)
            return node->durable;
        if (chosen[i] == FILE_NOW)
            return node->now;
        size_t old = node->durable.len < node->now.len ? node->durable.len : 0;
        size_t half = old + (node->now.len - old) / 2;
        memcpy(made, node->now.at, node->now.len);
        if (chosen[i] == FILE_TORN)
            return (struct bytes){made, half};
        memset(made + old, 0, node->now.len - old);
        return (struct bytes){made, node->now.len};
    }
    return node->gone ? node->durable : node->now;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind;
    return where->level ? remove(path) : 0;
}

static void build_folder(const char *folder)
{
    const struct names *const both[] = {&now, &durable};
    for (size_t b = 0; b < 2; b++) {
        for (size_t i = 0; i < both[b]->count; i++) {
            const struct name *n = &both[b]->at[i];
            char below_root[256], path[400];
            if (strcmp(n->folder, folder) != 0 || is_now(n) != (b == 0))
                continue;
            join(below_root, n);
            (void)snprintf(path, sizeof path, "%s/%s", root, below_root);
            if (S_ISDIR(n->mode)) {
                must(mkdir(path, 0700) == 0 && chmod(path, n->mode & 07777) == 0, path);
                build_folder(below_root);
                continue;
            }
            struct bytes c = bytes_of(n->ino);
            int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            must(fd >= 0 && write(fd, c.at, c.len) == (ssize_t)c.len &&
                     fchmod(fd, n->mode & 07777) == 0,
                 path);
            close(fd);
        }
    }
}

static bool next_state(void)
{
    for (size_t i = 0; i < choice_count; i++) {
        if (++chosen[i] < choices[i].options)
            return true;
        chosen[i] = 0;
    }
    return false;
}

unsigned power_crash(bool (*each)(void *context), void *context)
{
    unsigned states = 0;
    sys = below;
    if (leased >= 0) /* or opening the file to look at it would wait for ourselves */
        (void)sys_linux.lease(leased, SYS_LEASE_NONE);
    look_now();
    collect_choices();
    memset(chosen, 0, sizeof chosen);
    do {
        must(states < STATES_MAX, "too many states of one crash point");
        must(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, "wipe");
        build_folder("");
        states++;
        if (!each(context))
            break;
    } while (next_state());
    return states;
}
