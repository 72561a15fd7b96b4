/* key_version: 32 bytes of chance, and the UUID and time under which the vault knows them. */
#include "applier/vault/key_version.h"
#include "common/buf.h"
#include "common/sys.h"

static bool chance(void *into, size_t n, struct err *err)
{
    if (sys->random(into, n) == 0)
        return true;
    err_set(err, ERR_SYSTEM, 767, "the system gave no random bytes");
    return false;
}

bool new_master_key(struct master_key *key, struct err *err)
{
    return chance(key->bytes, sizeof key->bytes, err);
}

static bool new_uuid(struct vault *v, struct str *uuid, struct err *err)
{
    enum { BYTES = 16 };
    unsigned char r[BYTES];
    struct buf b = {.arena = v->arena};
    if (!chance(r, sizeof r, err))
        return false;
    r[6] = (unsigned char)((r[6] & 0x0F) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < BYTES; i++)
        buf_printf(&b, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", r[i]);
    *uuid = buf_str(&b);
    return true;
}

bool add_key_version(struct vault *v, const struct master_key *key, struct err *err)
{
    char utc[UTC_TEXT];
    struct str uuid;
    if (!new_uuid(v, &uuid, err))
        return false;
    v->keys = arena_grow(v->arena, v->keys, v->key_count, &v->key_room, sizeof *v->keys);
    v->keys[v->key_count++] = (struct vault_key_version){
        .id = uuid,
        .inner_id = uuid,
        .key = *key,
        .created = arena_copy(v->arena, str_from(utc_text(sys->now(), utc)))};
    v->current_key = uuid;
    return true;
}
