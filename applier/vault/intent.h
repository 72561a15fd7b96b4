/*
 * intent: a note, made before a key is created at OpenRouter, of what is about to be.
 *
 * A new key lives from the moment of its creation, and its hash is known only when the answer
 * comes. The one idea: the key is created under a name that no other has, and that name is on the
 * disk first. Whatever happens then, the key can be found and revoked.
 *
 *     struct intent it;
 *     intent_begin(&file, key, &it, err)        synced: DIR/intents/ID; it.remote_name is to be
 * used
 *     ...POST...
 *     intent_made(&file, &it, hash, err)        synced: from here on the hash is known
 *     ...the vault takes the key, by a transaction...
 *     intent_end(&file, &it, err)               the note goes
 *
 *     intents_read(&file, &list, &count, err)   those that were interrupted (settle.h)
 *
 * The note has lines of "word value", percent-escaped: key, name, begun, and perhaps hash. It holds
 * no secret. Ownership: texts in file->run. Threads: one, under the lock of the vault.
 * Errors: ERR_SYSTEM 1071; ERR_CORRUPT 1072. Limits: INTENTS_MAX.
 */
#ifndef APPLIER_VAULT_INTENT_H
#define APPLIER_VAULT_INTENT_H

#include "applier/vault/vault_file.h"

enum { INTENT_ID = 16 /* hex digits */, INTENTS_MAX = 1000 };

struct intent {
    char id[INTENT_ID + 1];
    struct str key;         /* the name in the vault */
    struct str remote_name; /* the name at OpenRouter */
    int64_t begun;
    struct str hash; /* '' until it is known */
};

bool intent_begin(struct vault_file *f, struct str key, struct intent *it, struct err *err);
bool intent_made(struct vault_file *f, struct intent *it, struct str hash, struct err *err);
bool intent_end(struct vault_file *f, const struct intent *it, struct err *err);
bool intents_read(struct vault_file *f, struct intent **list, size_t *count, struct err *err);

/*
 * The name of a key in the vault, from a name at OpenRouter: "my-key lv-0123456789abcdef" is
 * my-key's, as any other text is its own. True when it has our mark.
 */
bool remote_name_key(struct str remote_name, struct str *key);

#endif
