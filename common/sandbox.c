/* sandbox: the list of calls, and the rules for files. */
#define _GNU_SOURCE
#include "common/sandbox.h"
#include "common/sys.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif
#ifndef UNDER_SANITIZER
#define UNDER_SANITIZER 0
#endif

#ifndef UNDER_COVERAGE
#define UNDER_COVERAGE 0
#endif

/* ---- seccomp ---- */

/* By name: what a kernel or an architecture does not have is left out by libseccomp. */
static const char *const allowed[] = {
    /* files; Landlock says which */
    "read", "pread64", "readv", "preadv", "write", "pwrite64", "writev", "open", "openat",
    "openat2", "close", "stat", "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs",
    "lseek", "fcntl", "flock", "fsync", "fdatasync", "ftruncate", "fallocate", "fadvise64",
    "rename", "renameat", "renameat2", "unlink", "unlinkat", "getdents64", "readlink", "readlinkat",
    "access", "faccessat", "faccessat2", "getcwd", "umask", "fchmod", "fchown", "dup", "poll",
    "ppoll", "select", "pselect6",
    /* memory */
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "mlock", "munlock", "mincore",
    "membarrier",
    /* threads and signals of its own */
    "futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "gettid", "getpid",
    "getppid", "tgkill", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending",
    "sigaltstack", "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_min", "sched_get_priority_max", "restart_syscall", "exit", "exit_group",
    /* who, when, how much */
    "getuid", "geteuid", "getgid", "getegid", "clock_gettime", "clock_getres", "clock_nanosleep",
    "nanosleep", "gettimeofday", "time", "times", "getrusage", "getrlimit", "getrandom", "uname",
    "sysinfo", "getcpu",
    /* what takes away more of this */
    "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"};

/* Allowed where folders are made and files are replaced by equals, refused elsewhere. */
static const char *const changing[] = {"mkdirat", "fgetxattr", "flistxattr", "fsetxattr",
                                       "fremovexattr"};

/* A client's calls: allowed where there is another host to speak to, refused elsewhere. */
static const char *const speaking[] = {
    "socket",    "socketpair", "connect",    "sendto",     "sendmsg",     "sendmmsg",
    "recvfrom",  "recvmsg",    "getsockopt", "setsockopt", "getsockname", "getpeername",
    "bind",      "shutdown",   "pipe2",      "eventfd2",   "recvmmsg",    "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait"};

/* Refused as such, so that whoever tries is told; the rest are unknown. */
static const char *const refused[] = {
    "listen",          "accept",         "accept4",     "execve",
    "execveat",        "fork",           "vfork",       "process_vm_writev",
    "tkill",           "mount",          "umount2",     "chroot",
    "pivot_root",      "setns",          "unshare",     "bpf",
    "perf_event_open", "io_uring_setup", "init_module", "finit_module",
    "kexec_load",      "reboot",         "swapon",      "keyctl",
    "add_key",         "request_key",    "userfaultfd", "mkdir",
    "symlink",         "symlinkat",      "link",        "linkat",
    "mknod",           "mknodat",        "chmod",       "fchmodat",
    "chown",           "lchown",         "fchownat",    "setxattr",
    "truncate",        "memfd_create"};

/* Refused but in sanitizer builds, where the leak checker traces its own process at the end. */
static const char *const tracing[] = {"ptrace", "process_vm_readv", "kill"};

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
    int wrong = 0;
    for (size_t i = 0; i < count && !wrong; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number != __NR_SCMP_ERROR)
            wrong = seccomp_rule_add(filter, action, number, 0);
    }
    return wrong;
}

/* Calls of which only a part is needed. */
static int add_partly(scmp_filter_ctx filter)
{
    static const unsigned long requests[] = {TCGETS, TIOCGWINSZ, FIONREAD, FS_IOC_GETFLAGS};
    int wrong = 0;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0] && !wrong; i++)
        wrong = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                 SCMP_A1(SCMP_CMP_EQ, requests[i], 0));
    if (!wrong) /* a secret is typed without being shown */
        wrong = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 2,
                                 SCMP_A0(SCMP_CMP_EQ, 0, 0), SCMP_A1(SCMP_CMP_EQ, TCSETSW, 0));
    if (!wrong) /* limits are read, never set */
        wrong = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
                                 SCMP_A2(SCMP_CMP_EQ, 0, 0));
    if (!wrong)
        wrong = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                                 SCMP_A0(SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS, 0));
    if (wrong)
        return wrong;
    /* Threads, not processes. clone3 cannot be looked into: unknown, it falls back to this. */
    wrong = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (!wrong)
        wrong = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    return wrong;
}

/* The list: what is not on it is unknown. */
static int add_list(scmp_filter_ctx filter)
{
    int wrong = add_all(filter, SCMP_ACT_ALLOW, allowed, sizeof allowed / sizeof allowed[0]);
    if (!wrong)
        wrong = add_all(filter, SCMP_ACT_ERRNO(EPERM), tracing, sizeof tracing / sizeof tracing[0]);
    return wrong ? wrong : add_partly(filter);
}

/* Under a sanitizer all that is not refused is allowed, and is not named once more. */
static int add_more(scmp_filter_ctx filter, bool wanted, const char *const *names, size_t count)
{
    if (wanted && UNDER_SANITIZER)
        return 0;
    return add_all(filter, wanted ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), names, count);
}

/* 0, or an errno. */
static int limit_calls(enum sandbox_use use)
{
    scmp_filter_ctx filter =
        seccomp_init(UNDER_SANITIZER ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return ENOMEM;
    int wrong = add_all(filter, SCMP_ACT_ERRNO(EPERM), refused, sizeof refused / sizeof refused[0]);
    if (!wrong)
        wrong =
            add_more(filter, use != SANDBOX_READS, changing, sizeof changing / sizeof changing[0]);
    if (!wrong)
        wrong = add_more(filter, use == SANDBOX_CHANGES_REMOTE, speaking,
                         sizeof speaking / sizeof speaking[0]);
    if (!wrong && !UNDER_SANITIZER)
        wrong = add_list(filter);
    if (!wrong)
        wrong = seccomp_load(filter); /* sets no_new_privs first */
    seccomp_release(filter);
    return -wrong;
}

/* ---- Landlock; the C library of Debian 12 has no wrappers for it ---- */

enum { ABI_REFER = 2, ABI_TRUNCATE = 3 };

/* linux/landlock.h of kernels newer than Debian 12's */
static const uint64_t right_truncate = UINT64_C(1) << 14;

static const uint64_t reads = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

/* A file takes no rights of folders. */
static uint64_t for_files(uint64_t rights)
{
    return rights & (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | right_truncate);
}

/* Missing paths are passed over: opening them fails by itself. But one that cannot be opened just
 * now must not be closed for ever: then no limit at all. Closes fd.
 */
static int allow_opened(int rules, int fd, uint64_t rights)
{
    struct stat st;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP ||
                       errno == ENAMETOOLONG
                   ? 0
                   : errno;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    if (sys->fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed_access = for_files(rights);
    long added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int wrong = added == 0 || errno == EBADFD ? 0 : errno; /* a pipe: no rule applies to it */
    (void)sys->close(fd);
    return wrong;
}

static int allow_below(int rules, const char *path, uint64_t rights)
{
    return allow_opened(rules, sys->openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0), rights);
}

/* For the leak checker, whose own needs do not fail where a test makes calls of the table fail. */
static int allow_proc(int rules)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc", O_PATH | O_CLOEXEC);
    return allow_opened(rules, fd, reads);
}

/* What the libraries read by themselves: character sets, the settings of OpenSSL, chance,
 * processors.
 */
static const char *const system_paths[] = {"/usr/lib",
                                           "/lib",
                                           "/lib64",
                                           "/etc/ld.so.cache",
                                           "/etc/ssl/openssl.cnf",
                                           "/dev/urandom",
                                           "/dev/null",
                                           "/sys/devices/system/cpu"};

static int add_rules(int rules, const struct sandbox *s, uint64_t written)
{
    int wrong = 0;
    for (size_t i = 0; i < s->readable_count && !wrong; i++)
        wrong = allow_below(rules, s->readable[i], reads);
    for (size_t i = 0; i < sizeof system_paths / sizeof system_paths[0] && !wrong; i++)
        wrong = allow_below(rules, system_paths[i], reads);
    if (UNDER_SANITIZER && !wrong)
        wrong = allow_proc(rules);
    if (UNDER_COVERAGE && !wrong) /* it writes its counts beside the objects, at the end */
        wrong = allow_below(rules, "/", written);
    for (size_t i = 0; i < s->writable_count && !wrong; i++)
        wrong = allow_below(rules, s->writable[i], written);
    return wrong;
}

/* 0, or an errno. */
static int limit_files(const struct sandbox *s)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 0)
        return errno;
    struct landlock_ruleset_attr attr = {
        .handled_access_fs = reads | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                             LANDLOCK_ACCESS_FS_MAKE_SYM};
    if (abi >= ABI_REFER)
        attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= ABI_TRUNCATE)
        attr.handled_access_fs |= right_truncate;
    long rules = syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (rules < 0)
        return errno;
    const uint64_t special = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                             LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
    uint64_t written = attr.handled_access_fs & ~special;
    int wrong = add_rules((int)rules, s, written);
    if (!wrong && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        wrong = errno;
    if (!wrong && syscall(SYS_landlock_restrict_self, (int)rules, 0) != 0)
        wrong = errno;
    (void)sys->close((int)rules);
    return wrong;
}

void sandbox_limit_calls(enum sandbox_use use, struct sandbox_state *got)
{
    got->calls_why = limit_calls(use);
    got->calls = got->calls_why ? SANDBOX_OFF : SANDBOX_ON;
}

void sandbox_limit_files(const struct sandbox *s, struct sandbox_state *got)
{
    got->files_why = limit_files(s);
    got->files = got->files_why ? SANDBOX_OFF : SANDBOX_ON;
}

void sandbox_enter(const struct sandbox *s, struct sandbox_state *got)
{
    *got = (struct sandbox_state){0};
    sandbox_limit_calls(s->use, got);
    sandbox_limit_files(s, got);
}
