/* copy_text: runs of bytes that stand for themselves, eight at a time; escapes between them. */
#include "formats/dump/copy_text.h"

/* The letter behind the backslash; 0: the byte stands for itself. */
static unsigned char escape_letter(unsigned char c)
{
    if (c == '\\')
        return '\\';
    return c >= '\b' && c <= '\r' ? (unsigned char)"btnvfr"[c - '\b'] : 0;
}

/* Is one of the eight bytes a control character or a backslash? Now and then yes for nothing. */
static bool may_hold_escape(uint64_t eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t backslash = eight ^ (ones * '\\');
    uint64_t low = (eight - ones * ' ') & ~eight;
    uint64_t zero = (backslash - ones) & ~backslash;
    return ((low | zero) & (ones * 0x80)) != 0;
}

/* Copies up to the first byte that needs an escape. */
static size_t put_plain(unsigned char *into, struct str bytes)
{
    size_t n = 0;
    for (; n + 8 <= bytes.len; n += 8) {
        uint64_t eight;
        memcpy(&eight, bytes.at + n, 8);
        if (may_hold_escape(eight))
            break;
        memcpy(into + n, &eight, 8);
    }
    for (; n < bytes.len && !escape_letter(bytes.at[n]); n++)
        into[n] = bytes.at[n];
    return n;
}

size_t copy_text_put(struct copy_text *t, struct str bytes)
{
    size_t taken = 0;
    for (;;) {
        size_t room = copy_text_room(t);
        size_t n = put_plain(t->into + t->len, str_slice(bytes, taken, taken + room));
        t->len += n;
        taken += n;
        if (taken == bytes.len || copy_text_room(t) < 2)
            return taken;
        t->into[t->len++] = '\\';
        t->into[t->len++] = escape_letter(bytes.at[taken++]);
    }
}

size_t copy_text_give(struct copy_text_spare *spare,
                      size_t (*write)(void *context, unsigned char *into, size_t room),
                      void *context, unsigned char *into, size_t room)
{
    if (spare->begin == spare->end) {
        if (room >= COPY_TEXT_SPARE)
            return write(context, into, room);
        spare->begin = 0;
        spare->end = write(context, spare->bytes, COPY_TEXT_SPARE);
    }
    size_t left = spare->end - spare->begin;
    size_t n = left < room ? left : room;
    memcpy(into, spare->bytes + spare->begin, n);
    spare->begin += n;
    return n;
}
