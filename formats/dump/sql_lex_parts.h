/*
 * sql_lex_parts: what the files of the lexer share. Not for others: they include sql_lex.h.
 *
 * sql_lex.c        PostgreSQL's tokens, and what both kinds of script have
 * sql_lex_mysql.c  those of MySQL and MariaDB
 * sql_lex_sqlite.c those of SQLite
 */
#ifndef FORMATS_DUMP_SQL_LEX_PARTS_H
#define FORMATS_DUMP_SQL_LEX_PARTS_H

#include "formats/dump/sql_lex.h"

enum { NO_BYTE = -1 };

/* How a quoted body is read. */
enum quoting { QUOTING_PLAIN, QUOTING_BACKSLASH, QUOTING_UNICODE };

/* The byte `ahead` of the next one, or NO_BYTE: the stream has ended or failed. */
static inline int look(struct sql_lexer *l, size_t ahead, struct err *err)
{
    struct window *w = l->window;
    while (w->end - w->begin <= ahead)
        if (!window_more(w, err))
            return NO_BYTE;
    return w->bytes[w->begin + ahead];
}

/* Passes one byte that look() has seen. */
static inline void pass(struct sql_lexer *l)
{
    struct window *w = l->window;
    w->line += w->bytes[w->begin] == '\n';
    w->begin++;
    w->offset++;
}

static inline void keep(struct sql_lexer *l, unsigned char byte)
{
    if (l->kept < SQL_TOKEN_KEPT)
        l->text[l->kept++] = byte;
    l->length++;
}

static inline void keep_run(struct sql_lexer *l, struct str run)
{
    size_t room = SQL_TOKEN_KEPT - l->kept;
    size_t n = run.len < room ? run.len : room;
    if (n)
        memcpy(l->text + l->kept, run.at, n);
    l->kept += n;
    l->length += run.len;
}

static inline void take(struct sql_lexer *l)
{
    keep(l, l->window->bytes[l->window->begin]);
    pass(l);
}

/* False, with the error unless the source has set one. */
static inline bool cut_off(struct sql_lexer *l, const char *inside, struct err *err)
{
    err_set(err, ERR_INCOMPLETE, 311, "the script ends inside %s", inside);
    window_place(l->window, l->offset, l->line, err);
    err_hint(err,
             "the dump was cut off, or is not all of a script; make it again and compare sizes");
    return false;
}

static inline bool failed(const struct sql_lexer *l)
{
    return l->window->state == PULL_FAILED;
}

/* One pass, however far off either of them is. */
static inline size_t find_either(struct str s, unsigned char a, unsigned char b)
{
    size_t n = 0;
    while (n < s.len && s.at[n] != a && s.at[n] != b)
        n++;
    return n;
}

/* Keeps everything up to the next `stop` or `other`, which is not passed. False: there is none. */
static inline bool take_until(struct sql_lexer *l, unsigned char stop, unsigned char other,
                              struct err *err)
{
    for (;;) {
        struct str rest = window_rest(l->window);
        size_t run = stop == other ? str_find(rest, stop) : find_either(rest, stop, other);
        keep_run(l, str_slice(rest, 0, run));
        window_skip(l->window, run);
        if (run < rest.len)
            return true;
        if (look(l, 0, err) == NO_BYTE)
            return false;
    }
}

/* A body whose opening quote is next; leaves the window behind its closing quote. */
bool lex_quoted(struct sql_lexer *l, unsigned char quote, enum quoting how, struct err *err);
bool lex_line_comment(struct sql_lexer *l, struct err *err);
bool lex_number(struct sql_lexer *l, struct sql_token *t, struct err *err);
/* The token at c, the next byte, of a script of MySQL. */
bool lex_mysql(struct sql_lexer *l, struct sql_token *t, int c, struct err *err);
/* The same of SQLite. */
bool lex_sqlite(struct sql_lexer *l, struct sql_token *t, int c, struct err *err);

#endif
