/*
 * purge: one archive destroyed for good, as a transaction of its own.
 *
 * The one idea: what is destroyed cannot be taken back, so the decision is durable before the
 * archive goes, and from there on it only goes forward. Killed anywhere, the archive is there and
 * the transaction aborted, or it is gone and the transaction committed.
 *
 *     BEGIN    the archive as the one target: its digest before, and no digest after
 *     BACKUP   its name and digest, read right now
 *     COMMIT   the decision                                   before: recovery aborts
 *     SWAPPED  the name is gone and its folder synced         after: recovery destroys
 *     END      the destruction record is written, then the line of the audit log
 *
 *     purge_run(&state, &run, &request, &result, err)     the caller has asked custody_may_end
 *
 * The record, STATE/destroyed/TXID.txt, says what was destroyed, when, by whom, and what may remain
 * elsewhere. It follows from the journal, so that recovery writes the same.
 *
 * Only a file with the very digest of BEGIN is unlinked; another one under the name is left alone
 * (ERR_STUCK). Errors: ids 824-827. Needs STATE_CHANGE, recovered. Threads: one.
 */
#ifndef APPLIER_PURGE_H
#define APPLIER_PURGE_H

#include "applier/journal.h"
#include "applier/state.h"

struct purge_request {
    const char *name; /* in the backup folder */
    struct sha256 digest;
    const struct str *versions; /* that it holds */
    size_t version_count;
};

bool purge_run(struct state *state, struct arena *a, const struct purge_request *request,
               struct txn_result *result, struct err *err);

/* Whether an open journal is of a purge. */
bool purge_is(const struct journal *j, struct arena *a);
/* Finishes or aborts it; *how says which. The journal was synced. */
bool purge_recover(struct state *state, struct journal *j, struct arena *a, struct txn_notes *notes,
                   enum txn_recovered *how, struct err *err);

#endif
