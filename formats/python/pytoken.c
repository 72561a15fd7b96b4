/* pytoken: a tolerant tokenizer for Python; bytes above ASCII count as letters. */
#include "formats/python/pytoken.h"

enum { TAB_STOP = 8 };

void py_lexer_open(struct py_lexer *lx, struct arena *a, struct str source)
{
    *lx = (struct py_lexer){.arena = a, .source = source, .line = 1};
    if (str_starts(source, STR("\xEF\xBB\xBF")))
        lx->at = 3;
}

/* Byte at an offset from the place, 0 behind the end. */
static unsigned char peek(const struct py_lexer *lx, size_t ahead)
{
    return lx->source.len - lx->at > ahead ? lx->source.at[lx->at + ahead] : 0;
}

/* Length of the line end at the place: LF, CRLF and CR all end a line in Python. */
static size_t newline_length(const struct py_lexer *lx)
{
    unsigned char c = peek(lx, 0);
    if (c == '\n')
        return 1;
    if (c != '\r')
        return 0;
    return peek(lx, 1) == '\n' ? 2 : 1;
}

static bool take_newline(struct py_lexer *lx)
{
    size_t len = newline_length(lx);
    lx->at += len;
    lx->line += len > 0;
    return len > 0;
}

static void note_damage(struct py_lexer *lx, enum py_damage damage, uint32_t line)
{
    if (lx->damage != PY_WHOLE)
        return;
    lx->damage = damage;
    lx->damage_line = line;
}

static bool is_word(unsigned char c)
{
    return ascii_alpha(c) || ascii_digit(c) || c == '_' || c >= 0x80;
}

static void push(struct py_lexer *lx, enum py_kind kind, size_t from, uint32_t line, bool broken)
{
    if (lx->count == PY_LINE_TOKENS_MAX) {
        note_damage(lx, PY_LONG_LINE, line);
        return;
    }
    lx->tokens = arena_grow(lx->arena, lx->tokens, lx->count, &lx->room, sizeof *lx->tokens);
    lx->tokens[lx->count++] = (struct py_token){
        .kind = kind, .broken = broken, .line = line, .text = str_slice(lx->source, from, lx->at)};
}

/* From the quote at the place to behind its end; `from` is where the prefix starts. */
static void lex_string(struct py_lexer *lx, size_t from)
{
    uint32_t first_line = lx->line;
    unsigned char quote = peek(lx, 0);
    bool triple = peek(lx, 1) == quote && peek(lx, 2) == quote;
    lx->at += triple ? 3 : 1;
    while (lx->at < lx->source.len) {
        unsigned char c = peek(lx, 0);
        if (c == quote && (!triple || (peek(lx, 1) == quote && peek(lx, 2) == quote))) {
            lx->at += triple ? 3 : 1;
            push(lx, PY_STRING, from, first_line, false);
            return;
        }
        if (newline_length(lx)) {
            if (!triple)
                break;
            (void)take_newline(lx);
            continue;
        }
        lx->at++;
        if (c == '\\' && lx->at < lx->source.len && !take_newline(lx))
            lx->at++; /* the escaped byte, in raw strings too */
    }
    note_damage(lx, PY_OPEN_STRING, first_line);
    push(lx, PY_STRING, from, first_line, true);
}

static bool is_string_prefix(struct str word)
{
    static const char *const prefixes[] = {"r",  "u",  "b",  "f",  "t", "br",
                                           "rb", "fr", "rf", "tr", "rt"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (str_eq_nocase(word, str_from(prefixes[i])))
            return true;
    return false;
}

static void lex_word(struct py_lexer *lx)
{
    size_t from = lx->at;
    while (lx->at < lx->source.len && is_word(peek(lx, 0)))
        lx->at++;
    unsigned char next = peek(lx, 0);
    if ((next == '"' || next == '\'') && is_string_prefix(str_slice(lx->source, from, lx->at)))
        lex_string(lx, from);
    else
        push(lx, PY_NAME, from, lx->line, false);
}

static void lex_number(struct py_lexer *lx)
{
    size_t from = lx->at;
    while (lx->at < lx->source.len && (is_word(peek(lx, 0)) || peek(lx, 0) == '.'))
        lx->at++;
    push(lx, PY_NUMBER, from, lx->line, false);
}

static void lex_operator(struct py_lexer *lx)
{
    size_t from = lx->at;
    unsigned char c = peek(lx, 0);
    unsigned char next = peek(lx, 1);
    if (c == '(' || c == '[' || c == '{') {
        if (lx->depth++ == 0)
            lx->bracket = lx->line;
    } else if ((c == ')' || c == ']' || c == '}') && lx->depth > 0) {
        lx->depth--;
    }
    /* Two bytes where a single one would read as something else: `==` is no assignment. */
    bool twin = (next == '=' && c && strchr("=!<>+-*/%&|^@:", c)) || (c == '-' && next == '>') ||
                (c == next && (c == '*' || c == '/' || c == '<' || c == '>'));
    lx->at += twin ? 2 : 1;
    push(lx, PY_OP, from, lx->line, false);
}

/* Inside brackets, at the start of a physical line: a keyword that no bracket can hold. */
static bool at_statement(const struct py_lexer *lx)
{
    struct str rest = str_slice(lx->source, lx->at, lx->source.len);
    while (rest.len && (rest.at[0] == ' ' || rest.at[0] == '\t'))
        rest = str_slice(rest, 1, rest.len);
    return str_starts(rest, STR("class ")) || str_starts(rest, STR("def ")) ||
           str_starts(rest, STR("async def "));
}

/* White space, comment or joined line end at the place; counts columns before the first token. */
static bool skip_blank(struct py_lexer *lx, size_t *column)
{
    unsigned char c = peek(lx, 0);
    if (c == ' ' || c == '\t' || c == '\f' || c == '\v') {
        *column = c == '\f' ? 0 : c == '\t' ? (*column / TAB_STOP + 1) * TAB_STOP : *column + 1;
        lx->at++;
        return true;
    }
    if (c == '#') {
        while (lx->at < lx->source.len && !newline_length(lx))
            lx->at++;
        return true;
    }
    if (c == '\\' && (peek(lx, 1) == '\n' || peek(lx, 1) == '\r')) {
        lx->at++;
        return take_newline(lx);
    }
    return false;
}

static void lex_token(struct py_lexer *lx)
{
    unsigned char c = peek(lx, 0);
    if (c == '"' || c == '\'')
        lex_string(lx, lx->at);
    else if (ascii_digit(c) || (c == '.' && ascii_digit(peek(lx, 1))))
        lex_number(lx);
    else if (is_word(c))
        lex_word(lx);
    else
        lex_operator(lx);
}

bool py_next_line(struct py_lexer *lx, struct py_line *line)
{
    size_t column = 0;
    size_t indent = 0;
    uint32_t first_line = lx->line;
    lx->count = 0;
    lx->depth = 0;
    lx->damage = PY_WHOLE;
    while (lx->at < lx->source.len) {
        if (take_newline(lx)) {
            column = 0;
            if (lx->count && lx->depth == 0)
                break;
            if (lx->depth && at_statement(lx))
                break;
            continue;
        }
        if (skip_blank(lx, &column))
            continue;
        if (lx->count == 0) {
            indent = column;
            first_line = lx->line;
        }
        lex_token(lx);
    }
    if (lx->depth)
        note_damage(lx, PY_OPEN_BRACKET, lx->bracket);
    *line = (struct py_line){.indent = indent,
                             .line = first_line,
                             .tokens = lx->tokens,
                             .count = lx->count,
                             .damage = lx->damage,
                             .damage_line = lx->damage_line};
    return lx->count > 0;
}
