/*
 * Any bytes as a file with keys in a row: the first byte chooses the kind. Where they are a
 * keyring, each key that is not active can leave, what is left has all others in their order, and
 * a key that left comes back to what was.
 */
#include "formats/keyring/key_list.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_slots(const struct keyring *kr)
{
    for (size_t i = 0; i < kr->slot_count; i++) {
        const struct key_slot *slot = &kr->slots[i];
        must(slot->text.len && slot->line >= slot->entry->line);
        must(slot->entry->value_raw.start <= slot->raw.start &&
             slot->raw.end <= slot->entry->value_raw.end);
        must(str_eq(slot->text, str_slice(kr->content, slot->raw.start, slot->raw.end)));
        must(slot->name.len == 0 || keyring_find(kr, slot->name));
    }
}

static void check_key(struct arena *a, const struct keyring *kr, size_t which)
{
    struct str name = kr->versions[which].name;
    struct keyring again;
    struct keyring_edit out, back;
    struct err why = {0};
    bool done = keyring_remove(a, kr, &name, 1, &out, &why);
    must(done == !err_is(&why) && (!done || which != kr->active));
    must(done || why.kind == ERR_REFUSED);
    if (!done)
        return;
    must(keyring_load(a, kr->syntax, "fuzz", out.after, &again, &why));
    must(!keyring_find(&again, name) && again.version_count == kr->version_count - 1);
    must(str_eq(again.versions[again.active].name, kr->versions[kr->active].name));
    check_slots(&again);
    must(keyring_insert(a, &again, kr->content, &name, 1, &back, &why));
    must(keyring_load(a, kr->syntax, "fuzz", back.after, &again, &why));
    must(again.version_count == kr->version_count);
    must(str_eq(keyring_find(&again, name)->raw, kr->versions[which].raw));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"laravel", "prisma", "multifernet", "multifernet:A,B",
                                        "magento"};
    struct arena a = {.wipe = true};
    struct keyring kr;
    struct err err = {0};
    if (size == 0)
        return 0;
    const char *kind = kinds[data[0] % (sizeof kinds / sizeof kinds[0])];
    const struct keyring_syntax *syntax =
        key_list_syntax(&a, &keyring_dotenv, str_from(kind), &err);
    must(syntax != NULL);
    if (keyring_load(&a, syntax, "fuzz", str_make(data + 1, size - 1), &kr, &err)) {
        check_slots(&kr);
        for (size_t i = 0; i < kr.version_count && i < 8; i++)
            check_key(&a, &kr, i);
    } else {
        must((err.kind == ERR_REFUSED || err.kind == ERR_CORRUPT) && err.text[0] && err.place[0]);
    }
    arena_free(&a);
    return 0;
}
