/*
 * flask_names: the names that a Flask configuration keeps its keys under, as its readers share
 * them.
 *
 *     ENCRYPTION_KEYS = {VERSION: {key: ..., salt: ..., salt_hash: ...}}
 *
 * Ownership: names are made in the arena. Errors: none.
 */
#ifndef FORMATS_KEYRING_FLASK_NAMES_H
#define FORMATS_KEYRING_FLASK_NAMES_H

#include "formats/keyring/syntax.h"

/* The name of the dictionary. */
#define FLASK_KEYS STR("ENCRYPTION_KEYS")

/* Whether a name could have to do with the keyring; more than those that are read. */
bool flask_name_is_ours(struct str name);
/* Whether such a name stands anywhere in a text. */
bool flask_names_in(struct str text);

/* "ENCRYPTION_KEYS__v1" for the field "key" of version v1; empty for a field that is not ours. */
struct str flask_entry_name(struct arena *a, struct str field, struct str version);

/* Counts lines forwards: LF, CRLF and CR end one. */
struct flask_lines {
    struct str content;
    size_t at;
    size_t line; /* that `at` stands on, from 1 */
};
/* The line of a byte that is not before the last one asked for. */
size_t flask_line_at(struct flask_lines *lines, size_t at);

/*
 * Bindings for what stands between [from, to): a comment or code for every line of it that is not
 * blank, without the blanks around it. `mark` begins a comment; 0: there are none.
 */
void flask_add_gap(struct arena *a, struct flask_lines *lines, struct span gap, unsigned char mark,
                   struct bindings *all);

/*
 * The span of the member `body` whose comma, if any, ends at `end`: with the comment behind it, if
 * one begins with `mark` there, and with its whole lines when nothing else stands on them.
 */
struct span flask_member_span(struct str content, struct span body, size_t end, unsigned char mark);

/*
 * The bindings from `leader` to the last are one member, with that span: the leader gets it, the
 * others an empty one at its end.
 */
void flask_close_member(struct bindings *all, size_t leader, struct span whole, struct span body);

#endif
