/*
 * rails: what Active Record Encryption stores, JSON {"p":payload,"h":{"iv":..,"at":..}}.
 *
 * Strings are base64. Further headers: i, the id of the key (base64 of the first 4 hexadecimal
 * digits of the SHA-1 of its secret: 16 bits, which two keys may well share), stored only with
 * store_key_references; k, a message of the same form that holds the data key of this one; c, true
 * when compressed; e, an encoding. A jsonb column gives it back with spaces and "h" first; inside
 * another JSON text its quotes are \". Key: 32 bytes, the derived secret. With k it is k that the
 * key has made. The tag is that of AES-256-GCM, nothing associated.
 * Source: rails/rails, activerecord/lib/active_record/encryption/{message_serializer,properties,
 * key}.rb, cipher/aes256_gcm.rb.
 */
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

static const struct str constants[] = {
    ENVELOPE_BYTES("{\"p\":\""),       ENVELOPE_BYTES("{\"p\": \""),
    ENVELOPE_BYTES("{\"h\":{"),        ENVELOPE_BYTES("{\"h\": {"),
    ENVELOPE_BYTES("{\\\"p\\\":\\\""), ENVELOPE_BYTES("{\\\"h\\\":{"),
    ENVELOPE_BYTES("{\\\"h\\\": {"),
};

enum {
    DEPTH_MOST = 2, /* the message, and that of its data key */
    HEADERS_MOST = 16,
    PAYLOAD_SURE = 24, /* digits of a payload that is cut, before it is taken for one */
    ID_MOST = 8
};

/* One message; the digits of its parts are slices of the cell. */
struct message {
    struct str payload, iv, tag, id;
    bool has_payload, has_headers, has_id;
};

struct json {
    struct str text;
    size_t at;
    struct str quote; /* " or \" */
    struct message messages[DEPTH_MOST];
    bool nested; /* the second one is there */
    bool closed; /* the first one to its end */
};

static bool at_end(const struct json *j)
{
    return j->at >= j->text.len;
}

static void skip_spaces(struct json *j)
{
    while (!at_end(j) && ascii_space(j->text.at[j->at]))
        j->at++;
}

static bool take(struct json *j, struct str wanted)
{
    skip_spaces(j);
    if (!str_starts(str_slice(j->text, j->at, j->text.len), wanted))
        return false;
    j->at += wanted.len;
    return true;
}

/* A string without an escape in it; at_end() when it is cut. */
static bool take_string(struct json *j, struct str *value)
{
    if (!take(j, j->quote))
        return false;
    size_t from = j->at;
    while (!at_end(j) && j->text.at[j->at] != j->quote.at[0] && j->text.at[j->at] != '\\')
        j->at++;
    *value = str_slice(j->text, from, j->at);
    return take(j, j->quote);
}

/* true, false, null, a number. */
static bool take_word(struct json *j)
{
    size_t from = j->at;
    while (!at_end(j) && (ascii_alpha(j->text.at[j->at]) || ascii_digit(j->text.at[j->at]) ||
                          j->text.at[j->at] == '.' || j->text.at[j->at] == '-'))
        j->at++;
    return j->at > from && !at_end(j);
}

static bool take_message(struct json *j, size_t depth);

static bool take_header(struct json *j, size_t depth)
{
    struct message *m = &j->messages[depth];
    struct str name;
    struct str value = {0};
    if (!take_string(j, &name) || !take(j, STR(":")))
        return false;
    skip_spaces(j);
    if (str_eq(name, STR("k"))) {
        j->nested = depth + 1 < DEPTH_MOST;
        return j->nested && take_message(j, depth + 1);
    }
    if (!take_string(j, &value) && !take_word(j))
        return false;
    if (str_eq(name, STR("iv")))
        m->iv = value;
    else if (str_eq(name, STR("at")))
        m->tag = value;
    else if (str_eq(name, STR("i")))
        m->id = value;
    m->has_id = m->has_id || str_eq(name, STR("i"));
    return true;
}

static bool take_headers(struct json *j, size_t depth)
{
    j->messages[depth].has_headers = true;
    if (!take(j, STR("{")))
        return false;
    for (size_t n = 0; n < HEADERS_MOST; n++) {
        if (!take_header(j, depth))
            return false;
        if (!take(j, STR(",")))
            return take(j, STR("}"));
    }
    return false;
}

static bool take_message(struct json *j, size_t depth)
{
    struct message *m = &j->messages[depth];
    if (!take(j, STR("{")))
        return false;
    for (size_t n = 0; n < 2; n++) {
        struct str name;
        if (!take_string(j, &name) || !take(j, STR(":")))
            return false;
        if (str_eq(name, STR("h")) && !m->has_headers) {
            if (!take_headers(j, depth))
                return false;
        } else if (str_eq(name, STR("p")) && !m->has_payload) {
            m->has_payload = true;
            if (!take_string(j, &m->payload))
                return false;
        } else {
            return false;
        }
        if (n == 0 && !take(j, STR(",")))
            return false;
    }
    return take(j, STR("}"));
}

static bool decodes(struct str digits, struct octets *o)
{
    return octets_base64(digits, o) == digits.len && o->exact;
}

static bool decodes_to(struct str digits, size_t len)
{
    struct octets o;
    return decodes(digits, &o) && o.len == len;
}

static bool is_sound(const struct message *m)
{
    struct octets o;
    return decodes(m->payload, &o) && decodes_to(m->iv, OCTETS_GCM_NONCE) &&
           decodes_to(m->tag, OCTETS_GCM_TAG);
}

static bool take_all(struct json *j, struct str text)
{
    *j = (struct json){.text = text, .quote = STR("\"")};
    if (text.len > 1 && text.at[1] == '\\')
        j->quote = STR("\\\"");
    j->closed = take_message(j, 0);
    return j->closed && is_sound(&j->messages[0]) && (!j->nested || is_sound(&j->messages[1]));
}

/* Much of one is there, so that nothing else is meant by it. */
static bool is_surely_one(const struct json *j)
{
    const struct message *m = &j->messages[0];
    bool long_payload = m->payload.len >= PAYLOAD_SURE && octets_digit(m->payload.at[0]) < 64;
    return decodes_to(m->iv, OCTETS_GCM_NONCE) || decodes_to(m->tag, OCTETS_GCM_TAG) ||
           (at_end(j) && long_payload);
}

static void name_of(const struct json *j, struct envelope_value *value)
{
    struct octets o;
    unsigned char id[ID_MOST];
    const struct message *m = &j->messages[0];
    if (!m->has_id)
        m = &j->messages[1];
    if (!m->has_id)
        return;
    bool good = decodes(m->id, &o) && o.len <= ID_MOST;
    value_name(value, str_make(id, good ? octets_copy(&o, 0, id, sizeof id) : 0));
}

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    struct json j;
    (void)e;
    bool whole = take_all(&j, text);
    if (!whole && !is_surely_one(&j))
        return;
    name_of(&j, value);
    value_shape(value, whole, j.at, text);
    value->closed = whole;
    if (j.closed && !whole)
        value->shape = VALUE_BROKEN;
}

static bool verify(const struct envelope *e, struct str key, struct str cell)
{
    struct json j;
    struct octets payload;
    struct octets iv;
    struct octets tag;
    (void)e;
    if (key.len != 32 || !take_all(&j, cell) || j.at != cell.len)
        return false;
    const struct message *m = &j.messages[j.nested];
    (void)octets_base64(m->payload, &payload);
    (void)octets_base64(m->iv, &iv);
    (void)octets_base64(m->tag, &tag);
    const struct octets_sealed s = {.nonce = {&iv, 0, iv.len},
                                    .ciphertext = {&payload, 0, payload.len},
                                    .tag = {&tag, 0, tag.len}};
    return octets_opens(&s, key, STR(""));
}

static const struct envelope_vector vectors[] = {
    {.cell = "{\"p\":\"855ECOHfvfswq2IlYaLv6g==\",\"h\":{\"iv\":\"RvNx/DwoEL/"
             "j0spa\",\"at\":\"db1QFbbtzzXCJzKr4HnfLA==\"}}",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260"
                           "\261\262\263\264\265\266\267\270\271\272\273\274\275\276\277"),
     .made_with = "Active Record 7.2.2.2"},
    {.cell = "{\"p\":\"JEUdbv1qjW87RPTqIl9rhg==\",\"h\":{\"iv\":\"7jZJXgzuPFhJHQ7E\",\"at\":"
             "\"ChzBj8+O+gJ83pnCpWgMrA==\",\"i\":\"NmMyYw==\"}}",
     .class = CLASS_HINTED,
     .version = "6c2c",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260"
                           "\261\262\263\264\265\266\267\270\271\272\273\274\275\276\277"),
     .made_with = "Active Record 7.2.2.2, store_key_references"},
    {.cell = "{\"p\":\"Shv4+LNTMXb90dbYQew9FL5NQ1gqRTAEkr55hG8=\",\"h\":{\"iv\":\"8v/"
             "dVPJp2Z7Zu2wm\",\"at\":\"D3E4APfYzqAhu9aAIKlHiw==\",\"c\":true}}",
     .class = CLASS_UNVERSIONED,
     .version = "",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260"
                           "\261\262\263\264\265\266\267\270\271\272\273\274\275\276\277"),
     .made_with = "Active Record 7.2.2.2, compressed"},
    {.cell = "{\"p\":\"fKOpmsGRbOcJjNYk2NdknQ==\",\"h\":{\"iv\":\"ZjrKL6opMihh9e7x\",\"at\":\"a9lc+"
             "yUNvO8ySLWexcyxDw==\",\"k\":{\"p\":\"Afw/f9AtFZDU8OKgnZIAciq5APnXi1wyYht/"
             "7AqlMR0=\",\"h\":{\"iv\":\"cyQr30jHrKuFN3dM\",\"at\":\"cUIthNL8VJHDwGeJeyxEkQ==\","
             "\"e\":\"QVNDSUktOEJJVA==\"}},\"i\":\"YjdlNA==\"}}",
     .class = CLASS_HINTED,
     .version = "b7e4",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("\316\274\030\203\372\215\223\222\363!*\007\374+\"\203_\024\013*|]\3539&"
                           "\\\2276\221\324G;"),
     .made_with = "Active Record 7.2.2.2, EnvelopeEncryptionKeyProvider"},
    {.cell = "{\"h\": {\"i\": \"NmMyYw==\", \"at\": \"ChzBj8+O+gJ83pnCpWgMrA==\", \"iv\": "
             "\"7jZJXgzuPFhJHQ7E\"}, \"p\": \"JEUdbv1qjW87RPTqIl9rhg==\"}",
     .class = CLASS_HINTED,
     .version = "6c2c",
     .time = UTC_NONE,
     .key = ENVELOPE_BYTES("\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260"
                           "\261\262\263\264\265\266\267\270\271\272\273\274\275\276\277"),
     .made_with = "Active Record 7.2.2.2, through jsonb of PostgreSQL 15"},
};

const struct envelope envelope_rails = {
    .name = "rails",
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
