/*
 * fernet_text: every version-prefixed token in a text, told byte by byte in constant memory.
 *
 * Two readings run side by side. The whole text as one value: the name before the first ':', then
 * one token. And the text as something that holds values (JSON, arrays, prose): wherever the
 * constant appears, in plain or as hexadecimal digits, a token runs from there, and its name is the
 * run of name bytes right before a ':' right before it. fernet_text_close decides between the two:
 *
 *   whole payload valid             no ':' unversioned; name fits: hinted; else malformed; where
 *                                   there are keys (reading.proof), what their proof says instead
 *   payload begins with constant    no ':' or name fits: truncated, or malformed with alien bytes;
 *                                   name does not fit: truncated, or with alien bytes what it holds
 *   name of the keyring or v+digits malformed
 *   constants anywhere              embedded: the first of orphan, truncated, unversioned, hinted,
 *                                   mislabelled, legacy-verified, verified that one of them is
 *   else                            plaintext
 *
 * Every token found counts under its version whatever the class (fail closed).
 * Source: the application's own reader (split at the first ':'), safety.md S4 and S5.
 */
#ifndef FORMATS_ENVELOPE_FERNET_TEXT_H
#define FORMATS_ENVELOPE_FERNET_TEXT_H

#include "formats/envelope/envelope.h"
#include "formats/envelope/fernet_proof.h"
#include "formats/envelope/fernet_token.h"

enum {
    FERNET_RUN = ENVELOPE_NAME_MAX + 1, /* name bytes kept: one too many tells "too long" */
    FERNET_DIGITS = 2 * (FERNET_RUN + 1) + 2 * FERNET_CONSTANT_LEN, /* hex digits kept */
    FERNET_CONSTANT_MOST = 2 * FERNET_CONSTANT_LEN, /* bytes of the constant in any form */
    FERNET_BEFORE = 128 /* bytes before a constant that may matter to it; more than these */
};

/* Of a version name that no keyring knows: letters, digits, '_', '-' and '.'. */
static inline bool fernet_is_name_byte(unsigned char c)
{
    return base64url_value[c] < 64 || c == '.';
}

/* The last bytes of an unbroken run of one kind. */
struct fernet_run {
    size_t len; /* bytes in .bytes; saturates */
    unsigned char bytes[FERNET_RUN];
};

/* A token found, held until it is known whether it is the whole value. */
struct fernet_found {
    bool present;
    enum fernet_shape shape;
    int64_t time;
    bool named; /* a ':' stood right before it */
    struct fernet_run name;
    size_t proof; /* as of fernet_prove */
};

enum fernet_mode { FERNET_SEEKING, FERNET_IN_TOKEN, FERNET_IN_HEX };

struct fernet_text {
    const struct reading *reading;
    struct verdict *verdict; /* the caller's */
    uint64_t len;

    /* the whole text as one value */
    bool colon;
    size_t name_len; /* before the first ':'; KEY_NAME_MAX + 1: longer */
    unsigned char name[KEY_NAME_MAX];
    uint64_t payload_start;
    struct fernet_token payload;

    /* what the text holds */
    enum fernet_mode mode;
    uint64_t last8;            /* the last eight bytes */
    struct fernet_run run;     /* name bytes up to here */
    struct fernet_run before;  /* those before the last ':' */
    uint64_t after_colon;      /* offset behind the last ':' */
    struct fernet_token token; /* the one being read */
    struct fernet_found found; /* its name */
    struct fernet_found whole; /* the one at payload_start */
    uint64_t token_start;
    uint64_t nibbles;                    /* the last sixteen hex digits */
    uint64_t digit_count;                /* of the unbroken run of them */
    unsigned char digits[FERNET_DIGITS]; /* a ring of their values */
    bool half;                           /* FERNET_IN_HEX: the first digit of a byte was seen */
    unsigned char high;
    unsigned embedded; /* classes of the embedded ones: bit i stands for class i */
    bool constant;     /* one was seen anywhere */
    bool decoded;      /* the caller's: from hexadecimal, which is not looked for again */

    /* text of the token being read, for its proof; untouched where there are no keys */
    size_t held; /* bytes; more than there is room for: too long */
    unsigned char text[FERNET_PROVEN_MOST];
};

void fernet_text_open(struct fernet_text *t, const struct reading *r, struct verdict *v);
void fernet_text_feed(struct fernet_text *t, struct str bytes);
/* The verdict is complete; an empty text is CLASS_EMPTY. */
void fernet_text_close(struct fernet_text *t);

#endif
