/*
 * str: a borrowed run of bytes.
 *
 * Two words, passed by value. It is never NUL-terminated, never freed and never written through;
 * whoever made the bytes owns them, and a slice must not outlive its owner.
 *
 *     struct str name, value;
 *     if (str_cut(line, '=', &name, &value) && str_eq(name, STR("v1"))) ...
 *
 * Printing: printf("%.*s", STR_ARG(s)), or text_visible() for anything that came from outside.
 */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const unsigned char *at;
    size_t len;
};

#define STR(literal) ((struct str){(const unsigned char *)("" literal), sizeof(literal) - 1})
#define STR_ARG(s)   ((int)(s).len), ((const char *)(s).at)

static inline struct str str_make(const void *at, size_t len)
{
    return (struct str){(const unsigned char *)at, len};
}

static inline struct str str_from(const char *text)
{
    return str_make(text, strlen(text));
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* The bytes [from, to) of s; both are clipped to its length. */
static inline struct str str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (struct str){s.len ? s.at + from : s.at, to - from};
}

/* By bytes, the shorter first where one begins the other: the order of every sorted list of ours.
 */
int str_cmp(struct str a, struct str b);
/* ASCII letters only; other bytes must be equal. */
bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first such byte, or s.len. */
size_t str_find(struct str s, unsigned char byte);
/* Index of the first occurrence, or s.len. An empty needle is found at 0. */
size_t str_search(struct str s, struct str needle);
/* Splits at the first such byte. Without one: false, *before = s, *after empty. */
bool str_cut(struct str s, unsigned char byte, struct str *before, struct str *after);
/* Without ASCII white space at either end. */
struct str str_trim(struct str s);
/* Takes one line off *rest, without its LF or CRLF. False when nothing is left. */
bool str_line(struct str *rest, struct str *line);
/* Decimal digits only, the whole of s, no sign, no overflow. */
bool str_to_u64(struct str s, uint64_t *value);

static inline unsigned char ascii_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

static inline bool ascii_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_alpha(unsigned char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* 0 to 15, or -1 for what is no hexadecimal digit. */
static inline int ascii_hex(unsigned char c)
{
    if (ascii_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number in n bytes, lowest first: as nearly every format writes it. n is at most 8. */
static inline uint64_t little_endian(const unsigned char *at, size_t n)
{
    uint64_t value = 0;
    for (size_t i = n; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

static inline bool ascii_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif
