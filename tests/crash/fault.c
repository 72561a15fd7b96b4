/* fault: one wrapper a call around the real table. */
#define _GNU_SOURCE
#include "tests/crash/fault.h"
#include "common/sys.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fault fault;
static const struct sys_ops *below = &sys_linux;
static int log_fd = -1;
static bool helping; /* in the keeper of children, whose calls have names and no numbers */
enum { LATER_SECONDS = 30 * 86400 };
static int64_t ahead; /* of the machine's clock, in seconds */

static void log_call(const char *call)
{
    char line[64];
    int n = snprintf(line, sizeof line, "%lu %s\n", fault.total, call);
    if (n > 0 && write(log_fd, line, (size_t)n) != n)
        abort();
}

/* True: fail this call; errno is set. */
static bool strike(const char *call)
{
    if (helping && !fault.call)
        return false;
    fault.total++;
    if (log_fd >= 0 && !helping)
        log_call(call);
    if (fault.before)
        fault.before(call, fault.total);
    if (!fault.at || (fault.call && strcmp(fault.call, call) != 0))
        return false;
    fault.seen++;
    if (fault.seen != fault.at && !(fault.forever && fault.seen > fault.at))
        return false;
    if (fault.die) {
        (void)raise(SIGKILL);
        abort();
    }
    if (fault.later) {
        ahead = LATER_SECONDS;
        return false;
    }
    if (fault.stop) {
        (void)raise(SIGSTOP);
        return false;
    }
    errno = fault.errnum;
    return true;
}

#define WRAP(type, name, failure, params, args)                                                    \
    static type faulty_##name params                                                               \
    {                                                                                              \
        return !strike(#name) ? below->name args : fault.leave_out ? (type)0 : (failure);          \
    }

WRAP(int, openat, -1, (int dir, const char *path, int flags, mode_t mode), (dir, path, flags, mode))
WRAP(ssize_t, read, -1, (int fd, void *into, size_t n), (fd, into, n))
WRAP(ssize_t, pread, -1, (int fd, void *into, size_t n, off_t at), (fd, into, n, at))
WRAP(ssize_t, write, -1, (int fd, const void *from, size_t n), (fd, from, n))
WRAP(int, ftruncate, -1, (int fd, off_t len), (fd, len))
WRAP(off_t, lseek, -1, (int fd, off_t at, int whence), (fd, at, whence))
WRAP(int, fstat, -1, (int fd, struct stat *st), (fd, st))
WRAP(int, fstatat, -1, (int dir, const char *path, struct stat *st, int flags),
     (dir, path, st, flags))
WRAP(int, renameat2, -1,
     (int from_dir, const char *from, int to_dir, const char *to, unsigned flags),
     (from_dir, from, to_dir, to, flags))
WRAP(int, unlinkat, -1, (int dir, const char *path, int flags), (dir, path, flags))
WRAP(int, mkdirat, -1, (int dir, const char *path, mode_t mode), (dir, path, mode))
WRAP(ssize_t, readlinkat, -1, (int dir, const char *path, char *into, size_t n),
     (dir, path, into, n))
WRAP(char *, realpath, NULL, (const char *path, char into[4096]), (path, into))
WRAP(char *, getcwd, NULL, (char *into, size_t n), (into, n))
WRAP(struct sys_dir *, opendir_fd, NULL, (int fd), (fd))
WRAP(const char *, readdir, NULL, (struct sys_dir * dir), (dir))
WRAP(int, fchown, -1, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
WRAP(ssize_t, flistxattr, -1, (int fd, char *into, size_t n), (fd, into, n))
WRAP(ssize_t, fgetxattr, -1, (int fd, const char *name, void *into, size_t n), (fd, name, into, n))
WRAP(int, fsetxattr, -1, (int fd, const char *name, const void *value, size_t n),
     (fd, name, value, n))
WRAP(int, fremovexattr, -1, (int fd, const char *name), (fd, name))
WRAP(int, inode_flags, -1, (int fd, unsigned *flags), (fd, flags))
WRAP(int, filesystem, -1, (int fd, uint64_t *magic), (fd, magic))
WRAP(int, flock, -1, (int fd, int operation), (fd, operation))
WRAP(int, lock_ofd, -1, (int fd), (fd))
WRAP(int, lease, -1, (int fd, enum sys_lease lease), (fd, lease))
WRAP(int, memory_file, -1, (const char *name), (name))
WRAP(pid_t, spawn, -1,
     (const char *path, const char *const *arguments, const char *const *environment,
      const int *fds, size_t fd_count),
     (path, arguments, environment, fds, fd_count))
WRAP(int, wait_child, -1, (pid_t pid), (pid))
WRAP(int, random, -1, (void *into, size_t n), (into, n))

static int faulty_fsync(int fd)
{
    if (!strike("fsync"))
        return below->fsync(fd);
    if (fault.leave_out)
        return 0;
    if (fault.fsync_failed)
        fault.fsync_failed(fd);
    errno = fault.errnum;
    return -1;
}

/* A close that reports a failure has closed all the same (close(2)). */
static int faulty_close(int fd)
{
    bool failed = strike("close");
    int why = errno;
    int done = below->close(fd);
    if (!failed)
        return done;
    errno = why;
    return -1;
}

static void (*real_serve)(int in, int out);

static void faulty_serve(int in, int out)
{
    helping = true;
    real_serve(in, out);
}

static int faulty_helper(void (*serve)(int in, int out), int *to, int *from)
{
    real_serve = serve;
    return strike("helper") ? -1 : sys_linux.helper(faulty_serve, to, from);
}

static int faulty_closedir(struct sys_dir *dir)
{
    bool failed = strike("closedir");
    int done = below->closedir(dir);
    return failed ? -1 : done;
}

static int64_t faulty_now(void)
{
    return below->now() + ahead;
}

void fault_install(void)
{
    fault_install_over(&sys_linux);
}

void fault_install_over(const struct sys_ops *real)
{
    static struct sys_ops table;
    below = real;
    table = *real;
#define USE(name) table.name = faulty_##name
    USE(openat);
    USE(close);
    USE(read);
    USE(pread);
    USE(write);
    USE(fsync);
    USE(ftruncate);
    USE(lseek);
    USE(fstat);
    USE(fstatat);
    USE(renameat2);
    USE(unlinkat);
    USE(mkdirat);
    USE(readlinkat);
    USE(realpath);
    USE(getcwd);
    USE(opendir_fd);
    USE(readdir);
    USE(closedir);
    USE(fchown);
    USE(fchmod);
    USE(flistxattr);
    USE(fgetxattr);
    USE(fsetxattr);
    USE(fremovexattr);
    USE(inode_flags);
    USE(filesystem);
    USE(flock);
    USE(lock_ofd);
    USE(lease);
    USE(memory_file);
    USE(spawn);
    USE(wait_child);
    USE(helper);
    USE(random);
    USE(now);
    sys = &table;
}

static bool errno_named(const char *name, struct fault *f)
{
    static const struct {
        const char *name;
        int value;
    } known[] = {{"EIO", EIO},     {"ENOSPC", ENOSPC}, {"EPERM", EPERM},   {"EACCES", EACCES},
                 {"EROFS", EROFS}, {"EDQUOT", EDQUOT}, {"EINVAL", EINVAL}, {"EAGAIN", EAGAIN},
                 {"EBUSY", EBUSY}, {"EXDEV", EXDEV},   {"ENOENT", ENOENT}, {"EMFILE", EMFILE}};
    f->die = strcmp(name, "KILL") == 0;
    f->stop = strcmp(name, "STOP") == 0;
    f->later = strcmp(name, "LATER") == 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0)
            f->errnum = known[i].value;
    return f->die || f->stop || f->later || f->errnum;
}

bool fault_parse(char *spec, struct fault *f)
{
    char *field[4] = {NULL, NULL, NULL, NULL};
    char *rest = NULL;
    size_t n = 0;
    for (char *at = strtok_r(spec, ":", &rest); at && n < 4; at = strtok_r(NULL, ":", &rest))
        field[n++] = at;
    *f = (struct fault){0};
    if (n == 0)
        return false;
    bool any = field[0][0] >= '0' && field[0][0] <= '9';
    size_t i = 0;
    if (!any)
        f->call = field[i++];
    if (i + 1 >= n)
        return false;
    f->at = strtoul(field[i], NULL, 10);
    f->forever = i + 2 < n && strcmp(field[i + 2], "forever") == 0;
    return f->at > 0 && errno_named(field[i + 1], f);
}

__attribute__((constructor)) static void install_from_environment(void)
{
    char *spec = getenv("KEYRETIRE_FAULT");
    const char *log = getenv("KEYRETIRE_FAULT_LOG");
    if (!spec && !log)
        return;
    if (log)
        log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    static char kept[256]; /* fault.call points into it for as long as the process lives */
    if (spec)
        (void)snprintf(kept, sizeof kept, "%s", spec);
    if (spec && !fault_parse(kept, &fault)) {
        fprintf(stderr, "KEYRETIRE_FAULT does not read: %s\n", spec);
        _exit(2);
    }
    fault_install();
}
