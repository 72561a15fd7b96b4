/*
 * base64: the standard alphabet, strictly, for values that stand in base64 and go back into it.
 *
 *     if (base64_decode(arena, raw, &text)) ...
 *     struct str raw = base64_encode(arena, text);
 *
 * Ownership: results are in the arena. Errors: none; false for what is not canonical: other bytes,
 * padding that is missing or too much, bits behind the last byte.
 * Source: RFC 4648, section 4.
 */
#ifndef FORMATS_KEYRING_BASE64_H
#define FORMATS_KEYRING_BASE64_H

#include "common/arena.h"

bool base64_decode(struct arena *a, struct str raw, struct str *text);
struct str base64_encode(struct arena *a, struct str text);

#endif
