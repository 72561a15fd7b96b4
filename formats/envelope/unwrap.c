/* unwrap: hexadecimal, base64, and the escapes of JSON that can part a value. */
#include "formats/envelope/unwrap.h"

static bool is_hex(unsigned char c)
{
    return ascii_hex(c) >= 0;
}

/* Two digits. */
static unsigned char hex_byte(const unsigned char *at)
{
    return (unsigned char)(((unsigned)ascii_hex(at[0]) << 4 | (unsigned)ascii_hex(at[1])) & 0xff);
}

struct str unwrap_hex(struct str text, size_t at, unsigned char *into, size_t room,
                      struct text_run *run)
{
    size_t n = 0;
    run->begin = at;
    while (run->begin > 0 && is_hex(text.at[run->begin - 1]))
        run->begin--;
    run->begin += (at - run->begin) % 2;
    run->end = at;
    while (run->end < text.len && is_hex(text.at[run->end]))
        run->end++;
    for (size_t i = run->begin; i + 1 < run->end && n < room; i += 2)
        into[n++] = hex_byte(text.at + i);
    return str_make(into, n);
}

/* The value of a digit of base64 in either alphabet; 64: none. */
static unsigned digit_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26u;
    if (ascii_digit(c))
        return c - '0' + 52u;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : 64;
}

static bool is_line_end(unsigned char c)
{
    return c == '\n' || c == '\r';
}

struct str unwrap_base64(struct str text, size_t at, unsigned char *into, size_t room,
                         struct text_run *run)
{
    size_t n = 0;
    size_t digits = 0;
    unsigned long bits = 0;
    unsigned seen = 0;
    for (run->begin = at; run->begin > 0; run->begin--) {
        unsigned char c = text.at[run->begin - 1];
        if (digit_value(c) > 63 && !is_line_end(c))
            break;
        digits += !is_line_end(c);
    }
    digits %= 4; /* of no whole group */
    for (run->end = run->begin; run->end < text.len && n < room; run->end++) {
        unsigned char c = text.at[run->end];
        if (is_line_end(c))
            continue;
        if (digit_value(c) > 63)
            break;
        if (digits > 0) {
            digits--;
            continue;
        }
        bits = bits << 6 | digit_value(c);
        if (++seen % 4 != 1)
            into[n++] = (unsigned char)(bits >> (6 - 2 * ((seen - 1) % 4)) & 0xff);
    }
    return str_make(into, n);
}

struct str unwrap_bytea(struct str text, unsigned char *into, bool *is)
{
    size_t n = 0;
    *is = text.len % 2 == 0 && str_starts(text, STR("\\x"));
    for (size_t i = 2; *is && i < text.len; i += 2) {
        *is = is_hex(text.at[i]) && is_hex(text.at[i + 1]);
        if (*is)
            into[n++] = hex_byte(text.at + i);
    }
    return str_make(into, n);
}

struct str unwrap_json(struct str text, unsigned char *into)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool escape = text.at[i] == '\\' && i + 1 < text.len &&
                      (text.at[i + 1] == '"' || text.at[i + 1] == '/');
        i += escape;
        into[n++] = text.at[i];
    }
    return str_make(into, n);
}
