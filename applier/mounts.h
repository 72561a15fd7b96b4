/*
 * mounts: is a file, or its folder, one end of a bind mount?
 *
 * A bind mount keeps an inode, not a name. After an exchange a container that has the file mounted
 * goes on reading the old one, and a mount point itself cannot be exchanged (EBUSY). So a target
 * that is a mount point, or that some mount of this file system was made from, is refused.
 *
 *     mounts_check("/srv/app/.env", fd, MOUNTS_OURS, &scratch, err)
 *
 * Format: proc_pid_mountinfo(5). Fields: id, parent, major:minor, root of the mount inside its file
 * system, mount point, options...; space, tab, newline and backslash are octal escapes.
 * MOUNTS_ALL also reads the mountinfo of every process that we may look at, which is where the
 * mounts of containers are. Errors: ERR_REFUSED 734.
 */
#ifndef APPLIER_MOUNTS_H
#define APPLIER_MOUNTS_H

#include "common/arena.h"
#include "common/err.h"

#include <sys/types.h>

enum mounts_scope { MOUNTS_OURS, MOUNTS_ALL };

bool mounts_check(const char *path, dev_t device, enum mounts_scope scope, struct arena *a,
                  struct err *err);
/* The same over the text of mountinfo files; `all` may be empty. Pure. */
bool mounts_check_text(const char *path, dev_t device, struct str ours, struct str all,
                       struct arena *a, struct err *err);

#endif
