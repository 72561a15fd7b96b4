/*
 * pytoken: Python source cut into logical lines of tokens, never run.
 *
 * A logical line is what Python calls one: brackets and backslashes join physical lines, comments
 * and blank lines vanish. That is all the structure that the scanner of models and the reader of
 * Flask configuration need, and it survives broken files: whatever the bytes are, lines come out
 * until the end is reached.
 *
 *     struct py_lexer lx;
 *     struct py_line line;
 *     py_lexer_open(&lx, &scratch, source);
 *     while (py_next_line(&lx, &line))
 *         ...line.tokens[0..line.count)...        valid until the next call
 *
 * Ownership: tokens borrow from the source.
 * Units: lines from 1; indentation in columns, tabs to multiples of 8 as in Python.
 * Errors: none. What was not understood is said in line.damage: an unterminated string ends with
 * its line (a triple-quoted one with the file), an unclosed bracket ends where a physical line
 * starts with `class` or `def`, which no bracket can hold.
 * Limits: PY_LINE_TOKENS_MAX tokens a logical line; further ones are dropped and said so.
 * Source: The Python Language Reference 3.12, chapter 2, Lexical analysis.
 */
#ifndef FORMATS_PYTHON_PYTOKEN_H
#define FORMATS_PYTHON_PYTOKEN_H

#include "common/arena.h"

enum { PY_LINE_TOKENS_MAX = 65536 };

enum py_kind { PY_NAME, PY_NUMBER, PY_STRING, PY_OP };

struct py_token {
    enum py_kind kind;
    bool broken;     /* a string without its end */
    uint32_t line;   /* of its first byte */
    struct str text; /* as written; of a string with its prefix and quotes */
};

enum py_damage { PY_WHOLE, PY_OPEN_STRING, PY_OPEN_BRACKET, PY_LONG_LINE };

struct py_line {
    size_t indent;
    uint32_t line;
    const struct py_token *tokens; /* at least one */
    size_t count;
    enum py_damage damage; /* the first kind met */
    uint32_t damage_line;
};

struct py_lexer {
    struct arena *arena;
    struct str source;
    size_t at;
    uint32_t line;
    struct py_token *tokens;
    size_t count;
    size_t room;
    size_t depth;     /* of brackets */
    uint32_t bracket; /* line of the outermost open one */
    enum py_damage damage;
    uint32_t damage_line;
};

void py_lexer_open(struct py_lexer *lx, struct arena *a, struct str source);
bool py_next_line(struct py_lexer *lx, struct py_line *line);

static inline bool py_is_op(const struct py_token *t, const char *op)
{
    return t->kind == PY_OP && str_eq(t->text, str_from(op));
}

static inline bool py_is_name(const struct py_token *t, const char *name)
{
    return t->kind == PY_NAME && str_eq(t->text, str_from(name));
}

/*
 * The value of one string token: quotes off, escapes decoded, CRLF as LF. False for what is no
 * literal text: bytes, f-strings with a field, \N{...}, a string without its end.
 */
bool py_string_value(struct arena *a, const struct py_token *t, struct str *value);

#endif
