/*
 * proof: which key of the keyring made a value, told by its MAC.
 *
 * One idea: a value is proven without being decrypted. Every key is made ready once; then each
 * value asks which one fits, in the order in which the application tries them: the one that the
 * value names, the active one, the others.
 *
 *     struct arena keys = {.wipe = true};
 *     struct proof_keys proof;
 *     if (!proof_keys_make(&keys, derived, count, active, PROOF_WHOLE_KEY, &proof, err)) ...
 *     struct reading r = {.known = &known, .proof = &proof, ...};
 *     size_t key = proof_hmac(r.proof, hint, message, mac);
 *     if (key < r.proof->count) ...known.names[key] made it...       else PROOF_ORPHAN
 *
 * The keys stand in the order of struct key_names, so an index means the same in both. An envelope
 * whose proof is another MAC asks proof_find with a function of its own. Where only the MAC half
 * is at hand (keyretire verification-keys), an envelope that needs the whole key cannot prove
 * anything: its values are PROOF_UNTRIED, never orphans.
 *
 * Ownership: everything lives in the arena, which has .wipe set and is freed when the scan is over.
 * Secrets: struct proof_key is key material; nothing here prints or stores it.
 * Threads: pure once made. Errors: libcrypto failing is ERR_INTERNAL 150.
 */
#ifndef FORMATS_ENVELOPE_PROOF_H
#define FORMATS_ENVELOPE_PROOF_H

#include "common/arena.h"
#include "common/crypto.h"
#include "common/secret.h"

enum {
    PROOF_HALF = 16,             /* bytes of a derived key that its MAC takes */
    PROOF_WHOLE = SECRET_DERIVED /* and with those of its cipher */
};

/* What came of a proof, when it is no index of a key. */
#define PROOF_ORPHAN  SIZE_MAX       /* no key at hand made it */
#define PROOF_UNTRIED (SIZE_MAX - 1) /* nothing to prove, or nothing to prove it with */

enum proof_material {
    PROOF_MAC_HALF, /* cannot decrypt anything */
    PROOF_WHOLE_KEY
};

struct proof_key {
    struct hmac_key hmac;             /* of the MAC half */
    unsigned char bytes[PROOF_WHOLE]; /* PROOF_MAC_HALF: zeros behind the first half */
};

struct proof_keys {
    const struct proof_key *keys;
    size_t count;
    size_t active; /* index; count: not known */
    enum proof_material material;
};

/*
 * derived[i] is the key of the i-th name; with PROOF_MAC_HALF only its first PROOF_HALF bytes
 * count. The caller wipes them afterwards.
 */
bool proof_keys_make(struct arena *secrets, const struct secret *derived, size_t count,
                     size_t active, enum proof_material material, struct proof_keys *into,
                     struct err *err);

/* Does this key fit the value? */
typedef bool proof_fits(const struct proof_key *key, const void *value);

/* The first key that fits: `hint` (an index, or anything else), active, the others in order. */
size_t proof_find(const struct proof_keys *p, size_t hint, proof_fits *fits, const void *value);

/* The same for HMAC-SHA256 by the MAC half. */
size_t proof_hmac(const struct proof_keys *p, size_t hint, struct str message,
                  const unsigned char mac[SHA256_BYTES]);

#endif
