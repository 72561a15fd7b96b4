/* insert_string: the inside of strings, in runs, and their escapes. */
#include "formats/dump/insert_parts.h"

#include "common/simd.h"
#include "common/text.h"

void insert_begin_string(struct insert_rows *s, enum insert_quoting quoting)
{
    insert_begin_field(s);
    s->quoting = quoting;
    s->quote = (unsigned char)insert_look(s, 0);
    s->high = 0;
    s->state = INSERT_IN_STRING;
    insert_pass(s);
}

static void end_string(struct insert_rows *s)
{
    s->word = 0;
    s->continues = s->quote != '$';
    s->state = s->expression ? INSERT_IN_EXPRESSION : INSERT_BEHIND_VALUE;
}

void insert_put_byte(struct insert_rows *s, unsigned char byte)
{
    (void)copy_text_put(&s->out, str_make(&byte, 1));
}

void insert_put_utf8(struct insert_rows *s, uint32_t code)
{
    if (code >= 0xd800 && code < 0xdc00) {
        s->high = code;
        return;
    }
    if (s->high && code >= 0xdc00 && code < 0xe000)
        code = 0x10000 + ((s->high - 0xd800) << 10) + (code - 0xdc00);
    s->high = 0;
    unsigned char utf8[TEXT_UTF8_MOST];
    size_t len = text_utf8_put(code, utf8);
    for (size_t i = 0; i < len; i++)
        insert_put_byte(s, utf8[i]);
}

/* Up to `most` digits of base 8 or 16 right ahead; gives back how many there were. */
static unsigned take_digits(struct insert_rows *s, int base, unsigned most, uint32_t *value)
{
    unsigned n = 0;
    *value = 0;
    for (; n < most; n++) {
        int c = insert_look(s, 0);
        int digit = c == INSERT_NO_BYTE ? -1 : ascii_hex((unsigned char)c);
        if (digit < 0 || digit >= base)
            break;
        *value = *value * (unsigned)base + (unsigned)digit;
        insert_pass(s);
    }
    return n;
}

/* The escape of an E'' string whose backslash was passed. */
static bool take_escape(struct insert_rows *s)
{
    int c = insert_look(s, 0);
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    uint32_t value = 0;
    if (c >= '0' && c <= '7') {
        (void)take_digits(s, 8, 3, &value);
        insert_put_byte(s, (unsigned char)(value & 0xff));
        return true;
    }
    insert_pass(s);
    static const char letters[] = "bfnrtv";
    static const char meant[] = "\b\f\n\r\t\v";
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter)
        insert_put_byte(s, (unsigned char)meant[letter - letters]);
    else if (c == 'x' && take_digits(s, 16, 2, &value) > 0)
        insert_put_byte(s, (unsigned char)value);
    else if ((c == 'u' || c == 'U') && take_digits(s, 16, c == 'u' ? 4 : 8, &value) > 0)
        insert_put_utf8(s, value);
    else
        insert_put_byte(s, (unsigned char)c);
    return true;
}

/* The escape of a U&'' string whose backslash was passed; what is none is a backslash. */
static bool take_unicode(struct insert_rows *s)
{
    int c = insert_look(s, 0);
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    size_t from = c == '+' ? 1 : 0;
    size_t digits = c == '+' ? 6 : 4;
    bool all = true;
    for (size_t i = from; all && i < from + digits; i++) {
        c = insert_look(s, i);
        all = c != INSERT_NO_BYTE && ascii_hex((unsigned char)c) >= 0;
    }
    if (all) {
        uint32_t value = 0;
        window_skip(s->window, from);
        (void)take_digits(s, 16, (unsigned)digits, &value);
        insert_put_utf8(s, value);
        return true;
    }
    insert_put_byte(s, '\\');
    if (insert_look(s, 0) == '\\')
        insert_pass(s);
    return true;
}

/* At a quote: a doubled one is one; a single one ends the string. */
static void at_quote(struct insert_rows *s)
{
    if (insert_look(s, 1) == s->quote) {
        insert_put_byte(s, s->quote);
        window_skip(s->window, 2);
        return;
    }
    insert_pass(s);
    end_string(s);
}

/* Bytes up to `stop`, the length of a run in the rest of the window. True: the run is written. */
static bool put_run(struct insert_rows *s, struct str rest, size_t stop)
{
    size_t taken = copy_text_put(&s->out, str_slice(rest, 0, stop));
    window_skip(s->window, taken);
    return taken == stop && taken < rest.len;
}

bool insert_string(struct insert_rows *s)
{
    if (insert_look(s, 0) == INSERT_NO_BYTE)
        return insert_cut_off(s);
    struct str rest = window_rest(s->window);
    bool escapes = s->quoting != INSERT_PLAIN;
    size_t stop =
        escapes ? simd_best()->find_either(rest, s->quote, '\\') : str_find(rest, s->quote);
    bool stops = put_run(s, rest, stop);
    if (!stops || copy_text_room(&s->out) < INSERT_STEP)
        return true;
    if (insert_look(s, 0) == s->quote) {
        at_quote(s);
        return true;
    }
    insert_pass(s);
    if (s->how.mysql)
        return insert_mysql_escape(s);
    if (s->how.sqlite)
        return insert_sqlite_escape(s);
    return s->quoting == INSERT_UNICODE ? take_unicode(s) : take_escape(s);
}

/* ---- dollar quotes ---- */

bool insert_begin_dollar(struct insert_rows *s)
{
    size_t n = 1;
    int c = insert_look(s, n);
    bool digit = c != INSERT_NO_BYTE && ascii_digit((unsigned char)c);
    while (!digit && c != '$' && insert_is_word(c) && n < INSERT_TAG_MAX)
        c = insert_look(s, ++n);
    if (c != '$' || n >= INSERT_TAG_MAX)
        return false;
    s->tag_length = n + 1;
    memcpy(s->tag, window_rest(s->window).at, s->tag_length);
    window_skip(s->window, s->tag_length);
    s->state = INSERT_IN_DOLLAR;
    return true;
}

bool insert_dollar(struct insert_rows *s)
{
    if (insert_look(s, 0) == INSERT_NO_BYTE)
        return insert_cut_off(s);
    struct str rest = window_rest(s->window);
    if (!put_run(s, rest, str_find(rest, '$')) || copy_text_room(&s->out) < INSERT_STEP)
        return true;
    if (insert_look(s, s->tag_length - 1) == INSERT_NO_BYTE)
        return insert_cut_off(s);
    if (str_starts(window_rest(s->window), str_make(s->tag, s->tag_length))) {
        window_skip(s->window, s->tag_length);
        s->quote = '$';
        end_string(s);
    } else {
        insert_put_byte(s, '$');
        insert_pass(s);
    }
    return true;
}

/* ---- B'0101' and X'1F' ---- */

void insert_begin_bits(struct insert_rows *s, unsigned base)
{
    insert_begin_field(s);
    s->base = base;
    s->state = INSERT_IN_BITS;
}

bool insert_bits(struct insert_rows *s)
{
    int c = insert_look(s, 0);
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    insert_pass(s);
    if (c == '\'') {
        s->quote = '$'; /* nothing goes on with it */
        end_string(s);
        return true;
    }
    int digit = ascii_hex((unsigned char)c);
    if (digit < 0 || s->base == 2) {
        insert_put_byte(s, (unsigned char)c);
        return true;
    }
    for (int bit = 8; bit > 0; bit >>= 1)
        insert_put_byte(s, digit & bit ? '1' : '0');
    return true;
}
