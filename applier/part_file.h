/*
 * part_file: a configuration file as a participant.
 *
 * The one idea: the new image is staged as NAME.TXID.new beside the file and the two names are
 * exchanged (renameat2, RENAME_EXCHANGE). The old inode stays under the staging name, so undo is a
 * second exchange that brings back owner, mode, ACL, attributes and label as they were, and what
 * was taken out is digested after the exchange: an edit that raced it is seen and put back, and so
 * is a change of its owner, mode or attributes.
 *
 *     folders: one struct folder a directory, opened once and shared, locked by part_folder_open
 *     part_file_open(&f, folder, &spec, &run, err)   locks and checks the file, reads the old image
 *     f.base.ops->prepare(&f.base, err) ...          see participant.h
 *     part_file_recover(&f, folder, &spec, &run, err)   recovery: opens whatever is there
 *
 * All work goes through the folder's descriptor: renaming a folder further up moves us along.
 * Descriptors: each inode is held open exactly once, under the name where it stands, because the
 * write lease that proves "nobody has it open" (S14) counts ours too.
 *
 * Refused: a symlink, no regular file, more than one link, immutable or append-only, a mount, a
 * file system without exchange, a folder that everybody may write to, an unknown staging name, a
 * digest that is not `before`.
 *
 * Ownership: texts in the arena; the old image in `old_image`, from the wiping arena given.
 * Errors: ids 730-759. Threads: one.
 */
#ifndef APPLIER_PART_FILE_H
#define APPLIER_PART_FILE_H

#include "applier/participant.h"

#include <sys/stat.h>

struct folder {
    const char *path;
    int fd;
    struct stat st;
    struct folder *next;
};

/*
 * The open and locked folder of a path: one already in *folders, or a new one put there. With
 * FOLDER_CHECK it is checked first (world-writable, file system); warnings go to notes.
 */
enum folder_use { FOLDER_CHECK, FOLDER_RECOVER, FOLDER_LOOK };
struct folder *part_folder_open(struct folder **folders, const char *path, enum folder_use use,
                                unsigned timeout_ms, struct arena *a, struct txn_notes *notes,
                                struct err *err);
void part_folders_close(struct folder *folders);

struct part_file {
    struct participant base;
    struct folder *folder;
    struct arena *a;
    const char *name; /* inside the folder */
    const char *staged_name;
    const char *conflict_name;
    const char *txid;
    struct sha256 before, after;
    uint64_t size_after;
    struct str image;     /* the new bytes; empty in recovery */
    struct str old_image; /* empty in recovery */
    unsigned lock_timeout_ms;
    int live_fd;   /* the inode under `name`, locked; -1 none */
    int staged_fd; /* the inode under `staged_name`, locked; -1 none */
    struct sha256 live_digest, staged_digest, conflict_digest; /* of the last look */
    bool live_there, staged_there, conflict_there;
    bool untouched; /* prepare was never called: nothing of ours is there */
};

struct part_spec {
    const char *path;
    struct sha256 before, after;
    uint64_t size_after;
    struct str image;
    unsigned lock_timeout_ms;
};

/* TXID is not known yet: it is made of the digests checked here. part_file_name comes next. */
bool part_file_open(struct part_file *f, struct folder *folder, const struct part_spec *spec,
                    struct arena *a, struct arena *wiping, struct err *err);
void part_file_name(struct part_file *f, const char *txid);
bool part_file_recover(struct part_file *f, struct folder *folder, const struct part_spec *spec,
                       const char *txid, struct arena *a, struct err *err);

/* The refusals (part_check.c): opens the live name; its inode; unknown staging names beside it. */
bool part_check_open(struct part_file *f, int *fd, struct err *err);
bool part_check_inode(struct part_file *f, int fd, struct err *err);
bool part_check_stages(struct part_file *f, struct err *err);

/* What recovery says about a file it will not touch: names, both digests, and the choices. */
void part_file_describe(const struct part_file *f, enum part_state state, struct txn_notes *notes);

void txn_note(struct txn_notes *notes, struct arena *a, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
