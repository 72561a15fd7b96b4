/* vault: its entries, found, added and dropped. */
#include "applier/vault/vault.h"
#include "common/text.h"

struct vault_entry *vault_find(const struct vault *v, struct str name)
{
    for (size_t i = 0; i < v->count; i++)
        if (str_eq(v->entries[i].name, name))
            return &v->entries[i];
    return NULL;
}

struct vault_entry *vault_add(struct vault *v, struct str name)
{
    v->entries = arena_grow(v->arena, v->entries, v->count, &v->room, sizeof *v->entries);
    struct vault_entry *e = &v->entries[v->count++];
    *e = (struct vault_entry){
        .name = arena_copy(v->arena, name), .limits = LIMITS_NONE, .usage = USAGE_NONE};
    return e;
}

void vault_drop(struct vault *v, struct vault_entry *e)
{
    size_t behind = (size_t)(v->entries + v->count - (e + 1));
    memmove(e, e + 1, behind * sizeof *e);
    v->count--;
}

struct vault_tombstone *vault_bury(struct vault *v, struct str name, struct str id, int64_t when)
{
    v->tombstones = arena_grow(v->arena, v->tombstones, v->tombstone_count, &v->tombstone_room,
                               sizeof *v->tombstones);
    struct vault_tombstone *t = &v->tombstones[v->tombstone_count++];
    *t = (struct vault_tombstone){
        .name = arena_copy(v->arena, name), .id = arena_copy(v->arena, id), .removed = when};
    return t;
}

void vault_exhume(struct vault *v, struct vault_tombstone *t)
{
    size_t behind = (size_t)(v->tombstones + v->tombstone_count - (t + 1));
    memmove(t, t + 1, behind * sizeof *t);
    v->tombstone_count--;
}

struct vault_key_version *vault_current_key(const struct vault *v)
{
    for (size_t i = 0; i < v->key_count; i++)
        if (str_eq(v->keys[i].id, v->current_key))
            return &v->keys[i];
    return NULL;
}

bool vault_id_is(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!ascii_alpha(id.at[i]) && !ascii_digit(id.at[i]) && id.at[i] != '-' && id.at[i] != '_')
            return false;
    return id.len > 0 && id.len <= VAULT_ID_MAX;
}

bool vault_name_check(struct str name, struct err *err)
{
    if (str_eq(name, STR(VAULT_MANAGEMENT_KEY))) {
        err_set(err, ERR_USAGE, 1005, "%s is the management key's own entry", VAULT_MANAGEMENT_KEY);
        err_hint(err, "it is set by lean_vault init");
        return false;
    }
    bool fits = name.len > 0 && name.len <= VAULT_NAME_MAX && text_is_utf8(name);
    for (size_t i = 0; fits && i < name.len;) {
        uint32_t point;
        i += text_utf8(name, i, &point);
        fits = point > ' ' && !text_is_unsafe(point);
    }
    if (fits)
        return true;
    err_set(err, ERR_USAGE, 1005, "a key's name has 1 to %d bytes, no blanks and nothing invisible",
            VAULT_NAME_MAX);
    return false;
}
