/* insert_value: which kind of value stands in a tuple, and what may stand behind it. */
#include "formats/dump/insert_parts.h"

void insert_begin_field(struct insert_rows *s)
{
    if (!s->begun)
        copy_text_field(&s->out);
    s->begun = true;
}

void insert_begin_expression(struct insert_rows *s)
{
    insert_begin_field(s);
    s->state = INSERT_IN_EXPRESSION;
    s->word = 0;
    if (s->expression)
        return;
    s->expression = true;
    s->depth = 0;
    if (s->odd++ == 0) {
        s->odd_offset = s->how.offset;
        s->odd_line = s->how.line;
    }
}

void insert_word(struct insert_rows *s, struct str word, struct str written)
{
    insert_begin_field(s);
    memcpy(s->out.into + s->out.len, written.at, written.len);
    s->out.len += written.len;
    window_skip(s->window, word.len);
    s->state = INSERT_BEHIND_VALUE;
}

/* A word that is a value, or the letter before a string. */
static void word_value(struct insert_rows *s, int c)
{
    int second = insert_look(s, 1);
    int letter = ascii_lower((unsigned char)c);
    if (second == '\'' && (letter == 'e' || letter == 'n')) {
        insert_pass(s);
        insert_begin_string(s, letter == 'e' || s->how.backslashes ? INSERT_BACKSLASHES
                                                                   : INSERT_PLAIN);
    } else if (second == '\'' && (letter == 'b' || letter == 'x')) {
        window_skip(s->window, 2);
        insert_begin_bits(s, letter == 'b' ? 2 : 16);
    } else if (second == '&' && letter == 'u' && insert_look(s, 2) == '\'') {
        window_skip(s->window, 2);
        insert_begin_string(s, INSERT_UNICODE);
    } else if (insert_word_ahead(s, "null")) {
        insert_word(s, STR("null"), STR("\\N"));
    } else if (insert_word_ahead(s, "true")) {
        insert_word(s, STR("true"), STR("t"));
    } else if (insert_word_ahead(s, "false")) {
        insert_word(s, STR("false"), STR("f"));
    } else {
        insert_begin_expression(s);
    }
}

/* DEFAULT is what a generated column has, and no field; elsewhere the value is not known. */
static void default_value(struct insert_rows *s)
{
    s->state = INSERT_BEHIND_VALUE;
    if (s->position < s->left_out_count && s->left_out[s->position])
        window_skip(s->window, 7);
    else
        insert_begin_expression(s);
}

bool insert_value(struct insert_rows *s)
{
    bool unused = false;
    int c = insert_pass_blank(s, &unused);
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    s->begun = s->expression = s->continues = s->closes = false;
    int second = c == '-' || c == '+' || c == '.' ? insert_look(s, 1) : INSERT_NO_BYTE;
    if (s->how.mysql && insert_mysql_value(s, c))
        return true;
    if (s->how.sqlite && insert_sqlite_value(s, c))
        return true;
    bool postgres = !s->how.mysql && !s->how.sqlite;
    if (c == '\'') {
        insert_begin_string(s, s->how.backslashes ? INSERT_BACKSLASHES : INSERT_PLAIN);
    } else if (ascii_digit((unsigned char)c) || second == '.' ||
               (second != INSERT_NO_BYTE && ascii_digit((unsigned char)second))) {
        insert_begin_field(s);
        s->letter = 'e'; /* a sign may be next, as behind an exponent */
        s->state = INSERT_IN_NUMBER;
    } else if ((c == 'd' || c == 'D') && insert_word_ahead(s, "default")) {
        default_value(s);
    } else if (c == '$' && postgres && insert_begin_dollar(s)) {
        insert_begin_field(s);
    } else if (c != '$' && postgres && insert_is_word(c)) {
        word_value(s, c);
    } else {
        insert_begin_expression(s);
    }
    return true;
}

/* A number goes as it stands. */
bool insert_number(struct insert_rows *s)
{
    while (copy_text_room(&s->out) > 0) {
        int c = insert_look(s, 0);
        bool sign = (c == '-' || c == '+') && (s->letter | 0x20) == 'e';
        if (c == INSERT_NO_BYTE || !(sign || c == '.' || (c < 0x80 && insert_is_word(c)))) {
            s->state = INSERT_BEHIND_VALUE;
            return true;
        }
        s->letter = (unsigned char)c;
        s->out.into[s->out.len++] = (unsigned char)c;
        insert_pass(s);
    }
    return true;
}

/* ---- casts ---- */

/* Words of which the names of types are made, behind their first. */
static bool type_goes_on(struct insert_rows *s)
{
    static const char *const list[] = {"varying", "precision", "with",  "without", "time",
                                       "zone",    "to",        "year",  "month",   "day",
                                       "hour",    "minute",    "second"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (insert_word_ahead(s, list[i]))
            return true;
    return false;
}

static void pass_name(struct insert_rows *s)
{
    int c = insert_look(s, 0);
    bool quoted = c == '"';
    if (quoted)
        insert_pass(s);
    for (c = insert_look(s, 0); quoted ? c != '"' && c != INSERT_NO_BYTE : insert_is_word(c);
         c = insert_look(s, 0))
        insert_pass(s);
    if (c == '"' && quoted)
        insert_pass(s);
}

/* (10, 2) or [3]; anything else in it is left, and makes it no cast. */
static void pass_modifier(struct insert_rows *s)
{
    insert_pass(s);
    int c = insert_look(s, 0);
    while (c == ' ' || c == ',' || c == '-' ||
           (c != INSERT_NO_BYTE && ascii_digit((unsigned char)c))) {
        insert_pass(s);
        c = insert_look(s, 0);
    }
    if (c == ')' || c == ']')
        insert_pass(s);
}

/* Behind ::, the name of a type; leaves the window behind all that belongs to it. */
static void pass_cast(struct insert_rows *s)
{
    bool unused = false;
    int c = insert_pass_blank(s, &unused);
    while (c == '"' || insert_is_word(c)) {
        pass_name(s);
        c = insert_look(s, 0);
        if (c != '.')
            break;
        insert_pass(s);
        c = insert_look(s, 0);
    }
    for (;;) {
        c = insert_pass_blank(s, &unused);
        if (c == '(' || c == '[')
            pass_modifier(s);
        else if (insert_is_word(c) && type_goes_on(s))
            pass_name(s);
        else
            return;
    }
}

bool insert_behind_value(struct insert_rows *s)
{
    bool line_feed = false;
    int c = insert_pass_blank(s, &line_feed);
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    if (s->closes && c == ')') {
        insert_pass(s);
        s->closes = false;
    } else if (c == ',') {
        insert_pass(s);
        s->position++;
        s->state = INSERT_AT_VALUE;
    } else if (c == ')') {
        insert_pass(s);
        copy_text_end(&s->out);
        s->state = INSERT_BEHIND_ROW;
    } else if (c == s->quote && s->continues && !s->how.sqlite && (line_feed || s->how.mysql)) {
        insert_begin_string(s, s->quoting);
    } else if (c == ':' && !s->how.mysql && !s->how.sqlite && insert_look(s, 1) == ':') {
        window_skip(s->window, 2);
        s->continues = false;
        pass_cast(s);
    } else {
        insert_begin_expression(s);
    }
    return true;
}

/* ---- what is no literal ---- */

/* A byte of it that means nothing more than itself. */
static void expression_byte(struct insert_rows *s, int c)
{
    unsigned char byte = (unsigned char)c;
    (void)copy_text_put(&s->out, str_make(&byte, 1));
    s->word = insert_is_word(c) ? s->word + 1 : 0;
    s->letter = ascii_lower(byte);
    insert_pass(s);
}

bool insert_expression(struct insert_rows *s)
{
    bool unused = false;
    int c = insert_look(s, 0);
    if (insert_comment_ahead(s, c))
        c = insert_pass_blank(s, &unused);
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    if (s->depth == 0 && (c == ',' || c == ')')) {
        s->state = INSERT_BEHIND_VALUE;
        return true;
    }
    if (c == '\'') {
        bool prefix = s->word == 1 && s->letter == 'e' && !s->how.mysql && !s->how.sqlite;
        bool escapes = s->how.backslashes || prefix;
        insert_begin_string(s, escapes ? INSERT_BACKSLASHES : INSERT_PLAIN);
        return true;
    }
    if (c == '"' || (c == '`' && s->how.mysql)) {
        bool text = c == '"' && s->how.mysql && !s->how.ansi_quotes && s->how.backslashes;
        insert_begin_string(s, text ? INSERT_BACKSLASHES : INSERT_PLAIN);
        return true;
    }
    if (c == '$' && !s->how.mysql && !s->how.sqlite && s->word == 0 && insert_begin_dollar(s))
        return true;
    if (c == '(' || c == '[')
        s->depth++;
    if ((c == ')' || c == ']') && s->depth)
        s->depth--;
    expression_byte(s, c);
    return true;
}
