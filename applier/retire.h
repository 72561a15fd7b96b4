/*
 * retire: a file removed only when nobody can still be writing to it (S14).
 *
 * The one idea: after the exchange a program that opened the file before it goes on writing to the
 * old inode, and unlinking that would lose what it wrote. A write lease is granted only while no
 * other descriptor of the inode is open, so: lease, then a last digest, then unlink. When the lease
 * is not granted within a moment, or the digest is not the expected one, the file is renamed to its
 * conflict name, 0600, and a person decides.
 *
 *     retire_file(&what, &fd, notes, err)      fd, the only descriptor, is closed and -1 when gone
 *
 * Errors: ERR_STUCK 744 when it was kept; ERR_SYSTEM 747 when the system failed, nothing then moved
 * or the file is there still. The folder is the caller's to sync.
 */
#ifndef APPLIER_RETIRE_H
#define APPLIER_RETIRE_H

#include "applier/txn.h"

struct retire {
    int folder;
    const char *path; /* of the live file, for messages */
    const char *name; /* what is removed */
    const char *conflict_name;
    struct sha256 expected;
    struct arena *a;
};

bool retire_file(const struct retire *r, int *fd, struct txn_notes *notes, struct err *err);

#endif
