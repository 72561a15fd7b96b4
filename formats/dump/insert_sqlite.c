/*
 * insert_sqlite: values as SQLite's .dump writes them: X'1f' for bytes, and, for a text with line
 * ends, unistr('...\u000a...') or replace('...\n...','\n',char(10)). What a stand-in looks like is
 * told behind the string, so such a string is looked at to its end first.
 */
#include "formats/dump/insert_parts.h"

/* ---- what stands ahead ---- */

/* Behind the bytes, if they stand at `at`, in any case; else 0. */
static size_t behind(struct insert_rows *s, size_t at, const char *bytes)
{
    for (; *bytes; bytes++, at++) {
        int c = insert_look(s, at);
        if (c == INSERT_NO_BYTE || ascii_lower((unsigned char)c) != (unsigned char)*bytes)
            return 0;
    }
    return at;
}

/* Behind the string that opens at `at`; 0: it has no end in view. */
static size_t behind_string(struct insert_rows *s, size_t at)
{
    if (insert_look(s, at) != '\'')
        return 0;
    for (at++;; at++) {
        int c = insert_look(s, at);
        if (c == INSERT_NO_BYTE)
            return 0;
        if (c == '\'' && insert_look(s, at + 1) != '\'')
            return at + 1;
        at += c == '\'';
    }
}

/* ,'\n',char(10)) */
static size_t take_stand_in(struct insert_rows *s, size_t at, struct insert_stand_in *in)
{
    size_t from = behind(s, at, ",");
    size_t to = from ? behind_string(s, from) : 0;
    if (!to || to - from < 3 || to - from - 2 > INSERT_STAND_IN_MAX)
        return 0;
    in->len = (unsigned char)(to - from - 2);
    memcpy(in->text, window_rest(s->window).at + from + 1, in->len);
    if (memchr(in->text, '\'', in->len))
        return 0;
    size_t digits = behind(s, to, ",char(");
    unsigned code = 0;
    size_t n = 0;
    int c = digits ? insert_look(s, digits) : INSERT_NO_BYTE;
    for (; n < 3 && c != INSERT_NO_BYTE && ascii_digit((unsigned char)c);
         c = insert_look(s, digits + n)) {
        code = code * 10 + (unsigned)(c - '0');
        n++;
    }
    if (n == 0 || code > 127)
        return 0;
    in->byte = (unsigned char)code;
    return behind(s, digits + n, "))") ? digits + n + 2 : 0;
}

/* ---- replace() ---- */

/* All of it is looked at; nothing is passed where it is another call. */
static bool begin_replaced(struct insert_rows *s)
{
    size_t at = 0;
    size_t calls = 0;
    for (size_t next; (next = behind(s, at, "replace(")) != 0; at = next)
        if (++calls > INSERT_STAND_INS)
            return false;
    size_t end = calls ? behind_string(s, at) : 0;
    size_t tail = end;
    for (size_t i = 0; tail && i < calls; i++)
        tail = take_stand_in(s, tail, &s->stand_ins[i]);
    if (!tail)
        return false;
    s->stand_in_count = calls;
    s->left = end - at - 2;
    s->tail = tail - end + 1;
    window_skip(s->window, at + 1);
    insert_begin_field(s);
    s->state = INSERT_IN_REPLACED;
    return true;
}

/* Bytes that stand for themselves. */
static size_t plain_length(const struct insert_rows *s, struct str rest)
{
    size_t plain = str_find(rest, '\'');
    for (size_t i = 0; i < s->stand_in_count; i++)
        plain = str_find(str_slice(rest, 0, plain), s->stand_ins[i].text[0]);
    return plain;
}

/* At a byte that may not: what it is, one step; gives back how many bytes it takes. */
static size_t put_other(struct insert_rows *s, struct str rest)
{
    for (size_t i = 0; i < s->stand_in_count; i++) {
        const struct insert_stand_in *in = &s->stand_ins[i];
        if (str_starts(rest, str_make(in->text, in->len))) {
            insert_put_byte(s, in->byte);
            return in->len;
        }
    }
    insert_put_byte(s, rest.at[0]);
    return rest.at[0] == '\'' ? 2 : 1;
}

bool insert_replaced(struct insert_rows *s)
{
    struct str rest = str_slice(window_rest(s->window), 0, s->left);
    size_t plain = plain_length(s, rest);
    size_t taken = copy_text_put(&s->out, str_slice(rest, 0, plain));
    if (taken == plain && plain < rest.len && copy_text_room(&s->out) >= INSERT_STEP)
        taken += put_other(s, str_slice(rest, plain, rest.len));
    window_skip(s->window, taken);
    s->left -= taken;
    if (s->left == 0) {
        window_skip(s->window, s->tail);
        s->state = INSERT_BEHIND_VALUE;
    }
    return true;
}

/* ---- unistr() ---- */

/* Are so many hexadecimal digits ahead? Then they are passed. */
static bool take_code(struct insert_rows *s, size_t from, size_t digits, uint32_t *code)
{
    *code = 0;
    for (size_t i = from; i < from + digits; i++) {
        int c = insert_look(s, i);
        int digit = c == INSERT_NO_BYTE ? -1 : ascii_hex((unsigned char)c);
        if (digit < 0)
            return false;
        *code = *code << 4 | (unsigned)digit;
    }
    window_skip(s->window, from + digits);
    return true;
}

/* The backslash was passed. What is no escape SQLite would not have written: it is left. */
bool insert_sqlite_escape(struct insert_rows *s)
{
    int c = insert_look(s, 0);
    uint32_t code = 0;
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    bool known = c == 'u'   ? take_code(s, 1, 4, &code)
                 : c == 'U' ? take_code(s, 1, 8, &code)
                 : c == '+' ? take_code(s, 1, 6, &code)
                            : take_code(s, 0, 4, &code);
    if (known && code <= 0x10ffff) {
        insert_put_utf8(s, code);
        return true;
    }
    insert_put_byte(s, '\\');
    if (!known && c == '\\')
        insert_pass(s);
    return true;
}

/* ---- values ---- */

bool insert_sqlite_value(struct insert_rows *s, int c)
{
    int letter = ascii_lower((unsigned char)c);
    if (letter == 'x' && insert_look(s, 1) == '\'') {
        insert_begin_hex(s, '\'');
        return true;
    }
    if (letter == 'n' && insert_word_ahead(s, "null")) {
        insert_word(s, STR("null"), STR("\\N"));
        return true;
    }
    size_t unistr = letter == 'u' ? behind(s, 0, "unistr(") : 0;
    if (unistr && insert_look(s, unistr) == '\'') {
        window_skip(s->window, unistr);
        insert_begin_string(s, INSERT_UNICODE);
        s->closes = true;
        return true;
    }
    return letter == 'r' && begin_replaced(s);
}
