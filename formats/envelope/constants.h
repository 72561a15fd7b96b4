/*
 * constants: what the stored forms of the envelopes hold, in every form in which data may hold it.
 *
 * Most envelopes begin with bytes that are always the same. Whoever looks for these finds every
 * value, wherever in a cell it stands: as it is, with its quotes escaped as JSON or CSV write them,
 * as hexadecimal digits of either case, or within base64, where a text has three looks. Finding one
 * proves nothing: it is the envelope's classify that judges the cell (cell.h).
 *
 *     struct constants c;
 *     if (!constants_make(&run, list, count, &c, err)) ...                 once a run
 *     for (size_t at = 0; (at = at + simd->find_needle(rest of s, &c.needles)) < s.len; at++)
 *         for (size_t k = 0; (k = constants_at(&c, rest of s, k)) < c.count; k++)
 *             ...c.forms[k] begins at s.at[at]...
 *
 * Constants of bytes that no text holds are not among the needles as they are, but their forms in
 * hexadecimal and base64 are; constants_raw_at finds them where data is no text.
 *
 * Ownership: all in the arena; borrows the envelopes. Threads: read only once made.
 * Limits: CONSTANT_MAX bytes a constant, CONSTANT_ENVELOPES envelopes: ERR_REFUSED 441.
 */
#ifndef FORMATS_ENVELOPE_CONSTANTS_H
#define FORMATS_ENVELOPE_CONSTANTS_H

#include "formats/envelope/envelope.h"

enum {
    CONSTANT_MAX = 64,      /* bytes of a constant */
    CONSTANT_ENVELOPES = 32 /* those of a run: bits of a word */
};

enum constant_wrap { CONSTANT_PLAIN, CONSTANT_HEX, CONSTANT_BASE64 };

struct constant_form {
    struct str bytes;    /* hexadecimal: lower case, found in either */
    size_t envelope;     /* index in the list */
    unsigned char wrap;  /* enum constant_wrap */
    unsigned char digit; /* CONSTANT_BASE64: digits of a group of four before the first: 0, 2, 3 */
};

struct constants {
    const struct envelope *const *envelopes;
    size_t envelope_count;
    struct simd_needles needles;
    struct constant_form *forms; /* sorted; those of texts first, then raw ones */
    size_t count;                /* of the former */
    size_t raw_count;            /* and the latter */
    size_t first[257];           /* by first byte: where its forms begin; [256] is .count */
};

bool constants_make(struct arena *arena, const struct envelope *const *list, size_t count,
                    struct constants *into, struct err *err);
/* Index of the first form from `from` on that `rest`, not empty, begins with; c->count: none. */
size_t constants_at(const struct constants *c, struct str rest, size_t from);
/* Does `rest`, not empty, begin with any? */
static inline bool constants_begin(const struct constants *c, struct str rest)
{
    return constants_at(c, rest, 0) < c->count;
}

/* A text that is to be told apart from others by its first bytes (constant_groups.c). */
struct needle_sets {
    uint16_t low[SIMD_NEEDLE]; /* by nibble, a bit each */
    uint8_t high[SIMD_NEEDLE];
};
/* Fills the needles so that few other bytes are taken for one of them. Uses up `sets`. */
void constant_groups(struct arena *scratch, struct needle_sets *sets, size_t count,
                     struct simd_needles *into);

#endif
