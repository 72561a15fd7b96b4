/* pystring: the value of a Python string literal (Language Reference 3.12, 2.4.1). */
#include "common/text.h"
#include "formats/python/pytoken.h"

struct literal {
    struct str body; /* between the quotes */
    bool raw;
    bool format;
    size_t at;
    struct buf out;
};

/* Takes prefix and quotes off. False for what holds no text of its own. */
static bool open_literal(struct arena *a, const struct py_token *t, struct literal *l)
{
    *l = (struct literal){.out = {.arena = a}};
    if (t->kind != PY_STRING || t->broken)
        return false;
    size_t from = 0;
    for (; t->text.at[from] != '"' && t->text.at[from] != '\''; from++) {
        unsigned char c = ascii_lower(t->text.at[from]);
        if (c == 'b' || c == 't') /* bytes; a template string is an object */
            return false;
        l->raw |= c == 'r';
        l->format |= c == 'f';
    }
    struct str quoted = str_slice(t->text, from, t->text.len);
    unsigned char q = quoted.at[0];
    size_t quotes = quoted.len >= 6 && quoted.at[1] == q && quoted.at[2] == q ? 3 : 1;
    l->body = str_slice(quoted, quotes, quoted.len - quotes);
    return true;
}

static int digit_value(unsigned char c)
{
    if (ascii_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Up to `most` digits of a base at the place; gives back how many. */
static size_t take_digits(struct literal *l, int base, size_t most, uint32_t *value)
{
    size_t n = 0;
    *value = 0;
    while (n < most && l->at < l->body.len && digit_value(l->body.at[l->at]) < base) {
        *value = *value * (uint32_t)base + (uint32_t)digit_value(l->body.at[l->at]);
        l->at++;
        n++;
    }
    return n;
}

static bool take_hex(struct literal *l, size_t digits)
{
    uint32_t p;
    l->at++; /* the x, u or U */
    if (take_digits(l, 16, digits, &p) != digits || p > 0x10FFFF || (p >= 0xD800 && p <= 0xDFFF))
        return false;
    text_point(&l->out, p);
    return true;
}

/* One line end of the body as LF; false when there is none. */
static bool take_line_end(struct literal *l)
{
    unsigned char c = l->body.at[l->at];
    if (c != '\n' && c != '\r')
        return false;
    l->at += c == '\r' && l->at + 1 < l->body.len && l->body.at[l->at + 1] == '\n' ? 2 : 1;
    return true;
}

/* Behind a backslash that is not the last byte. */
static bool take_escape(struct literal *l)
{
    static const unsigned char names[] = "abfnrtv\\'\"";
    static const unsigned char values[] = "\a\b\f\n\r\t\v\\'\"";
    if (take_line_end(l))
        return true;
    unsigned char c = l->body.at[l->at];
    const unsigned char *known = memchr(names, c, sizeof names - 1);
    uint32_t p;
    if (known) {
        buf_byte(&l->out, values[known - names]);
        l->at++;
        return true;
    }
    if (c == 'x' || c == 'u' || c == 'U')
        return take_hex(l, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    if (c == 'N')
        return false;
    if (take_digits(l, 8, 3, &p) > 0)
        text_point(&l->out, p);
    else
        buf_byte(&l->out, '\\'); /* an unknown escape stands for itself; its byte comes next */
    return true;
}

bool py_string_value(struct arena *a, const struct py_token *t, struct str *value)
{
    struct literal l;
    if (!open_literal(a, t, &l))
        return false;
    while (l.at < l.body.len) {
        unsigned char c = l.body.at[l.at];
        if (take_line_end(&l)) {
            buf_byte(&l.out, '\n');
        } else if (c == '\\' && !l.raw && l.at + 1 < l.body.len) {
            l.at++;
            if (!take_escape(&l))
                return false;
        } else if (l.format && (c == '{' || c == '}')) {
            if (l.at + 1 >= l.body.len || l.body.at[l.at + 1] != c)
                return false; /* a field: its value is known at run time only */
            buf_byte(&l.out, c);
            l.at += 2;
        } else {
            buf_byte(&l.out, c);
            l.at++;
        }
    }
    *value = buf_str(&l.out);
    return true;
}
