/* constants: the forms of each constant, and finding out which of them begins at a byte. */
#include "formats/envelope/constants.h"
#include "formats/envelope/fernet_token.h"

#include <stdlib.h>

enum {
    TEXT_LEAST = 4,   /* bytes of a constant of text: fewer stand everywhere */
    HEX_LEAST = 8,    /* digits */
    BASE64_LEAST = 6, /* and of those whose value the constant settles */
    LOOKS = 3,        /* of a text within base64 */
    QUOTES = 5        /* ways to write a quote */
};

struct making {
    struct arena *arena;
    struct constants *into;
    size_t room, raw_room;
    struct constant_form *raw;
};

static bool is_text(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < 0x20 || s.at[i] > 0x7e)
            return false;
    return s.len > 0;
}

/* A form that is there already, plain, belongs to whom it was given first. */
static void add_form(struct making *m, struct constant_form f)
{
    struct constants *c = m->into;
    bool raw = f.wrap == CONSTANT_PLAIN && !is_text(f.bytes);
    struct constant_form *list = raw ? m->raw : c->forms;
    size_t *count = raw ? &c->raw_count : &c->count;
    for (size_t i = 0; i < *count; i++)
        if (str_eq(list[i].bytes, f.bytes) &&
            (list[i].envelope == f.envelope || list[i].wrap < f.wrap))
            return;
    list = arena_grow(m->arena, list, *count, raw ? &m->raw_room : &m->room, sizeof *list);
    if (raw)
        m->raw = list;
    else
        c->forms = list;
    f.bytes = arena_copy(m->arena, f.bytes);
    list[(*count)++] = f;
}

/* As it is, and with its quotes as CSV and JSON escape them, which COPY text escapes once more. */
static void add_plain(struct making *m, size_t envelope, struct str constant)
{
    static const char *const quotes[QUOTES] = {"\"", "\"\"", "\\\"", "\\\\\"", "\\\"\""};
    unsigned char bytes[CONSTANT_MAX * 3];
    for (size_t q = 0; q < QUOTES; q++) {
        size_t n = 0;
        for (size_t i = 0; i < constant.len; i++) {
            struct str one = str_slice(constant, i, i + 1);
            if (one.at[0] == '"')
                one = str_from(quotes[q]);
            memcpy(bytes + n, one.at, one.len);
            n += one.len;
        }
        add_form(m, (struct constant_form){.bytes = str_make(bytes, n), .envelope = envelope});
        if (n == constant.len && q == 0 && !memchr(constant.at, '"', constant.len))
            return;
    }
}

static void add_hex(struct making *m, size_t envelope, struct str constant)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[CONSTANT_MAX * 2];
    for (size_t i = 0; i < constant.len; i++) {
        bytes[2 * i] = (unsigned char)digits[constant.at[i] >> 4];
        bytes[2 * i + 1] = (unsigned char)digits[constant.at[i] & 15];
    }
    if (2 * constant.len >= HEX_LEAST)
        add_form(m, (struct constant_form){.bytes = str_make(bytes, 2 * constant.len),
                                           .envelope = envelope,
                                           .wrap = CONSTANT_HEX});
}

/* The base64 digits that stand for bits of nothing but the constant, behind `before` bytes. */
static void add_base64(struct making *m, size_t envelope, struct str constant, size_t before,
                       const char *digits)
{
    unsigned char bytes[CONSTANT_MAX * 2];
    size_t bits = 8 * (before + constant.len);
    size_t first = (8 * before + 5) / 6;
    size_t n = 0;
    for (size_t digit = first; 6 * (digit + 1) <= bits; digit++) {
        unsigned value = 0;
        for (size_t bit = 6 * digit - 8 * before, k = 0; k < 6; k++, bit++)
            value = value << 1 | (constant.at[bit / 8] >> (7 - bit % 8) & 1);
        bytes[n++] = (unsigned char)digits[value];
    }
    if (n >= BASE64_LEAST)
        add_form(m, (struct constant_form){.bytes = str_make(bytes, n),
                                           .envelope = envelope,
                                           .wrap = CONSTANT_BASE64,
                                           .digit = (unsigned char)(first % 4)});
}

static void add_forms(struct making *m, size_t envelope, struct str constant)
{
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    add_hex(m, envelope, constant);
    for (size_t before = 0; before < LOOKS; before++) {
        add_base64(m, envelope, constant, before, LETTERS "+/");
        add_base64(m, envelope, constant, before, LETTERS "-_");
    }
#undef LETTERS
}

static int by_bytes(const void *left, const void *right)
{
    const struct constant_form *a = left;
    const struct constant_form *b = right;
    int order = str_cmp(a->bytes, b->bytes);
    return order ? order : (int)a->envelope - (int)b->envelope;
}

static void index_forms(struct constants *c)
{
    size_t k = 0;
    if (c->count > 0)
        qsort(c->forms, c->count, sizeof *c->forms, by_bytes);
    for (unsigned byte = 0; byte < 256; byte++) {
        c->first[byte] = k;
        while (k < c->count && c->forms[k].bytes.at[0] == byte)
            k++;
    }
    c->first[256] = c->count;
}

static void add_byte(struct needle_sets *s, size_t place, unsigned char byte)
{
    s->low[place] |= (uint16_t)(1u << (byte & 15));
    s->high[place] |= (uint8_t)(1u << (byte >> 4 & 7));
}

static void make_needles(struct constants *c, struct arena *scratch)
{
    struct needle_sets *sets = ARENA_ARRAY(scratch, c->count, struct needle_sets);
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < SIMD_NEEDLE; k++) {
            unsigned char byte = c->forms[i].bytes.at[k];
            add_byte(&sets[i], k, byte);
            if (c->forms[i].wrap == CONSTANT_HEX && byte >= 'a')
                add_byte(&sets[i], k, (unsigned char)(byte & ~0x20));
        }
    constant_groups(scratch, sets, c->count, &c->needles);
    for (size_t i = 0; i < c->count; i++)
        simd_needle_text(&c->needles, c->forms[i].bytes.at);
}

static bool add_envelope(struct making *m, size_t index, struct err *err)
{
    const struct envelope *e = m->into->envelopes[index];
    for (size_t i = 0; i < e->constant_count; i++) {
        struct str constant = e->constants[i];
        if (constant.len < SIMD_NEEDLE || constant.len > CONSTANT_MAX ||
            (is_text(constant) && constant.len < TEXT_LEAST)) {
            err_set(err, ERR_REFUSED, 441, "a constant of %zu bytes for envelope %s", constant.len,
                    e->name);
            err_hint(err, "the text before {id} takes %d to %d bytes", TEXT_LEAST, CONSTANT_MAX);
            return false;
        }
        add_plain(m, index, constant);
    }
    return true;
}

bool constants_make(struct arena *arena, const struct envelope *const *list, size_t count,
                    struct constants *into, struct err *err)
{
    struct arena scratch = {0};
    struct making m = {.arena = arena, .into = into};
    *into = (struct constants){.envelopes = list, .envelope_count = count};
    if (count > CONSTANT_ENVELOPES) {
        err_set(err, ERR_REFUSED, 441, "more than %d forms of ciphertext", CONSTANT_ENVELOPES);
        return false;
    }
    for (size_t i = 0; i < count; i++) /* plain ones first: they own their bytes */
        if (!add_envelope(&m, i, err))
            return false;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < list[i]->constant_count; k++)
            add_forms(&m, i, list[i]->constants[k]);
    index_forms(into);
    make_needles(into, &scratch);
    for (size_t i = 0; i < into->raw_count; i++) {
        into->forms = arena_grow(arena, into->forms, into->count + i, &m.room, sizeof *m.raw);
        into->forms[into->count + i] = m.raw[i];
    }
    arena_free(&scratch);
    return true;
}

static bool begins_with(struct str rest, const struct constant_form *f)
{
    if (rest.len < f->bytes.len)
        return false;
    rest.len = f->bytes.len;
    return f->wrap == CONSTANT_HEX ? str_eq_nocase(rest, f->bytes) : str_eq(rest, f->bytes);
}

size_t constants_at(const struct constants *c, struct str rest, size_t from)
{
    unsigned char first = rest.at[0];
    unsigned char lower = ascii_lower(first);
    size_t k = from > c->first[first] ? from : c->first[first];
    for (; k < c->first[first + 1u]; k++)
        if (begins_with(rest, &c->forms[k]))
            return k;
    if (lower == first)
        return c->count;
    /* A hexadecimal digit in upper case; these come behind, as their letters do. */
    k = from > c->first[lower] ? from : c->first[lower];
    for (; k < c->first[lower + 1u]; k++)
        if (c->forms[k].wrap == CONSTANT_HEX && begins_with(rest, &c->forms[k]))
            return k;
    return c->count;
}
