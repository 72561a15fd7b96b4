/*
 * sql_lex_sqlite: tokens of SQLite: names in "", [] and ``, words in the case that they have. It
 * takes a string for a name where one is due, so strings are names here; values are not for the
 * lexer. Source: SQLite's tokenize.c.
 */
#include "formats/dump/sql_lex_parts.h"

static bool is_word_start(int c)
{
    return c == '_' || c >= 0x80 || (c != NO_BYTE && ascii_alpha((unsigned char)c));
}

static bool is_word_byte(int c)
{
    return is_word_start(c) || c == '$' || (c != NO_BYTE && ascii_digit((unsigned char)c));
}

/* Comments do not nest; the end of the stream ends one, too. */
static bool lex_block(struct sql_lexer *l, struct err *err)
{
    take(l);
    take(l);
    while (take_until(l, '*', '*', err)) {
        take(l);
        if (look(l, 0, err) == '/') {
            take(l);
            break;
        }
    }
    return !failed(l);
}

/* [name]: nothing in it is doubled. */
static bool lex_bracket(struct sql_lexer *l, struct err *err)
{
    pass(l);
    if (!take_until(l, ']', ']', err))
        return cut_off(l, "a quoted name", err);
    pass(l);
    return true;
}

static bool lex_word(struct sql_lexer *l, struct err *err)
{
    while (is_word_byte(look(l, 0, err)))
        take(l);
    return !failed(l);
}

bool lex_sqlite(struct sql_lexer *l, struct sql_token *t, int c, struct err *err)
{
    int next = look(l, 1, err);
    if (failed(l))
        return false;
    if (c == '-' && next == '-') {
        t->kind = SQL_TOKEN_COMMENT;
        return lex_line_comment(l, err);
    }
    if (c == '/' && next == '*') {
        t->kind = SQL_TOKEN_COMMENT;
        return lex_block(l, err);
    }
    if (c == '\'' || c == '"' || c == '`' || c == '[') {
        t->kind = SQL_TOKEN_NAME;
        return c == '[' ? lex_bracket(l, err) : lex_quoted(l, (unsigned char)c, QUOTING_PLAIN, err);
    }
    if (is_word_start(c)) {
        t->kind = SQL_TOKEN_WORD;
        return lex_word(l, err);
    }
    if (ascii_digit((unsigned char)c))
        return lex_number(l, t, err);
    t->kind = SQL_TOKEN_MARK;
    take(l);
    return !failed(l);
}
