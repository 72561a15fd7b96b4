/* keyring_secret: salts, checksum, derived keys and what is compared by them. */
#include "formats/keyring/keyring_parts.h"

#include <stdlib.h>

/* bytes.fromhex: white space is skipped before a pair, never inside one. */
static bool salt_from_hex(struct str text, struct str *salt, unsigned char *into)
{
    size_t len = 0;
    if (text.len % 2 != 0)
        return false;
    for (size_t at = 0; at < text.len;) {
        if (ascii_space(text.at[at])) {
            at++;
            continue;
        }
        int high = ascii_hex(text.at[at]);
        int low = at + 1 < text.len ? ascii_hex(text.at[at + 1]) : -1;
        if (high < 0 || low < 0)
            return false;
        into[len++] = (unsigned char)(high << 4 | low);
        at += 2;
    }
    *salt = str_make(into, len);
    return true;
}

static int base64_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (ascii_digit(c))
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/*
 * binascii.a2b_base64 without its strict mode (Modules/binascii.c), behind the translation of
 * base64.urlsafe_b64decode: what is no digit is stepped over, padding that completes a group ends
 * the text, and an open group at the end is an error.
 */
static bool salt_from_base64(struct str text, struct str *salt, unsigned char *into)
{
    size_t len = 0;
    unsigned group = 0; /* digits of the open group of four */
    unsigned pads = 0;
    unsigned left = 0; /* bits of the last digit that no byte has taken yet */
    for (size_t at = 0; at < text.len; at++) {
        int digit = base64_value(text.at[at]);
        if (text.at[at] == '=' && group >= 2 && group + ++pads >= 4) {
            group = 0;
            break;
        }
        if (digit < 0)
            continue;
        pads = 0;
        unsigned bits = left << 6 | (unsigned)digit;
        if (group > 0)
            into[len++] = (unsigned char)(bits >> (6 - 2 * group));
        left = bits & ((1u << (6 - 2 * group)) - 1);
        group = (group + 1) % 4;
    }
    *salt = str_make(into, len);
    return group == 0;
}

struct str salt_decode(struct arena *a, struct str text)
{
    struct str salt;
    unsigned char *into = arena_alloc(a, text.len);
    if (salt_from_hex(text, &salt, into) || salt_from_base64(text, &salt, into))
        return salt;
    return text;
}

/* By name, entries of one name in the order of the file: pointers into one array. */
static int by_name(const void *a, const void *b)
{
    const struct binding *one = *(const struct binding *const *)a;
    const struct binding *other = *(const struct binding *const *)b;
    int order = str_cmp(one->key, other->key);
    return order ? order : (one > other) - (one < other);
}

bool keyring_checksum(struct arena *a, const struct bindings *all, size_t place,
                      char hex[SHA256_HEX + 1], struct err *err)
{
    const struct binding **sorted = ARENA_ARRAY(a, all->count, const struct binding *);
    struct buf text = {.arena = a};
    struct sha256 digest;
    struct str version;
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].kind == BINDING_ENTRY && !all->items[i].is_part &&
            all->items[i].place == place &&
            keyring_role(all->items[i].key, &version) != ROLE_CHECKSUM)
            sorted[count++] = &all->items[i];
    if (count)
        qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count || !str_eq(sorted[i]->key, sorted[i + 1]->key);
        if (!last || !sorted[i]->has_value)
            continue;
        if (text.len)
            buf_byte(&text, '\n');
        buf_add(&text, sorted[i]->key);
        buf_byte(&text, '=');
        buf_add(&text, sorted[i]->value);
    }
    if (!crypto_sha256(buf_str(&text), &digest, err))
        return false;
    sha256_hex(&digest, hex);
    return true;
}

static bool take_raw(const struct key_version *v, struct secret *s, struct err *err)
{
    struct sha256 digest;
    struct str raw = v->raw;
    *s = (struct secret){0};
    if (raw.len > sizeof s->derived) {
        if (!crypto_sha256(raw, &digest, err))
            return false;
        raw = str_make(digest.bytes, sizeof digest.bytes);
    }
    memcpy(s->derived, raw.at, raw.len);
    secret_wipe(&digest, sizeof digest);
    return true;
}

bool keyring_derive(const struct key_version *v, unsigned iterations, struct secret *s,
                    struct err *err)
{
    if (v->raw.len)
        return take_raw(v, s, err);
    return secret_derive(s, v->key->value, v->salt_bytes, iterations, err);
}

bool keyring_fingerprint(const struct key_version *v, unsigned iterations, struct fingerprint *fp,
                         struct err *err)
{
    struct secret s;
    bool done = v->is_typed
                    ? secret_derive(&s, v->raw, STR("keyretire-fp-v1"), KEYRING_ITERATIONS, err)
                    : keyring_derive(v, iterations, &s, err);
    done = done && secret_fingerprint(&s, fp, err);
    secret_free(&s);
    return done;
}

/* Keys in a row: there is nothing to derive. */
static bool take_all(struct keyring *kr, unsigned iterations, struct secret *into, struct err *err)
{
    for (size_t i = 0; i < kr->version_count; i++) {
        struct key_version *v = &kr->versions[i];
        if (!keyring_derive(v, iterations, &into[i], err) ||
            !keyring_fingerprint(v, iterations, &v->fingerprint, err))
            return keyring_at(kr, v->key, err);
    }
    return true;
}

bool keyring_derive_all(struct keyring *kr, unsigned iterations, struct secret *into,
                        struct err *err)
{
    struct arena keys = {.wipe = true};
    if (kr->syntax->list)
        return take_all(kr, iterations, into, err);
    struct secret_wanted *wanted = ARENA_ARRAY(&keys, kr->version_count, struct secret_wanted);
    for (size_t i = 0; i < kr->version_count; i++)
        wanted[i] = (struct secret_wanted){kr->versions[i].key->value, kr->versions[i].salt_bytes,
                                           &into[i]};
    bool done = secret_derive_all(wanted, kr->version_count, iterations, err);
    for (size_t i = 0; done && i < kr->version_count; i++)
        done = secret_fingerprint(&into[i], &kr->versions[i].fingerprint, err);
    arena_free(&keys);
    return done;
}

bool keyring_fingerprints(struct keyring *kr, unsigned iterations, struct err *err)
{
    struct arena keys = {.wipe = true};
    struct secret *derived = ARENA_ARRAY(&keys, kr->version_count, struct secret);
    bool done = keyring_derive_all(kr, iterations, derived, err);
    arena_free(&keys);
    return done;
}

bool keyring_agree(const struct keyring *one, const struct keyring *other, struct err *err)
{
    const struct key_version *active = &one->versions[one->active];
    if (!str_eq(active->name, other->versions[other->active].name)) {
        err_set(err, ERR_REFUSED, 526, "%s and %s name different active versions", one->name,
                other->name);
        return keyring_at(other, other->active_entry, err);
    }
    for (size_t i = 0; i < one->version_count; i++) {
        const struct key_version *v = &one->versions[i];
        const struct key_version *same = keyring_find(other, v->name);
        if (!same ||
            (str_eq(v->key->value, same->key->value) && str_eq(v->salt_bytes, same->salt_bytes)))
            continue;
        err_set(err, ERR_REFUSED, 526, "%s and %s have different keys for version %.*s", one->name,
                other->name, STR_ARG(v->name));
        return keyring_at(other, same->key, err);
    }
    return true;
}
