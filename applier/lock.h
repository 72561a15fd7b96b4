/*
 * lock: who may change what, now.
 *
 * One open-file-description lock on STATE/lock for every changing command, and flock on each
 * target's folder and on each target, because users have different state folders and because the
 * application's own library takes flock on the file. The kernel drops all of them with the process:
 * there is no stale lock and no command to force one.
 *
 * Who is refused is told who holds it: the lock file's content says so, and the kernel's list
 * (/proc/locks, proc(5)) where the file system gives it the same device number as stat(2).
 *
 * The lock file is never unlinked; its content names the holder and is only told to others.
 * Errors: ERR_LOCKED 720 when it stays busy for timeout_ms; ERR_SYSTEM 721.
 */
#ifndef APPLIER_LOCK_H
#define APPLIER_LOCK_H

#include "common/err.h"

/* Takes the write lock of an open lock file and writes our pid into it. */
bool lock_file(int fd, unsigned timeout_ms, const char *path, struct err *err);
/* flock(LOCK_EX); `what` is "the folder /srv/app" for the message. */
bool lock_flock(int fd, unsigned timeout_ms, const char *what, struct err *err);

/* For those who only look: whether a process holds the lock file now; *pid is 0 where not known. */
bool lock_is_held(int folder, const char *name, uint64_t *pid);

#endif
