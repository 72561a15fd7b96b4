/*
 * participant: one thing that takes part in a transaction.
 *
 * txn and recovery drive participants through these operations and know nothing else of them.
 * part_file, a file, is one kind. The other is an act that is no file, such as revoking a remote
 * key: at most one a transaction, given by the caller.
 *
 *                       finish
 *           commit   .---------> done (new)
 *   prepare ------> swapped
 *   ------> staged <------'
 *           |     rollback
 *           `---------> clean (old)
 *          unstage, discard
 *
 *     prepare   Makes the new state ready beside the old one; nothing that others see changes. Once
 *               only: a second prepare fails, discard makes room for it.
 *     unchanged Whether what prepare saw is still so. Asked right before COMMIT.
 *     commit    Puts the new state in force. Idempotent: what is in force already is left alone.
 *               Fails without loss when somebody else changed the thing in between.
 *     settle    Makes commit or rollback durable. Idempotent, but never called again after it
 *               failed: a failed fsync is not retried.
 *     rollback  Puts the old state, or the foreign edit that commit took out, back in force.
 *               Idempotent.
 *     finish    After SWAPPED: removes the old state. Idempotent. ERR_STUCK when somebody may still
 *               be writing to it; it is then kept aside.
 *     unstage   After a failure before COMMIT: removes what prepare made, whole or in part.
 *               Idempotent.
 *     discard   The same after COMMIT and rollback, when others may have had it in hand.
 *               Idempotent.
 *     look      What is there now, for recovery to decide by.
 *     release   Gives locks and descriptors back.
 *
 * The act comes last where there is no way back: it is prepared behind the files, its commit (which
 * must be reversible: disable the key) comes before theirs, and its finish (which need not be:
 * delete the key) after theirs and after the record REVOKE. Behind REVOKE recovery only finishes
 * the act, and a finish that fails with a remote error leaves the transaction open without standing
 * in the way of others. look and settle are asked of files only, and may be NULL in an act.
 *
 * Every operation may be repeated after a crash, by a process that never called prepare.
 * Errors: as the operations find them (ERR_SYSTEM, ERR_REFUSED, ERR_STALE, ERR_STUCK); the caller
 * knows how far the transaction was and sets the exit code.
 */
#ifndef APPLIER_PARTICIPANT_H
#define APPLIER_PARTICIPANT_H

#include "applier/txn.h"

/* What stands under the live name, and what under the staging name. */
enum part_state {
    PART_OLD_NEW,   /* not swapped */
    PART_NEW_OLD,   /* swapped */
    PART_OLD_NONE,  /* clean: never staged, or taken back and cleaned */
    PART_NEW_NONE,  /* cleaned after the swap */
    PART_NEW_OTHER, /* the swap took out somebody's edit */
    PART_OTHER_NEW, /* edited before the swap, or the edit was put back */
    PART_OTHER_NONE,
    PART_CONFLICT, /* cleaned, but the old file was kept aside because it was still in use */
    PART_STRANGE   /* anything else */
};

struct participant;

struct participant_ops {
    bool (*prepare)(struct participant *p, struct err *err);
    bool (*unchanged)(struct participant *p, struct err *err);
    bool (*commit)(struct participant *p, struct err *err);
    bool (*settle)(struct participant *p, struct err *err);
    bool (*rollback)(struct participant *p, struct err *err);
    bool (*finish)(struct participant *p, struct txn_notes *notes, struct err *err);
    bool (*unstage)(struct participant *p, struct err *err);
    bool (*discard)(struct participant *p, struct txn_notes *notes, struct err *err);
    bool (*look)(struct participant *p, enum part_state *state, struct err *err);
    void (*release)(struct participant *p);
};

struct participant {
    const struct participant_ops *ops;
    const char *name; /* for messages */
};

#endif
