/* text: escaping for people and programs, edit distance for hints. */
#include "common/text.h"

#include <stdio.h>

size_t text_utf8(struct str s, size_t at, uint32_t *point)
{
    unsigned char first = s.at[at];
    if (first < 0x80) {
        *point = first;
        return 1;
    }
    size_t len = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (first < 0xC2 || first > 0xF4 || s.len - at < len)
        return 0;
    uint32_t p = first & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s.at[at + i] & 0xC0) != 0x80)
            return 0;
        p = p << 6 | (s.at[at + i] & 0x3Fu);
    }
    if (p < least[len] || p > 0x10FFFF || (p >= 0xD800 && p <= 0xDFFF))
        return 0;
    *point = p;
    return len;
}

size_t text_utf8_put(uint32_t point, unsigned char into[TEXT_UTF8_MOST])
{
    static const unsigned char leads[] = {0, 0xC0, 0xE0, 0xF0};
    static const unsigned char masks[] = {0x7F, 0x1F, 0x0F, 0x07};
    size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    into[0] = (unsigned char)(leads[more] | (point >> 6 * more & masks[more]));
    for (size_t i = 1; i <= more; i++)
        into[i] = (unsigned char)(0x80 | (point >> 6 * (more - i) & 0x3F));
    return more + 1;
}

/* C0, DEL, C1, and the characters that reorder or hide text (Unicode TR9, UTR36). */
bool text_is_unsafe(uint32_t p)
{
    return p < 0x20 || (p >= 0x7F && p < 0xA0) || p == 0x61C || (p >= 0x200B && p <= 0x200F) ||
           (p >= 0x2028 && p <= 0x202E) || (p >= 0x2060 && p <= 0x206F) || p == 0xFEFF;
}

void text_visible(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len;) {
        uint32_t p = 0;
        size_t len = text_utf8(s, i, &p);
        if (len == 0 || (len == 1 && text_is_unsafe(p)))
            buf_printf(b, "\\x%02x", s.at[i]);
        else if (text_is_unsafe(p))
            buf_printf(b, "\\u{%04x}", (unsigned)p);
        else
            buf_add(b, str_slice(s, i, i + len));
        i += len ? len : 1;
    }
}

bool text_is_utf8(struct str s)
{
    uint32_t p = 0;
    for (size_t i = 0; i < s.len;) {
        size_t len = text_utf8(s, i, &p);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

const char *text_shown(struct arena *a, struct str s)
{
    struct buf b = {.arena = a};
    text_visible(&b, s);
    return arena_text(a, buf_str(&b));
}

void text_json(struct buf *b, struct str s)
{
    buf_byte(b, '"');
    for (size_t i = 0; i < s.len;) {
        uint32_t p = 0;
        size_t len = text_utf8(s, i, &p);
        if (len == 0)
            buf_text(b, "\\ufffd");
        else if (p == '"' || p == '\\')
            buf_printf(b, "\\%c", (int)p);
        else if (p == '\n')
            buf_text(b, "\\n");
        else if (p == '\t')
            buf_text(b, "\\t");
        else if (text_is_unsafe(p))
            buf_printf(b, "\\u%04x", (unsigned)p);
        else
            buf_add(b, str_slice(s, i, i + len));
        i += len ? len : 1;
    }
    buf_byte(b, '"');
}

void text_csv(struct buf *b, struct str s)
{
    bool quote = s.len == 0;
    for (size_t i = 0; i < s.len; i++)
        quote |= s.at[i] == '"' || s.at[i] == ',' || s.at[i] == '\n' || s.at[i] == '\r';
    if (!quote) {
        buf_add(b, s);
        return;
    }
    buf_byte(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '"')
            buf_byte(b, '"');
        buf_byte(b, s.at[i]);
    }
    buf_byte(b, '"');
}

const char *text_count(uint64_t n, char into[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t out = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            into[out++] = ',';
        into[out++] = digits[i];
    }
    into[out] = 0;
    return into;
}

const char *text_bytes(uint64_t n, char into[32])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double value = (double)n;
    size_t u = 0;
    while (value >= 999.95 && u + 1 < sizeof units / sizeof units[0]) {
        value /= 1000;
        u++;
    }
    (void)snprintf(into, 32, u ? "%.1f %s" : "%.0f %s", value, units[u]);
    return into;
}

enum { NEAREST_MAX = 64 }; /* longer names are not compared */

/* Levenshtein with one row; names of up to NEAREST_MAX bytes. */
static size_t edit_distance(struct str a, struct str b)
{
    size_t row[NEAREST_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = corner + (ascii_lower(a.at[i - 1]) != ascii_lower(b.at[j - 1]));
            corner = row[j];
            size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < step ? change : step;
        }
    }
    return row[b.len];
}

struct str text_property(struct str name)
{
    while (name.len && name.at[0] == '_')
        name = str_slice(name, 1, name.len);
    return name;
}

size_t text_nearest(struct str wanted, const struct str *candidates, size_t count, struct str *best,
                    size_t most)
{
    size_t found = 0;
    size_t score[16];
    if (most > 16)
        most = 16;
    if (wanted.len > NEAREST_MAX)
        return 0;
    size_t limit = wanted.len / 3 + 1;
    for (size_t c = 0; c < count; c++) {
        if (candidates[c].len > NEAREST_MAX)
            continue;
        size_t d = edit_distance(text_property(wanted), text_property(candidates[c]));
        if (d > limit)
            continue;
        size_t place = found < most ? found++ : most;
        while (place > 0 && score[place - 1] > d) {
            if (place < most) {
                best[place] = best[place - 1];
                score[place] = score[place - 1];
            }
            place--;
        }
        if (place < most) {
            best[place] = candidates[c];
            score[place] = d;
        }
    }
    return found;
}

void text_point(struct buf *b, uint32_t point)
{
    unsigned char utf8[TEXT_UTF8_MOST];
    buf_add(b, str_make(utf8, text_utf8_put(point, utf8)));
}
