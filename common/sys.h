/*
 * sys: the table of system calls.
 *
 * Our only open, read, write, rename, fsync, lock, clock and random. Everything that touches the
 * machine goes through `sys->`, so one place shows what the programs can do to a host, and a test
 * can put another table in its place to fail, count or simulate every call. `make check-sys` proves
 * with nm that no other object of ours reaches for these calls. Libraries do their own (SQLite, the
 * threads library); libarchive is driven by our callbacks.
 *
 *     int fd = sys->openat(dir, "x.conf", O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
 *
 * Signatures and errno are those of the calls of the same name. EINTR is retried inside openat,
 * pread and write; read gives it back, so that a question can be interrupted; fsync is never
 * retried (a failed fsync has lost the error).
 */
#ifndef COMMON_SYS_H
#define COMMON_SYS_H

#include "common/str.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

/* linux/fs.h, renameat2(2) */
enum { SYS_RENAME_NOREPLACE = 1, SYS_RENAME_EXCHANGE = 2 };

/*
 * A flag of openat's that is ours: no part of the path is a symbolic link, else ELOOP. For a path
 * that was resolved before, through folders in which others may write (openat2(2)).
 */
enum { SYS_NO_LINKS = 1 << 30 };

/* sys->flags of an inode, linux/fs.h FS_IOC_GETFLAGS */
enum { SYS_INODE_IMMUTABLE = 0x10, SYS_INODE_APPEND_ONLY = 0x20 };

/* Bytes of a file that a child may write. */
enum { SYS_CHILD_FILE_MAX = 16 * 1024 * 1024 };

enum sys_lease { SYS_LEASE_NONE, SYS_LEASE_WRITE };

enum sys_echo { SYS_ECHO_OFF, SYS_ECHO_ON };

struct sys_dir; /* an open directory listing */

struct sys_ops {
    /* files */
    int (*openat)(int dir, const char *path, int flags, mode_t mode);
    int (*close)(int fd);
    ssize_t (*read)(int fd, void *into, size_t n);
    ssize_t (*pread)(int fd, void *into, size_t n, off_t at);
    ssize_t (*write)(int fd, const void *from, size_t n);
    int (*fsync)(int fd);
    int (*ftruncate)(int fd, off_t len);
    off_t (*lseek)(int fd, off_t at, int whence);
    int (*fadvise_sequential)(int fd);

    /* names */
    int (*fstat)(int fd, struct stat *st);
    int (*fstatat)(int dir, const char *path, struct stat *st, int flags);
    int (*renameat2)(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
    int (*unlinkat)(int dir, const char *path, int flags);
    int (*mkdirat)(int dir, const char *path, mode_t mode);
    ssize_t (*readlinkat)(int dir, const char *path, char *into, size_t n);
    char *(*realpath)(const char *path, char into[4096]);
    char *(*getcwd)(char *into, size_t n);
    struct sys_dir *(*opendir_fd)(int fd);       /* takes the descriptor over */
    const char *(*readdir)(struct sys_dir *dir); /* NULL at the end (errno 0) or on error */
    int (*closedir)(struct sys_dir *dir);

    /* metadata */
    int (*fchown)(int fd, uid_t uid, gid_t gid);
    int (*fchmod)(int fd, mode_t mode);
    ssize_t (*flistxattr)(int fd, char *into, size_t n);
    ssize_t (*fgetxattr)(int fd, const char *name, void *into, size_t n);
    int (*fsetxattr)(int fd, const char *name, const void *value, size_t n);
    int (*fremovexattr)(int fd, const char *name);
    int (*inode_flags)(int fd, unsigned *flags); /* ENOTTY where the file system has none */
    int (*filesystem)(int fd, uint64_t *magic);  /* fstatfs f_type, linux/magic.h */

    /* locks */
    int (*flock)(int fd, int operation);
    int (*lock_ofd)(int fd);                    /* whole file, write, non-blocking */
    int (*lock_owner)(int fd, pid_t *owner);    /* who holds it: pid, or -1 unknown, 0 nobody */
    int (*lease)(int fd, enum sys_lease lease); /* its breaking (SIGIO) is ignored */

    /* other programs; only common/child.c asks for one */
    int (*memory_file)(const char *name); /* memfd_create, closed by exec */
    /*
     * Starts `path` with exactly these descriptors as 0, 1, 2, ...; all others are closed, signals
     * are as by default, and it ends when we do. Its pid, or -1. Status 127 when it did not start.
     */
    pid_t (*spawn)(const char *path, const char *const *arguments, const char *const *environment,
                   const int *fds, size_t fd_count);
    int (*wait_child)(pid_t pid); /* exit status, 128 + signal, or -1 */
    /*
     * A second process of ours, from now on: it runs serve(), which reads from `in` and writes to
     * `out`, with no other descriptor but /dev/null, deaf to signals of the terminal, and ends with
     * us. We write to *to and read from *from. 0 or -1.
     */
    int (*helper)(void (*serve)(int in, int out), int *to, int *from);

    /* time, chance, who */
    int64_t (*now)(void); /* unix seconds, UTC */
    uint64_t (*monotonic_ns)(void);
    void (*sleep_ms)(unsigned ms);
    int (*random)(void *into, size_t n); /* all n bytes, or -1 */
    uid_t (*geteuid)(void);
    uid_t (*getuid)(void);
    pid_t (*getpid)(void);
    /* Login name of a uid, host name: "" when unknown. */
    const char *(*user_name)(uid_t uid, char into[256]);
    const char *(*group_name)(gid_t gid, char into[256]);
    const char *(*host_name)(char into[256]);
    const char *(*env)(const char *name); /* NULL when unset */

    /*
     * Memory for key material: zeroed pages that are in no core dump and, where the limit allows
     * it, never in the swap. n is as asked for in both. NULL without memory.
     */
    void *(*secret_pages)(size_t n);
    void (*free_pages)(void *at, size_t n);

    /* terminal and process */
    bool (*is_terminal)(int fd);
    int (*terminal_columns)(int fd); /* 0 when unknown */
    int (*terminal_echo)(int fd, enum sys_echo echo);
    unsigned (*processors)(void);
    mode_t (*umask)(mode_t mask);
    int (*no_core_dumps)(void);
    /* For a dying process only: no memory. Everything else leaves through main. */
    void (*quit)(int status);
    int (*on_signal)(int number, void (*handler)(int)); /* handler NULL: default; SA_RESTART off */
};

/* The table in force. Tests put another one here before anything runs. */
extern const struct sys_ops *sys;
/* The real one. */
extern const struct sys_ops sys_linux;

#endif
