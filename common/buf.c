/* buf: doubling growth inside an arena. */
#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>

static void buf_reserve(struct buf *b, size_t more)
{
    if (b->room - b->len >= more)
        return;
    size_t room = b->room ? b->room * 2 : 512;
    while (room - b->len < more)
        room *= 2;
    unsigned char *wider = arena_alloc(b->arena, room);
    if (b->len)
        memcpy(wider, b->at, b->len);
    b->at = wider;
    b->room = room;
}

void buf_add(struct buf *b, struct str s)
{
    if (s.len == 0)
        return;
    buf_reserve(b, s.len);
    memcpy(b->at + b->len, s.at, s.len);
    b->len += s.len;
}

void buf_byte(struct buf *b, unsigned char byte)
{
    buf_reserve(b, 1);
    b->at[b->len++] = byte;
}

void buf_text(struct buf *b, const char *text)
{
    buf_add(b, str_from(text));
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len > 0) {
        buf_reserve(b, (size_t)len + 1);
        (void)vsnprintf((char *)b->at + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}
