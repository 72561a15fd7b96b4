/*
 * txn_parts: what txn.c, recover.c and txn_info.c share. Inside the transaction only.
 *
 * The bodies of the records but BEGIN (begin.h) are lines of "word value" too:
 *     BACKUP   file PATH, digest HEX
 *     COMMIT, SWAPPED   time T
 *     UNDO     reason TEXT
 *     END      outcome committed|aborted, time T, closed-by WHO
 */
#ifndef APPLIER_TXN_PARTS_H
#define APPLIER_TXN_PARTS_H

#include "applier/journal.h"
#include "applier/part_file.h"

struct str txn_time_body(struct arena *a);
struct str txn_undo_body(struct arena *a, const char *reason);
struct str txn_backup_body(struct arena *a, const char *path, const struct sha256 *digest);

/* Reads the whole of an open journal; ERR_CORRUPT 704 when BEGIN is not what the name says. */
bool txn_info_from(const struct journal *j, const char *folder, struct arena *a,
                   struct txn_info *info, struct begin *begin, struct err *err);

/* `closed_by`, and that the window was over by now when it was. */
const char *txn_closed_by(struct arena *a, const char *closed_by,
                          const struct change_window *window);
/* Writes END. Only when everything that the outcome says is durable. */
bool txn_close(struct journal *j, enum txn_outcome outcome, const char *closed_by, struct arena *a,
               struct err *err);
/* The audit line of a closed journal, unless it is there. */
bool txn_audit(const struct state *state, const struct journal *j, struct arena *a,
               struct err *err);

#endif
