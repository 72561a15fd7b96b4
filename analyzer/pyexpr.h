/*
 * pyexpr: what a Python expression says in letters, without running it.
 *
 * An expression is a span of tokens. The questions asked here have answers only where the source
 * shows them: a literal text, the name that is called, the arguments of a call. Everything else is
 * "not literal", which the caller reports and never guesses.
 *
 *     struct str callee;
 *     struct py_span rest;
 *     struct py_argument arg;
 *     if (py_call(expr, &run, &callee, &rest))            db.Column("otp", EncryptedString)
 *         while (py_next_argument(&rest, &arg)) ...       "otp"; EncryptedString
 *
 * Brackets are counted, never recursed into, so nesting costs nothing.
 */
#ifndef ANALYZER_PYEXPR_H
#define ANALYZER_PYEXPR_H

#include "formats/python/pytoken.h"

struct py_span {
    const struct py_token *at;
    size_t count;
};

struct py_argument {
    struct str keyword; /* empty for a positional one */
    size_t stars;       /* 1 for *args, 2 for **kwargs */
    struct py_span value;
};

static inline struct py_span py_skip(struct py_span s, size_t n)
{
    return n < s.count ? (struct py_span){s.at + n, s.count - n} : (struct py_span){s.at, 0};
}

/* Index of the first operator `op` outside brackets, or the span's length. */
size_t py_find_op(struct py_span s, const char *op);
/* Index behind the bracket that closes the one at `open`, or the span's length. */
size_t py_close(struct py_span s, size_t open);
/* Without the parentheses around the whole of it; a tuple keeps its commas. */
struct py_span py_strip(struct py_span s);

/* A text known without running anything: literals beside each other or joined by +. */
bool py_text(struct arena *a, struct py_span s, struct str *value);
/* Length of the dotted name the span starts with (1 for x, 3 for x.y), 0 without one. */
size_t py_dotted(struct py_span s);
/* The dotted name as text: x.y. */
struct str py_dotted_text(struct arena *a, struct py_span s);
/* The last part of the dotted name the span starts with; empty without one. */
struct str py_last_name(struct py_span s);

/* A call: name(.name)* ( arguments ), whatever follows. */
bool py_call(struct py_span s, struct str *last_name, struct py_span *arguments);
/* Takes one argument or list element off; false when none is left. */
bool py_next_argument(struct py_span *rest, struct py_argument *arg);
/* The value of a keyword argument; false without it. */
bool py_keyword(struct py_span arguments, const char *keyword, struct py_span *value);

/* As source text on one line for people, with literals masked: a type may hold a key (S15). */
struct str py_shown(struct arena *a, struct py_span s);
/* True when a name of the span contains the text, letter by letter. */
bool py_mentions(struct py_span s, struct str part);

#endif
