/* key_names: a sorted list with a hash table beside it. */
#include "formats/envelope/key_names.h"
#include "common/hash.h"
#include "common/text.h"

#include <stdlib.h>

/* Sparse: a look-up then nearly always ends at its first slot. */
enum { SLOTS_LEAST = 64, SLOTS_A_NAME = 8 };
enum { SHOWN_MAX = 40 }; /* bytes of a refused name that the error shows */

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static uint64_t word_of(struct str name)
{
    uint64_t word = 0;
    for (size_t i = 0; i < name.len && i < sizeof word; i++)
        word |= (uint64_t)name.at[i] << 8 * i;
    return word;
}

/* Names are short: eight bytes and the length are nearly all there is to mix. */
static size_t mix(uint64_t word, size_t len)
{
    return (size_t)((word ^ (uint64_t)len << 56) * 0x9e3779b97f4a7c15u >> 32);
}

static size_t slot_of(const struct key_names *known, struct str name, uint64_t word)
{
    size_t mixed = mix(word, name.len);
    if (name.len > sizeof word)
        mixed ^= (size_t)hash_xxh3_64(name, 0);
    return mixed & known->mask;
}

/* Of a name of `len` bytes, 1 to 8, in a word: the first byte lowest, zeros behind. */
static size_t find_word(const struct key_names *known, uint64_t word, size_t len)
{
    if (known->count == 0)
        return 0;
    for (size_t slot = mix(word, len) & known->mask;; slot = (slot + 1) & known->mask) {
        uint32_t entry = known->slots[slot];
        if (entry == 0)
            return known->count;
        if (known->words[entry - 1] == word && known->names[entry - 1].len == len)
            return entry - 1;
    }
}

size_t key_names_find(const struct key_names *known, struct str name)
{
    if (known->count == 0 || name.len == 0)
        return known->count;
    uint64_t word = word_of(name);
    if (name.len <= sizeof word)
        return find_word(known, word, name.len);
    for (size_t slot = slot_of(known, name, word);; slot = (slot + 1) & known->mask) {
        uint32_t entry = known->slots[slot];
        if (entry == 0)
            return known->count;
        if (str_eq(known->names[entry - 1], name))
            return entry - 1;
    }
}

static bool names_are_legal(struct arena *arena, const struct str *names, size_t count,
                            struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].len >= 1 && names[i].len <= KEY_NAME_MAX)
            continue;
        err_set(err, ERR_REFUSED, 330, "a version name of %zu bytes: \"%s\"", names[i].len,
                text_shown(arena, str_slice(names[i], 0, SHOWN_MAX)));
        return false;
    }
    if (count < UINT32_MAX / 16)
        return true;
    err_set(err, ERR_REFUSED, 330, "%zu version names", count);
    return false;
}

bool key_names_make(struct arena *arena, const struct str *names, size_t count,
                    struct key_names *into, struct err *err)
{
    if (!names_are_legal(arena, names, count, err))
        return false;
    *into = (struct key_names){.names = ARENA_ARRAY(arena, count, struct str)};
    for (size_t i = 0; i < count; i++)
        into->names[i] = arena_lower(arena, names[i]);
    if (count)
        qsort(into->names, count, sizeof *into->names, by_name);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !str_eq(into->names[i], into->names[into->count - 1]))
            into->names[into->count++] = into->names[i];

    size_t room = SLOTS_LEAST;
    while (room < SLOTS_A_NAME * into->count)
        room *= 2;
    into->mask = room - 1;
    into->words = ARENA_ARRAY(arena, into->count, uint64_t);
    into->slots = ARENA_ARRAY(arena, room, uint32_t);
    for (size_t i = 0; i < into->count; i++) {
        into->words[i] = word_of(into->names[i]);
        size_t slot = slot_of(into, into->names[i], into->words[i]);
        while (into->slots[slot])
            slot = (slot + 1) & into->mask;
        into->slots[slot] = (uint32_t)i + 1;
    }
    return true;
}
