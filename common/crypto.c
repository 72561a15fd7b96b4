/* crypto: SHA-256 and PBKDF2 from libcrypto. */
#include "common/crypto.h"

#include <openssl/evp.h>
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
