/*
 * value: one stored value of an envelope, and the verdict on a cell made of such values.
 *
 * What most recognisers share: each knows only how to read the value that some bytes begin with,
 * and value_classify makes the classes of safety.md S4 of it:
 *
 *   the whole cell is one value       names its key: hinted; else unversioned
 *   it begins as one, cut at its end  truncated
 *   it begins as one, else broken     malformed
 *   values inside a larger cell       embedded: truncated before unversioned before hinted
 *   else                              plaintext
 *
 * Inside a larger cell a value is looked for wherever one of the envelope's constants stands; an
 * envelope without constants is recognised as a whole cell or not at all. Every id found counts,
 * whatever the class (fail closed).
 *
 *     static void read_value(const struct envelope *e, struct str text, struct envelope_value
 * *value)
 *     {
 *         ...value->shape, ->len...
 *         value_name(value, id);
 *     }
 *     const struct envelope envelope_x = {.sniff = value_sniff, .classify = value_classify,
 *                                         .read = read_value, ...};
 *
 * Secrets: a value holds an id and a time, nothing else of the cell (S5). Threads: pure.
 */
#ifndef FORMATS_ENVELOPE_VALUE_H
#define FORMATS_ENVELOPE_VALUE_H

#include "formats/envelope/envelope.h"

enum value_shape {
    VALUE_NONE,  /* the bytes do not begin as one */
    VALUE_WHOLE, /* all of one, .len bytes */
    VALUE_CUT,   /* begins as one; .len bytes of it are there and more are missing */
    VALUE_BROKEN /* begins as one, and goes on as none can */
};

struct envelope_value {
    enum value_shape shape;
    size_t len;  /* of the text that was read; at least 1 unless VALUE_NONE */
    bool closed; /* ends by itself: no other value begins in its bytes */
    bool named;  /* names its key */
    bool alien;  /* by a name that no version can have: counted as (other) */
    unsigned char name_len;
    unsigned char name[ENVELOPE_NAME_MAX];
    int64_t time; /* UTC_NONE: not readable */
};

/* A value of no shape yet. */
void value_open(struct envelope_value *value);
/* Letters, digits, '_', '-', '.', ENVELOPE_NAME_MAX at most; anything else is alien (S5). */
void value_name(struct envelope_value *value, struct str name);

bool value_sniff(const struct envelope *e, struct str cell);
void value_classify(const struct envelope *e, const struct reading *r, struct str cell,
                    struct verdict *v);

/*
 * The shape of a value that takes `len` bytes of the text: whole; or, when it is not, cut where it
 * reaches the end of the text, and broken where it does not.
 */
void value_shape(struct envelope_value *value, bool whole, size_t len, struct str text);
/* Does the cell read as one whole value? What a proof asks first. */
bool value_is_whole(const struct envelope *e, struct str cell);

#endif
