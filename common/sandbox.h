/*
 * sandbox: what a program that reads untrusted input gives up before it reads the first byte.
 *
 * A decoder with a fault must not become a way onto the network, into another program or to other
 * files. So, for the rest of the process:
 *
 * - seccomp: only the system calls on a list. Sockets, other programs, new processes, tracing and
 *   whatever changes the machine fail with EPERM; calls not heard of fail with ENOSYS, as on an
 *   older kernel, so that the C library falls back to one that is on the list. Threads may be made.
 * - Landlock, where the kernel has it: files are opened for reading only at or below the paths
 *   named, and written, made, renamed and removed only in one folder. Descriptors open already
 *   (standard input, a log) go on working.
 *
 *     const char *inputs[] = {"dump.sql.gz"};
 *     struct sandbox s = {.readable = inputs, .readable_count = 1, .writable_folder = "."};
 *     struct sandbox_state got;
 *     sandbox_enter(&s, &got);
 *     if (got.calls != SANDBOX_ON) ...say it, got.calls_why says why...
 *
 * There is no way back. Missing kernel support is the caller's to judge: it is a second line of
 * defence, so keycensus warns where seccomp is not to be had, and goes on.
 * Threads: call it with one thread running; those made later inherit it.
 * Source: seccomp(2), landlock(7), linux/landlock.h.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_part { SANDBOX_OFF, SANDBOX_ON };

struct sandbox {
    const char *const *readable; /* files and folders; one that is missing is passed over */
    size_t readable_count;
    const char *writable_folder; /* NULL: none */
};

struct sandbox_state {
    enum sandbox_part calls;  /* seccomp */
    enum sandbox_part files;  /* Landlock */
    int calls_why, files_why; /* errno where off */
};

void sandbox_enter(const struct sandbox *s, struct sandbox_state *got);

#endif
