/*
 * json: one record of JSON Lines, in whatever pieces its bytes come.
 *
 * A record is an object; its keys are columns. The reader is pushed: it takes bytes, tells what it
 * came to, and writes the text of a value as a field of COPY text while it passes over it, so that
 * a value may be of any length.
 *
 *     struct json j;
 *     json_open(&j);
 *     for (;;)
 *         switch (json_step(&j, &bytes, &out)) {           bytes: cut down to what was not taken
 *         case JSON_MORE:   ...more bytes of the line; none are left: it is cut off...
 *         case JSON_FULL:   ...room for what is next in `out`...
 *         case JSON_KEY:    ...j.key; what is written now is its value...
 *         case JSON_VALUE:  ...which is complete...
 *         case JSON_RECORD: ...behind the record; json_blank(rest) must hold...
 *         case JSON_BAD:    ...j.problem...
 *         }
 *
 * The text of a value is that of a string, decoded; null is \N; a number or word as it stands. Of
 * an object or array it is its text without blanks, with the strings in it decoded: what stands
 * embedded there is found as in any text. json_value_open goes on at a value whose place is known.
 *
 * Ownership: no memory. Errors: none set; `problem` says what is wrong. Threads: pure.
 * Limits: JSON_DEPTH_MAX, JSON_KEY_MAX. Source: RFC 8259; NaN and Infinity as well,
 * which Python writes. Bytes of strings are not checked to be UTF-8.
 */
#ifndef FORMATS_DUMP_JSON_H
#define FORMATS_DUMP_JSON_H

#include "formats/dump/copy_text.h"

enum {
    JSON_DEPTH_MAX = 512, /* of objects and arrays in one another, the record included */
    JSON_KEY_MAX = 1024,  /* bytes of a record's key, decoded */
    JSON_WORD_MAX = 8,    /* bytes of a word such as null */
    JSON_STEP = 16        /* room that a step asks for */
};

enum json_event { JSON_MORE, JSON_FULL, JSON_KEY, JSON_VALUE, JSON_RECORD, JSON_BAD };

/* What may stand next; private. */
enum json_due {
    JSON_DUE_RECORD,
    JSON_DUE_FIRST_KEY, /* or the end of the object */
    JSON_DUE_KEY,
    JSON_DUE_COLON,
    JSON_DUE_VALUE,
    JSON_DUE_FIRST_ITEM, /* or the end of the array */
    JSON_DUE_MORE,       /* a comma, or the end */
    JSON_DUE_NOTHING
};

/* Inside of what; private. */
enum json_inside {
    JSON_BETWEEN,
    JSON_IN_STRING,
    JSON_IN_ESCAPE,
    JSON_IN_DIGITS, /* of \uXXXX */
    JSON_AT_LOW,    /* behind the first half of a pair: a backslash is due */
    JSON_AT_LOW_U,  /* and then u */
    JSON_IN_NUMBER,
    JSON_IN_WORD
};

struct json {
    struct str key;      /* of the record: at JSON_KEY, until the next one */
    const char *problem; /* at JSON_BAD */
    bool limit;          /* it is that something is too long or too deep */

    /* private */
    enum json_due due;
    enum json_inside inside;
    unsigned depth;
    uint64_t objects[JSON_DEPTH_MAX / 64]; /* a bit for each depth: no array */
    bool in_key;                           /* the string at hand is a key */
    unsigned digits;                       /* of a \uXXXX so far */
    unsigned number;                       /* what it has come to */
    uint32_t code, high;
    size_t word_length, key_length;
    unsigned char word[JSON_WORD_MAX];
    unsigned char key_bytes[JSON_KEY_MAX];
};

/* At a record. */
void json_open(struct json *j);
/* Behind a key of a record, before its colon; json_step tells JSON_VALUE at the value's end. */
void json_value_open(struct json *j);
/* `out` may be NULL: nothing is written. */
enum json_event json_step(struct json *j, struct str *bytes, struct copy_text *out);

static inline bool json_is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Nothing but blanks. */
bool json_blank(struct str s);

#endif
