/* versioned_fernet: the envelope, its fast way, its stream, its vectors. */
#include "formats/envelope/versioned_fernet.h"

static bool begins_with_constant(const unsigned char *at)
{
    return memcmp(at, FERNET_CONSTANT, FERNET_CONSTANT_LEN) == 0;
}

/* In plain, or in hexadecimal of either case. */
static bool holds_constant(struct str cell)
{
    if (str_search(cell, STR(FERNET_CONSTANT)) < cell.len)
        return true;
    for (size_t i = 0; i + FERNET_CONSTANT_MOST <= cell.len; i++)
        if (str_eq_nocase(str_slice(cell, i, i + FERNET_CONSTANT_MOST), STR(FERNET_CONSTANT_HEX)))
            return true;
    return false;
}

/* The name of at most FERNET_SHORT_NAME bytes before the first ':'; false: none. */
static bool short_name(const unsigned char *at, struct fernet_value *value)
{
    uint64_t word = 0;
    size_t n = 0;
    for (; n <= FERNET_SHORT_NAME && at[n] != ':'; n++) {
        if (!fernet_is_name_byte(at[n]))
            return false;
        word |= (uint64_t)ascii_lower(at[n]) << 8 * n;
    }
    value->name = str_make(at, n);
    value->word = word;
    return n > 0 && n <= FERNET_SHORT_NAME;
}

/* The same for a longer one. */
static bool long_name(const unsigned char *at, struct fernet_value *value)
{
    size_t n = 0;
    while (n <= ENVELOPE_NAME_MAX && fernet_is_name_byte(at[n]))
        n++;
    value->name = str_make(at, n);
    value->word = 0;
    if (n == 0 || n > ENVELOPE_NAME_MAX || at[n] != ':')
        return false;
    /* Where another value begins in the name, the careful way is to look. */
    return n < FERNET_CONSTANT_LEN || !holds_constant(value->name);
}

size_t fernet_value(const struct reading *r, struct str cell, struct fernet_value *value)
{
    size_t before = 0;
    if (cell.len < FERNET_OUTER_LEAST)
        return 0;
    if (begins_with_constant(cell.at)) {
        value->name = str_make(cell.at, 0);
        value->word = 0;
    } else if (short_name(cell.at, value) || long_name(cell.at, value)) {
        before = value->name.len + 1;
    } else {
        return 0;
    }
    struct str payload = str_slice(cell, before, cell.len);
    if (!begins_with_constant(payload.at))
        return 0;
    size_t len = fernet_token_length(r->simd, payload, &value->time);
    value->proof = PROOF_UNTRIED;
    if (len > 0 && r->proof) {
        value->known = reading_known(r, value->name);
        value->proof = fernet_prove(r->proof, value->known, str_slice(payload, 0, len));
    }
    return len ? before + len : 0;
}

void fernet_stream_open(struct fernet_stream *s, const struct reading *r, struct verdict *v)
{
    fernet_text_open(&s->text, r, &s->text_verdict);
    s->verdict = v;
    s->bytea = true;
    s->seen = 0;
    s->half = false;
}

/* The first two bytes of the cell. */
static void feed_prefix(struct fernet_stream *s, uint64_t at, unsigned char c)
{
    s->bytea = c == (at == 0 ? '\\' : 'x');
    if (at == 1 && s->bytea) {
        fernet_text_open(&s->decoded, s->text.reading, s->verdict);
        s->decoded.decoded = true;
    }
}

/* Digits into bytes, at most `room` of them; gives back how many digits were taken. */
static size_t decode_digits(struct fernet_stream *s, struct str digits, unsigned char *into,
                            size_t room, size_t *len)
{
    size_t at = 0;
    *len = 0;
    for (; at < digits.len && *len < room && s->bytea; at++) {
        int digit = ascii_hex(digits.at[at]);
        s->bytea = digit >= 0;
        s->half = !s->half;
        if (s->half)
            s->high = (unsigned char)digit;
        else
            into[(*len)++] = (unsigned char)(s->high << 4 | digit);
    }
    return at;
}

static void feed_bytea(struct fernet_stream *s, struct str bytes)
{
    unsigned char decoded[512];
    for (; bytes.len > 0 && s->bytea && s->seen < 2; bytes = str_slice(bytes, 1, bytes.len))
        feed_prefix(s, s->seen++, bytes.at[0]);
    while (bytes.len > 0 && s->bytea) {
        size_t len;
        size_t taken = decode_digits(s, bytes, decoded, sizeof decoded, &len);
        fernet_text_feed(&s->decoded, str_make(decoded, len));
        bytes = str_slice(bytes, taken, bytes.len);
    }
}

void fernet_stream_feed(struct fernet_stream *s, struct str bytes)
{
    if (s->bytea)
        feed_bytea(s, bytes);
    fernet_text_feed(&s->text, bytes);
}

void fernet_stream_close(struct fernet_stream *s)
{
    bool decoded = s->bytea && !s->half && s->seen == 2;
    fernet_text_close(decoded ? &s->decoded : &s->text);
    if (!decoded)
        *s->verdict = s->text_verdict;
    s->verdict->no_bytes = decoded && s->verdict->class == CLASS_EMPTY;
}

static bool sniff(const struct envelope *e, struct str cell)
{
    (void)e;
    return holds_constant(cell);
}

static void classify(const struct envelope *e, const struct reading *r, struct str cell,
                     struct verdict *v)
{
    (void)e;
    struct fernet_value value;
    if (fernet_value(r, cell, &value) == cell.len && cell.len > 0) {
        bool bare = value.name.len == 0;
        verdict_open(v);
        v->class =
            verdict_token(v, r, bare ? USE_BARE : USE_UNKNOWN, value.name, value.time, value.proof);
        v->counted = true;
        return;
    }
    struct fernet_stream s;
    fernet_stream_open(&s, r, v);
    fernet_stream_feed(&s, cell);
    fernet_stream_close(&s);
}

/* Computed with the application's own library (plaintext JBSWY3DPEHPK3PXP, then an empty one). */
#define TOKEN_V1                                                                                   \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENzItWVl0eVdYbm9Bd0ZpdHd3XzVRTVNJb1hoTUo2MWpDSE91" \
    "cmJ3dGZGZHdRRWs5WkpSQzJvUGtiNWJFMTF4eVdnclVEMC1yQjA5R0F5a2dRTG80VVk9"
#define TOKEN_V2                                                                                   \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ELWZ6WlR6VTh1NUp1ZHhqX3VUSjlkRXB0SldRWlJ2X19lZC04" \
    "OFp6cVQ0eS1lRjJyQkdTWGdGd001Tm9Eb2RiY0RTTkdGYXRPUnB6a0pMel9KQmo5eUk9"
#define TOKEN_V2_EMPTY                                                                             \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENmJna0NBRDdmUExkaDJ3TUJGdzRleGdnUnZ5Qk9pdzQxZUJk" \
    "cUJGbldERzc5bkNKSWk0a1RTMDVSSWpEal9GR3c9PQ=="
#define TOKEN_V3                                                                                   \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENGFlNE9HM2VtZGZrX0NRTXBXZzkwZjNxbFh2ZkxIMFBaSW9K" \
    "S0dFV3FRNmdCbmx2UVZ3VTVHZ3ByUDRXekN4dE5lWUd4S2lfR0NpTWhNUVp2dHU2VlE9"

#define LIBRARY "the application's library"

static const struct envelope_vector vectors[] = {
    {"v1:" TOKEN_V1, CLASS_HINTED, "v1", 1700000000, .made_with = LIBRARY},
    {"v2:" TOKEN_V2, CLASS_HINTED, "v2", 1700000000, .made_with = LIBRARY},
    {"v2:" TOKEN_V2_EMPTY, CLASS_HINTED, "v2", 1700000000, .made_with = LIBRARY},
    {"v3:" TOKEN_V3, CLASS_HINTED, "v3", 1700000000, .made_with = LIBRARY},
    {TOKEN_V1, CLASS_UNVERSIONED, "", 1700000000, .made_with = LIBRARY},
    {"{\"secret\": \"V2:" TOKEN_V2 "\"}", CLASS_HINTED_EMBEDDED, "v2", 1700000000,
     .made_with = LIBRARY},
};

static const struct str constants[] = {ENVELOPE_BYTES(FERNET_CONSTANT)};

const struct envelope envelope_versioned_fernet = {
    .name = "versioned-fernet",
    .caps = ENVELOPE_NAMES_KEY | ENVELOPE_HAS_TIME,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = sniff,
    .classify = classify,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
