/*
 * sandbox: what a program that reads untrusted input gives up before it reads the first byte.
 *
 * A decoder with a fault must not become a way onto the network, into another program or to other
 * files. So, for the rest of the process:
 *
 * - seccomp: only the system calls on a list. Sockets (but of SANDBOX_CHANGES_REMOTE), other
 * programs, new processes, tracing and whatever changes the machine fail with EPERM; calls not
 * heard of fail with ENOSYS, as on an older kernel, so that the C library falls back to one that is
 * on the list. Threads may be made.
 * - Landlock, where the kernel has it: files are opened for reading only at or below the paths
 *   named, and written, made, renamed and removed only in the folders named. Descriptors open
 *   already (standard input, a log) go on working.
 *
 *     const char *inputs[] = {"dump.sql.gz"};
 *     const char *folders[] = {"."};
 *     struct sandbox s = {.readable = inputs, .readable_count = 1,
 *                         .writable = folders, .writable_count = 1};
 *     struct sandbox_state got;
 *     sandbox_enter(&s, &got);
 *     if (got.calls != SANDBOX_ON) ...say it, got.calls_why says why...
 *
 * A program that learns from its input which files it is about takes the two steps apart: the calls
 * at once, the files (sandbox_limit_files) as soon as they are known.
 *
 * There is no way back. Missing kernel support is the caller's to judge: it is a second line of
 * defence, so the programs warn where seccomp is not to be had, and go on.
 * Threads: call it with one thread running; those made later inherit it.
 * Source: seccomp(2), landlock(7), linux/landlock.h.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_part { SANDBOX_OFF, SANDBOX_ON };

enum sandbox_use {
    SANDBOX_READS,         /* reads, and writes new files of its own */
    SANDBOX_CHANGES,       /* makes folders and reads and sets what belongs to a file as well */
    SANDBOX_CHANGES_REMOTE /* and speaks to other hosts, as a client: lean_vault only */
};

struct sandbox {
    enum sandbox_use use;
    const char *const *readable; /* files and folders; one that is missing is passed over */
    size_t readable_count;
    const char *const *writable; /* folders, or single files; likewise */
    size_t writable_count;
};

struct sandbox_state {
    enum sandbox_part calls;  /* seccomp */
    enum sandbox_part files;  /* Landlock */
    int calls_why, files_why; /* errno where off */
};

void sandbox_enter(const struct sandbox *s, struct sandbox_state *got);
/* The same in two steps, in this order. Each sets its half of *got. */
void sandbox_limit_calls(enum sandbox_use use, struct sandbox_state *got);
void sandbox_limit_files(const struct sandbox *s, struct sandbox_state *got);

#endif
