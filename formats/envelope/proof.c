/* proof: keys made ready, and the order in which they are tried. */
#include "formats/envelope/proof.h"

bool proof_keys_make(struct arena *secrets, const struct secret *derived, size_t count,
                     size_t active, enum proof_material material, struct proof_keys *into,
                     struct err *err)
{
    size_t at_hand = material == PROOF_WHOLE_KEY ? PROOF_WHOLE : PROOF_HALF;
    struct proof_key *keys = ARENA_ARRAY(secrets, count, struct proof_key);
    for (size_t i = 0; i < count; i++) {
        memcpy(keys[i].bytes, derived[i].derived, at_hand);
        if (!crypto_hmac_key(str_make(derived[i].derived, PROOF_HALF), &keys[i].hmac, err))
            return false;
    }
    *into =
        (struct proof_keys){.keys = keys, .count = count, .active = active, .material = material};
    return true;
}

size_t proof_find(const struct proof_keys *p, size_t hint, proof_fits *fits, const void *value)
{
    if (hint < p->count && fits(&p->keys[hint], value))
        return hint;
    if (p->active < p->count && p->active != hint && fits(&p->keys[p->active], value))
        return p->active;
    for (size_t i = 0; i < p->count; i++)
        if (i != hint && i != p->active && fits(&p->keys[i], value))
            return i;
    return PROOF_ORPHAN;
}

struct signed_message {
    struct str text;
    const unsigned char *mac;
};

static bool hmac_fits(const struct proof_key *key, const void *value)
{
    const struct signed_message *m = value;
    return crypto_hmac_is(&key->hmac, m->text, m->mac);
}

size_t proof_hmac(const struct proof_keys *p, size_t hint, struct str message,
                  const unsigned char mac[SHA256_BYTES])
{
    const struct signed_message m = {message, mac};
    return proof_find(p, hint, hmac_fits, &m);
}
