/*
 * sql_lex_mysql: tokens of MySQL and MariaDB: backtick names, "strings", # comments, and comments
 * that are executed, which count as the statements that they hold.
 */
#include "formats/dump/sql_lex_parts.h"

enum { NEVER_EXECUTED = 999999 }; /* a version that no server has */

static bool is_word_start(int c)
{
    return c == '_' || c == '$' || c >= 0x80 || (c != NO_BYTE && ascii_alpha((unsigned char)c));
}

static bool is_word_byte(int c)
{
    return is_word_start(c) || (c != NO_BYTE && ascii_digit((unsigned char)c));
}

/* The delimiter right ahead. */
static bool at_delimiter(struct sql_lexer *l, struct err *err)
{
    for (size_t i = 0; i < l->delimiter_length; i++)
        if (look(l, i, err) != l->delimiter[i])
            return false;
    return l->delimiter_length > 0;
}

/* Comments do not nest. */
static bool lex_comment(struct sql_lexer *l, struct err *err)
{
    take(l);
    take(l);
    for (;;) {
        if (!take_until(l, '*', '*', err))
            return cut_off(l, "a comment", err);
        take(l);
        if (look(l, 0, err) == '/')
            break;
    }
    take(l);
    return !failed(l);
}

/*
 * Behind the slash and star: ! or M! and a version begin a comment that servers from that version
 * on execute. Gives back the length of that mark; 0: it is just a comment.
 */
static size_t executed_mark(struct sql_lexer *l, struct err *err)
{
    size_t at = 2;
    uint64_t version = 0;
    at += look(l, at, err) == 'M' && look(l, at + 1, err) == '!';
    if (look(l, at, err) != '!')
        return 0;
    at++;
    for (unsigned digits = 0; digits < 6; digits++, at++) {
        int c = look(l, at, err);
        if (c == NO_BYTE || !ascii_digit((unsigned char)c))
            break;
        version = version * 10 + (unsigned)(c - '0');
    }
    return version == NEVER_EXECUTED ? 0 : at;
}

/* The mark of an executed comment is a comment of its own; what is in it are tokens. */
static bool lex_block(struct sql_lexer *l, struct sql_token *t, struct err *err)
{
    t->kind = SQL_TOKEN_COMMENT;
    size_t mark = executed_mark(l, err);
    if (failed(l))
        return false;
    if (!mark)
        return lex_comment(l, err);
    l->executed = true;
    while (mark-- > 0)
        take(l);
    return true;
}

static bool lex_word(struct sql_lexer *l, struct sql_token *t, struct err *err)
{
    t->kind = SQL_TOKEN_WORD;
    for (int c = look(l, 0, err); is_word_byte(c); c = look(l, 0, err)) {
        keep(l, ascii_lower((unsigned char)c));
        pass(l);
    }
    return !failed(l);
}

static bool begins_line_comment(struct sql_lexer *l, int c, int next, struct err *err)
{
    bool dashes = c == '-' && next == '-';
    return dashes ? look(l, 2, err) <= ' ' : c == '#';
}

static bool lex_text(struct sql_lexer *l, struct sql_token *t, int c, struct err *err)
{
    bool name = c == '`' || (c == '"' && l->ansi_quotes);
    t->kind = name ? SQL_TOKEN_NAME : SQL_TOKEN_STRING;
    return lex_quoted(l, (unsigned char)c,
                      !name && l->backslashes ? QUOTING_BACKSLASH : QUOTING_PLAIN, err);
}

bool lex_mysql(struct sql_lexer *l, struct sql_token *t, int c, struct err *err)
{
    if (at_delimiter(l, err)) {
        t->kind = SQL_TOKEN_STOP;
        for (size_t i = 0; i < l->delimiter_length; i++)
            take(l);
        return true;
    }
    int next = look(l, 1, err);
    if (failed(l))
        return false;
    if (begins_line_comment(l, c, next, err)) {
        t->kind = SQL_TOKEN_COMMENT;
        return lex_line_comment(l, err);
    }
    if (c == '/' && next == '*')
        return lex_block(l, t, err);
    if (c == '*' && next == '/' && l->executed) {
        t->kind = SQL_TOKEN_COMMENT;
        l->executed = false;
        take(l);
        take(l);
        return true;
    }
    if (c == '\'' || c == '"' || c == '`')
        return lex_text(l, t, c, err);
    if (is_word_start(c))
        return lex_word(l, t, err);
    if (ascii_digit((unsigned char)c))
        return lex_number(l, t, err);
    t->kind = SQL_TOKEN_MARK;
    take(l);
    return !failed(l);
}
