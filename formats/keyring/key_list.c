/* key_list: from the bindings of a file to keys in a row, and their names. */
#include "formats/keyring/key_list.h"
#include "formats/keyring/keyring_parts.h"

#include <stdlib.h>

static bool refuse(const struct keyring *kr, const struct binding *b, int id, const char *text,
                   struct str variable, struct err *err)
{
    err_set(err, ERR_REFUSED, id, "%.*s: %s", STR_ARG(variable), text);
    return keyring_at(kr, b, err);
}

/* ---- the entries ---- */

/* What stands in lines that no reader can make out may be a piece of a list. */
static bool check_unread(const struct keyring *kr, const struct binding *b, struct err *err)
{
    const struct key_list *list = kr->syntax->list;
    struct str text = str_slice(kr->content, b->entry.start, b->entry.end);
    for (size_t i = 0; b->kind == BINDING_SKIPPED && i < list->variable_count; i++)
        if (str_search(text, list->variables[i]) < text.len)
            return refuse(kr, b, 512, "the application cannot read this line", list->variables[i],
                          err);
    for (size_t i = 0; b->kind == BINDING_ENTRY && i < list->variable_count; i++)
        if (b->key.len > list->variables[i].len && str_ends(b->key, list->variables[i]) &&
            b->key.at[0] == 0xEF)
            return refuse(kr, b, 514, "a byte order mark hides the first entry", list->variables[i],
                          err);
    struct str version;
    if (b->kind == BINDING_ENTRY && keyring_role(b->key, &version) == ROLE_CHECKSUM)
        return refuse(kr, b, 537, "a checksum of the whole file, beside keys in a row", b->key,
                      err);
    return true;
}

static bool is_plain(unsigned char c, const struct key_list *list)
{
    static const char marks[] = "+/=_.:-,";
    if (list->kind->naming == NAMED_BY_PLACE)
        return (c >= ' ' && c < 0x7F) || c == '\t' || c == '\r' || c == '\n';
    return ascii_alpha(c) || ascii_digit(c) || (c && strchr(marks, c)) ||
           (list->kind->allows_blanks && (c == ' ' || c == '\t'));
}

static bool check_value(const struct keyring *kr, const struct binding *b, struct err *err)
{
    struct str raw = str_slice(kr->content, b->value_raw.start, b->value_raw.end);
    if (b->from_environment)
        return refuse(kr, b, 510, "the value depends on the process environment", b->key, err);
    bool plain = b->has_value && !b->encoded && !b->within && str_eq(raw, b->value);
    for (size_t i = 0; plain && i < raw.len; i++)
        plain = is_plain(raw.at[i], kr->syntax->list);
    return plain || refuse(kr, b, 533, "the keys are not written out plainly", b->key, err);
}

/* The entry of a variable, or NULL. */
static bool find_entry(const struct keyring *kr, struct str variable, const struct binding **entry,
                       struct err *err)
{
    *entry = NULL;
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        if (b->kind != BINDING_ENTRY || !str_eq(b->key, variable))
            continue;
        if (*entry) {
            err_set(err, ERR_REFUSED, 507, "%.*s stands on line %zu already", STR_ARG(variable),
                    (*entry)->line);
            return keyring_at(kr, b, err);
        }
        *entry = b;
    }
    return !*entry || check_value(kr, *entry, err);
}

/* ---- the keys ---- */

static bool is_separator(const struct key_list *list, unsigned char c)
{
    return list->kind->naming == NAMED_BY_PLACE ? ascii_space(c) : c == ',';
}

static bool add_slot(struct arena *a, struct keyring *kr, struct key_slot slot, struct err *err)
{
    if (kr->slot_count == KEY_LIST_MAX) {
        err_set(err, ERR_CORRUPT, 500, "more than %d keys in a row", KEY_LIST_MAX);
        return keyring_at(kr, slot.entry, err);
    }
    kr->slots = arena_grow(a, kr->slots, kr->slot_count, &kr->slot_room, sizeof *kr->slots);
    kr->slots[kr->slot_count++] = slot;
    return true;
}

static size_t count_lines(struct str s, size_t from, size_t to)
{
    size_t lines = 0;
    for (; from < to; from++)
        lines += s.at[from] == '\n' || (s.at[from] == '\r' && s.at[from + 1] != '\n');
    return lines;
}

/* The texts between the separators. White space in a row is one of them, a comma is one each. */
static bool split(struct arena *a, struct keyring *kr, const struct binding *b, struct err *err)
{
    const struct key_list *list = kr->syntax->list;
    struct str s = kr->content;
    size_t place = 0;
    for (size_t at = b->value_raw.start; at <= b->value_raw.end; at++) {
        size_t from = at;
        while (at < b->value_raw.end && !is_separator(list, s.at[at]))
            at++;
        struct span raw = {from, at};
        while (list->kind->allows_blanks && raw.start < raw.end && ascii_space(s.at[raw.start]))
            raw.start++;
        while (list->kind->allows_blanks && raw.end > raw.start && ascii_space(s.at[raw.end - 1]))
            raw.end--;
        bool skipped = list->kind->allows_empty || list->kind->naming == NAMED_BY_PLACE;
        if (raw.start == raw.end && skipped)
            continue;
        struct key_slot slot = {.entry = b,
                                .text = str_slice(s, raw.start, raw.end),
                                .raw = raw,
                                .place = place++,
                                .line = b->line + count_lines(s, b->entry.start, raw.start)};
        if (!add_slot(a, kr, slot, err))
            return false;
    }
    return true;
}

static bool is_tombstone(const struct key_list *list, struct str text)
{
    struct str mark = KEY_LIST_TOMBSTONE_MARK;
    if (list->kind->naming != NAMED_BY_PLACE || text.len != KEY_LIST_TOMBSTONE ||
        !str_starts(text, mark))
        return false;
    for (size_t i = mark.len; i < text.len; i++)
        if (ascii_hex(text.at[i]) < 0)
            return false;
    return true;
}

static bool name_of(struct arena *a, const struct keyring *kr, const struct key_slot *slot,
                    const struct key_version *v, struct str *name, struct err *err)
{
    enum { NAME_DIGITS = 8 };
    struct fingerprint fp;
    struct sha256 digest;
    char hex[SHA256_HEX + 1];
    switch (kr->syntax->list->kind->naming) {
    case NAMED_BY_PLACE:
        *name = str_from(arena_printf(a, "%zu", slot->place));
        return true;
    case NAMED_BY_TEXT:
        if (!crypto_sha256(slot->text, &digest, err))
            return false;
        sha256_hex(&digest, hex);
        *name = str_from(arena_printf(a, "%.*s", NAME_DIGITS, hex));
        return true;
    case NAMED_BY_FINGERPRINT:
        break;
    }
    if (!keyring_fingerprint(v, KEYRING_ITERATIONS, &fp, err))
        return false;
    *name = str_from(arena_printf(a, "key-%.*s", NAME_DIGITS, fp.hex));
    return true;
}

/* The key as an entry of its own, which the rest of the program can ask for its value and line. */
static const struct binding *entry_of(struct arena *a, const struct key_slot *slot)
{
    struct binding *b = ARENA_NEW(a, struct binding);
    *b = *slot->entry;
    b->value = slot->text;
    b->value_raw = slot->raw;
    b->line = slot->line;
    return b;
}

static bool no_key(const struct keyring *kr, const struct key_slot *slot, struct err *err)
{
    const struct key_list_kind *kind = kr->syntax->list->kind;
    err_set(err, ERR_REFUSED, 532, "place %zu of %.*s holds no key of %s", slot->place + 1,
            STR_ARG(slot->entry->key), kind->owner);
    err_place(err, "%s, line %zu", kr->name, slot->line);
    err_hint(err, "a key is %s", kind->expected);
    return false;
}

/* A version for the key of a slot, unless it has stood in another one. */
static bool add_version(struct arena *a, struct keyring *kr, struct key_slot *slot, struct err *err)
{
    struct key_material m = {0};
    if (is_tombstone(kr->syntax->list, slot->text))
        return true;
    if (!kr->syntax->list->kind->read(a, slot->text, &m))
        return no_key(kr, slot, err);
    struct key_version v = {.raw = m.bytes, .is_typed = m.is_text, .place_count = 1};
    if (!name_of(a, kr, slot, &v, &slot->name, err))
        return false;
    v.name = slot->name;
    for (size_t i = 0; i < kr->version_count; i++) {
        if (!str_eq(kr->versions[i].name, v.name))
            continue;
        if (str_eq(kr->versions[i].raw, v.raw))
            return true;
        err_set(err, ERR_REFUSED, 534, "two keys come to one name, %.*s", STR_ARG(v.name));
        err_place(err, "%s, line %zu", kr->name, slot->line);
        return keyring_at(kr, slot->entry, err);
    }
    v.key = entry_of(a, slot);
    kr->versions =
        arena_grow(a, kr->versions, kr->version_count, &kr->version_room, sizeof *kr->versions);
    kr->versions[kr->version_count++] = v;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct key_version *)a)->name, ((const struct key_version *)b)->name);
}

/* The variable of the active key alone holds one key. */
static bool find_active(struct keyring *kr, struct err *err)
{
    const struct key_list *list = kr->syntax->list;
    bool last = list->kind->active == ACTIVE_LAST;
    const struct key_slot *active =
        kr->slot_count ? &kr->slots[last ? kr->slot_count - 1 : 0] : NULL;
    if (!active || !str_eq(active->entry->key, list->variables[0])) {
        err_set(err, ERR_CORRUPT, 531, "%.*s holds no key", STR_ARG(list->variables[0]));
        return keyring_at(kr, NULL, err);
    }
    if (active->name.len == 0 ||
        (list->variable_count > 1 && kr->slot_count > 1 && kr->slots[1].entry == active->entry))
        return no_key(kr, active, err);
    kr->active_entry = active->entry;
    qsort(kr->versions, kr->version_count, sizeof *kr->versions, by_name);
    kr->active = (size_t)(keyring_find(kr, active->name) - kr->versions);
    return true;
}

bool key_list_load(struct arena *a, struct keyring *kr, struct err *err)
{
    const struct key_list *list = kr->syntax->list;
    for (size_t i = 0; i < kr->bindings.count; i++)
        if (!check_unread(kr, &kr->bindings.items[i], err))
            return false;
    for (size_t i = 0; i < list->variable_count; i++) {
        const struct binding *entry;
        if (!find_entry(kr, list->variables[i], &entry, err))
            return false;
        if (entry && !split(a, kr, entry, err))
            return false;
        if (!entry && i == 0) {
            err_set(err, ERR_CORRUPT, 531, "the configuration file has no %.*s",
                    STR_ARG(list->variables[0]));
            return keyring_at(kr, NULL, err);
        }
    }
    for (size_t i = 0; i < kr->slot_count; i++)
        if (!add_version(a, kr, &kr->slots[i], err))
            return false;
    return find_active(kr, err);
}

size_t key_list_order(const struct keyring *kr, struct arena *a, struct str **names)
{
    size_t count = 0;
    *names = ARENA_ARRAY(a, kr->slot_count, struct str);
    if (!kr->syntax->list)
        return 0;
    bool last = kr->syntax->list->kind->active == ACTIVE_LAST;
    for (size_t i = 0; i < kr->slot_count; i++) {
        struct str name = kr->slots[last ? i : kr->slot_count - 1 - i].name;
        /* Of a key that stands twice the newer place counts: it was activated again. */
        for (size_t k = 0; k < count; k++)
            if (str_eq((*names)[k], name)) {
                memmove(*names + k, *names + k + 1, (count - k - 1) * sizeof **names);
                count--;
                break;
            }
        if (name.len)
            (*names)[count++] = arena_copy(a, name);
    }
    return count;
}

bool key_list_holds(const struct keyring *kr, size_t at, struct str version)
{
    for (size_t i = 0; i < kr->slot_count; i++)
        if (kr->slots[i].raw.start <= at && at < kr->slots[i].raw.end &&
            str_eq_nocase(kr->slots[i].name, version))
            return true;
    return false;
}
