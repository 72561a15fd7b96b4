/*
 * tink: ciphertext of Google's Tink: 01 (or 00, of old key types), the key id, and the primitive's.
 *
 * The id is 32 bits, big-endian, random, and written in decimal as in a keyset. Nothing else sets
 * the bytes apart, and Cloak's values begin with 01 as well: only a column that declares it has it.
 * Keys of output prefix RAW leave no id; their values are plain AEAD ones. Stored as bytea, or as
 * base64 text. The proof depends on the key's type, which only the keyset tells: there is none
 * here. Source: tink-crypto/tink-py, tink/core/_crypto_format.py, output_prefix;
 * https://developers.google.com/tink/wire-format
 */
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

#include <stdio.h>

enum { START = 1, START_LEGACY = 0, PREFIX = 5, LEAST = PREFIX + 16, ID_TEXT = 11 };

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    struct octets o;
    unsigned char prefix[PREFIX];
    char id[ID_TEXT];
    (void)e;
    size_t len = octets_begin(text, &o);
    size_t have = octets_copy(&o, 0, prefix, PREFIX);
    if (have == 0 || (prefix[0] != START && prefix[0] != START_LEGACY))
        return;
    if (have == PREFIX) {
        uint32_t number = (uint32_t)prefix[1] << 24 | (uint32_t)prefix[2] << 16 |
                          (uint32_t)prefix[3] << 8 | prefix[4];
        (void)snprintf(id, sizeof id, "%lu", (unsigned long)number);
        value_name(value, str_from(id));
    } else {
        value_name(value, STR(""));
    }
    value_shape(value, o.exact && o.len >= LEAST, len, text);
}

static const struct envelope_vector vectors[] = {
    {.cell = "AQCj9XXIze9vqpDi/remVY5+ZSFBi59j4TeyKj40H4mWtxI/nkEtsQlNsAAc0j7/Wg==",
     .class = CLASS_HINTED,
     .version = "10745205",
     .time = UTC_NONE,
     .made_with = "npm tink-crypto 0.1.1, AES256_GCM"},
};

const struct envelope envelope_tink = {
    .name = "tink",
    .caps = ENVELOPE_NAMES_KEY | ENVELOPE_DECLARED,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
