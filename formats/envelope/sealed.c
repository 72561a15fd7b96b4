/*
 * sealed: lockbox, attr-encrypted and plain AEAD values.
 *
 * lockbox: nonce[12], ciphertext (never empty), tag[16] of AES-256-GCM, as bytes or standard base64
 *   with padding. Key: 32 bytes, the attribute's (sealed.h), nothing associated. Its other
 *   algorithms (xchacha20, xsalsa20, hybrid) have the same shape and no proof here.
 *   Source: ankane/lockbox, lib/lockbox/{box,aes_gcm,encryptor,key_generator}.rb.
 * attr-encrypted: ciphertext and tag[16] of AES-256-GCM, as base64 in lines of 60 (Ruby's
 *   pack("m")). The iv stands in a sibling column, so a cell alone cannot be proven.
 *   Source: attr-encrypted/attr_encrypted, lib/attr_encrypted.rb; attr-encrypted/encryptor.
 * aead: nonce[12], ciphertext, tag[16], what most hand-made code stores; nothing associated. Key:
 *   16, 24 or 32 bytes. Source: RFC 5116, section 5.
 */
#include "formats/envelope/sealed.h"
#include "common/text.h"
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

enum {
    AEAD_LEAST = OCTETS_GCM_NONCE + OCTETS_GCM_TAG,
    LOCKBOX_LEAST = AEAD_LEAST + 1,
    ATTR_LEAST = OCTETS_GCM_TAG + 1,
    INFO_FILL = 32,
    ATTRIBUTE_MOST = 255
};

bool lockbox_attribute_key(struct str master, struct str table, struct str attribute,
                           unsigned char key[LOCKBOX_KEY], struct err *err)
{
    unsigned char info[INFO_FILL + ATTRIBUTE_MOST];
    if (attribute.len == 0 || attribute.len > ATTRIBUTE_MOST || table.len == 0) {
        err_set(err, ERR_USAGE, 459, "lockbox derives no key without a table and an attribute");
        return false;
    }
    memset(info, 0xb4, INFO_FILL);
    memcpy(info + INFO_FILL, attribute.at, attribute.len);
    return crypto_hkdf_sha384(master, table, str_make(info, INFO_FILL + attribute.len), key,
                              LOCKBOX_KEY, err);
}

/* The bytes of the cell; false where it is text of another kind. */
static bool cell_bytes(struct str cell, struct octets *o)
{
    if (!str_starts(cell, STR("\\x")) && !text_is_utf8(cell)) {
        octets_bytes(cell, o);
        return true;
    }
    return octets_begin(cell, o) == cell.len && o->exact && o->form != OCTETS_AS_THEY_ARE;
}

static void read_sealed(struct str text, size_t least, struct envelope_value *value)
{
    struct octets o;
    if (cell_bytes(text, &o) && o.len >= least)
        value_shape(value, true, text.len, text);
}

static void read_lockbox(const struct envelope *e, struct str text, struct envelope_value *value)
{
    (void)e;
    read_sealed(text, LOCKBOX_LEAST, value);
}

static void read_aead(const struct envelope *e, struct str text, struct envelope_value *value)
{
    (void)e;
    read_sealed(text, AEAD_LEAST, value);
}

/* Base64 with line feeds in it, or the bytes. */
static void read_attr(const struct envelope *e, struct str text, struct envelope_value *value)
{
    size_t digits = 0;
    size_t pad = 0;
    size_t at = 0;
    (void)e;
    for (; at < text.len; at++) {
        unsigned char c = text.at[at];
        if (c == '=')
            pad++;
        else if (c != '\n' && c != '\r' && (octets_digit(c) > 63 || pad > 0))
            break;
        digits += octets_digit(c) < 64;
    }
    bool base64 = at == text.len && (digits + pad) % 4 == 0 && pad <= 2;
    if (base64 && digits / 4 * 3 + digits % 4 >= ATTR_LEAST + (digits % 4 != 0))
        value_shape(value, true, text.len, text);
    else if (!base64)
        read_sealed(text, ATTR_LEAST, value);
}

static bool opens(const struct envelope *e, struct str key, struct str cell)
{
    struct octets o;
    if (!value_is_whole(e, cell) || !cell_bytes(cell, &o))
        return false;
    struct octets_sealed s = octets_sealed_in(&o);
    return octets_opens(&s, key, STR(""));
}

static bool verify_lockbox(const struct envelope *e, struct str key, struct str cell)
{
    return key.len == LOCKBOX_KEY && opens(e, key, cell);
}

static const struct envelope_vector lockbox_vectors[] = {
    {.cell = "SShru3SHcZGOBuxdyCdTh2okp+7CS+ZgnIWztyIt+dPjShWcMH7BOtQRgCY=",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("X|\006\014\351\275\036\352\226\253\316\001\351\340\014\001\257'"
                           "\344A\237\230#T\350\262\002\243\361\321\301y"),
     .made_with = "lockbox 1.3.0"},
};

static const struct envelope_vector attr_vectors[] = {
    {.cell =
         "CudgC8ld0CIaSGr4RNDpKI+Q3XBL3DCgg87CZi2+lJfgKcTgJktZvRggiR9R\nrI6UVXw4rkMbrpCpYigyW24Lj/"
         "5yUe4epkMqSD1EACRyVN89iA9QnRsqe4Xd\nr3yLD0a0\n",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = UTC_NONE,
     .made_with = "attr_encrypted 4.1.0, encryptor 3.0.0"},
};

static const struct envelope_vector aead_vectors[] = {
    {.cell = "AAECAwQFBgcICQoLdDMpA5Tk65soCCr7WJ/IYIDosuEzEEtVEN3F+iOCkz8=",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("\007\010\011\n\013\014\015\016\017\020\021\022\023\024\025\026\027\030"
                           "\031\032\033\034\035\036\037 !\"#$%&"),
     .made_with = "python3 cryptography 48.0.0"},
    {.cell = "AAECAwQFBgcICQoL6R53hLE2QYiMlNZXneiiTdXZwfPXRiHv4mWmY20TYIE=",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("\007\010\011\n\013\014\015\016\017\020\021\022\023\024\025\026"),
     .made_with = "python3 cryptography 48.0.0"},
};

const struct envelope envelope_lockbox = {
    .name = "lockbox",
    .caps = ENVELOPE_DECLARED | ENVELOPE_PROVEN,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_lockbox,
    .verify = verify_lockbox,
    .vectors = lockbox_vectors,
    .vector_count = sizeof lockbox_vectors / sizeof *lockbox_vectors,
};

const struct envelope envelope_attr_encrypted = {
    .name = "attr-encrypted",
    .caps = ENVELOPE_DECLARED,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_attr,
    .vectors = attr_vectors,
    .vector_count = sizeof attr_vectors / sizeof *attr_vectors,
};

const struct envelope envelope_aead = {
    .name = "aead",
    .caps = ENVELOPE_DECLARED | ENVELOPE_PROVEN,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_aead,
    .verify = opens,
    .vectors = aead_vectors,
    .vector_count = sizeof aead_vectors / sizeof *aead_vectors,
};
