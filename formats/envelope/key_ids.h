/*
 * key_ids: which keys of the keyring an id in a stored value may mean.
 *
 * Some envelopes name a key by a short id that is made from it (Rails: 16 bits; @47ng/cloak: 32).
 * Then the id is not the name that the keyring has for the key, and two keys may share one: a value
 * with that id counts for both, and both are in use.
 *
 *     struct key_id list[] = {{STR("6c2c"), 0}, {STR("b7e4"), 1}};     indices of struct key_names
 *     struct key_ids ids;
 *     key_ids_make(list, 2, &ids);
 *     struct reading r = {.known = &known, .ids = &ids, ...};
 *
 * Ownership: sorts and keeps the list, whose texts are lower-case and borrowed. Threads: read only
 * once made.
 */
#ifndef FORMATS_ENVELOPE_KEY_IDS_H
#define FORMATS_ENVELOPE_KEY_IDS_H

#include "common/str.h"

struct key_id {
    struct str id;
    size_t known; /* index of the key's name */
};

struct key_ids {
    const struct key_id *list; /* by id, then by index */
    size_t count;
};

void key_ids_make(struct key_id *list, size_t count, struct key_ids *into);
/* The first entry with this id, in any case; ->count when no key has it. Others follow it. */
size_t key_ids_first(const struct key_ids *ids, struct str id);

#endif
