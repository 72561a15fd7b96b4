/* sql_lex: one function for each shape of token; bodies are passed over in runs, not in bytes. */
#include "formats/dump/sql_lex_parts.h"

#include "common/text.h"

void sql_lex_open(struct sql_lexer *l, struct window *w)
{
    memset(l, 0, sizeof *l);
    l->window = w;
}

/* Up to `most` digits of base 8 or 16 right ahead; gives back how many there were. */
static unsigned take_digits(struct sql_lexer *l, unsigned base, unsigned most, uint32_t *value,
                            struct err *err)
{
    unsigned n = 0;
    *value = 0;
    for (; n < most; n++) {
        int c = look(l, 0, err);
        int digit = c == NO_BYTE ? -1 : ascii_hex((unsigned char)c);
        if (digit < 0 || (unsigned)digit >= base)
            break;
        *value = *value * base + (unsigned)digit;
        pass(l);
    }
    return n;
}

/* The escape of an E'' string whose backslash was passed. */
static bool take_escape(struct sql_lexer *l, struct err *err)
{
    int c = look(l, 0, err);
    if (c == NO_BYTE)
        return false;
    uint32_t value = 0;
    unsigned char utf8[TEXT_UTF8_MOST];
    if (c >= '0' && c <= '7') {
        (void)take_digits(l, 8, 3, &value, err);
        keep(l, (unsigned char)(value & 0xff));
        return true;
    }
    pass(l);
    static const char letters[] = "bfnrtv";
    static const char meant[] = "\b\f\n\r\t\v";
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter)
        keep(l, (unsigned char)meant[letter - letters]);
    else if (c == 'x' && take_digits(l, 16, 2, &value, err) > 0)
        keep(l, (unsigned char)value);
    else if ((c == 'u' || c == 'U') && take_digits(l, 16, c == 'u' ? 4 : 8, &value, err) > 0)
        keep_run(l, str_make(utf8, text_utf8_put(value, utf8)));
    else
        keep(l, (unsigned char)c);
    return true;
}

/* One \XXXX, \+XXXXXX or \\ of a U& body at text[at]; 0: none. */
static size_t unicode_escape(struct str text, size_t at, uint32_t *code)
{
    if (at + 1 < text.len && text.at[at + 1] == '\\') {
        *code = '\\';
        return 2;
    }
    bool plus = at + 1 < text.len && text.at[at + 1] == '+';
    size_t from = at + (plus ? 2 : 1);
    size_t digits = plus ? 6 : 4;
    if (from + digits > text.len)
        return 0;
    *code = 0;
    for (size_t i = from; i < from + digits; i++) {
        int digit = ascii_hex(text.at[i]);
        if (digit < 0)
            return 0;
        *code = *code * 16 + (unsigned)digit;
    }
    return from + digits - at;
}

/* Decodes a kept U& body in place: an escape is never shorter than what it stands for. */
static void decode_unicode(struct sql_lexer *l)
{
    struct str text = str_make(l->text, l->kept);
    size_t out = 0;
    uint32_t high = 0; /* first half of a surrogate pair */
    for (size_t at = 0; at < text.len;) {
        uint32_t code = 0;
        size_t taken = text.at[at] == '\\' ? unicode_escape(text, at, &code) : 0;
        if (!taken) {
            l->text[out++] = text.at[at++];
            continue;
        }
        at += taken;
        if (code >= 0xd800 && code < 0xdc00) {
            high = code;
            continue;
        }
        if (high && code >= 0xdc00 && code < 0xe000)
            code = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
        high = 0;
        out += text_utf8_put(code, l->text + out);
    }
    if (l->length == l->kept)
        l->length = out;
    l->kept = out;
}

bool lex_quoted(struct sql_lexer *l, unsigned char quote, enum quoting how, struct err *err)
{
    const char *what = quote == '"' ? "a quoted name" : "a string";
    unsigned char other = how == QUOTING_BACKSLASH ? '\\' : quote;
    pass(l);
    for (;;) {
        if (!take_until(l, quote, other, err))
            return cut_off(l, what, err);
        bool escape = l->window->bytes[l->window->begin] != quote;
        pass(l);
        if (escape) {
            if (!take_escape(l, err))
                return cut_off(l, what, err);
            continue;
        }
        if (look(l, 0, err) != quote)
            break;
        take(l);
    }
    if (how == QUOTING_UNICODE)
        decode_unicode(l);
    return !failed(l);
}

static bool is_word_start(int c)
{
    return c == '_' || c >= 0x80 || (c != NO_BYTE && ascii_alpha((unsigned char)c));
}

static bool is_word_byte(int c)
{
    return is_word_start(c) || c == '$' || (c >= '0' && c <= '9');
}

/*
 * $tag$ right ahead: its length with both dollars; 0: not a dollar quote. More than
 * SQL_DOLLAR_TAG_MAX: too long to be held.
 */
static size_t dollar_tag(struct sql_lexer *l, struct err *err)
{
    size_t n = 1;
    int c = look(l, n, err);
    if (c == '$')
        return 2;
    if (!is_word_start(c))
        return 0;
    while (is_word_byte(c) && c != '$' && n <= SQL_DOLLAR_TAG_MAX)
        c = look(l, ++n, err);
    if (n > SQL_DOLLAR_TAG_MAX)
        return n;
    return c == '$' ? n + 1 : 0;
}

static bool lex_dollar_body(struct sql_lexer *l, size_t tag_length, struct err *err)
{
    unsigned char tag[SQL_DOLLAR_TAG_MAX + 1];
    for (size_t i = 0; i < tag_length; i++) {
        tag[i] = l->window->bytes[l->window->begin];
        pass(l);
    }
    for (;;) {
        if (!take_until(l, '$', '$', err) || look(l, tag_length - 1, err) == NO_BYTE)
            return cut_off(l, "a dollar-quoted string", err);
        if (str_starts(window_rest(l->window), str_make(tag, tag_length)))
            break;
        take(l);
    }
    window_skip(l->window, tag_length);
    return true;
}

static bool lex_dollar(struct sql_lexer *l, struct sql_token *t, struct err *err)
{
    size_t tag = dollar_tag(l, err);
    if (failed(l))
        return false;
    if (tag > SQL_DOLLAR_TAG_MAX) {
        err_set(err, ERR_CORRUPT, 314, "a dollar quote has a tag of more than %d bytes",
                SQL_DOLLAR_TAG_MAX);
        window_place(l->window, l->offset, l->line, err);
        return false;
    }
    t->kind = tag ? SQL_TOKEN_STRING : SQL_TOKEN_MARK;
    if (tag)
        return lex_dollar_body(l, tag, err);
    take(l);
    return true;
}

bool lex_line_comment(struct sql_lexer *l, struct err *err)
{
    (void)take_until(l, '\n', '\n', err); /* the end of the stream ends it too */
    return !failed(l);
}

static bool lex_block_comment(struct sql_lexer *l, struct err *err)
{
    take(l);
    take(l);
    for (uint64_t depth = 1; depth > 0;) {
        if (!take_until(l, '*', '/', err))
            return cut_off(l, "a comment", err);
        int first = look(l, 0, err);
        int second = look(l, 1, err);
        take(l);
        if (first == '*' && second == '/')
            depth--;
        else if (first == '/' && second == '*')
            depth++;
        else
            continue;
        take(l);
    }
    return !failed(l);
}

/* Commands whose argument is the rest of the line as it stands (psql's OT_WHOLE_LINE). */
static bool takes_whole_line(struct str command)
{
    static const char *const list[] = {"\\!",    "\\copy", "\\ef",  "\\ev", "\\h",
                                       "\\help", "\\sf",   "\\sf+", "\\sv", "\\sv+"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (str_eq(command, str_from(list[i])))
            return true;
    return false;
}

/* An argument in ' " or ` quotes, on this line. */
static void lex_meta_quoted(struct sql_lexer *l, int quote, struct err *err)
{
    take(l);
    for (int c = look(l, 0, err); c != NO_BYTE && c != '\n'; c = look(l, 0, err)) {
        take(l);
        if (c == quote)
            return;
        int next = look(l, 0, err);
        if (c == '\\' && quote == '\'' && next != '\n' && next != NO_BYTE)
            take(l);
    }
}

/* A command ends with the line, or before the next backslash outside quotes; \\ goes with it. */
static bool lex_meta(struct sql_lexer *l, struct err *err)
{
    take(l);
    int c = look(l, 0, err);
    if (c == ';' || c == '\\') {
        take(l);
        return !failed(l);
    }
    while (c != NO_BYTE && c != '\\' && !ascii_space((unsigned char)c)) {
        take(l);
        c = look(l, 0, err);
    }
    if (takes_whole_line(str_make(l->text, l->kept)))
        return lex_line_comment(l, err);
    for (; c != NO_BYTE && c != '\n'; c = look(l, 0, err)) {
        if (c == '\\') {
            if (look(l, 1, err) == '\\') {
                take(l);
                take(l);
            }
            break;
        }
        if (c == '\'' || c == '"' || c == '`')
            lex_meta_quoted(l, c, err);
        else
            take(l);
    }
    return !failed(l);
}

/* The kind of the quoted token that a word of one letter begins; false: it is just a word. */
static bool lex_prefixed(struct sql_lexer *l, struct sql_token *t, bool *done, struct err *err)
{
    *done = false;
    int c = look(l, 0, err);
    if (l->length != 1 || (c != '\'' && c != '&'))
        return !failed(l);
    unsigned char letter = l->text[0];
    enum quoting how = QUOTING_PLAIN;
    int quote = c;
    if (c == '&') {
        quote = letter == 'u' ? look(l, 1, err) : NO_BYTE;
        if (quote != '\'' && quote != '"')
            return !failed(l);
        how = QUOTING_UNICODE;
        pass(l);
    } else if (letter == 'e') {
        how = QUOTING_BACKSLASH;
    } else if (letter == 'n') {
        how = l->backslashes ? QUOTING_BACKSLASH : QUOTING_PLAIN;
    } else if (letter != 'b' && letter != 'x') {
        return true;
    }
    *done = true;
    l->kept = 0;
    l->length = 0;
    l->after_unicode = how == QUOTING_UNICODE;
    t->kind = quote == '"' ? SQL_TOKEN_NAME : SQL_TOKEN_STRING;
    return lex_quoted(l, (unsigned char)quote, how, err);
}

static bool lex_word(struct sql_lexer *l, struct sql_token *t, struct err *err)
{
    bool after_unicode = l->after_unicode;
    l->after_unicode = false;
    t->kind = SQL_TOKEN_WORD;
    for (int c = look(l, 0, err); is_word_byte(c); c = look(l, 0, err)) {
        keep(l, ascii_lower((unsigned char)c));
        pass(l);
    }
    bool done = false;
    if (!lex_prefixed(l, t, &done, err))
        return false;
    if (!done && after_unicode && str_eq(str_make(l->text, l->kept), STR("uescape"))) {
        err_set(err, ERR_CORRUPT, 314, "UESCAPE is not read in this version");
        window_place(l->window, l->offset, l->line, err);
        return false;
    }
    return true;
}

bool lex_number(struct sql_lexer *l, struct sql_token *t, struct err *err)
{
    t->kind = SQL_TOKEN_NUMBER;
    for (int c = look(l, 0, err); c == '.' || (is_word_byte(c) && c != '$' && c < 0x80);
         c = look(l, 0, err))
        take(l);
    return !failed(l);
}

static bool lex_mark(struct sql_lexer *l, struct sql_token *t, int c, struct err *err)
{
    t->kind = SQL_TOKEN_MARK;
    take(l);
    int next = c == ':' ? look(l, 0, err) : NO_BYTE;
    if (next == ':' || next == '=')
        take(l);
    return !failed(l);
}

static bool lex_any(struct sql_lexer *l, struct sql_token *t, int c, struct err *err)
{
    int next = c == '-' || c == '/' || c == '.' || c == '\\' ? look(l, 1, err) : NO_BYTE;
    if (failed(l))
        return false;
    bool comment = (c == '-' && next == '-') || (c == '/' && next == '*');
    if (!comment && !is_word_start(c))
        l->after_unicode = false;
    if (is_word_start(c))
        return lex_word(l, t, err);
    if (comment) {
        t->kind = SQL_TOKEN_COMMENT;
        return c == '-' ? lex_line_comment(l, err) : lex_block_comment(l, err);
    }
    if (c == '\'' || c == '"') {
        bool name = c == '"';
        t->kind = name ? SQL_TOKEN_NAME : SQL_TOKEN_STRING;
        return lex_quoted(l, (unsigned char)c,
                          !name && l->backslashes ? QUOTING_BACKSLASH : QUOTING_PLAIN, err);
    }
    if (c == '$')
        return lex_dollar(l, t, err);
    if ((c >= '0' && c <= '9') || (c == '.' && next >= '0' && next <= '9'))
        return lex_number(l, t, err);
    if (c == '\\' && next != ':') {
        t->kind = SQL_TOKEN_META;
        return lex_meta(l, err);
    }
    return lex_mark(l, t, c, err);
}

static void pass_byte_order_mark(struct sql_lexer *l, struct err *err)
{
    l->started = true;
    if (look(l, 0, err) == 0xef && look(l, 1, err) == 0xbb && look(l, 2, err) == 0xbf)
        window_skip(l->window, 3);
}

/* Line feeds are most of the white space of a dump, so passed without a call each. */
static int pass_space(struct sql_lexer *l, struct err *err)
{
    int c = look(l, 0, err);
    while (c != NO_BYTE && (c == 0 || ascii_space((unsigned char)c))) {
        pass(l);
        c = look(l, 0, err);
    }
    return c;
}

bool sql_lex_next(struct sql_lexer *l, struct sql_token *t, struct err *err)
{
    *t = (struct sql_token){.kind = SQL_TOKEN_END};
    if (!l->started)
        pass_byte_order_mark(l, err);
    int c = pass_space(l, err);
    l->kept = 0;
    l->length = 0;
    l->offset = t->offset = l->window->offset;
    l->line = t->line = l->window->line;
    if (c == NO_BYTE)
        return !failed(l);
    t->joined = l->end == t->offset;
    bool done = l->mysql    ? lex_mysql(l, t, c, err)
                : l->sqlite ? lex_sqlite(l, t, c, err)
                            : lex_any(l, t, c, err);
    if (!done)
        return false;
    l->end = l->window->offset;
    t->text = str_make(l->text, l->kept);
    t->cut = l->length > l->kept;
    return true;
}
