/*
 * session: a command that speaks to OpenRouter: the vault, and the API with its management key.
 *
 *     struct session s;
 *     session_open(&s, cli, VAULT_CHANGE, err)      what was interrupted is finished or undone
 * first
 *     ...s.file.vault..., ...openrouter_get(session_api(&s, err), ...)...
 *     session_close(&s);
 *
 * The one idea: nothing is sent before session_api is asked for, so a command that finds its
 * mistake in the vault alone has made no request. VAULT_CHANGE recovers transactions, with their
 * acts at OpenRouter, and settles intents (a key that was created and is in no vault is revoked);
 * an intent that cannot be settled now is said and waits. VAULT_LOOK recovers nothing and only says
 * what is pending.
 *
 * Ownership: secrets in wiping arenas, freed by session_close, which is safe on a session that did
 * not open. Errors: those of open_vault, http.h and openrouter.h; ERR_USAGE 1070 for options.
 * Threads: one.
 */
#ifndef APPLIER_VAULT_SESSION_H
#define APPLIER_VAULT_SESSION_H

#include "applier/vault/commands.h"
#include "applier/vault/intent.h"
#include "applier/vault/openrouter.h"

enum { SESSION_TIMEOUT_MOST_S = 600, SESSION_RETRIES_MOST = 20 };

struct session {
    struct cli *cli;
    struct vault_file file;
    struct openrouter api;
    struct arena secrets; /* .wipe: the management key and what holds it */
    bool open;            /* file is */
};

/* VAULT_LOOK, VAULT_CHANGE as in vault_file.h. */
bool session_open(struct session *s, struct cli *cli, enum vault_use use, struct err *err);
void session_close(struct session *s);

/* NULL with err set. */
struct openrouter *session_api(struct session *s, struct err *err);

/* An entry that can be asked for: ERR_REFUSED 1075 for one without a usable hash. */
bool session_entry(struct session *s, const char *name, struct vault_entry **e, struct err *err);

#endif
