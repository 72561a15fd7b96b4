/*
 * crypto: the few primitives we take from OpenSSL's libcrypto. crypto.c alone includes it.
 *
 * Anything signed or compared for identity is SHA-256; xxHash (hash.h) is for accidents only.
 * Errors: libcrypto failing is ERR_INTERNAL; it does not happen in a sane process.
 */
#ifndef COMMON_CRYPTO_H
#define COMMON_CRYPTO_H

#include "common/err.h"

enum { SHA256_BYTES = 32, SHA256_HEX = 64 };

struct sha256 {
    unsigned char bytes[SHA256_BYTES];
};

bool crypto_sha256(struct str data, struct sha256 *digest, struct err *err);

/* The same over pieces: open, add..., close. close frees it even when it fails; NULL is allowed. */
struct sha256_stream;
struct sha256_stream *sha256_open(struct err *err);
bool sha256_add(struct sha256_stream *s, struct str data, struct err *err);
bool sha256_close(struct sha256_stream *s, struct sha256 *digest, struct err *err);

bool crypto_pbkdf2(struct str password, struct str salt, unsigned iterations, unsigned char *into,
                   size_t n, struct err *err);

/*
 * HMAC-SHA256 (RFC 2104) with one key for many messages: what the two hashes are behind the key's
 * block, so that a message costs neither that block nor an object. As secret as the key itself.
 */
struct hmac_key {
    uint32_t inner[8], outer[8];
};

/* A key of at most 64 bytes. */
bool crypto_hmac_key(struct str key, struct hmac_key *into, struct err *err);
/* Is this the MAC of the message? */
bool crypto_hmac_is(const struct hmac_key *key, struct str message,
                    const unsigned char mac[SHA256_BYTES]);

/*
 * AES-256-GCM with a 12-byte nonce and a 16-byte tag behind the text, no other data. seal writes
 * text.len + GCM_TAG bytes; open writes sealed.len - GCM_TAG, or false where key or bytes are not
 * the ones that were sealed (no error is set then), or are too short.
 */
enum { GCM_KEY = 32, GCM_NONCE = 12, GCM_TAG = 16 };
bool crypto_gcm_seal(const unsigned char key[GCM_KEY], const unsigned char nonce[GCM_NONCE],
                     struct str text, unsigned char *into, struct err *err);
bool crypto_gcm_open(const unsigned char key[GCM_KEY], const unsigned char nonce[GCM_NONCE],
                     struct str sealed, unsigned char *into, struct err *err);

/*
 * A tag checked over pieces: HMAC-SHA256, or that of AES-GCM with a key of 16, 24 or 32 bytes. GCM
 * is checked by decrypting: libcrypto has no other way. What it makes goes into one small buffer,
 * which is overwritten piece by piece and wiped at the end, and nowhere else. NULL for a key of
 * another length, or without memory; add and close take NULL, and then no tag is right.
 */
struct tag_check;
struct tag_check *tag_check_hmac(struct str key);
struct tag_check *tag_check_gcm(struct str key, struct str nonce, struct str associated);
void tag_check_add(struct tag_check *c, struct str bytes);
/* Is this the tag, 32 bytes or 16? Frees the check. */
bool tag_check_close(struct tag_check *c, struct str tag);

/* HKDF (RFC 5869) with SHA-384. */
bool crypto_hkdf_sha384(struct str key, struct str salt, struct str info, unsigned char *into,
                        size_t n, struct err *err);

/* Lower-case hex, NUL-terminated. */
void sha256_hex(const struct sha256 *digest, char hex[SHA256_HEX + 1]);
bool sha256_from_hex(struct str hex, struct sha256 *digest);
static inline bool sha256_eq(const struct sha256 *a, const struct sha256 *b)
{
    return memcmp(a->bytes, b->bytes, SHA256_BYTES) == 0;
}

#endif
