/*
 * text: names from outside made safe to show, JSON strings, and "did you mean".
 *
 * Every name that comes from a dump or a file is printed through text_visible (S5): control and
 * bidirectional characters and invalid UTF-8 become \xNN or \u{NNNN}, so that a table name cannot
 * move the cursor or turn a line around.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include "common/buf.h"

/*
 * Length of the UTF-8 character at s[at], which must exist, and its code point; 0 for bytes that
 * are none (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
 */
size_t text_utf8(struct str s, size_t at, uint32_t *point);
/* The other way: the character of a code point, and its length. */
enum { TEXT_UTF8_MOST = 4 };
size_t text_utf8_put(uint32_t point, unsigned char into[TEXT_UTF8_MOST]);
/* The same, added. */
void text_point(struct buf *b, uint32_t point);
/* Control characters and those that reorder or hide text: never shown as they are. */
bool text_is_unsafe(uint32_t point);

void text_visible(struct buf *b, struct str s);
/* Whole and valid UTF-8 (RFC 3629); a NUL is valid. */
bool text_is_utf8(struct str s);
/* The same as a NUL-terminated string of the arena. */
const char *text_shown(struct arena *a, struct str s);
/* A JSON string with its quotes; invalid UTF-8 becomes U+FFFD, bidirectional characters \uNNNN. */
void text_json(struct buf *b, struct str s);
/* One CSV field, quoted where RFC 4180 needs it. */
void text_csv(struct buf *b, struct str s);
/* "12 345 678" with thin grouping for people: 12,345,678. */
const char *text_count(uint64_t n, char into[32]);
/* "s" for every number but 1. */
static inline const char *text_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}
/* "930.2 MB", powers of 1000. */
const char *text_bytes(uint64_t n, char into[32]);

/* The name without the underscores it begins with: Python's otp_secret is the column _otp_secret.
 */
struct str text_property(struct str name);
/*
 * Up to `most` of the candidates that a person who typed `wanted` may have meant, best first; equal
 * but for case first, then by edit distance. Gives back how many.
 */
size_t text_nearest(struct str wanted, const struct str *candidates, size_t count, struct str *best,
                    size_t most);

#endif
