/*
 * unwrap: what digits stand for around a place in a text.
 *
 *     unwrap_hex(text, at, into, room)        at: the first digit of a byte
 *     unwrap_base64(text, at, into, room)     at: the first digit of a group of four
 *
 * The run of digits around the place is found first; digits before it that fill no whole byte or
 * group are left out. Base64 is read in either alphabet, and line ends within it are passed over.
 * Gives back the bytes written, and in *run where in the text the run is.
 * Limits: `room` bytes; what would lie behind is left out.
 */
#ifndef FORMATS_ENVELOPE_UNWRAP_H
#define FORMATS_ENVELOPE_UNWRAP_H

#include "common/str.h"

struct text_run {
    size_t begin, end;
};

struct str unwrap_hex(struct str text, size_t at, unsigned char *into, size_t room,
                      struct text_run *run);
struct str unwrap_base64(struct str text, size_t at, unsigned char *into, size_t room,
                         struct text_run *run);
/* All of `text` is \x and pairs of digits: what it stands for; else nothing, *is false. */
struct str unwrap_bytea(struct str text, unsigned char *into, bool *is);
/* The text with \" and \/ as JSON means them. In place is good. */
struct str unwrap_json(struct str text, unsigned char *into);

#endif
