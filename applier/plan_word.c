/* plan_word: quoting that loses nothing. */
#include "applier/plan_word.h"

#include "common/text.h"

static bool is_bare_byte(unsigned char c)
{
    return ascii_alpha(c) || ascii_digit(c) || (c && strchr("_:+/.-", c));
}

static bool is_bare(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_bare_byte(s.at[i]))
            return false;
    return s.len > 0;
}

void word_quote(struct buf *b, struct str s)
{
    buf_byte(b, '"');
    for (size_t i = 0; i < s.len;) {
        uint32_t point = 0;
        size_t len = text_utf8(s, i, &point);
        bool shown = len && !text_is_unsafe(point);
        if (len == 0)
            len = 1;
        if (shown && (point == '"' || point == '\\'))
            buf_byte(b, '\\');
        if (shown)
            buf_add(b, str_slice(s, i, i + len));
        for (size_t k = i; !shown && k < i + len; k++)
            buf_printf(b, "\\x%02x", s.at[k]);
        i += len;
    }
    buf_byte(b, '"');
}

void word_write(struct buf *b, struct str s)
{
    if (is_bare(s))
        buf_add(b, s);
    else
        word_quote(b, s);
}

/* A part of a place is bare only without dots. */
static void write_part(struct buf *b, struct str s)
{
    if (is_bare(s) && str_find(s, '.') == s.len)
        buf_add(b, s);
    else
        word_quote(b, s);
}

void word_write_time(struct buf *b, int64_t t)
{
    char text[UTC_TEXT];
    buf_text(b, t == UTC_NONE ? "unknown" : utc_text(t, text));
}

void word_write_place(struct buf *b, const struct plan_column_name *at)
{
    word_write(b, at->database);
    if (at->schema.len == 0 && at->table.len == 0 && at->column.len == 0)
        return;
    buf_byte(b, ' ');
    write_part(b, at->schema);
    buf_byte(b, '.');
    write_part(b, at->table);
    if (at->column.len == 0)
        return;
    buf_byte(b, '.');
    write_part(b, at->column);
}

static int hex_digit(unsigned char c)
{
    if (ascii_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape at text[at], which is the backslash; its length, 0 for none that we write. */
static size_t unescape(struct str text, size_t at, unsigned char *byte)
{
    if (at + 1 < text.len && (text.at[at + 1] == '"' || text.at[at + 1] == '\\')) {
        *byte = text.at[at + 1];
        return 2;
    }
    if (at + 3 >= text.len || text.at[at + 1] != 'x')
        return 0;
    int high = hex_digit(text.at[at + 2]), low = hex_digit(text.at[at + 3]);
    if (high < 0 || low < 0)
        return 0;
    *byte = (unsigned char)(high << 4 | low);
    return 4;
}

/* The quoted run at the beginning of *rest, which starts with a quote. */
static bool read_quoted(struct arena *a, struct str *rest, struct str *word)
{
    size_t end = 1;
    bool escapes = false;
    while (end < rest->len && rest->at[end] != '"') {
        escapes |= rest->at[end] == '\\';
        end += rest->at[end] == '\\' ? 2 : 1;
    }
    if (end >= rest->len)
        return false;
    struct str inner = str_slice(*rest, 1, end);
    *rest = str_slice(*rest, end + 1, rest->len);
    *word = inner;
    if (!escapes)
        return true;
    unsigned char *bytes = arena_alloc(a, inner.len);
    size_t n = 0;
    for (size_t i = 0; i < inner.len; n++) {
        size_t len = 1;
        bytes[n] = inner.at[i];
        if (inner.at[i] == '\\' && (len = unescape(inner, i, &bytes[n])) == 0)
            return false;
        i += len;
    }
    *word = str_make(bytes, n);
    return true;
}

static bool skip_space(struct word_reader *r)
{
    if (r->rest.len == 0)
        return true;
    if (r->rest.at[0] != ' ')
        return false;
    r->rest = str_slice(r->rest, 1, r->rest.len);
    return r->rest.len > 0;
}

bool word_read(struct word_reader *r, struct str *word)
{
    if (r->rest.len == 0)
        return false;
    if (r->rest.at[0] == '"')
        return read_quoted(r->arena, &r->rest, word) && skip_space(r);
    size_t end = str_find(r->rest, ' ');
    *word = str_slice(r->rest, 0, end);
    r->rest = str_slice(r->rest, end, r->rest.len);
    return end > 0 && skip_space(r);
}

bool word_is(struct word_reader *r, const char *expected)
{
    struct word_reader ahead = *r;
    struct str word;
    if (!word_read(&ahead, &word) || !str_eq(word, str_from(expected)))
        return false;
    *r = ahead;
    return true;
}

bool word_number(struct word_reader *r, uint64_t *n)
{
    struct str word;
    return word_read(r, &word) && str_to_u64(word, n);
}

bool word_time(struct word_reader *r, int64_t *t)
{
    struct str word;
    if (!word_read(r, &word))
        return false;
    *t = UTC_NONE;
    return str_eq(word, STR("unknown")) || utc_parse(word, t);
}

static bool read_part(struct word_reader *r, struct str *part)
{
    if (r->rest.len && r->rest.at[0] == '"')
        return read_quoted(r->arena, &r->rest, part);
    size_t end = 0;
    while (end < r->rest.len && r->rest.at[end] != '.' && r->rest.at[end] != ' ')
        end++;
    *part = str_slice(r->rest, 0, end);
    r->rest = str_slice(r->rest, end, r->rest.len);
    return end > 0;
}

static bool read_dot(struct word_reader *r)
{
    if (r->rest.len == 0 || r->rest.at[0] != '.')
        return false;
    r->rest = str_slice(r->rest, 1, r->rest.len);
    return true;
}

bool word_place(struct word_reader *r, struct plan_column_name *at)
{
    *at = (struct plan_column_name){0};
    if (!word_read(r, &at->database))
        return false;
    if (word_end(r))
        return true;
    if (!read_part(r, &at->schema) || !read_dot(r) || !read_part(r, &at->table))
        return false;
    if (read_dot(r) && !read_part(r, &at->column))
        return false;
    return skip_space(r);
}
