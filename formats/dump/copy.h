/*
 * copy: fields of PostgreSQL's COPY text format.
 *
 * A record is a line; fields are parted by tabs; a field that is exactly \N is NULL; a backslash
 * escapes. In what COPY TO and pg_dump write, no raw tab or newline is ever inside a field, so both
 * may be cut without looking at backslashes.
 *
 *     struct copy_fields f = copy_fields(record);      without its newline
 *     struct str raw;
 *     while (copy_next(&f, &raw)) {
 *         size_t len;
 *         if (copy_unescape(raw, into, &len)) ...into[0..len)...      false: NULL
 *     }
 *
 * Ownership: raw fields are slices of the record; `into` is the caller's, at least raw.len long,
 * and may be the field's own bytes (a value is never longer than what stands for it). Source:
 * copyfromparse.c, CopyReadAttributesText; copyto.c, CopyAttributeOutText.
 */
#ifndef FORMATS_DUMP_COPY_H
#define FORMATS_DUMP_COPY_H

#include "common/str.h"

struct copy_fields {
    struct str rest;
    bool more; /* one more field is due, even if the rest is empty */
};

struct copy_fields copy_fields(struct str record);
bool copy_next(struct copy_fields *f, struct str *raw);

static inline bool copy_is_null(struct str raw)
{
    return raw.len == 2 && raw.at[0] == '\\' && raw.at[1] == 'N';
}

/* The value of a raw field; false, with *len 0, for NULL. */
bool copy_unescape(struct str raw, unsigned char *into, size_t *len);

/* True for the line (without LF) that ends the rows: \. with or without a CR behind it. */
bool copy_is_end(struct str line);

#endif
