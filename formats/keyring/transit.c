/* transit: what Vault says of a key, and what to say to Vault. */
#include "formats/keyring/transit.h"
#include "formats/keyring/keyring.h"
#include "formats/yaml/yaml_tree.h"

#include <inttypes.h>

static bool no_key(struct err *err)
{
    err_set(err, ERR_CORRUPT, 539, "the file is not what Vault says of a transit key");
    err_hint(err, "make it with: vault read -format=json transit/keys/NAME");
    return false;
}

bool transit_is_path(struct str path)
{
    enum { PATH_LENGTH = 256 };
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = path.at[i];
        if (!ascii_alpha(c) && !ascii_digit(c) && c != '.' && c != '_' && c != '/' &&
            (c != '-' || i == 0))
            return false;
    }
    return path.len >= 1 && path.len <= PATH_LENGTH;
}

/* A whole number; 0 where there is none. */
static bool take_number(const struct yaml_tree *t, size_t map, struct str name, uint64_t *number)
{
    size_t at = yaml_find(t, map, name);
    *number = 0;
    return at == SIZE_MAX || (t->at[at].kind == YAML_SCALAR && str_to_u64(t->at[at].value, number));
}

bool transit_read(struct arena *a, struct str content, struct transit_key *key, struct err *err)
{
    struct yaml_tree t;
    if (!str_starts(str_trim(content), STR("{")))
        return no_key(err);
    if (!yaml_tree_read(a, content, &t, err))
        return false;
    if (t.documents != 1)
        return no_key(err);
    size_t data = yaml_find(&t, 0, STR("data"));
    size_t map = data == SIZE_MAX ? 0 : data;
    size_t name = yaml_find(&t, map, STR("name"));
    if (name == SIZE_MAX || t.at[name].kind != YAML_SCALAR ||
        !take_number(&t, map, STR("latest_version"), &key->latest) ||
        !take_number(&t, map, STR("min_decryption_version"), &key->lowest))
        return no_key(err);
    key->name = t.at[name].value;
    key->lowest = key->lowest ? key->lowest : 1;
    return (transit_is_path(key->name) && key->latest >= key->lowest &&
            key->latest - key->lowest < KEYRING_VERSIONS_MAX) ||
           no_key(err);
}

void transit_commands(struct buf *out, struct str mount, const struct transit_key *key,
                      uint64_t lowest)
{
    static const char form[] = "  vault write %.*s/keys/%.*s/";
    buf_printf(out, form, STR_ARG(mount), STR_ARG(key->name));
    buf_printf(out,
               "config min_decryption_version=%" PRIu64 " min_encryption_version=%" PRIu64 "\n",
               lowest, key->latest);
    buf_printf(out, form, STR_ARG(mount), STR_ARG(key->name));
    buf_printf(out, "trim min_available_version=%" PRIu64 "\n", lowest);
}
