/*
 * keyring_check: what the application demands of a keyring before it starts, place by place.
 *
 * A file can hold the keyring in several places: two services of a Compose file, or variables with
 * and without FLASK_. Each of them has to hold by itself, all of them have to agree, and in the
 * end a version stands once, with the entries of the first place that has it.
 */
#include "formats/keyring/key_list.h"
#include "formats/keyring/keyring_parts.h"

#include <stdlib.h>

static int by_version_and_place(const void *a, const void *b)
{
    const struct key_version *one = a;
    const struct key_version *other = b;
    int order = str_cmp(one->name, other->name);
    return order ? order : (one->place > other->place) - (one->place < other->place);
}

static bool check_complete(struct arena *a, const struct keyring *kr, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < kr->version_count; i++)
        any |= kr->versions[i].key != NULL;
    if (!any) {
        const struct key_list_kind *kind = key_list_guess(&kr->bindings);
        err_set(err, ERR_CORRUPT, 502, "the configuration file has no keys");
        if (kind)
            err_hint(err, "it has the %s of %s: --keyring %s", kind->variables[0], kind->owner,
                     kind->name);
        return keyring_at(kr, NULL, err);
    }
    for (size_t i = 0; i < kr->version_count; i++) {
        const struct key_version *v = &kr->versions[i];
        const struct binding *there = v->key ? v->key : v->salt ? v->salt : v->salt_hash;
        if (v->key && v->salt)
            continue;
        err_set(err, ERR_REFUSED, 506, "%s has no %s%.*s beside it", keyring_shown(a, kr, there),
                keyring_prefix(v->key ? ROLE_SALT : ROLE_KEY), STR_ARG(v->name));
        return keyring_at(kr, there, err);
    }
    return true;
}

/* The application strips the active version, quotes included; it does not strip a row's prefix. */
static struct str stripped(struct str s)
{
    while (s.len && (ascii_space(s.at[0]) || s.at[0] == '"' || s.at[0] == '\''))
        s = str_slice(s, 1, s.len);
    while (s.len &&
           (ascii_space(s.at[s.len - 1]) || s.at[s.len - 1] == '"' || s.at[s.len - 1] == '\''))
        s.len--;
    return s;
}

/* The version of this name in a place; NULL when it has none. */
static const struct key_version *find_in(const struct keyring *kr, struct str name, size_t place)
{
    for (size_t i = 0; i < kr->version_count; i++)
        if (kr->versions[i].place == place && str_eq_nocase(kr->versions[i].name, name))
            return &kr->versions[i];
    return NULL;
}

static size_t count_in(const struct keyring *kr, size_t place)
{
    size_t count = 0;
    for (size_t i = 0; i < kr->version_count; i++)
        count += kr->versions[i].place == place;
    return count;
}

/* The active version of a place that has versions; a place that does not say takes the file's. */
static bool find_active(struct arena *a, const struct keyring *kr, size_t place,
                        const struct key_version **active, struct err *err)
{
    const struct binding *entry = kr->actives[place] ? kr->actives[place] : kr->active_entry;
    struct str wanted = entry ? stripped(entry->value) : (struct str){0};
    size_t count = count_in(kr, place);
    for (size_t i = 0; i < kr->version_count && wanted.len == 0 && count == 1; i++)
        if (kr->versions[i].place == place)
            wanted = kr->versions[i].name;
    if (wanted.len == 0) {
        err_set(err, ERR_REFUSED, 508, "%zu versions, and ACTIVE_ENCRYPTION_VERSION is not set",
                count);
        return keyring_at(kr, entry, err);
    }
    *active = find_in(kr, wanted, place);
    if (*active)
        return true;
    err_set(err, ERR_REFUSED, 509, "ACTIVE_ENCRYPTION_VERSION names a version that is not there");
    err_hint(err, "the versions of this file are %s", keyring_names(a, kr));
    return keyring_at(kr, entry, err);
}

/* All places have one active version. */
static bool find_actives(struct arena *a, struct keyring *kr, struct str *name, struct err *err)
{
    const struct key_version *first = NULL;
    for (size_t p = 0; p < kr->place_count && !kr->active_entry; p++)
        kr->active_entry = kr->actives[p];
    for (size_t p = 0; p < kr->place_count; p++) {
        const struct key_version *active = NULL;
        if (count_in(kr, p) == 0)
            continue;
        if (!find_active(a, kr, p, &active, err))
            return false;
        if (first && !str_eq(first->name, active->name)) {
            err_set(err, ERR_REFUSED, 526, "places of the file name different active versions");
            return keyring_at(kr, kr->actives[p] ? kr->actives[p] : active->key, err);
        }
        first = first ? first : active;
    }
    *name = first ? first->name : STR("");
    return true;
}

/* Each version once, with the entries of its first place. */
static bool join_places(struct keyring *kr, struct err *err)
{
    size_t last = 0;
    for (size_t i = 1; i < kr->version_count; i++) {
        struct key_version *into = &kr->versions[last];
        const struct key_version *v = &kr->versions[i];
        if (!str_eq(into->name, v->name)) {
            kr->versions[++last] = *v;
            continue;
        }
        into->place_count++;
        if (str_eq(into->key->value, v->key->value) && str_eq(into->salt_bytes, v->salt_bytes))
            continue;
        err_set(err, ERR_REFUSED, 526,
                "two places of the file have different keys for version %.*s", STR_ARG(v->name));
        return keyring_at(kr, v->key, err);
    }
    kr->version_count = last + 1;
    return true;
}

static bool check_salts(struct arena *a, struct keyring *kr, struct err *err)
{
    for (size_t i = 0; i < kr->version_count; i++) {
        struct key_version *v = &kr->versions[i];
        struct sha256 digest;
        char hex[SHA256_HEX + 1];
        v->salt_bytes = salt_decode(a, v->salt->value);
        if (!crypto_sha256(v->salt_bytes, &digest, err))
            return false;
        sha256_hex(&digest, hex);
        if (!v->salt_hash || str_eq(v->salt_hash->value, str_from(hex)))
            continue;
        err_set(err, ERR_CORRUPT, 505, "%s is not the SHA-256 of the salt",
                keyring_shown(a, kr, v->salt_hash));
        return keyring_at(kr, v->salt_hash, err);
    }
    return true;
}

static bool check_checksum(struct arena *a, const struct keyring *kr,
                           const struct binding *checksum, struct err *err)
{
    char hex[SHA256_HEX + 1];
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        if (!b->from_environment || b->place != checksum->place)
            continue;
        const char *shown = keyring_shown(a, kr, b);
        err_set(err, ERR_REFUSED, 510,
                "the value of %s is under the checksum and depends on the process environment",
                shown[0] ? shown : "an entry");
        return keyring_at(kr, b, err);
    }
    if (!keyring_checksum(a, &kr->bindings, checksum->place, hex, err))
        return false;
    if (str_eq(checksum->value, str_from(hex)))
        return true;
    err_set(err, ERR_CORRUPT, 504, "ENCRYPTION_ENV_CHECKSUM does not fit the entries");
    return keyring_at(kr, checksum, err);
}

/* The structure first: a file that misses an entry says so, not that its checksum is wrong. */
bool keyring_check(struct arena *a, struct keyring *kr, struct err *err)
{
    struct str active;
    if (kr->version_count)
        qsort(kr->versions, kr->version_count, sizeof *kr->versions, by_version_and_place);
    if (!check_complete(a, kr, err) || !find_actives(a, kr, &active, err) ||
        !check_salts(a, kr, err) || !join_places(kr, err))
        return false;
    kr->active = (size_t)(keyring_find(kr, active) - kr->versions);
    for (size_t p = 0; p < kr->place_count; p++)
        if (kr->checksums[p] && !check_checksum(a, kr, kr->checksums[p], err))
            return false;
    return true;
}
