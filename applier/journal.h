/*
 * journal: the one file that says what a transaction is doing, and that nothing forgets.
 *
 * STATE/txn/TXID.journal. The one idea: a record is durable before the step it announces, and no
 * record is written while another is not yet durable. So at most the last record can be torn, and
 * what recovery reads is what was decided.
 *
 *     journal_create(&j, dir, txid, begin_text, err)     BEGIN, durable with its name
 *     journal_add(&j, RECORD_COMMIT, body, err)          durable when it returns true
 *     journal_close(&j, end_body, err)                   END
 *     journal_release(&j)
 *
 *     journal_open(&j, dir, txid, &run, err)             as it stands; j.history
 *     journal_sync(&j, err)                              recovery: make durable what was read
 *
 * END is a new file, TXID.end, holding the whole history and END; it is synced and renamed over the
 * journal, so a journal is open or closed and never in between. A journal with a torn tail is
 * rewritten the same way before anything is added: nothing is ever appended behind a torn tail.
 *
 * After a failed write or fsync the journal is `broken`: what of that record is on the disk is
 * unknown, a second fsync would not tell (it reports an error once), so nothing more is appended
 * and only journal_close, a new file, can still succeed.
 *
 * Errors: ids 710-719, kind ERR_SYSTEM; the caller knows what is undone and sets the exit code.
 */
#ifndef APPLIER_JOURNAL_H
#define APPLIER_JOURNAL_H

#include "applier/begin.h"
#include "applier/record.h"

struct journal {
    char txid[TXID_HEX + 1];
    const char *name; /* "TXID.journal" */
    int dir;          /* STATE/txn, borrowed */
    int fd;           /* -1: not open */
    struct buf bytes; /* every record that is whole */
    struct history history;
    bool broken;
};

bool journal_create(struct journal *j, int dir, const char *txid, struct str begin, struct arena *a,
                    struct err *err);
bool journal_open(struct journal *j, int dir, const char *txid, struct arena *a, struct err *err);
bool journal_sync(struct journal *j, struct err *err);
bool journal_add(struct journal *j, enum record_type type, struct str body, struct err *err);
bool journal_close(struct journal *j, struct str end, struct err *err);
/* A journal whose BEGIN never became durable: nothing was done, its file goes. */
bool journal_forget(struct journal *j, struct err *err);
/* Memory ran out in one of these: half a record goes, and what is on the disk is unknown. */
void journal_interrupted(struct journal *j);
/* Closes the descriptor. */
void journal_release(struct journal *j);

static inline bool journal_has(const struct journal *j, enum record_type type)
{
    return history_find(&j->history, type) != NULL;
}

/* The ids of all journals in the folder, sorted. */
bool journal_names(int dir, struct arena *a, struct str **txids, size_t *count, struct err *err);
/* Removes what a killed close left: TXID.end files, never renamed into place. */
bool journal_sweep(int dir, struct arena *a, struct err *err);

#endif
