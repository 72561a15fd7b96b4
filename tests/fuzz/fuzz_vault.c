/*
 * fuzz_vault: hostile vaults: the decrypted text, and a blob.
 *
 * The first byte chooses. Invariants: a text that reads is written, reads again, and is then
 * written the same; an error is damage and names no value; a blob that nobody sealed does not open.
 */
#include "applier/vault/vault.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool good)
{
    if (!good)
        abort();
}

static void check_text(struct arena *a, struct str text)
{
    struct vault v, back;
    struct str once, twice;
    struct err err = {0};
    if (!vault_parse(a, text, &v, &err)) {
        expect(err.kind == ERR_CORRUPT || err.kind == ERR_REFUSED);
        return;
    }
    expect(v.count <= VAULT_ENTRIES_MAX && v.schema <= VAULT_SCHEMA);
    vault_write(&v, a, &once);
    expect(vault_parse(a, once, &back, &err));
    vault_write(&back, a, &twice);
    expect(str_eq(once, twice) && back.count == v.count && back.key_count == v.key_count &&
           back.tombstone_count == v.tombstone_count);
    for (size_t i = 0; i < v.count; i++)
        expect(str_eq(v.entries[i].name, back.entries[i].name) &&
               str_eq(v.entries[i].value, back.entries[i].value) &&
               str_eq(v.entries[i].id, back.entries[i].id) &&
               v.entries[i].limits.monthly == back.entries[i].limits.monthly);
}

static void check_blob(struct arena *a, struct str text)
{
    const struct master_key master = {{7}};
    struct str plain;
    struct err err = {0};
    expect(!blob_open(a, &master, text, &plain, &err) && err.kind == ERR_CORRUPT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    if (size == 0)
        return 0;
    struct str rest = str_make(data + 1, size - 1);
    if (data[0] == 'b')
        check_blob(&a, rest);
    else
        check_text(&a, rest);
    arena_free(&a);
    return 0;
}
