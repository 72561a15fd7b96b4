/*
 * Any bytes as YAML, in each of its forms: where they are a keyring, each version that is not
 * active can leave or is refused, and what is left loads without it; and when it can come back, its
 * key is the one it was.
 */
#include "formats/keyring/keyring.h"
#include "formats/keyring/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_spans(struct str content, const struct bindings *all)
{
    size_t at = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct binding *b = &all->items[i];
        struct str base = binding_base(content, b);
        must(b->entry.start <= b->entry.end && b->entry.end <= base.len && b->line >= 1);
        must(b->value_raw.start <= b->value_raw.end);
        if (b->within)
            continue;
        must(at <= b->entry.start);
        at = b->entry.end;
    }
}

static void check_versions(struct arena *a, const struct keyring_syntax *syntax, struct str content)
{
    struct keyring kr, again;
    struct keyring_edit out, back;
    struct err err = {0};
    if (!keyring_load(a, syntax, "fuzz", content, &kr, &err)) {
        must(err.kind == ERR_REFUSED || err.kind == ERR_CORRUPT);
        must(err.place[0] && err.text[0]);
        return;
    }
    check_spans(content, &kr.bindings);
    for (size_t i = 0; i < kr.version_count && i < 8; i++) {
        struct str name = kr.versions[i].name;
        struct err why = {0};
        bool done = keyring_remove(a, &kr, &name, 1, &out, &why);
        must(done == !err_is(&why));
        must(!done || i != kr.active);
        must(done || why.kind == ERR_REFUSED);
        if (!done)
            continue;
        must(keyring_load(a, syntax, "fuzz", out.after, &again, &why));
        must(!keyring_find(&again, name) && again.version_count == kr.version_count - 1);
        if (keyring_insert(a, &again, content, &name, 1, &back, &why)) {
            must(keyring_load(a, syntax, "fuzz", back.after, &again, &why));
            must(again.version_count == kr.version_count);
            must(str_eq(keyring_find(&again, name)->key->value, kr.versions[i].key->value));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {.wipe = true};
    struct str content = str_make(data, size);
    check_versions(&a, keyring_yaml_form(&a, content), content);
    arena_free(&a);
    return 0;
}
