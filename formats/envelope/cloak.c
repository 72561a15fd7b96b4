/*
 * cloak: values of Elixir's Cloak: 01, the length of the key's tag, the tag, and what the cipher
 * adds.
 *
 * A length below 128 is one byte; else 128 and the number of length bytes that follow. The tag is
 * what the vault's configuration calls the key ("AES.GCM.V1" in its documentation), so the version
 * is that tag, in lower case like every version. AES.GCM: iv[16 or 12], tag[16], ciphertext, with
 * "AES256GCM" authenticated; AES.CTR: iv[16], ciphertext, and no proof. Stored as bytea, or as
 * base64 text. Key: 32 bytes.
 * The tag "AES..." of ten bytes also reads as a prefix of Tink.
 * Source: danielberkompas/cloak, lib/cloak/tags/encoder.ex, lib/cloak/ciphers/aes_gcm.ex.
 */
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

/* As bytes, and what base64 makes of them. */
static const struct str constants[] = {ENVELOPE_BYTES("\001\012AES."), ENVELOPE_BYTES("AQpBRVMu")};

enum {
    RESERVED = 1,
    LONG_LENGTH = 128,
    LENGTH_BYTES_MOST = 2,
    BODY_LEAST = 16, /* the iv */
    IV = 16,
    IV_SHORT = 12
};

/* Offset and length of the tag; false: not as the library writes it, or cut before its end. */
static bool find_tag(const struct octets *o, size_t *from, size_t *len)
{
    if (o->len < 2 || octets_at(o, 0) != RESERVED)
        return false;
    *from = 2;
    *len = octets_at(o, 1);
    if (*len >= LONG_LENGTH) {
        size_t n = *len - LONG_LENGTH;
        if (n == 0 || n > LENGTH_BYTES_MOST || o->len < 2 + n)
            return false;
        *len = 0;
        for (size_t i = 0; i < n; i++)
            *len = *len << 8 | octets_at(o, 2 + i);
        *from = 2 + n;
    }
    return *len > 0;
}

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    struct octets o;
    unsigned char name[ENVELOPE_NAME_MAX + 1];
    size_t from;
    size_t tag;
    (void)e;
    size_t len = octets_begin(text, &o);
    if (!find_tag(&o, &from, &tag))
        return;
    size_t have = octets_copy(&o, from, name, tag < sizeof name ? tag : sizeof name);
    for (size_t i = 0; i < have; i++)
        if (name[i] < ' ' || name[i] > '~')
            return;
    bool all = o.len - from >= tag;
    value_name(value, str_make(name, all ? have : 0));
    value_shape(value, all && o.exact && o.len - from - tag >= BODY_LEAST, len, text);
}

static bool opens(const struct octets *o, size_t at, size_t iv, struct str key)
{
    size_t tag = at + iv;
    if (o->len < tag + OCTETS_GCM_TAG)
        return false;
    const struct octets_sealed s = {.nonce = {o, at, tag},
                                    .tag = {o, tag, tag + OCTETS_GCM_TAG},
                                    .ciphertext = {o, tag + OCTETS_GCM_TAG, o->len}};
    return octets_opens(&s, key, STR("AES256GCM"));
}

static bool verify(const struct envelope *e, struct str key, struct str cell)
{
    struct octets o;
    size_t from;
    size_t tag;
    if (key.len != 32 || !value_is_whole(e, cell))
        return false;
    (void)octets_begin(cell, &o);
    return find_tag(&o, &from, &tag) &&
           (opens(&o, from + tag, IV, key) || opens(&o, from + tag, IV_SHORT, key));
}

static const struct envelope_vector vectors[] = {
    {.cell = "AQpBRVMuR0NNLlYxAAECAwQFBgcICQoLDA0OD6xHIy4imReH/T/tKkQmBgwOk0RPd4O9bGHQPVI5KGO9",
     .class = CLASS_HINTED,
     .version = "aes.gcm.v1",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("!\"#$%&'()*+,-./0123456789:;<=>?@"),
     .made_with = "python3 cryptography 48.0.0 in its layout"},
    {.cell = "\\x010a4145532e47434d2e5632000102030405060708090a0bb054ebe5c470106495c77f296a7bd43eca"
             "37986fb048169572f9c1da7c65a00a",
     .class = CLASS_HINTED,
     .version = "aes.gcm.v2",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("!\"#$%&'()*+,-./0123456789:;<=>?@"),
     .made_with = "python3 cryptography 48.0.0 in its layout, as bytea"},
};

const struct envelope envelope_cloak = {
    .name = "cloak",
    .caps = ENVELOPE_NAMES_KEY | ENVELOPE_PROVEN,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .verify = verify,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
