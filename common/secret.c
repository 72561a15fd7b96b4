/* secret: derive, fingerprint, wipe. */
#define _GNU_SOURCE
#include "common/secret.h"
#include "common/crypto.h"

void secret_wipe(void *at, size_t n)
{
    if (n)
        explicit_bzero(at, n);
}

bool secret_derive(struct secret *s, struct str password, struct str salt, unsigned iterations,
                   struct err *err)
{
    return crypto_pbkdf2(password, salt, iterations, s->derived, sizeof s->derived, err);
}

bool secret_fingerprint(const struct secret *s, struct fingerprint *fp, struct err *err)
{
    static const char domain[] = "keyretire-fp-v1";
    unsigned char joined[sizeof domain - 1 + SECRET_DERIVED];
    memcpy(joined, domain, sizeof domain - 1);
    memcpy(joined + sizeof domain - 1, s->derived, SECRET_DERIVED);
    struct sha256 digest;
    bool done = crypto_sha256(str_make(joined, sizeof joined), &digest, err);
    secret_wipe(joined, sizeof joined);
    if (!done)
        return false;
    char hex[SHA256_HEX + 1];
    sha256_hex(&digest, hex);
    memcpy(fp->hex, hex, FINGERPRINT_HEX);
    fp->hex[FINGERPRINT_HEX] = 0;
    return true;
}
