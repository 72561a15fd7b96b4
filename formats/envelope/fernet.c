/*
 * fernet: a Fernet token as it is, "gAAAA..."; MultiFernet's are the same.
 *
 * The application's own values are such tokens in base64 once more (versioned_fernet.h); this is
 * the raw one that every other user of Fernet stores. It names no key. Its time is that of the
 * encryption; MultiFernet.rotate keeps it. Key: 32 bytes, decoded, or the first 16
 * of them, which the proof takes.
 * Source: https://github.com/fernet/spec/blob/master/Spec.md; pyca/cryptography, fernet.py, which
 * writes base64url with padding and reads it with any that is right; Ruby's and Go's write the
 * same. raw = 0x80 | u64be seconds | iv[16] | 16n | hmac[32], n >= 1.
 */
#include "formats/envelope/fernet_token.h"
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

/* Four bytes of 0x80 and the time are fixed until the year 2106. */
static const struct str constants[] = {ENVELOPE_BYTES("gAAAAA")};

enum { HEAD = 9, MAC = 32, KEY = 32, KEY_HALF = 16 };

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    struct octets o;
    unsigned char head[HEAD];
    if (!str_starts(text, e->constants[0]))
        return;
    size_t len = octets_base64(text, &o);
    bool legal =
        o.exact && o.len > FERNET_RAW_LEAST && (o.len - FERNET_RAW_LEAST) % FERNET_RAW_BLOCK == 0;
    if (octets_copy(&o, 0, head, HEAD) == HEAD) {
        uint64_t seconds = 0;
        for (size_t i = 1; i < HEAD; i++)
            seconds = seconds << 8 | head[i];
        value->time = (int64_t)seconds; /* its high half is zero: the constant says so */
    }
    value_shape(value, legal, len, text);
}

static bool verify(const struct envelope *e, struct str key, struct str cell)
{
    struct octets o;
    unsigned char mac[MAC];
    if (!value_is_whole(e, cell) || (key.len != KEY && key.len != KEY_HALF))
        return false;
    (void)octets_base64(cell, &o);
    struct tag_check *check = tag_check_hmac(str_slice(key, 0, KEY_HALF));
    octets_check(&o, 0, o.len - MAC, check);
    size_t len = octets_copy(&o, o.len - MAC, mac, MAC);
    return tag_check_close(check, str_make(mac, len));
}

/* Generated for these vectors: 00..1f and 20..3f. */
#define KEY_1                                                                                      \
    "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"                             \
    "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
#define KEY_2 " !\"#$%&'()*+,-./0123456789:;<=>?"

static const struct envelope_vector vectors[] = {
    {.cell = "gAAAAABlU_EADWD01F95xHbjn--oIRQ0AIsJqbcC_digqjiACGnaQsjd6wgPD-0rf1oDiHcTPr-"
             "WTCFrQnPntj4nwHYFRRy3nngJ54ip4_1dpW1gTDkr-c0=",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = 1700000000,
     .key = ENVELOPE_BYTES(KEY_1),
     .made_with = "python3 cryptography 48.0.0, Fernet"},
    {.cell = "gAAAAABlU_EAa3wT7RmJmry3PMxK06VK513R8WnIsVmQiVvfWaIhX_"
             "uHWTeb2U0PtTsn3Vrc3o2FfeBMKnT3oqolpxaGqKweJUweClHvROovWLgFo8Fm0Z8=",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = 1700000000,
     .key = ENVELOPE_BYTES(KEY_2),
     .made_with = "python3 cryptography 48.0.0, MultiFernet"},
};

const struct envelope envelope_fernet = {
    .name = "fernet",
    .caps = ENVELOPE_HAS_TIME | ENVELOPE_PROVEN | ENVELOPE_PROVEN_HALF,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .verify = verify,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
