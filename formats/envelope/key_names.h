/*
 * key_names: the version names of a keyring, made ready for one look-up per value.
 *
 *     struct key_names known;
 *     if (!key_names_make(&run, names, count, &known, err)) ...
 *     size_t i = key_names_find(&known, name);          i == known.count: not one of them
 *
 * Names are lower-cased here, and looked up lower-cased: the application compares them so. The
 * order is that of str_cmp, so an index means the same in every thread and run.
 * Ownership: names and table live in the arena. Threads: read only once made.
 * Limits: KEY_NAME_MAX bytes a name; longer or empty ones are ERR_REFUSED 330.
 */
#ifndef FORMATS_ENVELOPE_KEY_NAMES_H
#define FORMATS_ENVELOPE_KEY_NAMES_H

#include "common/arena.h"
#include "common/err.h"

enum { KEY_NAME_MAX = 255 };

struct key_names {
    struct str *names; /* sorted, distinct, lower-cased */
    size_t count;
    uint64_t *words; /* of each, its first eight bytes, zeros behind a shorter one */
    uint32_t *slots; /* open addressing: index + 1, 0 free */
    size_t mask;     /* of slots; their number less one */
};

/* An empty list is good: then no name is known. */
bool key_names_make(struct arena *arena, const struct str *names, size_t count,
                    struct key_names *into, struct err *err);
/* `name` lower-cased. Gives back known->count when it is none of them. */
size_t key_names_find(const struct key_names *known, struct str name);

#endif
