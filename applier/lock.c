/* lock: try, wait a little, try again, say who has it. */
#include "applier/lock.h"
#include "common/file.h"
#include "common/sys.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/sysmacros.h>

enum { LOCK_STEP_MS = 20, LOCK_STEPS_MAX = 1000000 };

static int try_ofd(int fd)
{
    return sys->lock_ofd(fd);
}

static int try_flock(int fd)
{
    return sys->flock(fd, LOCK_EX | LOCK_NB);
}

/* 0, or the errno of the last attempt. */
static int lock_within(int fd, int (*attempt)(int fd), unsigned timeout_ms)
{
    unsigned steps = timeout_ms / LOCK_STEP_MS;
    for (unsigned i = 0;; i++) {
        if (attempt(fd) == 0)
            return 0;
        int why = errno;
        bool busy = why == EAGAIN || why == EACCES || why == EINTR;
        if (!busy || i >= steps || i >= LOCK_STEPS_MAX)
            return why;
        sys->sleep_ms(LOCK_STEP_MS);
    }
}

/* The pid that the holder wrote; 0 when there is none. It may be gone by the time it is shown. */
static uint64_t holder(int fd)
{
    char text[24];
    uint64_t pid = 0;
    ssize_t n = sys->pread(fd, text, sizeof text, 0);
    if (n > 0 && str_to_u64(str_trim(str_make(text, (size_t)n)), &pid))
        return pid;
    return 0;
}

bool lock_file(int fd, unsigned timeout_ms, const char *path, struct err *err)
{
    int why = lock_within(fd, try_ofd, timeout_ms);
    if (why == EAGAIN || why == EACCES) {
        uint64_t pid = holder(fd);
        if (pid)
            err_set(err, ERR_LOCKED, 720, "%s is locked by process %llu", path,
                    (unsigned long long)pid);
        else
            err_set(err, ERR_LOCKED, 720, "%s is locked by another process", path);
        err_hint(err, "wait for the other command to end, or give --lock-timeout");
        return false;
    }
    if (why != 0) {
        err_sys(err, ERR_SYSTEM, 721, why, "lock %s", path);
        return false;
    }
    char text[24];
    int n = snprintf(text, sizeof text, "%ld\n", (long)sys->getpid());
    /* Only told to whoever waits; the lock itself does not depend on it. */
    if (sys->ftruncate(fd, 0) == 0 && sys->lseek(fd, 0, SEEK_SET) == 0)
        (void)sys->write(fd, text, (size_t)n);
    return true;
}

/* "1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF": the pid, when it is of this file. */
static uint64_t holder_in(struct str line, const char *file)
{
    struct str words[6];
    size_t count = 0;
    uint64_t pid = 0;
    while (count < 6 && line.len > 0) {
        struct str word, rest;
        size_t end = str_find(line, ' ');
        word = str_slice(line, 0, end);
        rest = str_slice(line, end < line.len ? end + 1 : end, line.len);
        if (word.len > 0)
            words[count++] = word;
        line = rest;
    }
    bool ours = count == 6 && str_eq(words[1], STR("FLOCK")) && str_eq(words[5], str_from(file));
    return ours && str_to_u64(words[4], &pid) ? pid : 0;
}

static uint64_t flock_holder(int fd)
{
    char file[64];
    struct stat st;
    struct arena scratch = {0};
    struct err unread = {0};
    struct str text, line;
    uint64_t pid = 0;
    if (sys->fstat(fd, &st) != 0)
        return 0;
    (void)snprintf(file, sizeof file, "%02x:%02x:%llu", major(st.st_dev), minor(st.st_dev),
                   (unsigned long long)st.st_ino);
    if (file_read(&scratch, "/proc/locks", &text, &unread))
        while (!pid && str_line(&text, &line))
            pid = holder_in(line, file);
    arena_free(&scratch);
    return pid;
}

bool lock_is_held(int folder, const char *name, uint64_t *pid)
{
    pid_t owner = 0;
    *pid = 0;
    int fd = sys->openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool held = sys->lock_owner(fd, &owner) == 0 && owner != 0;
    if (held)
        *pid = holder(fd);
    (void)sys->close(fd); /* read-only */
    return held;
}

bool lock_flock(int fd, unsigned timeout_ms, const char *what, struct err *err)
{
    int why = lock_within(fd, try_flock, timeout_ms);
    if (why == 0)
        return true;
    if (why == EWOULDBLOCK) {
        uint64_t pid = flock_holder(fd);
        if (pid)
            err_set(err, ERR_LOCKED, 720, "%s is locked by process %llu", what,
                    (unsigned long long)pid);
        else
            err_set(err, ERR_LOCKED, 720, "%s is locked by another process", what);
        err_hint(err, "`fuser -v` tells which; wait for it to end, or give --lock-timeout");
    } else {
        err_sys(err, ERR_SYSTEM, 721, why, "lock %s", what);
    }
    return false;
}
