/*
 * cloak_47ng: values of @47ng/cloak, which prisma-field-encryption stores too:
 * v1.aesgcm256.<fingerprint>.<iv>.<ciphertext>
 *
 * The fingerprint is the first 8 hexadecimal digits of the SHA-256 of the key's text
 * ("k1.aesgcm256." and base64): 32 bits, which two keys may share. iv: 16 digits of base64url;
 * ciphertext: base64url with its padding, the tag at its end. Key: 32 bytes, decoded from that
 * text. Source: @47ng/cloak, src/message.ts, parseCloakedString; src/key.ts, getKeyFingerprint.
 */
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

static const struct str constants[] = {ENVELOPE_BYTES("v1.aesgcm256.")};

enum { FINGERPRINT = 8, IV_DIGITS = 16 };

struct parts {
    struct str fingerprint;
    struct octets iv, ciphertext;
};

/* How many bytes of `text` it takes; *whole when nothing is missing. */
static size_t take_parts(struct parts *p, struct str text, size_t at, bool *whole)
{
    size_t from = at;
    *p = (struct parts){0};
    *whole = false;
    while (at < text.len && at - from < FINGERPRINT && ascii_hex(text.at[at]) >= 0)
        at++;
    p->fingerprint = str_slice(text, from, at);
    if (p->fingerprint.len < FINGERPRINT || at == text.len || text.at[at] != '.')
        return at;
    size_t iv = octets_base64(str_slice(text, at + 1, text.len), &p->iv);
    at += 1 + iv;
    if (iv != IV_DIGITS || !p->iv.exact || at == text.len || text.at[at] != '.')
        return at;
    at += 1 + octets_base64(str_slice(text, at + 1, text.len), &p->ciphertext);
    *whole = p->ciphertext.exact && p->ciphertext.len >= OCTETS_GCM_TAG;
    return at;
}

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    struct parts p;
    bool whole;
    if (!str_starts(text, e->constants[0]))
        return;
    size_t len = take_parts(&p, text, e->constants[0].len, &whole);
    value_name(value, p.fingerprint.len == FINGERPRINT ? p.fingerprint : STR(""));
    value_shape(value, whole, len, text);
}

static bool verify(const struct envelope *e, struct str key, struct str cell)
{
    struct parts p;
    bool whole;
    if (key.len != 32 || !value_is_whole(e, cell))
        return false;
    (void)take_parts(&p, cell, e->constants[0].len, &whole);
    size_t end = p.ciphertext.len - OCTETS_GCM_TAG;
    const struct octets_sealed s = {.nonce = {&p.iv, 0, p.iv.len},
                                    .ciphertext = {&p.ciphertext, 0, end},
                                    .tag = {&p.ciphertext, end, p.ciphertext.len}};
    return octets_opens(&s, key, STR(""));
}

static const struct envelope_vector vectors[] = {
    {.cell = "v1.aesgcm256.4a088618.WAJss1ifiVrN__rj.K3PGlg8xEPFqosw1SP5yXI43NOG6A4qLCTIVKabsga0=",
     .class = CLASS_HINTED,
     .version = "4a088618",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("\200\201\202\203\204\205\206\207\210\211\212\213\214\215\216\217\220"
                           "\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237"),
     .made_with = "npm @47ng/cloak 1.2.0"},
};

const struct envelope envelope_cloak_47ng = {
    .name = "47ng",
    .caps = ENVELOPE_NAMES_KEY | ENVELOPE_SHORT_IDS | ENVELOPE_PROVEN,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .verify = verify,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
