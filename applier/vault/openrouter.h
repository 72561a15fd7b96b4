/*
 * openrouter: the calls of OpenRouter's key API, typed, with their retries.
 *
 * The one idea: every call says what is known afterwards, not what HTTP answered. A key is there or
 * gone; a deletion that finds no key has what it wanted; and of a creation whose answer was lost
 * nobody knows, so it is never sent twice.
 *
 *     struct openrouter api = {.transport = http_open(...), .retries = OPENROUTER_RETRIES};
 *     switch (openrouter_get(&api, &a, hash, &key, err)) {
 *     case REMOTE_THERE:   ...key...
 *     case REMOTE_GONE:    ...404: it was revoked...
 *     case REMOTE_FAILED:  ...err...
 *     }
 *     openrouter_patch(&api, &a, hash, &change, &key, err)
 *     openrouter_delete(&api, hash, err)                       THERE never: GONE or FAILED
 *     switch (openrouter_create(&api, &a, &wiping, &change, &key, &value, err)) {
 *     case REMOTE_THERE:    ...key.hash, and its value, shown this once...
 *     case REMOTE_FAILED:   ...err; there is no such key...
 *     case REMOTE_UNKNOWN:  ...err; list the keys and look for the name...
 *     }
 *
 * Retried, after a wait (backoff.h): what never reached the server, and the answers 408, 429, 500,
 * 502, 503 and 504 and lost ones. A creation only when it was not sent, or refused by 429.
 * A list may lack a key that exists: absence from it proves nothing.
 *
 * A signal that transport->stop tells of ends a wait and a request.
 * Ownership: texts in `a`; the transport is the caller's to close.
 * Errors, each with what a retry can do: ERR_REMOTE (20) 1052, 1053, 1057, 1063;
 * ERR_REMOTE_REFUSED (21) 1054, 1055, 1058, 1060 to 1062; ERR_REMOTE_LIMIT (22) 1065;
 * ERR_REFUSED 1059 for a hash that is none; ERR_SIGNAL + n. Threads: one.
 * Limits: OPENROUTER_PAGES of 100 keys.
 * Source: https://openrouter.ai/docs/api-reference (formats.md 6).
 */
#ifndef APPLIER_VAULT_OPENROUTER_H
#define APPLIER_VAULT_OPENROUTER_H

#include "applier/vault/answer.h"
#include "applier/vault/transport.h"

enum {
    OPENROUTER_RETRIES = 4,    /* the default */
    OPENROUTER_TIMEOUT_S = 30, /* the default of one request */
    OPENROUTER_PAGE = 100,     /* keys */
    OPENROUTER_PAGES = 1000
};

struct openrouter {
    struct transport *transport;
    unsigned retries; /* attempts behind the first one */
    /* Told before each wait; may be NULL. No secrets. */
    void (*waiting)(void *context, uint64_t ms, const struct err *why);
    void *context;
};

enum remote_outcome { REMOTE_THERE, REMOTE_GONE, REMOTE_FAILED, REMOTE_UNKNOWN };

enum remote_outcome openrouter_get(struct openrouter *o, struct arena *a, struct str hash,
                                   struct remote_key *key, struct err *err);
enum remote_outcome openrouter_patch(struct openrouter *o, struct arena *a, struct str hash,
                                     const struct remote_change *change, struct remote_key *key,
                                     struct err *err);
enum remote_outcome openrouter_delete(struct openrouter *o, struct str hash, struct err *err);
enum remote_outcome openrouter_create(struct openrouter *o, struct arena *a, struct arena *wiping,
                                      const struct remote_change *change, struct remote_key *key,
                                      struct str *value, struct err *err);

/* All keys, disabled ones too, each once. */
bool openrouter_list(struct openrouter *o, struct arena *a, struct remote_key **keys, size_t *count,
                     struct err *err);
bool openrouter_credits(struct openrouter *o, struct remote_credits *credits, struct err *err);
/* Of one key; `date` is YYYY-MM-DD, or '' for the last 30 complete UTC days. */
bool openrouter_activity(struct openrouter *o, struct arena *a, struct str hash, struct str date,
                         struct remote_activity **rows, size_t *count, struct err *err);

/* PATCH disabled; the key as it is then is not asked for. */
enum remote_outcome openrouter_disable(struct openrouter *o, struct str hash, struct err *err);
enum remote_outcome openrouter_enable(struct openrouter *o, struct str hash, struct err *err);

#endif
