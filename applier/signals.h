/*
 * signals: who heeds a signal that asks to stop.
 *
 * Until a transaction is possible the command line does: it ends what it does and says so. From
 * signals_for_txn on the transaction does, which knows what was decided (txn_interrupted).
 */
#ifndef APPLIER_SIGNALS_H
#define APPLIER_SIGNALS_H

void signals_for_txn(void);

#endif
