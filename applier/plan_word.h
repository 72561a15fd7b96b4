/*
 * plan_word: the words that the lines of a plan's text are made of.
 *
 * A line is words with one space between them. A word of [A-Za-z0-9_:+/.-] stands as it is;
 * anything else stands in quotes, with \" and \\ and, for each byte of a character that must not be
 * shown, \xNN. So every name can be written, read back to the same bytes, and cannot look like
 * another line, move the cursor or turn the line around.
 *
 *     word_write(b, STR("odd name"));                   "odd name"
 *     word_write_place(b, &at);                         app public.users."se.cret"
 *
 *     struct word_reader r = {.rest = line, .arena = a};
 *     if (word_is(&r, "values") && word_number(&r, &n) && word_end(&r)) ...
 *
 * Readers give false for what they do not find and then leave the reader where it was or not: the
 * line is given up. They accept quoted words that need no quotes; the caller compares with what
 * would be written.
 */
#ifndef APPLIER_PLAN_WORD_H
#define APPLIER_PLAN_WORD_H

#include "applier/plan.h"

void word_write(struct buf *b, struct str s);
/* Always in quotes: prose and paths. */
void word_quote(struct buf *b, struct str s);
/* "2026-11-21T16:00:00Z", or "unknown". */
void word_write_time(struct buf *b, int64_t t);
/* "app public.users.secret"; without table only the database, without column only the table. */
void word_write_place(struct buf *b, const struct plan_column_name *at);

struct word_reader {
    struct str rest;
    struct arena *arena; /* words with escapes are copied here; others are slices */
};

bool word_read(struct word_reader *r, struct str *word);
bool word_is(struct word_reader *r, const char *expected);
bool word_number(struct word_reader *r, uint64_t *n);
bool word_time(struct word_reader *r, int64_t *t);
bool word_place(struct word_reader *r, struct plan_column_name *at);
static inline bool word_end(const struct word_reader *r)
{
    return r->rest.len == 0;
}

#endif
