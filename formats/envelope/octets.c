/* octets: random access to bytes behind base64 and hexadecimal digits. */
#include "formats/envelope/octets.h"
#include "common/simd.h"

enum { PAD_MOST = 2, CHECK_PIECE = 384 };

unsigned octets_digit(unsigned char c)
{
    return c == '+' ? 62 : c == '/' ? 63 : base64url_value[c];
}

unsigned char octets_pair(unsigned char high, unsigned char low)
{
    int first = ascii_hex(high);
    int second = ascii_hex(low);
    unsigned value = (first < 0 ? 0u : (unsigned)first) << 4 | (second < 0 ? 0u : (unsigned)second);
    return (unsigned char)(value & 0xff);
}

size_t octets_base64(struct str text, struct octets *o)
{
    size_t digits = 0;
    size_t pad = 0;
    while (digits < text.len && octets_digit(text.at[digits]) < 64)
        digits++;
    while (digits + pad < text.len && text.at[digits + pad] == '=' && pad <= PAD_MOST)
        pad++;
    o->form = OCTETS_BASE64;
    o->text = str_slice(text, 0, digits);
    o->len = digits / 4 * 3 + (digits % 4 ? digits % 4 - 1 : 0);
    o->exact = digits % 4 != 1 && pad <= PAD_MOST && (pad == 0 || (digits + pad) % 4 == 0);
    return digits + pad;
}

void octets_bytes(struct str text, struct octets *o)
{
    o->form = OCTETS_AS_THEY_ARE;
    o->text = text;
    o->len = text.len;
    o->exact = true;
}

static size_t hexadecimal(struct str text, struct octets *o)
{
    size_t end = 2;
    while (end < text.len && ascii_hex(text.at[end]) >= 0)
        end++;
    o->form = OCTETS_HEX;
    o->text = str_slice(text, 2, end);
    o->len = o->text.len / 2;
    o->exact = o->text.len % 2 == 0;
    return end;
}

size_t octets_begin(struct str text, struct octets *o)
{
    if (str_starts(text, STR("\\x")))
        return hexadecimal(text, o);
    if (text.len > 0 && (text.at[0] < ' ' || text.at[0] > '~')) {
        octets_bytes(text, o);
        return text.len;
    }
    return octets_base64(text, o);
}

static unsigned char base64_at(const struct octets *o, size_t at)
{
    const unsigned char *group = o->text.at + at / 3 * 4;
    switch (at % 3) {
    case 0:
        return (unsigned char)((octets_digit(group[0]) << 2 | octets_digit(group[1]) >> 4) & 0xff);
    case 1:
        return (unsigned char)((octets_digit(group[1]) << 4 | octets_digit(group[2]) >> 2) & 0xff);
    default:
        return (unsigned char)((octets_digit(group[2]) << 6 | octets_digit(group[3])) & 0xff);
    }
}

unsigned char octets_at(const struct octets *o, size_t at)
{
    switch (o->form) {
    case OCTETS_BASE64:
        return base64_at(o, at);
    case OCTETS_HEX:
        return octets_pair(o->text.at[2 * at], o->text.at[2 * at + 1]);
    case OCTETS_AS_THEY_ARE:
    default:
        return o->text.at[at];
    }
}

size_t octets_copy(const struct octets *o, size_t from, unsigned char *into, size_t n)
{
    size_t have = 0;
    while (have < n && from < o->len)
        into[have++] = octets_at(o, from++);
    return have;
}

bool octets_match(const struct octets *o, size_t from, struct str wanted)
{
    if (from > o->len || o->len - from < wanted.len)
        return false;
    for (size_t i = 0; i < wanted.len; i++)
        if (octets_at(o, from + i) != wanted.at[i])
            return false;
    return true;
}

void octets_check(const struct octets *o, size_t from, size_t to, struct tag_check *check)
{
    unsigned char piece[CHECK_PIECE];
    while (from < to) {
        size_t n = to - from < sizeof piece ? to - from : sizeof piece;
        n = octets_copy(o, from, piece, n);
        if (n == 0)
            return;
        tag_check_add(check, str_make(piece, n));
        from += n;
    }
}

bool octets_opens(const struct octets_sealed *s, struct str key, struct str associated)
{
    unsigned char nonce[OCTETS_NONCE_MOST];
    unsigned char tag[OCTETS_GCM_TAG];
    size_t nonce_len = s->nonce.to - s->nonce.from;
    if (nonce_len > sizeof nonce || s->tag.to - s->tag.from != sizeof tag)
        return false;
    nonce_len = octets_copy(s->nonce.of, s->nonce.from, nonce, nonce_len);
    size_t tag_len = octets_copy(s->tag.of, s->tag.from, tag, sizeof tag);
    struct tag_check *check = tag_check_gcm(key, str_make(nonce, nonce_len), associated);
    octets_check(s->ciphertext.of, s->ciphertext.from, s->ciphertext.to, check);
    return tag_check_close(check, str_make(tag, tag_len));
}

struct octets_sealed octets_sealed_in(const struct octets *o)
{
    size_t end = o->len - OCTETS_GCM_TAG;
    return (struct octets_sealed){.nonce = {o, 0, OCTETS_GCM_NONCE},
                                  .ciphertext = {o, OCTETS_GCM_NONCE, end},
                                  .tag = {o, end, o->len}};
}
