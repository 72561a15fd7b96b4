/*
 * rollback: what a transaction took away, put back from its backup by a transaction of its own.
 *
 * For each file of the backup: when it still is what the transaction made of it, its old image
 * comes back byte for byte; when it moved on since, the removed versions are put back into it as it
 * is now and everything else stays. A version that is there again with another key is refused.
 *
 *     struct rollback_plan p;
 *     if (rollback_make(&load, &backup, &p, err)) ...p.targets, p.target_count...
 */
#ifndef APPLIER_ROLLBACK_H
#define APPLIER_ROLLBACK_H

#include "applier/backup.h"
#include "applier/load.h"

struct rollback_file {
    const char *path;
    const char *how; /* for people: "as it was", "put back into a file that changed since", ... */
    struct keyring_edit edit; /* lines are set for a file that changed since */
};

struct rollback_plan {
    struct txn_target *targets; /* only files that change */
    size_t target_count;
    struct rollback_file *files; /* all of them */
    size_t file_count;
    struct str *kept; /* versions that are in the files now */
    size_t kept_count;
};

/* ERR_STALE 930 when nothing would change. */
bool rollback_make(struct load *load, const struct backup *b, struct rollback_plan *p,
                   struct err *err);

#endif
