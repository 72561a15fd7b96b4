/*
 * transit: a key of Vault's transit engine, whose versions only Vault can retire.
 *
 * The one idea: the keys never leave Vault, so there is no file to change. What
 * `vault read -format=json transit/keys/NAME` prints says which versions there are; the answer is
 * the commands that retire those that nothing needs, for somebody to run who may.
 *
 *     struct transit_key key;
 *     if (!transit_read(arena, content, &key, err)) ...
 *     transit_commands(&out, mount, &key, lowest)      the lowest version that stays
 *
 * Vault retires from the oldest version up: min_decryption_version bars those below it, and trim
 * destroys them, for which min_encryption_version must be set too.
 *
 * Ownership: in the arena. Pure: nothing is run and nobody is asked. Errors: 539, those of YAML.
 * Limits: KEYRING_VERSIONS_MAX versions.
 * Source: Vault API, Transit: Read Key, Update Key Configuration, Trim Key.
 */
#ifndef FORMATS_KEYRING_TRANSIT_H
#define FORMATS_KEYRING_TRANSIT_H

#include "common/buf.h"
#include "common/err.h"

struct transit_key {
    struct str name;
    uint64_t latest; /* new values are encrypted with it */
    uint64_t lowest; /* min_decryption_version, or 1 */
};

bool transit_read(struct arena *a, struct str content, struct transit_key *key, struct err *err);

/* Letters, digits and . _ - /: what a path of Vault may hold here, and a shell leaves alone. */
bool transit_is_path(struct str path);

void transit_commands(struct buf *out, struct str mount, const struct transit_key *key,
                      uint64_t lowest);

#endif
