/*
 * fernet_cells: values as the application writes them, made without the code under test.
 *
 * Random bytes in place of iv, ciphertext and MAC; only the structure counts before verification.
 */
#ifndef TESTS_UNIT_FERNET_CELLS_H
#define TESTS_UNIT_FERNET_CELLS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CELL_MAX = 4096 };

static inline uint64_t cell_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Base64url with padding, NUL-terminated; gives back its length. */
static inline size_t cell_base64(const unsigned char *from, size_t n, char *into)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t out = 0;
    for (size_t i = 0; i < n; i += 3) {
        unsigned long group = (unsigned long)from[i] << 16;
        if (i + 1 < n)
            group |= (unsigned long)from[i + 1] << 8;
        if (i + 2 < n)
            group |= from[i + 2];
        into[out++] = digits[group >> 18 & 63];
        into[out++] = digits[group >> 12 & 63];
        into[out++] = i + 1 < n ? digits[group >> 6 & 63] : '=';
        into[out++] = i + 2 < n ? digits[group & 63] : '=';
    }
    into[out] = 0;
    return out;
}

/* prefix + the token of `blocks` cipher blocks written at `time`. */
static inline const char *cell_value(char into[CELL_MAX], const char *prefix, unsigned blocks,
                                     uint64_t time, uint64_t seed)
{
    unsigned char raw[1024];
    char token[CELL_MAX];
    size_t n = 57 + 16 * (size_t)blocks;
    uint64_t state = seed * 2 + 1;
    for (size_t i = 0; i < n; i++)
        raw[i] = (unsigned char)(cell_random(&state) >> 32);
    raw[0] = 0x80;
    for (size_t i = 0; i < 8; i++)
        raw[1 + i] = (unsigned char)(time >> (56 - 8 * i));
    size_t len = cell_base64(raw, n, token);
    size_t at = strlen(prefix);
    memcpy(into, prefix, at);
    (void)cell_base64((const unsigned char *)token, len, into + at);
    return into;
}

#endif
