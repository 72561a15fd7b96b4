/*
 * answers: children that say what the test has them say.
 *
 *     struct str rest = answers_take(&given, bytes);     three answers; what is left of the bytes
 *     answers_install(&given);                           sys starts no programs from now on
 */
#ifndef TESTS_FUZZ_ANSWERS_H
#define TESTS_FUZZ_ANSWERS_H

#include "common/sys.h"

#include <errno.h>
#include <unistd.h>

enum { ANSWERS_MAX = 3 };

struct answers {
    struct {
        int status;
        struct str out;
    } at[ANSWERS_MAX];
    size_t asked;
};

static struct answers *answers_now;

static inline struct str answers_take(struct answers *given, struct str bytes)
{
    for (size_t i = 0; i < ANSWERS_MAX; i++) {
        given->at[i].status = bytes.len > 0 ? bytes.at[0] & 1 : 1;
        size_t n = bytes.len > 2 ? bytes.at[1] | (size_t)bytes.at[2] << 8 : 0;
        bytes = str_slice(bytes, bytes.len < 3 ? bytes.len : 3, bytes.len);
        n = n < bytes.len ? n : bytes.len;
        given->at[i].out = str_slice(bytes, 0, n);
        bytes = str_slice(bytes, n, bytes.len);
    }
    return bytes;
}

static pid_t answers_spawn(const char *path, const char *const *arguments,
                           const char *const *environment, const int *fds, size_t fd_count)
{
    (void)path, (void)arguments, (void)environment;
    size_t i = answers_now->asked++;
    if (i >= ANSWERS_MAX || fd_count < 3) {
        errno = EAGAIN;
        return -1;
    }
    struct str out = answers_now->at[i].out;
    return write(fds[1], out.at, out.len) == (ssize_t)out.len ? (pid_t)(i + 1) : -1;
}

static int answers_wait(pid_t pid)
{
    return answers_now->at[pid - 1].status;
}

static inline void answers_install(struct answers *given)
{
    static struct sys_ops table;
    answers_now = given;
    table = sys_linux;
    table.spawn = answers_spawn;
    table.wait_child = answers_wait;
    sys = &table;
}

#endif
