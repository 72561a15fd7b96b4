/*
 * state: the folder where keyretire keeps its journals, backups and audit log.
 *
 *     STATE/lock            the one lock of every changing command; never unlinked
 *     STATE/txn/            one journal per transaction
 *     STATE/backups/        archives of what was (another folder with --backup-dir)
 *     STATE/audit.log       the hash-chained log
 *
 *     struct state state;
 *     if (!state_open(&state, &options, STATE_CHANGE, &run, err)) ...
 *     if (!txn_recover(&state, &run, &recovery, err)) ...
 *     ...
 *     state_close(&state);
 *
 * STATE_CHANGE makes the folders (0700) and takes the lock. STATE_READ takes no lock, makes nothing
 * and changes nothing: where there is no state folder yet, everything is empty.
 *
 * A folder that another user owns or that others may write to is refused: whoever can write a
 * journal can make recovery exchange files.
 *
 * Ownership: state_close releases the lock and the descriptors; the texts live in the arena.
 * Errors: ERR_LOCKED with the owner's pid when it is known; ERR_REFUSED for an unsafe folder.
 * Threads: one.
 */
#ifndef APPLIER_STATE_H
#define APPLIER_STATE_H

#include "common/arena.h"
#include "common/err.h"

enum { STATE_LOCK_TIMEOUT_MS = 2000 }; /* the default of --lock-timeout */

/* Whether backups hold keys in clear: then they are warned of and kept out of git work trees. */
enum state_images { STATE_CLEAR_IMAGES, STATE_ENCRYPTED_IMAGES };

struct state_options {
    const char *state_dir;    /* --state-dir, or NULL for the default place */
    const char *backup_dir;   /* --backup-dir, or NULL for STATE/backups */
    unsigned lock_timeout_ms; /* 0: one attempt */
    const char *identity;     /* --identity: a file that opens sealed backups, or NULL */
    enum state_images images;
    const char *recover_with; /* the command that recovers, for messages; NULL: keyretire recover */
};

struct participant;

enum state_use { STATE_READ, STATE_CHANGE };

struct state {
    const char *path;        /* absolute */
    const char *backup_path; /* absolute */
    unsigned lock_timeout_ms;
    enum state_use use;
    const char *identity; /* of the options */
    struct arena *arena;  /* of state_open, for paths */
    enum state_images images;
    const char *recover_with;
    /* Makes the act that a journal notes, for recovery; NULL: the program knows of none. */
    bool (*act_open)(void *context, struct str note, struct participant **act, struct err *err);
    void *act_context;
    bool recovered; /* txn_recover ran and left nothing open */
    /* Descriptors; -1 where STATE_READ found nothing. */
    int dir;
    int txn_dir;
    int backup_dir; /* -1 until state_backups made or found it */
    int lock;
};

bool state_open(struct state *s, const struct state_options *options, enum state_use use,
                struct arena *a, struct err *err);
/*
 * Opens the backup folder; STATE_CHANGE makes it. Apart from state_open, so that a transaction can
 * say that it was the backup that could not be made. A folder inside a git work tree is refused.
 */
bool state_backups(struct state *s, struct err *err);
void state_close(struct state *s);

/* Where the state folder is when no option says so; ERR_NOT_FOUND when no home is known. */
const char *state_default_path(struct arena *a, struct err *err);

#endif
