/*
 * template: home-grown stored forms, from a text like text:enc_{id}$.
 *
 * Behind "text:" stands how a value begins, with {id} where the key's id is: `prefix{id}separator`.
 * The id is what stands between them, of the bytes that versions are of (value.h); what follows the
 * separator is the ciphertext, to the end of the cell.
 *
 *     const struct envelope *e;
 *     if (template_make(&arena, STR("text:enc_{id}$"), &e, err)) e->classify(e, &reading, cell,
 * &v);
 *
 * With a prefix of at least TEMPLATE_PREFIX_LEAST bytes it has a constant and is found anywhere;
 * with a shorter one only in a column that declares it.
 * Ownership: the envelope and copies of the texts live in the arena.
 * Errors: 460 not of that form; 461 the id could not be told from what follows it.
 * Limits: TEMPLATE_MOST bytes.
 */
#ifndef FORMATS_ENVELOPE_TEMPLATE_H
#define FORMATS_ENVELOPE_TEMPLATE_H

#include "formats/envelope/envelope.h"

enum { TEMPLATE_PREFIX_LEAST = 4, TEMPLATE_MOST = 64 };

struct envelope_template {
    struct str prefix, separator;
};

bool template_make(struct arena *arena, struct str text, const struct envelope **made,
                   struct err *err);

#endif
