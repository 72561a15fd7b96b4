/*
 * insert: the rows of INSERT statements as a source of COPY text.
 *
 * Whoever reads the script knows the statement up to its VALUES; from there on the tuples are read
 * here, piece by piece, so that a value may be of any length. A run of statements that begin with
 * the very same bytes is one stream of rows, as dumps have a statement for each.
 *
 *     struct insert_rows rows;
 *     struct insert_statement how = {.backslashes = ..., .head = ...};
 *     insert_open(&rows, &window, &how);                 the window stands behind VALUES
 *     insert_leave_out(&rows, flags, count);             generated columns: DEFAULT and no field
 *     ...rows_scan over a window on &rows.source, ROWS_END_INPUT...
 *     if (rows.end == INSERT_TAIL) ...                   the window stands at what is not
 * understood if (rows.odd) ...                                  so many values are no literals
 *
 * A literal becomes the field that COPY would have: NULL is \N, true is t, a bit string its digits,
 * a cast is passed over, the hexadecimal form of MySQL the bytes that it stands for. A value that
 * is no literal is counted in `odd`, its literals and the text between them are its field, so that
 * what stands in it is still found.
 *
 * Ownership: borrows the window, head and flags. Closing the source does nothing: no memory.
 * Errors: the stream ends inside a statement: ERR_INCOMPLETE 310, with its place; the window's.
 * Source: PostgreSQL's scan.l and gram.y; what pg_dump writes: pg_dump.c, dumpTableData_insert;
 * MySQL's sql_lex.cc and sql_yacc.yy; mysqldump.c, dump_table; SQLite's shell.c, shell_callback.
 */
#ifndef FORMATS_DUMP_INSERT_H
#define FORMATS_DUMP_INSERT_H

#include "formats/dump/copy_text.h"
#include "formats/dump/window.h"

enum {
    INSERT_TAG_MAX = 256,  /* bytes of a dollar quote's tag, dollars included */
    INSERT_HEAD_MAX = 4096 /* a longer head starts no run */
};

/* What the script's reader knows of the statement. */
struct insert_statement {
    bool mysql;            /* the values are those of MySQL or MariaDB */
    bool sqlite;           /* the values are those of SQLite */
    bool backslashes;      /* '...' has escapes: standard_conforming_strings is off; MySQL */
    bool ansi_quotes;      /* MySQL: "..." is a name and no string */
    bool defaults;         /* DEFAULT VALUES: one row, nothing follows */
    struct str word;       /* its first word, in lower case */
    struct str head;       /* its bytes from there up to and with VALUES; empty: it is no run */
    uint64_t offset, line; /* where it begins */
};

enum insert_end {
    INSERT_GOES_ON, /* not read to its end yet */
    INSERT_WHOLE,   /* behind the semicolon of the last statement */
    INSERT_TAIL,    /* behind a row stands something else than a comma or the end */
    INSERT_FAILED
};

/* Where the reader stands; private. */
enum insert_state {
    INSERT_AT_ROW,
    INSERT_AT_VALUE,
    INSERT_IN_STRING,
    INSERT_IN_DOLLAR,
    INSERT_IN_BITS,
    INSERT_IN_HEX,
    INSERT_IN_REPLACED,
    INSERT_IN_NUMBER,
    INSERT_IN_EXPRESSION,
    INSERT_BEHIND_VALUE,
    INSERT_BEHIND_ROW
};

enum insert_quoting {
    INSERT_PLAIN,       /* a doubled quote */
    INSERT_BACKSLASHES, /* E'' */
    INSERT_UNICODE      /* U&'' */
};

/* SQLite: text that stands for a byte in a string. */
enum { INSERT_STAND_INS = 2, INSERT_STAND_IN_MAX = 15 };
struct insert_stand_in {
    unsigned char byte;
    unsigned char len;
    unsigned char text[INSERT_STAND_IN_MAX];
};

struct insert_rows {
    struct source source;
    enum insert_end end;
    uint64_t statements;
    uint64_t odd;                  /* values that are no literals */
    uint64_t odd_offset, odd_line; /* of the first one's statement */

    /* private */
    struct window *window;
    struct insert_statement how;
    const bool *left_out;
    size_t left_out_count;
    enum insert_state state;
    struct copy_text out;
    size_t position; /* of the value in its row */
    bool begun;      /* its field is */
    bool expression; /* it is none of the literals */
    uint64_t depth;  /* of parentheses and brackets in it */
    size_t word;     /* length of the word before, in an expression; and its last byte */
    unsigned char letter;
    enum insert_quoting quoting;
    unsigned char quote;
    bool continues; /* behind a string that another one right below may go on with */
    uint32_t high;  /* first half of a surrogate pair */
    unsigned base;  /* of digits: 2 or 16 */
    int nibble;     /* the first digit of a byte; -1: none */
    bool closes;    /* SQLite: unistr() ends behind the string */
    size_t stand_in_count;
    struct insert_stand_in stand_ins[INSERT_STAND_INS];
    size_t left, tail; /* SQLite: bytes of a string with them, and behind it */
    size_t tag_length;
    unsigned char tag[INSERT_TAG_MAX];
    size_t spare_begin, spare_end; /* written, and not given out for want of room */
    unsigned char spare[64];
    struct err why; /* it failed; told when what is before it was given out */
};

void insert_open(struct insert_rows *s, struct window *w, const struct insert_statement *how);
void insert_leave_out(struct insert_rows *s, const bool *left_out, size_t count);
/* Reads what is left of the rows and drops it. */
bool insert_drain(struct insert_rows *s, struct err *err);

#endif
