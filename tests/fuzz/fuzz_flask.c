/*
 * Any bytes as a Flask configuration: bindings are in order and apart, and where the bytes are a
 * keyring, each version that is not active can leave, what is left is the old bytes without some of
 * them and reads the same; and when it can come back, it reads as it did.
 */
#include "formats/keyring/keyring.h"

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
        must(at <= b->entry.start && b->entry.start <= b->entry.end &&
             b->entry.end <= content.len && b->line >= 1);
        must(b->entry.start < b->entry.end || b->member != MEMBER_NOT);
        if (b->kind == BINDING_ENTRY)
            must(b->has_value && b->key.len);
        if (b->member != MEMBER_NOT && b->entry.start < b->entry.end)
            must(b->entry.start < b->body_end && b->body_end <= b->entry.end);
        for (; at < b->entry.start; at++)
            must(content.at[at] <= ' ' || content.at[at] == ',');
        at = b->entry.end;
    }
}

/* Whether `less` can be had by striking bytes out of `more`. */
static bool is_less(struct str less, struct str more)
{
    size_t at = 0;
    for (size_t i = 0; i < more.len && at < less.len; i++)
        at += more.at[i] == less.at[at];
    return at == less.len;
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
        must(is_less(out.after, content));
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
    check_versions(
        &a, str_starts(str_trim(content), STR("{")) ? &keyring_flask_json : &keyring_flask_py,
        content);
    arena_free(&a);
    return 0;
}
