/*
 * key_version: master keys, made and recorded.
 *
 * The vault names its master key by a UUID and holds it, and those before it, in its own text: so
 * an old backup of the vault can still be opened after the master key was rotated.
 * Errors: ERR_SYSTEM 767 without random bytes. Source: the original's keyversions; RFC 4122, 4.4.
 */
#ifndef APPLIER_VAULT_KEY_VERSION_H
#define APPLIER_VAULT_KEY_VERSION_H

#include "applier/vault/vault.h"

bool new_master_key(struct master_key *key, struct err *err);
/* A new version with this key, which becomes the current one. */
bool add_key_version(struct vault *v, const struct master_key *key, struct err *err);

#endif
