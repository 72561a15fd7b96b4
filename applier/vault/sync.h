/*
 * sync: one key's way from what OpenRouter says to what it has to be told.
 *
 *     struct sync_key k = {.entry = e};
 *     sync_judge(&k, &remote, now)         figures merged into the entry, the target, the step
 *     ...the vault is written: figures, and the record of what we are about to disable...
 *     sync_carry_out(&k, &api, &run)       PATCH, when there is anything to tell
 *     ...the vault is written again where a record is to be cleared...
 *
 * The record that we disable a key is durable before the key is disabled, and cleared only after it
 * was enabled. So whatever happens in between, a key that we disabled is enabled again by a later
 * sync, and one that its owner disabled never is.
 *
 * Pure but for sync_carry_out. Units: limits.h. Errors: of a request, in k->why; they do not end
 * the work on the other keys.
 */
#ifndef APPLIER_VAULT_SYNC_H
#define APPLIER_VAULT_SYNC_H

#include "applier/vault/openrouter.h"
#include "applier/vault/vault.h"

enum sync_action {
    SYNC_NO_LIMITS,  /* none are set: nothing of it is ours */
    SYNC_UNCHANGED,  /* OpenRouter has them already */
    SYNC_LIMITED,    /* the limit was sent */
    SYNC_DISABLED,   /* nothing is left */
    SYNC_ENABLED,    /* something is left again */
    SYNC_STAYS_OFF,  /* its owner disabled it */
    SYNC_NO_FIGURES, /* OpenRouter did not say what it spent */
    SYNC_GONE,       /* OpenRouter does not know it */
    SYNC_NO_HASH,    /* nor do we know by what to ask */
    SYNC_FAILED      /* why says why */
};
const char *sync_action_name(enum sync_action a);

struct sync_key {
    struct vault_entry *entry;
    enum sync_action action;
    struct limit_target target;
    struct limit_step step;
    int64_t limit_before; /* at OpenRouter; MONEY_NONE: unlimited */
    bool news;            /* figures or record differ from what the vault had */
    struct err why;
};

/* Figures of a key: what was spent is never less than its limit's window shows. USAGE_NONE where
 * it says nothing of the month. */
struct usage sync_figures(const struct remote_key *k, int64_t as_of);
struct remote_limit sync_remote(const struct remote_key *k);

void sync_judge(struct sync_key *k, const struct remote_key *remote, int64_t now);
void sync_carry_out(struct sync_key *k, struct openrouter *api, struct arena *a);

#endif
