/*
 * part_remote: the revocation of a key at OpenRouter, as the act of a vault's transaction.
 *
 *     prepare    GET: it is asked once more whether the key is there
 *     commit     PATCH disabled: nobody spends with it any more, and it can be taken back
 *     rollback   PATCH enabled, if it was before
 *     finish     DELETE, until GET answers 404
 *
 * A key that is gone has what every step wanted. Of a rotation the old key goes on working until
 * the new one is in the vault, so there commit does nothing.
 *
 *     struct part_remote p;
 *     part_remote_make(&p, api, &a, hash, REVOKE_DISABLES, REMOTE_NO)
 *     change.act = &p.base; change.act_note = part_remote_note(&p, &a)
 *     part_remote_read(&p, api, &a, note, err)          recovery: from what the journal says
 *
 * Ownership: everything is borrowed. Errors: those of openrouter.h; ERR_CORRUPT 1073 for a note of
 * another program; ERR_DISAGREE 1074 when a deleted key stays. Threads: one.
 */
#ifndef APPLIER_VAULT_PART_REMOTE_H
#define APPLIER_VAULT_PART_REMOTE_H

#include "applier/participant.h"
#include "applier/vault/openrouter.h"

enum revoke_way {
    REVOKE_DISABLES, /* before the vault changes */
    REVOKE_AFTER     /* nothing before the vault has changed */
};

struct part_remote {
    struct participant base;
    struct openrouter *api;
    struct arena *arena;
    struct str hash;
    enum revoke_way way;
    enum remote_flag was_disabled; /* before we did anything */
};

void part_remote_make(struct part_remote *p, struct openrouter *api, struct arena *a,
                      struct str hash, enum revoke_way way, enum remote_flag was_disabled);
struct str part_remote_note(const struct part_remote *p, struct arena *a);
bool part_remote_read(struct part_remote *p, struct openrouter *api, struct arena *a,
                      struct str note, struct err *err);

/* Deletes until the key is gone. */
bool remote_revoke(struct openrouter *api, struct arena *a, struct str hash, struct err *err);

#endif
