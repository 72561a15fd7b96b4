/*
 * insert_mysql: values as mysqldump and mariadb-dump write them: "text", _binary '...', 0x1F,
 * x'1F', b'01', and the escapes of MySQL. Hexadecimal stands for bytes.
 */
#include "formats/dump/insert_parts.h"

/* _utf8mb4 before a string: what character set it is in. Its length; 0: there is none. */
static size_t introducer(struct insert_rows *s)
{
    size_t n = 0;
    int c = insert_look(s, n);
    if (c != '_')
        return 0;
    while (insert_is_word(c))
        c = insert_look(s, ++n);
    for (; c == ' '; c = insert_look(s, n))
        n++;
    bool text = c == '\'' || c == '"' || c == '0' || c == 'x' || c == 'X';
    return text ? n : 0;
}

void insert_begin_hex(struct insert_rows *s, unsigned char quote)
{
    window_skip(s->window, 2);
    insert_begin_field(s);
    s->quote = quote;
    s->nibble = -1;
    s->state = INSERT_IN_HEX;
}

static void begin_text(struct insert_rows *s)
{
    insert_begin_string(s, s->how.backslashes ? INSERT_BACKSLASHES : INSERT_PLAIN);
}

bool insert_mysql_value(struct insert_rows *s, int c)
{
    size_t passed = introducer(s);
    if (passed) {
        window_skip(s->window, passed);
        c = insert_look(s, 0);
    }
    int letter = ascii_lower((unsigned char)c);
    int second = insert_look(s, 1);
    if (c == '\'' || (c == '"' && !s->how.ansi_quotes)) {
        begin_text(s);
    } else if (letter == 'n' && second == '\'') {
        insert_pass(s);
        begin_text(s);
    } else if (c == '0' && second == 'x') {
        insert_begin_hex(s, 0);
    } else if (letter == 'x' && second == '\'') {
        insert_begin_hex(s, '\'');
    } else if (letter == 'b' && second == '\'') {
        window_skip(s->window, 2);
        insert_begin_bits(s, 2);
    } else if (insert_word_ahead(s, "null")) {
        insert_word(s, STR("null"), STR("\\N"));
    } else if (insert_word_ahead(s, "true")) {
        insert_word(s, STR("true"), STR("1"));
    } else if (insert_word_ahead(s, "false")) {
        insert_word(s, STR("false"), STR("0"));
    } else {
        return false;
    }
    return true;
}

/* The backslash was passed. */
bool insert_mysql_escape(struct insert_rows *s)
{
    int c = insert_look(s, 0);
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    insert_pass(s);
    static const char letters[] = "0bnrtZ";
    static const char meant[] = "\0\b\n\r\t\032";
    const char *letter = c ? memchr(letters, c, sizeof letters - 1) : NULL;
    if (c == '%' || c == '_')
        insert_put_byte(s, '\\');
    insert_put_byte(s, letter ? (unsigned char)meant[letter - letters] : (unsigned char)c);
    return true;
}

static void end_hex(struct insert_rows *s)
{
    s->continues = false;
    s->state = INSERT_BEHIND_VALUE;
    if (s->nibble >= 0) /* 0xABC: which digit stands alone is not known before the end */
        insert_begin_expression(s);
}

bool insert_hex(struct insert_rows *s)
{
    while (copy_text_room(&s->out) >= INSERT_STEP) {
        int c = insert_look(s, 0);
        if (c == INSERT_NO_BYTE)
            return insert_cut_off(s);
        int digit = ascii_hex((unsigned char)c);
        if (digit < 0) {
            if (s->quote && c == s->quote)
                insert_pass(s);
            end_hex(s);
            return true;
        }
        insert_pass(s);
        if (s->nibble >= 0)
            insert_put_byte(s, (unsigned char)(s->nibble << 4 | digit));
        s->nibble = s->nibble >= 0 ? -1 : digit;
    }
    return true;
}
