/* verification_keys: the text, there and back. */
#include "formats/keyring/verification_keys.h"

#define HEADING "keyretire-verification-keys 1"

enum { HALF = SECRET_DERIVED / 2 };

/* ---- writing ---- */

static void add_hex(struct buf *b, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        buf_byte(b, (unsigned char)digits[bytes[i] >> 4]);
        buf_byte(b, (unsigned char)digits[bytes[i] & 15]);
    }
}

bool verification_keys_text(struct arena *secrets, const struct keyring *kr,
                            const struct secret *derived, struct str *text, struct err *err)
{
    struct buf b = {.arena = secrets};
    struct sha256 digest;
    char hex[SHA256_HEX + 1];
    buf_text(&b, "# Proves values and cannot decrypt them; it can forge them: keep it secret.\n");
    buf_printf(&b, HEADING "\nactive %.*s\n", STR_ARG(kr->versions[kr->active].name));
    for (size_t i = 0; i < kr->version_count; i++) {
        const struct key_version *v = &kr->versions[i];
        buf_printf(&b, "key %.*s %s ", STR_ARG(v->name), v->fingerprint.hex);
        add_hex(&b, derived[i].derived, HALF);
        buf_byte(&b, '\n');
    }
    if (!crypto_sha256(buf_str(&b), &digest, err))
        return false;
    sha256_hex(&digest, hex);
    buf_printf(&b, "sha256 %s\n", hex);
    *text = buf_str(&b);
    return true;
}

/* ---- reading ---- */

struct reader {
    struct arena *secrets;
    struct verification_keys *into;
    size_t room;
    struct str rest;
    struct str active; /* name */
};

static bool next_line(struct reader *r, struct str *line)
{
    return str_cut(r->rest, '\n', line, &r->rest);
}

static bool take_word(struct str *line, struct str *word)
{
    struct str rest = {NULL, 0};
    if (!str_cut(*line, ' ', word, &rest))
        *word = *line;
    *line = rest;
    return word->len > 0;
}

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = name.at[i];
        if (!ascii_digit(c) && !(c >= 'a' && c <= 'z') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return name.len >= 1 && name.len <= KEYRING_VERSION_LENGTH;
}

static bool is_hex(struct str text, size_t len)
{
    for (size_t i = 0; i < text.len; i++)
        if (ascii_hex(text.at[i]) < 0)
            return false;
    return text.len == len;
}

/* Of two digits. */
static unsigned char byte_of(const unsigned char *digits)
{
    unsigned high = (unsigned)ascii_hex(digits[0]);
    unsigned low = (unsigned)ascii_hex(digits[1]);
    return (unsigned char)((high << 4 | low) & 0xff);
}

static bool add_key(struct reader *r, struct str line)
{
    struct verification_keys *v = r->into;
    struct str name, fingerprint, half;
    if (!take_word(&line, &name) || !take_word(&line, &fingerprint) || !take_word(&line, &half) ||
        line.len || !is_name(name) || !is_hex(fingerprint, FINGERPRINT_HEX) ||
        !is_hex(half, (size_t)2 * HALF) || v->count == r->room)
        return false;
    if (v->count > 0 && str_cmp(v->names[v->count - 1], name) >= 0)
        return false;
    size_t i = v->count++;
    v->names[i] = arena_copy(r->secrets, name);
    memcpy(v->fingerprints[i].hex, fingerprint.at, FINGERPRINT_HEX);
    for (size_t k = 0; k < HALF; k++)
        v->derived[i].derived[k] = byte_of(&half.at[2 * k]);
    return true;
}

/* The lines between the heading and the digest. */
static bool take_line(struct reader *r, struct str line)
{
    struct str word;
    if (line.len == 0 || line.at[0] == '#')
        return true;
    if (!take_word(&line, &word))
        return false;
    if (str_eq(word, STR("active")) && r->active.len == 0) {
        r->active = line;
        return line.len > 0;
    }
    return str_eq(word, STR("key")) && add_key(r, line);
}

/* Is the last line the digest of what stands before it? Takes it off. */
static bool take_digest(struct str *text, bool *same, struct err *err)
{
    struct sha256 said, is;
    static const char word[] = "sha256 ";
    size_t len = sizeof word - 1 + SHA256_HEX + 1;
    *same = false;
    if (text->len < len)
        return true;
    struct str line = str_slice(*text, text->len - len, text->len);
    *text = str_slice(*text, 0, text->len - len);
    if (!crypto_sha256(*text, &is, err))
        return false;
    *same = str_starts(line, STR("sha256 ")) && line.at[len - 1] == '\n' &&
            sha256_from_hex(str_slice(line, sizeof word - 1, len - 1), &said) &&
            sha256_eq(&said, &is);
    return true;
}

static bool read_lines(struct reader *r)
{
    struct verification_keys *v = r->into;
    struct str line = {NULL, 0};
    do {
        if (!next_line(r, &line))
            return false;
    } while (line.len == 0 || line.at[0] == '#');
    if (!str_eq(line, STR(HEADING)))
        return false;
    while (next_line(r, &line))
        if (!take_line(r, line))
            return false;
    for (v->active = 0; v->active < v->count; v->active++)
        if (str_eq(v->names[v->active], r->active))
            return r->rest.len == 0;
    return false;
}

bool verification_keys_read(struct arena *secrets, const char *name, struct str text,
                            struct verification_keys *into, struct err *err)
{
    struct reader r = {.secrets = secrets, .into = into, .room = KEYRING_VERSIONS_MAX};
    bool same;
    if (!take_digest(&text, &same, err))
        return false;
    r.rest = text;
    *into =
        (struct verification_keys){.names = ARENA_ARRAY(secrets, r.room, struct str),
                                   .fingerprints = ARENA_ARRAY(secrets, r.room, struct fingerprint),
                                   .derived = ARENA_ARRAY(secrets, r.room, struct secret)};
    if (same && read_lines(&r))
        return true;
    err_set(err, ERR_CORRUPT, 471, "%s: is no file of verification keys, or was changed or cut off",
            name);
    err_hint(err, "make it where the configuration is: keyretire verification-keys --env-file F "
                  "-o V");
    return false;
}
