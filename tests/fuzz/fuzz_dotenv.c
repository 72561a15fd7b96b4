/*
 * Any bytes as a configuration file: spans are in order and apart, what is between them is blank,
 * the patches leave every other byte; and where the bytes are a keyring, each version that is not
 * active can leave and come back, and what is left reads the same.
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
    size_t line = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct binding *b = &all->items[i];
        must(at <= b->entry.start && b->entry.start < b->entry.end && b->entry.end <= content.len);
        must(b->line > line && b->lines >= 1);
        must(b->entry.start == 0 || content.at[b->entry.start - 1] == '\n' ||
             content.at[b->entry.start - 1] == '\r');
        if (b->has_value)
            must(b->entry.start < b->value_raw.start && b->value_raw.start <= b->value_raw.end &&
                 b->value_raw.end <= b->entry.end);
        for (; at < b->entry.start; at++) /* white space in UTF-8 is these, or above 0x7F */
            must(content.at[at] <= ' ' || content.at[at] >= 0x80);
        at = b->entry.end;
        line = b->line + b->lines - 1;
    }
}

/* When any one binding has gone, the others are the same, but for what referred to it. */
static void check_drop(struct arena *a, struct str content, const struct bindings *all, size_t at)
{
    struct patches patches = {0};
    struct bindings left = {0};
    struct err err = {0};
    struct change drop = {.kind = CHANGE_DROP, .at = at};
    must(bindings_edit(a, content, all, &drop, 1, &patches, &err));
    struct str after = patches_apply(a, content, &patches);
    must(after.len == content.len - (all->items[at].entry.end - all->items[at].entry.start));
    if (!dotenv_parse(a, after, &left, &err))
        return; /* references that now grow over the limit */
    check_spans(after, &left);
    must(left.count == all->count - 1);
    for (size_t i = 0; i < left.count; i++) {
        const struct binding *b = &all->items[i < at ? i : i + 1];
        must(left.items[i].kind == b->kind && str_eq(left.items[i].key, b->key));
    }
}

static void check_versions(struct arena *a, const struct keyring_syntax *syntax, struct str content)
{
    struct keyring kr;
    struct keyring again;
    struct keyring_edit out;
    struct keyring_edit back;
    struct err err = {0};
    if (!keyring_load(a, syntax, "fuzz", content, &kr, &err)) {
        must(err.kind == ERR_REFUSED || err.kind == ERR_CORRUPT);
        must(err.place[0] && err.text[0]);
        return;
    }
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
    struct bindings all = {0};
    struct err err = {0};
    struct str content = str_make(data, size);
    if (dotenv_parse(&a, content, &all, &err)) {
        check_spans(content, &all);
        if (all.count)
            check_drop(&a, content, &all, size % all.count);
        check_versions(&a, &keyring_dotenv, content);
        check_versions(&a, &keyring_node, content);
        check_versions(&a, &keyring_systemd, content);
        check_versions(&a, &keyring_bash, content);
        check_versions(&a, &keyring_docker, content);
    }
    arena_free(&a);
    return 0;
}
