/*
 * blob: how the vault keeps a secret: base64( salt[32] | nonce[12] | ciphertext | tag[16] ).
 *
 * AES-256-GCM without other data, under PBKDF2-HMAC-SHA256(master key, salt, 100,000 rounds), so
 * that every blob has a key of its own. The file is a blob, and each value inside it is one again.
 *
 *     blob_open(&secrets, &master, text, &plain, err)
 *     blob_seal(&secrets, &master, plain, &text, err)      salt and nonce by chance
 *
 * One derivation takes some 30 ms: values are opened when they are needed, not before.
 * Ownership: results in the arena, which must be a wiping one. Errors: 1001 (corrupt) for what is
 * no blob, 1002 (corrupt) for one that this master key does not open.
 * Source: the original's crypto package; formats.md 5 has the vectors.
 */
#ifndef APPLIER_VAULT_BLOB_H
#define APPLIER_VAULT_BLOB_H

#include "common/arena.h"
#include "common/crypto.h"

enum {
    MASTER_KEY_BYTES = 32,
    BLOB_SALT = 32,
    BLOB_ROUNDS = 100000,
    BLOB_HEAD = BLOB_SALT + GCM_NONCE,
    BLOB_PLAIN_MAX = 4 * 1024 * 1024 /* bytes */
};

struct master_key {
    unsigned char bytes[MASTER_KEY_BYTES];
};

bool blob_open(struct arena *secrets, const struct master_key *master, struct str text,
               struct str *plain, struct err *err);
bool blob_seal(struct arena *secrets, const struct master_key *master, struct str plain,
               struct str *text, struct err *err);
/* With this salt and nonce behind one another: for tests, which know what must come out. */
bool blob_seal_with(struct arena *secrets, const struct master_key *master,
                    const unsigned char head[BLOB_HEAD], struct str plain, struct str *text,
                    struct err *err);

#endif
