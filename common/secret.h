/*
 * secret: key material in memory.
 *
 * Bytes of a configuration file live in an arena with .wipe set (locked pages, in no core dump);
 * what is derived from them lives in a struct secret and is wiped by secret_free. There is
 * deliberately no way to print either: a secret is shown only by its fingerprint (S11), a value
 * only as its length (S15).
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include "common/err.h"

enum { SECRET_DERIVED = 32, FINGERPRINT_HEX = 16 };

/* The key that a version derives to: 16 bytes for the MAC, 16 for the cipher. */
struct secret {
    unsigned char derived[SECRET_DERIVED];
};

/* First 16 hex digits of SHA-256("keyretire-fp-v1" + derived), NUL-terminated. */
struct fingerprint {
    char hex[FINGERPRINT_HEX + 1];
};

/* Overwrites memory in a way the compiler keeps. */
void secret_wipe(void *at, size_t n);
static inline void secret_free(struct secret *s)
{
    secret_wipe(s, sizeof *s);
}

/* PBKDF2-HMAC-SHA256 of the configuration's password text with the decoded salt. */
bool secret_derive(struct secret *s, struct str password, struct str salt, unsigned iterations,
                   struct err *err);
/* The same for many keys, side by side on the machine's processors. Every into is set, or err. */
struct secret_wanted {
    struct str password, salt;
    struct secret *into;
};
bool secret_derive_all(const struct secret_wanted *wanted, size_t count, unsigned iterations,
                       struct err *err);
bool secret_fingerprint(const struct secret *s, struct fingerprint *fp, struct err *err);

#endif
