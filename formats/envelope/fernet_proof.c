/* fernet_proof: base64url of base64url, then the MAC. */
#include "formats/envelope/fernet_proof.h"
#include "formats/envelope/fernet_token.h"

enum { SHORT_TOKEN = 1024 }; /* bytes of text; nearly every value is shorter */

static void put_be32(unsigned char *at, uint32_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    n = __builtin_bswap32(n);
#endif
    memcpy(at, &n, sizeof n);
}

/* The digits of `text`, up to a padding, into bytes; `into` may be where they stand. */
static size_t decode(const unsigned char *text, size_t n, unsigned char *into)
{
    unsigned char *to = into;
    while (n > 0 && text[n - 1] == '=')
        n--;
    const unsigned char *whole = text + n / 4 * 4;
    for (; text < whole; text += 4, to += 3) {
        uint32_t group =
            (uint32_t)base64url_value[text[0]] << 26 | (uint32_t)base64url_value[text[1]] << 20 |
            (uint32_t)base64url_value[text[2]] << 14 | (uint32_t)base64url_value[text[3]] << 8;
        put_be32(to, group); /* one byte more than there is, in the room of the digits */
    }
    if (n % 4 < 2)
        return (size_t)(to - into);
    *to++ = (unsigned char)(base64url_value[text[0]] << 2 | base64url_value[text[1]] >> 4);
    if (n % 4 == 3)
        *to++ = (unsigned char)(base64url_value[text[1]] << 4 | base64url_value[text[2]] >> 2);
    return (size_t)(to - into);
}

/* `raw` has room for the inner text. */
static size_t prove(const struct proof_keys *proof, size_t hint, struct str token,
                    unsigned char *raw)
{
    size_t n = decode(raw, decode(token.at, token.len, raw), raw);
    if (n < FERNET_RAW_LEAST)
        return PROOF_UNTRIED;
    size_t signed_bytes = n - SHA256_BYTES;
    return proof_hmac(proof, hint, str_make(raw, signed_bytes), raw + signed_bytes);
}

/* Apart, so that no short token pays for this much of a stack. */
static __attribute__((noinline)) size_t prove_long(const struct proof_keys *proof, size_t hint,
                                                   struct str token)
{
    unsigned char raw[FERNET_PROVEN_MOST / 4 * 3 + 4];
    return prove(proof, hint, token, raw);
}

size_t fernet_prove(const struct proof_keys *proof, size_t hint, struct str token)
{
    unsigned char raw[SHORT_TOKEN / 4 * 3 + 4];
    if (token.len > FERNET_PROVEN_MOST)
        return PROOF_UNTRIED;
    return token.len > SHORT_TOKEN ? prove_long(proof, hint, token)
                                   : prove(proof, hint, token, raw);
}
