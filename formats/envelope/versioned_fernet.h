/*
 * versioned_fernet: values of the form version ":" base64url(Fernet token), or the token bare.
 *
 * What the hot loop needs beside envelope.h: the usual value in one step, and a stream for cells of
 * any length.
 *
 *     struct fernet_value value;
 *     if (fernet_value(&reading, cell, &value) == cell.len) ... nearly always
 *     else e->classify(e, &reading, cell, &verdict);
 *
 *     struct fernet_stream s;                                  the same verdict for any split
 *     fernet_stream_open(&s, &reading, &verdict);
 *     fernet_stream_feed(&s, piece) ...
 *     fernet_stream_close(&s);
 *
 * A cell that is \x and hexadecimal digits throughout (PostgreSQL's bytea output) is decoded and
 * classified as the bytes it stands for.
 */
#ifndef FORMATS_ENVELOPE_VERSIONED_FERNET_H
#define FORMATS_ENVELOPE_VERSIONED_FERNET_H

#include "formats/envelope/fernet_text.h"

/* A whole valid value: bare, or behind a name that fits. */
struct fernet_value {
    struct str name; /* as it stands in the cell; empty: bare */
    uint64_t word;   /* of a short name, lower-cased: its bytes, the first one lowest; 0: none */
    int64_t time;
    size_t known; /* with keys: index of the name, or the keyring's count */
    size_t proof; /* as of fernet_prove; PROOF_UNTRIED without keys */
};

enum { FERNET_SHORT_NAME = 7 }; /* most bytes of one that a word is made of */

/*
 * Length of the one that `cell` begins with; 0 says nothing. `cell` is decoded, and may have other
 * cells behind it. A name fits whether or not the keyring knows it.
 */
size_t fernet_value(const struct reading *r, struct str cell, struct fernet_value *value);

struct fernet_stream {
    struct fernet_text text;
    struct verdict text_verdict;
    struct verdict *verdict; /* the caller's */

    /* bytea: \x and pairs of digits */
    bool bytea;    /* so far */
    unsigned seen; /* of the \\x */
    bool half;
    unsigned char high;
    struct fernet_text decoded; /* its verdict is the caller's; open once \x was seen */
};

void fernet_stream_open(struct fernet_stream *s, const struct reading *r, struct verdict *v);
void fernet_stream_feed(struct fernet_stream *s, struct str bytes);
void fernet_stream_close(struct fernet_stream *s);

#endif
