/*
 * sql_lex: tokens of a PostgreSQL script, as psql and the server see them.
 *
 * Tokens may be of any length: what is longer than SQL_TOKEN_KEPT is passed over in constant
 * memory, and the token carries its first bytes and says so. The pieces in which the bytes come
 * change nothing.
 *
 *     struct sql_lexer l;
 *     sql_lex_open(&l, &window);
 *     struct sql_token t;
 *     while (sql_lex_next(&l, &t, err) && t.kind != SQL_TOKEN_END) ...
 *
 * Behind every token the window stands right behind the token's last byte, so a caller may go on
 * reading the window itself (rows of a COPY).
 *
 * Ownership: t.text lives in the lexer until the next sql_lex_next.
 * Errors: the stream ends inside a string, quoted name, dollar quote or comment: ERR_INCOMPLETE
 * 311. Source: PostgreSQL's scan.l and psqlscan.l; meta-commands: psqlscanslash.l. MySQL:
 * sql_lex.cc, and mysql.cc, add_line, for delimiters.
 */
#ifndef FORMATS_DUMP_SQL_LEX_H
#define FORMATS_DUMP_SQL_LEX_H

#include "formats/dump/window.h"

enum { SQL_TOKEN_KEPT = 4096, SQL_DOLLAR_TAG_MAX = 256, SQL_DELIMITER_MAX = 16 };

enum sql_token_kind {
    SQL_TOKEN_END,    /* of the stream, at a place where it may end */
    SQL_TOKEN_WORD,   /* keyword or unquoted name, folded to lower case */
    SQL_TOKEN_NAME,   /* "quoted name", decoded; U&"" too */
    SQL_TOKEN_STRING, /* any kind of string, decoded */
    SQL_TOKEN_NUMBER,
    SQL_TOKEN_MARK,    /* one byte of punctuation, or :: or := */
    SQL_TOKEN_COMMENT, /* with its -- or its slash and star, without the line end */
    SQL_TOKEN_META,    /* a backslash command of psql with its arguments, without the line end */
    SQL_TOKEN_STOP     /* MySQL: the delimiter that DELIMITER named */
};

struct sql_token {
    enum sql_token_kind kind;
    struct str text;
    bool cut;              /* the token is longer than what is kept of it */
    bool joined;           /* no white space or comment between it and the token before */
    uint64_t offset, line; /* of its first byte */
};

struct sql_lexer {
    struct window *window;
    bool backslashes; /* standard_conforming_strings is off: '' has escapes; the caller sets */
    bool mysql;       /* a script of MySQL or MariaDB; the caller sets, with backslashes */
    bool sqlite;      /* a script of SQLite; the caller sets. Words keep their case */
    bool ansi_quotes; /* MySQL: "x" is a name and no string; the caller sets */
    bool executed;    /* MySQL: inside of an executed comment */
    size_t delimiter_length; /* MySQL: 0: the semicolon; the caller sets */
    unsigned char delimiter[SQL_DELIMITER_MAX];
    bool started;          /* the byte order mark, if any, is behind us */
    bool after_unicode;    /* the last token was U&: UESCAPE behind it is refused */
    uint64_t end;          /* stream offset behind the last token */
    uint64_t offset, line; /* of the present token */
    size_t kept;
    uint64_t length; /* of the present token, decoded */
    unsigned char text[SQL_TOKEN_KEPT];
};

void sql_lex_open(struct sql_lexer *l, struct window *w);
bool sql_lex_next(struct sql_lexer *l, struct sql_token *t, struct err *err);

#endif
