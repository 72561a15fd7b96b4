/*
 * laravel: what Laravel's Encrypter gives back, base64 of a JSON object that begins {"iv":
 *
 * Members: iv and value (base64), mac (64 hexadecimal digits; empty with GCM), and in newer
 * versions tag (base64; empty with CBC). It names no key and no time. Key: 16 or 32 bytes, decoded
 * from the base64: of APP_KEY. The MAC is HMAC-SHA256 with the whole key over the texts of iv and
 * value, so its proof needs what can decrypt; GCM values are proven by their tag. Source:
 * laravel/framework, Illuminate/Encryption/Encrypter.php, encrypt, hash, getJsonPayload; older
 * versions escape the slashes of base64 as \/.
 */
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

static const struct str constants[] = {ENVELOPE_BYTES("eyJpdiI6")};

enum member { IV, VALUE, MAC, TAG, MEMBERS };
enum { MAC_DIGITS = 64, MAC_BYTES = 32, MEMBER_NAME_MOST = 5, CHECK_PIECE = 256 };

/* Where the text of each member stands, in bytes of the JSON. */
struct payload {
    struct octets json;
    size_t at;   /* read so far */
    bool closed; /* to its end */
    bool seen[MEMBERS];
    size_t from[MEMBERS], to[MEMBERS];
};

static bool take(struct payload *p, unsigned char wanted)
{
    bool found = p->at < p->json.len && octets_at(&p->json, p->at) == wanted;
    p->at += found;
    return found;
}

static void skip_spaces(struct payload *p)
{
    while (take(p, ' '))
        ;
}

/* A string, without its quotes; what it may hold is looked at by who uses it. */
static bool take_string(struct payload *p, size_t *from, size_t *to)
{
    if (!take(p, '"'))
        return false;
    *from = p->at;
    while (p->at < p->json.len && octets_at(&p->json, p->at) != '"')
        p->at++;
    *to = p->at;
    return take(p, '"');
}

static enum member member_of(const struct payload *p, size_t from, size_t to)
{
    static const char *const names[] = {"iv", "value", "mac", "tag"};
    for (enum member m = IV; m < MEMBERS; m++)
        if (to - from == strlen(names[m]) && octets_match(&p->json, from, str_from(names[m])))
            return m;
    return MEMBERS;
}

static bool take_member(struct payload *p)
{
    size_t from;
    size_t to;
    if (!take_string(p, &from, &to))
        return false;
    enum member m = member_of(p, from, to);
    skip_spaces(p);
    if (m == MEMBERS || p->seen[m] || !take(p, ':'))
        return false;
    skip_spaces(p);
    p->seen[m] = take_string(p, &p->from[m], &p->to[m]);
    return p->seen[m];
}

/* The next byte of a member that is no backslash; its end when there is none. */
static size_t next_text(const struct payload *p, enum member m, size_t at)
{
    while (at < p->to[m] && octets_at(&p->json, at) == '\\')
        at++;
    return at;
}

/* Base64 in a JSON string, padded; gives back how many bytes it stands for, SIZE_MAX: none. */
static size_t member_bytes(const struct payload *p, enum member m)
{
    size_t digits = 0;
    size_t pad = 0;
    for (size_t at = next_text(p, m, p->from[m]); at < p->to[m]; at = next_text(p, m, at + 1)) {
        unsigned char c = octets_at(&p->json, at);
        if (octets_digit(c) > 63 && c != '=')
            return SIZE_MAX;
        pad += c == '=';
        digits += c != '=' && pad == 0;
    }
    return (digits + pad) % 4 || pad > 2 ? SIZE_MAX : digits / 4 * 3 + (pad ? 3 - pad : 0);
}

static bool is_hexadecimal(const struct payload *p, enum member m)
{
    for (size_t at = p->from[m]; at < p->to[m]; at++)
        if (ascii_hex(octets_at(&p->json, at)) < 0)
            return false;
    return true;
}

static bool has_tag(const struct payload *p)
{
    return p->seen[TAG] && p->to[TAG] > p->from[TAG];
}

/* All members are there and look as the library writes them. */
static bool is_sound(const struct payload *p)
{
    if (!p->seen[IV] || !p->seen[VALUE] || !p->seen[MAC])
        return false;
    size_t iv = member_bytes(p, IV);
    size_t value = member_bytes(p, VALUE);
    size_t mac = p->to[MAC] - p->from[MAC];
    bool sealed = has_tag(p) && member_bytes(p, TAG) == OCTETS_GCM_TAG && mac == 0;
    bool authentic = !has_tag(p) && mac == MAC_DIGITS && is_hexadecimal(p, MAC);
    return iv != SIZE_MAX && iv > 0 && value != SIZE_MAX && (sealed || (authentic && value > 0));
}

/* The payload that the base64 `text` begins with; true when it is whole. */
static bool take_payload(struct payload *p, struct str text, size_t *len)
{
    *p = (struct payload){0};
    *len = octets_base64(text, &p->json);
    if (!take(p, '{'))
        return false;
    do {
        skip_spaces(p);
        if (!take_member(p))
            return false;
        skip_spaces(p);
    } while (take(p, ','));
    p->closed = take(p, '}');
    return p->closed && p->at == p->json.len && p->json.exact && is_sound(p);
}

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    struct payload p;
    size_t len;
    if (!str_starts(text, e->constants[0]))
        return;
    bool whole = take_payload(&p, text, &len);
    if (whole || p.at == p.json.len || p.seen[IV])
        value_shape(value, whole, len, text);
    if (p.closed && value->shape == VALUE_CUT)
        value->shape = VALUE_BROKEN;
}

/* The text of a member as it was before JSON, into the check. */
static void check_text(const struct payload *p, enum member m, struct tag_check *check)
{
    unsigned char piece[CHECK_PIECE];
    size_t n = 0;
    for (size_t at = next_text(p, m, p->from[m]); at < p->to[m]; at = next_text(p, m, at + 1)) {
        piece[n++] = octets_at(&p->json, at);
        if (n == sizeof piece) {
            tag_check_add(check, str_make(piece, n));
            n = 0;
        }
    }
    tag_check_add(check, str_make(piece, n));
}

/* Decodes a member piece by piece; its bytes go to `check`, or to `into` when that is NULL. */
static size_t decode(const struct payload *p, enum member m, unsigned char *into, size_t most,
                     struct tag_check *check)
{
    uint32_t group = 0;
    unsigned bits = 0;
    size_t n = 0;
    for (size_t at = next_text(p, m, p->from[m]); at < p->to[m]; at = next_text(p, m, at + 1)) {
        unsigned digit = octets_digit(octets_at(&p->json, at));
        if (digit > 63)
            break;
        group = group << 6 | digit;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        unsigned char byte = (unsigned char)(group >> bits & 0xff);
        if (check)
            tag_check_add(check, str_make(&byte, 1));
        else if (n < most)
            into[n] = byte;
        n++;
    }
    return n;
}

static bool verify_mac(const struct payload *p, struct str key)
{
    unsigned char mac[MAC_BYTES];
    for (size_t i = 0; i < MAC_BYTES; i++)
        mac[i] = octets_pair(octets_at(&p->json, p->from[MAC] + 2 * i),
                             octets_at(&p->json, p->from[MAC] + 2 * i + 1));
    struct tag_check *check = tag_check_hmac(key);
    check_text(p, IV, check);
    check_text(p, VALUE, check);
    return tag_check_close(check, str_make(mac, MAC_BYTES));
}

static bool verify_tag(const struct payload *p, struct str key)
{
    unsigned char nonce[OCTETS_NONCE_MOST];
    unsigned char tag[OCTETS_GCM_TAG];
    size_t nonce_len = decode(p, IV, nonce, sizeof nonce, NULL);
    (void)decode(p, TAG, tag, sizeof tag, NULL);
    if (nonce_len > sizeof nonce)
        return false;
    struct tag_check *check = tag_check_gcm(key, str_make(nonce, nonce_len), STR(""));
    if (!check)
        return false;
    (void)decode(p, VALUE, NULL, 0, check);
    return tag_check_close(check, str_make(tag, sizeof tag));
}

static bool verify(const struct envelope *e, struct str key, struct str cell)
{
    struct payload p;
    size_t len;
    (void)e;
    if ((key.len != 16 && key.len != 32) || !take_payload(&p, cell, &len) || len != cell.len)
        return false;
    return has_tag(&p) ? verify_tag(&p, key) : verify_mac(&p, key);
}

static const struct envelope_vector vectors[] = {
    {.cell = "eyJpdiI6InZEczZ4cEZkRmE4SmhjNUlsOXpqM1E9PSIsInZhbHVlIjoiSitQRDY1YXZUOGZaY3V1YXc3N013c"
             "UJNdFdsZ2Y4TU15SEdGUmJFUStPUT0iLCJtYWMiOiJkZGU4ZjM4NDNkY2RhZjI2NDQwYTc2MGU2YzZlMmI0OG"
             "FkYTE0YmFlZDNjM2FiNjJkMDhiN2MxMjgwZWE3OGY4IiwidGFnIjoiIn0=",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("`abcdefghijklmnopqrstuvwxyz{|}~\177"),
     .made_with = "php-illuminate-encryption 8.83.26, AES-256-CBC"},
    {.cell = "eyJpdiI6Iko5NWR3ZDlicDVWNFV6YUdxN0lwOHc9PSIsInZhbHVlIjoibFJzNUppUUxhK3BVWmdZZ2w2WFh0S"
             "nYxNmxQL2xySGlFaFpGV0dBQWRDMD0iLCJtYWMiOiJiMjIxODc5MTBlYWU3M2JmZWIzY2NhZTMzODc5MmRkMD"
             "cwNDQzYzJmNTE0MzQwMjgwNDYwMzQ2Yjc1ODcwMTlmIiwidGFnIjoiIn0=",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("`abcdefghijklmno"),
     .made_with = "php-illuminate-encryption 8.83.26, AES-128-CBC"},
    {.cell = "eyJpdiI6ImR2T0FKcjdsUVplN2c4UmoiLCJ2YWx1ZSI6ImJTV2xWNVl3VmlXUXhPbXNYM3ZXL3c9PSIsIm1hY"
             "yI6IiIsInRhZyI6InEwYUdwc1Y0cSs5T0lwNU51Vlk0TWc9PSJ9",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("`abcdefghijklmnopqrstuvwxyz{|}~\177"),
     .made_with = "php-illuminate-encryption 8.83.26, AES-256-GCM"},
};

const struct envelope envelope_laravel = {
    .name = "laravel",
    .caps = ENVELOPE_PROVEN,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .verify = verify,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
