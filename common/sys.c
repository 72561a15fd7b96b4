/* sys: the Linux table. The only object of ours that calls the kernel. */
#define _GNU_SOURCE
#include "common/sys.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* One part of a path, as the place that the next part is looked for in; `at` is closed. */
static int step_into(int at, const char *part)
{
    struct stat st;
    int fd = openat(at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int why = fd < 0 ? errno : fstat(fd, &st) == 0 && S_ISLNK(st.st_mode) ? ELOOP : 0;
    (void)close(at);
    if (why && fd >= 0)
        (void)close(fd);
    errno = why;
    return why ? -1 : fd;
}

/* What openat2 does, part by part, where a kernel or a filter of system calls does not have it. */
static int walk_without_links(int dir, const char *path, int flags, mode_t mode)
{
    char parts[4096];
    char *part = parts;
    if (strlen(path) >= sizeof parts) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(parts, path, strlen(path) + 1);
    int at = path[0] == '/' ? open("/", O_PATH | O_CLOEXEC)
                            : openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (char *slash; at >= 0 && (slash = strchr(part, '/')); part = slash + 1) {
        *slash = 0;
        if (slash > part)
            at = step_into(at, part);
    }
    if (at < 0)
        return -1;
    int fd = openat(at, part[0] ? part : ".", flags | O_NOFOLLOW, mode);
    int why = errno;
    (void)close(at);
    errno = why;
    return fd;
}

static int open_without_links(int dir, const char *path, int flags, mode_t mode)
{
    const struct open_how how = {.flags = (uint64_t)(unsigned)flags,
                                 .mode = flags & O_CREAT ? mode : 0,
                                 .resolve = RESOLVE_NO_SYMLINKS};
    long fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return walk_without_links(dir, path, flags, mode);
    return (int)fd;
}

static int linux_openat(int dir, const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = flags & SYS_NO_LINKS ? open_without_links(dir, path, flags & ~SYS_NO_LINKS, mode)
                                  : openat(dir, path, flags, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* Linux frees the descriptor even when close is interrupted, so EINTR is no failure (close(2)). */
static int linux_close(int fd)
{
    int done = close(fd);
    return done != 0 && errno == EINTR ? 0 : done;
}

static ssize_t linux_pread(int fd, void *into, size_t n, off_t at)
{
    ssize_t got;
    do
        got = pread(fd, into, n, at);
    while (got < 0 && errno == EINTR);
    return got;
}

static ssize_t linux_write(int fd, const void *from, size_t n)
{
    ssize_t put;
    do
        put = write(fd, from, n);
    while (put < 0 && errno == EINTR);
    return put;
}

static int linux_fadvise_sequential(int fd)
{
    return posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

static int linux_fstatat(int dir, const char *path, struct stat *st, int flags)
{
    return fstatat(dir, path, st, flags);
}

static int linux_fstat(int fd, struct stat *st)
{
    return fstat(fd, st);
}

static int linux_renameat2(int from_dir, const char *from, int to_dir, const char *to,
                           unsigned flags)
{
    return renameat2(from_dir, from, to_dir, to, flags);
}

static char *linux_realpath(const char *path, char into[4096])
{
    return realpath(path, into);
}

struct sys_dir {
    DIR *stream;
};

static struct sys_dir *linux_opendir_fd(int fd)
{
    struct sys_dir *dir = malloc(sizeof *dir);
    if (!dir)
        return NULL;
    dir->stream = fdopendir(fd);
    if (!dir->stream) {
        int why = errno;
        free(dir);
        errno = why;
        return NULL;
    }
    return dir;
}

static const char *linux_readdir(struct sys_dir *dir)
{
    errno = 0;
    const struct dirent *entry = readdir(dir->stream);
    return entry ? entry->d_name : NULL;
}

static int linux_closedir(struct sys_dir *dir)
{
    int done = closedir(dir->stream);
    free(dir);
    return done;
}

static ssize_t linux_flistxattr(int fd, char *into, size_t n)
{
    return flistxattr(fd, into, n);
}

static ssize_t linux_fgetxattr(int fd, const char *name, void *into, size_t n)
{
    return fgetxattr(fd, name, into, n);
}

static int linux_fsetxattr(int fd, const char *name, const void *value, size_t n)
{
    return fsetxattr(fd, name, value, n, 0);
}

static int linux_fremovexattr(int fd, const char *name)
{
    return fremovexattr(fd, name);
}

static int linux_inode_flags(int fd, unsigned *flags)
{
    int value = 0;
    int done = ioctl(fd, FS_IOC_GETFLAGS, &value);
    *flags = (unsigned)value;
    return done;
}

static int linux_filesystem(int fd, uint64_t *magic)
{
    struct statfs fs;
    if (fstatfs(fd, &fs) != 0)
        return -1;
    *magic = (uint64_t)fs.f_type;
    return 0;
}

static int linux_lock_ofd(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &whole);
}

static int linux_lock_owner(int fd, pid_t *owner)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_GETLK, &whole) != 0)
        return -1;
    *owner = whole.l_type == F_UNLCK ? 0 : whole.l_pid;
    return 0;
}

/* Whoever opens a leased file makes the kernel send SIGIO, which ends a process by default. */
static int linux_lease(int fd, enum sys_lease lease)
{
    if (lease == SYS_LEASE_WRITE)
        (void)signal(SIGIO, SIG_IGN);
    return fcntl(fd, F_SETLEASE, lease == SYS_LEASE_WRITE ? F_WRLCK : F_UNLCK);
}

static int linux_memory_file(const char *name)
{
    return memfd_create(name, MFD_CLOEXEC);
}

/* In the child: the descriptors go up first, so that none is overwritten before it is moved. */
static int place_descriptors(const int *fds, size_t count)
{
    int high[16];
    if (count > sizeof high / sizeof high[0])
        return -1;
    for (size_t i = 0; i < count; i++) {
        high[i] = fcntl(fds[i], F_DUPFD, 64);
        if (high[i] < 0)
            return -1;
    }
    for (size_t i = 0; i < count; i++)
        if (dup2(high[i], (int)i) < 0)
            return -1;
    return close_range((unsigned)count, ~0U, 0);
}

static pid_t linux_spawn(const char *path, const char *const *arguments,
                         const char *const *environment, const int *fds, size_t fd_count)
{
    enum { NOT_STARTED = 127 };
    /* execve takes what it does not change as though it did. */
    const union {
        const char *const *given;
        char *const *taken;
    } words = {arguments}, settings = {environment};
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct rlimit most = {SYS_CHILD_FILE_MAX, SYS_CHILD_FILE_MAX};
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(NOT_STARTED);
    for (int number = 1; number < 32; number++)
        (void)signal(number, SIG_DFL);
    if (place_descriptors(fds, fd_count) == 0 && setrlimit(RLIMIT_FSIZE, &most) == 0)
        (void)execve(path, words.taken, settings.taken);
    _exit(NOT_STARTED);
}

static int linux_wait_child(pid_t pid)
{
    int status;
    pid_t ended;
    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* In the helper: 3 and 4 are all that it has. */
static void be_helper(void (*serve)(int in, int out), int in, int out, pid_t parent)
{
    static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1};
    int fds[] = {-1, -1, -1, in, out};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        return;
    for (size_t i = 0; i < sizeof deaf / sizeof deaf[0]; i++)
        (void)signal(deaf[i], SIG_IGN);
    for (int i = 0; i < 3; i++)
        fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (place_descriptors(fds, sizeof fds / sizeof fds[0]) == 0)
        serve(3, 4);
}

static int linux_helper(void (*serve)(int in, int out), int *to, int *from)
{
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) != 0)
        return -1;
    if (pipe2(up, O_CLOEXEC) != 0) {
        (void)close(down[0]);
        (void)close(down[1]);
        return -1;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        be_helper(serve, down[0], up[1], parent);
        _exit(0);
    }
    int why = errno;
    (void)close(down[0]);
    (void)close(up[1]);
    if (pid < 0) {
        (void)close(down[1]);
        (void)close(up[0]);
        errno = why;
        return -1;
    }
    *to = down[1];
    *from = up[0];
    return 0;
}

static int64_t linux_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec;
}

static uint64_t linux_monotonic_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void linux_sleep_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

static int linux_random(void *into, size_t n)
{
    unsigned char *at = into;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        at += got;
        n -= (size_t)got;
    }
    return 0;
}

static void ask_user_name(uid_t uid, char into[256])
{
    struct passwd entry;
    struct passwd *found = NULL;
    char room[2048];
    into[0] = 0;
    if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found)
        (void)snprintf(into, 256, "%s", entry.pw_name);
}

/* The first two are kept: who runs this is asked again when no service can be asked any more. */
static const char *linux_user_name(uid_t uid, char into[256])
{
    static struct {
        bool known;
        uid_t uid;
        char name[256];
    } kept[2];
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (!kept[i].known) {
            ask_user_name(uid, kept[i].name);
            kept[i].uid = uid;
            kept[i].known = true;
        }
        if (kept[i].uid == uid) {
            (void)snprintf(into, 256, "%s", kept[i].name);
            return into;
        }
    }
    ask_user_name(uid, into);
    return into;
}

static const char *linux_group_name(gid_t gid, char into[256])
{
    struct group entry;
    struct group *found = NULL;
    char room[4096];
    into[0] = 0;
    if (getgrgid_r(gid, &entry, room, sizeof room, &found) == 0 && found)
        (void)snprintf(into, 256, "%s", entry.gr_name);
    return into;
}

static const char *linux_host_name(char into[256])
{
    if (gethostname(into, 255) != 0)
        into[0] = 0;
    into[255] = 0;
    return into;
}

static const char *linux_env(const char *name)
{
    return getenv(name);
}

static bool linux_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

static int linux_terminal_columns(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int linux_terminal_echo(int fd, enum sys_echo echo)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0)
        return -1;
    if (echo == SYS_ECHO_ON)
        t.c_lflag |= ECHO;
    else
        t.c_lflag &= ~(tcflag_t)ECHO;
    return tcsetattr(fd, TCSADRAIN, &t);
}

static unsigned linux_processors(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (unsigned)online;
}

static int linux_no_core_dumps(void)
{
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ? -1 : 0;
}

static void *linux_secret_pages(size_t n)
{
    void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    (void)mlock(at, n); /* RLIMIT_MEMLOCK may forbid it */
    (void)madvise(at, n, MADV_DONTDUMP);
    return at;
}

static void linux_free_pages(void *at, size_t n)
{
    (void)munmap(at, n);
}

static int linux_on_signal(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler ? handler : SIG_DFL};
    (void)sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL);
}

static void linux_quit(int status)
{
    _exit(status);
}

const struct sys_ops sys_linux = {
    .openat = linux_openat,
    .close = linux_close,
    .read = read,
    .pread = linux_pread,
    .write = linux_write,
    .fsync = fsync,
    .ftruncate = ftruncate,
    .lseek = lseek,
    .fadvise_sequential = linux_fadvise_sequential,
    .fstat = linux_fstat,
    .fstatat = linux_fstatat,
    .renameat2 = linux_renameat2,
    .unlinkat = unlinkat,
    .mkdirat = mkdirat,
    .readlinkat = readlinkat,
    .realpath = linux_realpath,
    .getcwd = getcwd,
    .opendir_fd = linux_opendir_fd,
    .readdir = linux_readdir,
    .closedir = linux_closedir,
    .fchown = fchown,
    .fchmod = fchmod,
    .flistxattr = linux_flistxattr,
    .fgetxattr = linux_fgetxattr,
    .fsetxattr = linux_fsetxattr,
    .fremovexattr = linux_fremovexattr,
    .inode_flags = linux_inode_flags,
    .filesystem = linux_filesystem,
    .flock = flock,
    .lock_ofd = linux_lock_ofd,
    .lock_owner = linux_lock_owner,
    .lease = linux_lease,
    .memory_file = linux_memory_file,
    .spawn = linux_spawn,
    .wait_child = linux_wait_child,
    .helper = linux_helper,
    .now = linux_now,
    .monotonic_ns = linux_monotonic_ns,
    .sleep_ms = linux_sleep_ms,
    .random = linux_random,
    .geteuid = geteuid,
    .getuid = getuid,
    .getpid = getpid,
    .user_name = linux_user_name,
    .group_name = linux_group_name,
    .host_name = linux_host_name,
    .env = linux_env,
    .is_terminal = linux_is_terminal,
    .terminal_columns = linux_terminal_columns,
    .terminal_echo = linux_terminal_echo,
    .processors = linux_processors,
    .umask = umask,
    .secret_pages = linux_secret_pages,
    .free_pages = linux_free_pages,
    .no_core_dumps = linux_no_core_dumps,
    .quit = linux_quit,
    .on_signal = linux_on_signal,
};

const struct sys_ops *sys = &sys_linux;
