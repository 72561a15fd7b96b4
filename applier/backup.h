/*
 * backup: what the targets of a transaction were, in one archive that proves itself.
 *
 * BACKUPS/NAME.YYYYmmddTHHMMSSZ.TXID, 0600, a pax tar that any tar reads: MANIFEST first, then the
 * old image of every target under its absolute path without the leading slash. NAME is the file
 * name of the first target. The manifest names paths, digests, sizes, the versions and the
 * transaction.
 *
 *     backup_write(&state, &what, &wiping, &made, err)   durable, read back and compared
 *     backup_names(&state, &run, &names, &count, err)    newest last
 *     backup_read(&state, "2f9c", &wiping, &b, err)      by file name, TXID or unique prefix
 *     ...b.targets[i].image...                           digests checked against the manifest
 *
 * A sealed one is opened with the identity of the state's options, else ERR_REFUSED 830; its tar is
 * in memory only.
 *
 * Hostile archives: entries must be the manifest's, all of them, in its order, with its sizes and
 * digests; anything more or less is ERR_CORRUPT. Nothing is extracted to a path.
 *
 * Secrets: the images hold keys; they live in the wiping arena alone. No listing shows any of it.
 * Ownership: everything in the arena given. Errors: ids 801-819.
 */
#ifndef APPLIER_BACKUP_H
#define APPLIER_BACKUP_H

#include "applier/begin.h"

enum { BACKUP_SEALED = 830 }; /* the id of the error of a sealed one without identity */

struct backup_target {
    struct str path;
    struct sha256 digest;
    uint64_t size;
    struct str form; /* name of its syntax; "python-dotenv" where the manifest gives none */
    struct str image;
};

struct backup {
    const char *name; /* in the backup folder */
    const char *path;
    struct sha256 digest; /* of the archive as it is in the folder */
    bool sealed;          /* to recipients; seal.h */
    char txid[TXID_HEX + 1];
    enum txn_operation operation;
    int64_t time;
    bool has_plan;
    struct sha256 plan;
    struct str *versions; /* removed by that transaction, or put back by a rollback or restore */
    size_t version_count;
    struct backup_target *targets;
    size_t target_count;
};

/*
 * The old images are in begin's order. Fills name, path and digest of *made. With recipients
 * (seal.h; '' for none) the archive is sealed to them.
 */
bool backup_write(struct state *state, const struct begin *begin, const char *txid,
                  const struct str *images, struct str recipients, struct arena *wiping,
                  struct backup *made, struct err *err);

/* Its name, from its first target, time and transaction. */
const char *backup_name(struct arena *a, const struct begin *begin, const char *txid);
/* Removes the temporary file of a backup that was never finished: it holds keys. */
bool backup_sweep(const struct begin *begin, const char *txid, struct arena *a, struct err *err);

bool backup_names(struct state *state, struct arena *a, struct str **names, size_t *count,
                  struct err *err);
/* The one archive that a file name, path, TXID or unique prefix of one means. */
bool backup_find(struct state *state, const char *name_or_txid, struct arena *a, const char **name,
                 struct err *err);
bool backup_read(struct state *state, const char *name_or_txid, struct arena *wiping,
                 struct backup *b, struct err *err);
/*
 * A sealed archive that nothing opens here: digest, and what its transaction's journal says of it;
 * no targets' images. ERR_REFUSED 830 without such a journal.
 */
bool backup_read_closed(struct state *state, const char *name_or_txid, struct arena *a,
                        struct backup *b, struct err *err);
/*
 * Also that it is the very archive its transaction's journal named; a backup without a journal here
 * (copied from another machine) is noted, not refused.
 */
bool backup_verify(struct state *state, const struct backup *b, struct arena *a,
                   struct txn_notes *notes, struct err *err);

/* An archive's bytes read and checked; pure, for tests and fuzzing. */
bool backup_parse(struct str bytes, struct arena *wiping, struct backup *b, struct err *err);

#endif
