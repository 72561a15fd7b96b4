/*
 * settle: what becomes of a creation that was interrupted (intent.h).
 *
 * The vault holds the key: the note goes. It does not: nobody has the value, so the key is revoked,
 * by its hash where that is known, else by the name under which it was to be created. A list may
 * not show a new key at once, so a note whose key is not found is kept for SETTLE_SECONDS and asked
 * about again.
 *
 *     settle_intents(&session)              all; what cannot be settled now is said and waits
 *     settle_one(&session, &intent, err)    one, for who has just begun it
 *
 * Errors: those of openrouter.h. Threads: one, under the lock of the vault.
 */
#ifndef APPLIER_VAULT_SETTLE_H
#define APPLIER_VAULT_SETTLE_H

#include "applier/vault/session.h"

enum { SETTLE_SECONDS = 15 * 60 };

enum settled {
    SETTLED_KEPT,    /* the vault has the key */
    SETTLED_REVOKED, /* there was such a key, and it is revoked */
    SETTLED_NONE,    /* there is none, and it is long enough ago */
    SETTLED_WAITS,   /* none is seen yet: the note stays */
    SETTLED_FAILED   /* err; the note stays */
};

enum settled settle_one(struct session *s, const struct intent *it, struct err *err);
void settle_intents(struct session *s);
/* For a command that changes nothing: how many wait. */
void settle_say_pending(struct session *s);

#endif
