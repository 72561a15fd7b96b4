/*
 * fernet: a Fernet token as it is, "gAAAA..."; MultiFernet's are the same.
 *
 * The application's own values are such tokens in base64 once more (versioned_fernet.h); this is
 * the raw one that every other user of Fernet stores. It names no key. Its time is that of the
 * encryption; MultiFernet.rotate keeps it. Key: 32 bytes, decoded; the proof takes the first 16.
 * Source: https://github.com/fernet/spec/blob/master/Spec.md; pyca/cryptography, fernet.py, which
 * writes base64url with padding and reads it with any that is right; Ruby's and Go's write the
 * same. raw = 0x80 | u64be seconds | iv[16] | 16n | hmac[32], n >= 1.
 */
#include "formats/envelope/fernet_token.h"
#include "formats/envelope/value.h"

/* Four bytes of 0x80 and the time are fixed until the year 2106. */
static const struct str constants[] = {ENVELOPE_BYTES("gAAAAA")};

enum { HEAD_DIGITS = FERNET_INNER_HEAD, HEAD_BYTES = 9 };

/* The seconds in the first twelve digits. */
static int64_t head_time(struct str text)
{
    uint64_t seconds = 0;
    for (size_t i = 0; i < HEAD_DIGITS; i++) /* the first eight bits fall out on the left */
        seconds = seconds << 6 | (base64url_value[text.at[i]] & 63);
    return seconds > INT64_MAX ? INT64_MAX : (int64_t)seconds;
}

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    if (!str_starts(text, e->constants[0]))
        return;
    size_t digits = 0;
    while (digits < text.len && base64url_value[text.at[digits]] < 64)
        digits++;
    if (digits >= HEAD_DIGITS)
        value->time = head_time(text);
    size_t bytes = value_base64(text, &value->len);
    bool legal = bytes != SIZE_MAX && bytes > FERNET_RAW_LEAST &&
                 (bytes - FERNET_RAW_LEAST) % FERNET_RAW_BLOCK == 0;
    value->shape = legal ? VALUE_WHOLE : value->len == text.len ? VALUE_CUT : VALUE_BROKEN;
}

/* clang-format off */
static const struct envelope_vector vectors[] = {
    {.cell = "gAAAAABlU_EADWD01F95xHbjn--oIRQ0AIsJqbcC_digqjiACGnaQsjd6wgPD-0rf1oDiHcTPr-WTCFrQnPntj4nwHYFRRy3nngJ54ip4_1dpW1gTDkr-c0=",
     .class = CLASS_UNVERSIONED, .version = "", .time = 1700000000, .made_with = "python3 cryptography 48.0.0, Fernet"},
    {.cell = "gAAAAABlU_EAa3wT7RmJmry3PMxK06VK513R8WnIsVmQiVvfWaIhX_uHWTeb2U0PtTsn3Vrc3o2FfeBMKnT3oqolpxaGqKweJUweClHvROovWLgFo8Fm0Z8=",
     .class = CLASS_UNVERSIONED, .version = "", .time = 1700000000, .made_with = "python3 cryptography 48.0.0, MultiFernet"},
};
/* clang-format on */

const struct envelope envelope_fernet = {
    .name = "fernet",
    .caps = ENVELOPE_HAS_TIME,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
