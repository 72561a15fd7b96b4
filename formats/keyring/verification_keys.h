/*
 * verification_keys: the file by which values are proven on a host that must not decrypt them.
 *
 * `keyretire verification-keys` writes it where the configuration is, `keycensus scan
 * --verify-keys` reads it where the dump is. The one idea: of each derived key it has the half that
 * makes the MAC and not the half that is the cipher's, so that it proves who made a value and opens
 * none. It could forge values, and so is as well guarded as the configuration: 0600.
 *
 *     # comment
 *     keyretire-verification-keys 1
 *     active v2
 *     key v1 7c318188c54221a6 afb571e460988dea50a97762b551d003
 *     key v2 591a37ad10a20693 98a5205c158645e33069cc59130f0b3e
 *     sha256 (64 digits)
 *
 * A line `key` for each version, in the order of str_cmp: its name in lower case, its fingerprint
 * (safety.md S11, of the whole key), and the first 16 bytes of the derived key in hexadecimal. The
 * last line is the SHA-256 of all bytes before it: a file that was cut or edited is refused.
 *
 *     struct verification_keys v;
 *     if (!verification_keys_read(&secrets, path, text, &v, err)) ...
 *     proof_keys_make(&secrets, v.derived, v.count, v.active, PROOF_MAC_HALF, &proof, err)
 *
 * Ownership: everything lives in the arena, which has .wipe set.
 * Errors: ERR_CORRUPT 471. No message holds a byte of a key. Threads: none.
 * Limits: KEYRING_VERSIONS_MAX keys.
 */
#ifndef FORMATS_KEYRING_VERIFICATION_KEYS_H
#define FORMATS_KEYRING_VERIFICATION_KEYS_H

#include "formats/keyring/keyring.h"

struct verification_keys {
    struct str *names; /* by str_cmp, distinct */
    struct fingerprint *fingerprints;
    struct secret *derived; /* zeros behind the first half */
    size_t count;
    size_t active; /* index */
};

/* `name` is the file's, for messages. */
bool verification_keys_read(struct arena *secrets, const char *name, struct str text,
                            struct verification_keys *into, struct err *err);

/* The text for a keyring and its derived keys, whose fingerprints it has (keyring_derive_all). */
bool verification_keys_text(struct arena *secrets, const struct keyring *kr,
                            const struct secret *derived, struct str *text, struct err *err);

#endif
