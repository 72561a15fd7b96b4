/*
 * copy_text: a writer of COPY text into memory of a bounded size.
 *
 * Rows of every syntax but CSV reach the scan as COPY text, so that there is one hot loop: a source
 * reads its own syntax and writes what it found with this. The bytes are those that COPY TO would
 * write (copy.h), and come out in as many pieces as the reader of the source likes.
 *
 *     struct copy_text t;
 *     copy_text_open(&t, into, room);
 *     while (copy_text_room(&t) >= COPY_TEXT_STEP) {       else: give out what there is, go on
 * later copy_text_field(&t);                             begins a field; the tab before it taken =
 * copy_text_put(&t, bytes);                as much as there is room for copy_text_null(&t); in
 * place of bytes: NULL copy_text_end(&t);                               ends the record
 *     }
 *     ...t.len bytes of `into`; a new copy_text_open goes on in the middle of a field or record...
 *
 * A record without any field is an empty line, which is what a table without columns has.
 * Ownership: the memory is the caller's. Limits: a single call but copy_text_put writes at most
 * COPY_TEXT_STEP bytes. Source: copyto.c, CopyAttributeOutText.
 */
#ifndef FORMATS_DUMP_COPY_TEXT_H
#define FORMATS_DUMP_COPY_TEXT_H

#include "common/str.h"

enum { COPY_TEXT_STEP = 8 };

struct copy_text {
    unsigned char *into;
    size_t room, len;
    bool inside; /* the record has a field */
};

/* Goes on in new memory. Before the first call the writer is all zero. */
static inline void copy_text_open(struct copy_text *t, unsigned char *into, size_t room)
{
    t->into = into;
    t->room = room;
    t->len = 0;
}

static inline size_t copy_text_room(const struct copy_text *t)
{
    return t->room - t->len;
}

static inline void copy_text_field(struct copy_text *t)
{
    if (t->inside)
        t->into[t->len++] = '\t';
    t->inside = true;
}

static inline void copy_text_null(struct copy_text *t)
{
    t->into[t->len++] = '\\';
    t->into[t->len++] = 'N';
}

static inline void copy_text_end(struct copy_text *t)
{
    t->into[t->len++] = '\n';
    t->inside = false;
}

/* How many of the bytes were taken; all of them unless the room is used up. */
size_t copy_text_put(struct copy_text *t, struct str bytes);

/*
 * For a source's read: what `write` gives, whatever the room. It is called with at least
 * COPY_TEXT_SPARE bytes, writes what fits, and gives back how much: nothing at the end.
 */
enum { COPY_TEXT_SPARE = 64 };

struct copy_text_spare {
    size_t begin, end; /* written, and not given out for want of room */
    unsigned char bytes[COPY_TEXT_SPARE];
};

size_t copy_text_give(struct copy_text_spare *spare,
                      size_t (*write)(void *context, unsigned char *into, size_t room),
                      void *context, unsigned char *into, size_t room);

#endif
