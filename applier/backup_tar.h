/*
 * backup_tar: an archive in memory, pax tar, through libarchive.
 *
 * The one idea: nothing is ever extracted to a path. Writing turns named byte strings into one; and
 * reading gives them back only when the archive holds regular files with plain names and nothing
 * else. libarchive sees memory and never a file.
 *
 *     tar_write(entries, count, time, &wiping, &bytes, err)
 *     tar_read(bytes, &wiping, &entries, &count, err)
 *
 * Ownership: bytes and contents in the given arena, which is a wiping one where they hold keys.
 * Errors: ERR_CORRUPT 811 for an archive that is not of this shape; ERR_SYSTEM 812 from the
 * library. Limits: TAR_ENTRIES_MAX, FILE_MAX bytes an entry. Input is hostile.
 */
#ifndef APPLIER_BACKUP_TAR_H
#define APPLIER_BACKUP_TAR_H

#include "common/arena.h"
#include "common/err.h"

enum { TAR_ENTRIES_MAX = 1025 }; /* the manifest and TXN_TARGETS_MAX images */

struct tar_entry {
    struct str name; /* printable ASCII, relative, no ".." */
    struct str content;
};

bool tar_write(const struct tar_entry *entries, size_t count, int64_t time, struct arena *wiping,
               struct str *bytes, struct err *err);
bool tar_read(struct str bytes, struct arena *wiping, struct tar_entry **entries, size_t *count,
              struct err *err);

#endif
