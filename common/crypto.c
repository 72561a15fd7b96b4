/* crypto: SHA-256, HMAC, PBKDF2 and AES-256-GCM from libcrypto. */
#define OPENSSL_SUPPRESS_DEPRECATED  /* SHA256_Update: the hash without an object for each message \
                                      */
#include "common/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct sha256_stream {
    EVP_MD_CTX *md;
};

static bool crypto_failed(const char *what, struct err *err)
{
    err_set(err, ERR_INTERNAL, 150, "%s: the cryptographic library failed", what);
    return false;
}

struct sha256_stream *sha256_open(struct err *err)
{
    struct sha256_stream *s = calloc(1, sizeof *s);
    if (s)
        s->md = EVP_MD_CTX_new();
    if (!s || !s->md || EVP_DigestInit_ex(s->md, EVP_sha256(), NULL) != 1) {
        crypto_failed("SHA-256", err);
        (void)sha256_close(s, NULL, err);
        return NULL;
    }
    return s;
}

bool sha256_add(struct sha256_stream *s, struct str data, struct err *err)
{
    return EVP_DigestUpdate(s->md, data.at, data.len) == 1 || crypto_failed("SHA-256", err);
}

bool sha256_close(struct sha256_stream *s, struct sha256 *digest, struct err *err)
{
    bool done = true;
    if (!s)
        return true;
    if (digest)
        done = EVP_DigestFinal_ex(s->md, digest->bytes, NULL) == 1 || crypto_failed("SHA-256", err);
    EVP_MD_CTX_free(s->md);
    free(s);
    return done;
}

bool crypto_sha256(struct str data, struct sha256 *digest, struct err *err)
{
    return EVP_Digest(data.at, data.len, digest->bytes, NULL, EVP_sha256(), NULL) == 1 ||
           crypto_failed("SHA-256", err);
}

bool crypto_pbkdf2(struct str password, struct str salt, unsigned iterations, unsigned char *into,
                   size_t n, struct err *err)
{
    if (password.len > INT32_MAX || salt.len > INT32_MAX || n > INT32_MAX || iterations > INT32_MAX)
        return crypto_failed("PBKDF2", err);
    static const unsigned char nothing[1] = {0};
    return PKCS5_PBKDF2_HMAC(password.len ? (const char *)password.at : "", (int)password.len,
                             salt.len ? salt.at : nothing, (int)salt.len, (int)iterations,
                             EVP_sha256(), (int)n, into) == 1 ||
           crypto_failed("PBKDF2", err);
}

/* The state of a hash that has read one block: the padded key, each byte changed by `change`. */
static bool state_behind_key(struct str key, unsigned char change, uint32_t state[8])
{
    unsigned char block[SHA256_CBLOCK] = {0};
    SHA256_CTX md;
    if (key.len)
        memcpy(block, key.at, key.len);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= change;
    bool done = SHA256_Init(&md) == 1 && SHA256_Update(&md, block, sizeof block) == 1;
    for (size_t i = 0; i < 8; i++)
        state[i] = md.h[i];
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&md, sizeof md);
    return done;
}

bool crypto_hmac_key(struct str key, struct hmac_key *into, struct err *err)
{
    enum { INNER = 0x36, OUTER = 0x5c }; /* RFC 2104 */
    if (key.len > SHA256_CBLOCK || !state_behind_key(key, INNER, into->inner) ||
        !state_behind_key(key, OUTER, into->outer))
        return crypto_failed("HMAC", err);
    return true;
}

/* The hash that goes on behind the first block. */
static void hash_from(const uint32_t state[8], const void *data, size_t n,
                      unsigned char digest[SHA256_BYTES])
{
    SHA256_CTX md; /* .data holds nothing yet */
    md.Nl = SHA256_CBLOCK * 8;
    md.Nh = 0;
    md.num = 0;
    md.md_len = SHA256_DIGEST_LENGTH;
    for (size_t i = 0; i < 8; i++)
        md.h[i] = state[i];
    (void)SHA256_Update(&md, data, n); /* neither can fail: no memory, no provider */
    (void)SHA256_Final(digest, &md);
}

bool crypto_hmac_is(const struct hmac_key *key, struct str message,
                    const unsigned char mac[SHA256_BYTES])
{
    unsigned char digest[SHA256_BYTES];
    hash_from(key->inner, message.at, message.len, digest);
    hash_from(key->outer, digest, sizeof digest, digest);
    return memcmp(digest, mac, sizeof digest) == 0; /* of stored data: there is nobody to time it */
}

bool crypto_gcm_seal(const unsigned char key[GCM_KEY], const unsigned char nonce[GCM_NONCE],
                     struct str text, unsigned char *into, struct err *err)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0;
    int last = 0;
    bool done = c && text.len <= INT32_MAX &&
                EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
                (text.len == 0 || EVP_EncryptUpdate(c, into, &n, text.at, (int)text.len) == 1) &&
                EVP_EncryptFinal_ex(c, into + n, &last) == 1 &&
                EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, GCM_TAG, into + text.len) == 1;
    EVP_CIPHER_CTX_free(c);
    return done || crypto_failed("AES-256-GCM", err);
}

bool crypto_gcm_open(const unsigned char key[GCM_KEY], const unsigned char nonce[GCM_NONCE],
                     struct str sealed, unsigned char *into, struct err *err)
{
    unsigned char tag[GCM_TAG];
    if (sealed.len < GCM_TAG || sealed.len > INT32_MAX)
        return false;
    size_t len = sealed.len - GCM_TAG;
    memcpy(tag, sealed.at + len, GCM_TAG);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0;
    int last = 0;
    bool ready = c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
                 (len == 0 || EVP_DecryptUpdate(c, into, &n, sealed.at, (int)len) == 1) &&
                 EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, GCM_TAG, tag) == 1;
    bool right = ready && EVP_DecryptFinal_ex(c, into + n, &last) == 1;
    EVP_CIPHER_CTX_free(c);
    return right || (!ready && crypto_failed("AES-256-GCM", err));
}

enum { TAG_PIECE = 512 };

struct tag_check {
    EVP_CIPHER_CTX *gcm; /* NULL: HMAC */
    struct hmac_key hmac;
    SHA256_CTX md;
    bool good; /* so far */
    unsigned char discarded[TAG_PIECE + EVP_MAX_BLOCK_LENGTH];
};

static void tag_check_free(struct tag_check *c)
{
    if (!c)
        return;
    EVP_CIPHER_CTX_free(c->gcm);
    OPENSSL_cleanse(c, sizeof *c);
    free(c);
}

struct tag_check *tag_check_hmac(struct str key)
{
    struct err ignored = {0};
    struct tag_check *c = calloc(1, sizeof *c);
    if (!c || !crypto_hmac_key(key, &c->hmac, &ignored)) {
        tag_check_free(c);
        return NULL;
    }
    c->md = (SHA256_CTX){.Nl = SHA256_CBLOCK * 8, .md_len = SHA256_DIGEST_LENGTH};
    for (size_t i = 0; i < 8; i++)
        c->md.h[i] = c->hmac.inner[i];
    c->good = true;
    return c;
}

static const EVP_CIPHER *gcm_of(size_t key_length)
{
    switch (key_length) {
    case 16:
        return EVP_aes_128_gcm();
    case 24:
        return EVP_aes_192_gcm();
    case 32:
        return EVP_aes_256_gcm();
    default:
        return NULL;
    }
}

struct tag_check *tag_check_gcm(struct str key, struct str nonce, struct str associated)
{
    const EVP_CIPHER *cipher = gcm_of(key.len);
    int unused;
    struct tag_check *c =
        cipher && nonce.len > 0 && nonce.len <= TAG_PIECE && associated.len <= INT32_MAX
            ? calloc(1, sizeof *c)
            : NULL;
    if (!c)
        return NULL;
    c->gcm = EVP_CIPHER_CTX_new();
    c->good = c->gcm && EVP_DecryptInit_ex(c->gcm, cipher, NULL, NULL, NULL) == 1 &&
              EVP_CIPHER_CTX_ctrl(c->gcm, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce.len, NULL) == 1 &&
              EVP_DecryptInit_ex(c->gcm, NULL, NULL, key.at, nonce.at) == 1 &&
              (associated.len == 0 ||
               EVP_DecryptUpdate(c->gcm, NULL, &unused, associated.at, (int)associated.len) == 1);
    if (c->good)
        return c;
    tag_check_free(c);
    return NULL;
}

void tag_check_add(struct tag_check *c, struct str bytes)
{
    if (c && !c->gcm)
        (void)SHA256_Update(&c->md, bytes.at, bytes.len);
    while (c && c->gcm && bytes.len > 0) {
        size_t n = bytes.len < TAG_PIECE ? bytes.len : TAG_PIECE;
        int made;
        c->good = c->good && EVP_DecryptUpdate(c->gcm, c->discarded, &made, bytes.at, (int)n) == 1;
        bytes = str_slice(bytes, n, bytes.len);
    }
}

static bool hmac_ends(struct tag_check *c, struct str tag)
{
    unsigned char digest[SHA256_BYTES];
    (void)SHA256_Final(digest, &c->md);
    hash_from(c->hmac.outer, digest, sizeof digest, digest);
    return tag.len == sizeof digest && CRYPTO_memcmp(digest, tag.at, sizeof digest) == 0;
}

static bool gcm_ends(struct tag_check *c, struct str tag)
{
    unsigned char copy[GCM_TAG];
    int made;
    if (tag.len != sizeof copy)
        return false;
    memcpy(copy, tag.at, sizeof copy);
    return EVP_CIPHER_CTX_ctrl(c->gcm, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, copy) == 1 &&
           EVP_DecryptFinal_ex(c->gcm, c->discarded, &made) == 1;
}

bool tag_check_close(struct tag_check *c, struct str tag)
{
    bool right = c && c->good && (c->gcm ? gcm_ends(c, tag) : hmac_ends(c, tag));
    tag_check_free(c);
    return right;
}

bool crypto_hkdf_sha384(struct str key, struct str salt, struct str info, unsigned char *into,
                        size_t n, struct err *err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
    bool done = ctx && key.len <= INT32_MAX && salt.len <= INT32_MAX && info.len <= INT32_MAX &&
                EVP_PKEY_derive_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha384()) == 1 &&
                EVP_PKEY_CTX_set1_hkdf_key(ctx, key.at, (int)key.len) == 1 &&
                EVP_PKEY_CTX_set1_hkdf_salt(ctx, salt.at, (int)salt.len) == 1 &&
                EVP_PKEY_CTX_add1_hkdf_info(ctx, info.at, (int)info.len) == 1 &&
                EVP_PKEY_derive(ctx, into, &n) == 1;
    EVP_PKEY_CTX_free(ctx);
    return done || crypto_failed("HKDF", err);
}

void sha256_hex(const struct sha256 *digest, char hex[SHA256_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        hex[2 * i] = digits[digest->bytes[i] >> 4];
        hex[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    hex[SHA256_HEX] = 0;
}

static int hex_value(unsigned char c)
{
    if (ascii_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool sha256_from_hex(struct str hex, struct sha256 *digest)
{
    if (hex.len != SHA256_HEX)
        return false;
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        int high = hex_value(hex.at[2 * i]);
        int low = hex_value(hex.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest->bytes[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}
