/* str: comparing, searching and cutting borrowed bytes. */
#include "common/str.h"

int str_cmp(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.at, b.at, shorter) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
            return false;
    return true;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_slice(s, 0, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_slice(s, s.len - suffix.len, s.len), suffix);
}

size_t str_find(struct str s, unsigned char byte)
{
    const unsigned char *hit = s.len ? memchr(s.at, byte, s.len) : NULL;
    return hit ? (size_t)(hit - s.at) : s.len;
}

size_t str_search(struct str s, struct str needle)
{
    if (needle.len == 0)
        return 0;
    for (size_t from = 0; from + needle.len <= s.len;) {
        from += str_find(str_slice(s, from, s.len - needle.len + 1), needle.at[0]);
        if (from + needle.len > s.len)
            break;
        if (memcmp(s.at + from, needle.at, needle.len) == 0)
            return from;
        from++;
    }
    return s.len;
}

bool str_cut(struct str s, unsigned char byte, struct str *before, struct str *after)
{
    size_t at = str_find(s, byte);
    *before = str_slice(s, 0, at);
    *after = str_slice(s, at < s.len ? at + 1 : s.len, s.len);
    return at < s.len;
}

struct str str_trim(struct str s)
{
    size_t from = 0;
    size_t to = s.len;
    while (from < to && ascii_space(s.at[from]))
        from++;
    while (to > from && ascii_space(s.at[to - 1]))
        to--;
    return str_slice(s, from, to);
}

bool str_line(struct str *rest, struct str *line)
{
    if (rest->len == 0)
        return false;
    str_cut(*rest, '\n', line, rest);
    if (line->len && line->at[line->len - 1] == '\r')
        line->len--;
    return true;
}

bool str_to_u64(struct str s, uint64_t *value)
{
    uint64_t total = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)s.at[i] - '0';
        if (digit > 9 || total > (UINT64_MAX - digit) / 10)
            return false;
        total = total * 10 + digit;
    }
    *value = total;
    return true;
}
