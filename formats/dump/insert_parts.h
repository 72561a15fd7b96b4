/*
 * insert_parts: what the files of the INSERT reader share. Not for others: they include insert.h.
 *
 * insert.c         rows and statements; the source
 * insert_value.c   which value it is; what stands behind it
 * insert_mysql.c   the values that MySQL writes in another way
 * insert_sqlite.c  those of SQLite
 * insert_string.c  the inside of strings
 */
#ifndef FORMATS_DUMP_INSERT_PARTS_H
#define FORMATS_DUMP_INSERT_PARTS_H

#include "formats/dump/insert.h"

enum {
    INSERT_NO_BYTE = -1,
    INSERT_STEP = 16 /* no step writes more, but for runs that stop where the room ends */
};

/* The byte `ahead` of the next one, or INSERT_NO_BYTE: the stream has ended or failed. */
static inline int insert_look(struct insert_rows *s, size_t ahead)
{
    struct window *w = s->window;
    while (w->end - w->begin <= ahead)
        if (!window_more(w, &s->why))
            return INSERT_NO_BYTE;
    return w->bytes[w->begin + ahead];
}

/* Passes one byte that insert_look has seen. */
static inline void insert_pass(struct insert_rows *s)
{
    struct window *w = s->window;
    w->line += w->bytes[w->begin] == '\n';
    w->begin++;
    w->offset++;
}

static inline bool insert_is_word(int c)
{
    return c == '_' || c >= 0x80 || c == '$' ||
           (c != INSERT_NO_BYTE &&
            (ascii_alpha((unsigned char)c) || ascii_digit((unsigned char)c)));
}

/* Is the word right ahead this one, in any case? `word` is in lower case. */
bool insert_word_ahead(struct insert_rows *s, const char *word);
bool insert_comment_ahead(struct insert_rows *s, int c);
/* Passes white space and comments; tells the next byte, and whether there was a line feed. */
int insert_pass_blank(struct insert_rows *s, bool *line_feed);
/* False, with the error unless the window has set one. */
bool insert_cut_off(struct insert_rows *s);

/* One step each; false: failed. */
bool insert_value(struct insert_rows *s);
bool insert_number(struct insert_rows *s);
bool insert_expression(struct insert_rows *s);
bool insert_behind_value(struct insert_rows *s);
bool insert_string(struct insert_rows *s);
bool insert_dollar(struct insert_rows *s);
bool insert_bits(struct insert_rows *s);
bool insert_hex(struct insert_rows *s);

/* insert_mysql.c: at a byte that begins a value there; false: it is none of its own. */
bool insert_mysql_value(struct insert_rows *s, int c);
bool insert_mysql_escape(struct insert_rows *s);
/* At 0x or x'; `quote` ends it, or 0: what is no digit. */
void insert_begin_hex(struct insert_rows *s, unsigned char quote);

/* insert_sqlite.c: the same of SQLite. */
bool insert_sqlite_value(struct insert_rows *s, int c);
bool insert_sqlite_escape(struct insert_rows *s);
bool insert_replaced(struct insert_rows *s);
/* insert_string.c: a character of Unicode, or half of one. */
void insert_put_utf8(struct insert_rows *s, uint32_t code);

/* A word that is a value, and is written as this. */
void insert_word(struct insert_rows *s, struct str word, struct str written);
void insert_put_byte(struct insert_rows *s, unsigned char byte);
void insert_begin_bits(struct insert_rows *s, unsigned base);
void insert_begin_field(struct insert_rows *s);
/* The value turns out to be no literal. */
void insert_begin_expression(struct insert_rows *s);
void insert_begin_string(struct insert_rows *s, enum insert_quoting quoting);
/* $tag$ right ahead: begins its string and gives true. */
bool insert_begin_dollar(struct insert_rows *s);

#endif
