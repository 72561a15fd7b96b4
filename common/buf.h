/*
 * buf: text that grows in an arena.
 *
 * What renderers write to, and what main then writes to a file or the terminal.
 *
 *     struct buf out = {.arena = &run};
 *     buf_printf(&out, "%zu versions\n", n);
 *     struct str text = buf_str(&out);      valid until the next buf_ call or the arena's reset
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include "common/arena.h"

struct buf {
    struct arena *arena;
    unsigned char *at;
    size_t len;
    size_t room;
};

void buf_add(struct buf *b, struct str s);
void buf_byte(struct buf *b, unsigned char byte);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct str buf_str(const struct buf *b)
{
    return str_make(b->at, b->len);
}

#endif
