/*
 * octets: the bytes that stand in a cell as base64, as hexadecimal, or as they are.
 *
 * One idea: an envelope looks at a few bytes at a time, wherever it likes, and nothing is decoded
 * into memory of the cell's size.
 *
 *     struct octets o;
 *     size_t len = octets_begin(text, &o);          bytes of `text` that they take
 *     if (o.len >= 5 && octets_at(&o, 0) == 1) ...
 *     octets_check(&o, 12, o.len - 16, check);      the rest into a tag check
 *
 * Base64 is the standard or the URL alphabet, padded or not; of digits that are of no legal length
 * the whole bytes count, and .exact is false. Hexadecimal is what PostgreSQL prints for bytea: \x
 * and pairs of digits.
 * Ownership: borrows the text. Threads: pure. Source: RFC 4648, sections 4 and 5.
 */
#ifndef FORMATS_ENVELOPE_OCTETS_H
#define FORMATS_ENVELOPE_OCTETS_H

#include "common/crypto.h"

enum octets_form { OCTETS_AS_THEY_ARE, OCTETS_BASE64, OCTETS_HEX };

struct octets {
    enum octets_form form;
    struct str text; /* the digits, or the bytes */
    size_t len;      /* bytes that they stand for */
    bool exact;      /* no digit is left over, and the padding is right or absent */
};

/* The base64 digits that `text` begins with; gives back how many bytes of it, padding included. */
size_t octets_base64(struct str text, struct octets *o);
/*
 * The bytea literal that `text` begins with; or all of `text` as it is, where its first byte is no
 * printable character; else its base64 digits.
 */
size_t octets_begin(struct str text, struct octets *o);
/* `text` itself. */
void octets_bytes(struct str text, struct octets *o);

/* `at` is less than o->len. */
unsigned char octets_at(const struct octets *o, size_t at);
/* The bytes [from, from + n), fewer behind the end; gives back how many. */
size_t octets_copy(const struct octets *o, size_t from, unsigned char *into, size_t n);
/* Do they begin so at `from`? */
bool octets_match(const struct octets *o, size_t from, struct str wanted);
/* The bytes [from, to) into a tag check. */
void octets_check(const struct octets *o, size_t from, size_t to, struct tag_check *check);

/* AES-GCM: where in which bytes its three parts stand. */
struct octets_part {
    const struct octets *of;
    size_t from, to;
};
struct octets_sealed {
    struct octets_part nonce, ciphertext, tag;
};
enum { OCTETS_GCM_NONCE = 12, OCTETS_GCM_TAG = 16, OCTETS_NONCE_MOST = 64 };

/* Was it sealed with this key? No plaintext is kept (tag_check_gcm). */
bool octets_opens(const struct octets_sealed *s, struct str key, struct str associated);
/* nonce[12], ciphertext, tag[16] in one run of bytes, which has at least 28. */
struct octets_sealed octets_sealed_in(const struct octets *o);

/* The byte of two hexadecimal digits; other digits count as 0 (who asks has looked). */
unsigned char octets_pair(unsigned char high, unsigned char low);
/* The value of a digit of either base64 alphabet, or more than 63. */
unsigned octets_digit(unsigned char c);

#endif
