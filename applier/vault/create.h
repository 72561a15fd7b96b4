/*
 * create: a new key at OpenRouter, made so that no crash can leave it alive and unknown.
 *
 *     struct created c;
 *     create_begin(&session, name, &change, &c, err)     note, POST, hash into the note
 *     ...e->id = c.hash; vault_set_value(&s.file, e, c.value, err); vault_change(...)...
 *     create_end(&session, &c, result.outcome)
 *
 * create_end takes the note away when the vault has the key, and revokes the key when it has not;
 * what it cannot do now, or cannot know, the next change does (settle.h), and it says so.
 *
 * Ownership: c.value in the session's wiping arena. Errors: those of openrouter.h and intent.h;
 * of a creation whose outcome is not known ERR_REMOTE 1064. Threads: one.
 */
#ifndef APPLIER_VAULT_CREATE_H
#define APPLIER_VAULT_CREATE_H

#include "applier/vault/session.h"

struct created {
    struct intent note;
    struct remote_key key;
    struct str hash, value;
};

/* change->name is set here, to one that no other key has. */
bool create_begin(struct session *s, struct str name, const struct remote_change *change,
                  struct created *c, struct err *err);
void create_end(struct session *s, const struct created *c, enum txn_outcome outcome);

#endif
