/*
 * fernet_token: is this base64url of a Fernet token, told byte by byte.
 *
 *     struct fernet_token t;
 *     fernet_token_open(&t);
 *     fernet_token_feed(&t, byte) ...
 *     enum fernet_shape shape = fernet_token_close(&t, &time);
 *
 * The whole structure is checked, both alphabets and both paddings, in constant memory for any
 * length. Like the original's decoder it does not look at the unused bits before a padding.
 * Layout: formats of the application, raw = 0x80 | u64be seconds | iv[16] | 16n | hmac[32], n >= 1;
 * https://github.com/fernet/spec/blob/master/Spec.md
 */
#ifndef FORMATS_ENVELOPE_FERNET_TOKEN_H
#define FORMATS_ENVELOPE_FERNET_TOKEN_H

#include "common/simd.h"
#include "common/utc.h"

/* What every token of this age starts with: base64url of base64url of 0x80, 0, 0, 0 ... */
#define FERNET_CONSTANT     "Z0FBQUFB"
#define FERNET_CONSTANT_HEX "5a30464251554642"

enum {
    FERNET_CONSTANT_LEN = 8,
    FERNET_RAW_LEAST = 57, /* and 16 for each block */
    FERNET_RAW_BLOCK = 16,
    FERNET_OUTER_HEAD = 16, /* outer digits that hold the inner head */
    FERNET_INNER_HEAD = 12, /* inner digits that hold 0x80 and the time */
    FERNET_HEAD = 9,
    FERNET_OUTER_LEAST = 136
};

enum fernet_shape {
    FERNET_VALID,
    FERNET_CUT,  /* the right bytes, but of no legal length or padding */
    FERNET_ALIEN /* holds a byte that no token has, or does not begin as one */
};

struct fernet_token {
    uint64_t outer; /* digits seen */
    uint64_t inner; /* inner digits seen */
    uint32_t group; /* the digits of the unfinished outer group */
    unsigned outer_pad, inner_pad;
    bool alien;
    unsigned char head[FERNET_INNER_HEAD];
};

static inline void fernet_token_open(struct fernet_token *t)
{
    *t = (struct fernet_token){0};
}
void fernet_token_feed(struct fernet_token *t, unsigned char byte);
/* Ends it; *time is UTC_NONE when too little of it could be read. */
enum fernet_shape fernet_token_close(struct fernet_token *t, int64_t *time);

/* Length of the valid token that `s` begins with, fast; 0: none. *time is set then. */
size_t fernet_token_length(const struct simd_ops *simd, struct str s, int64_t *time);

#endif
