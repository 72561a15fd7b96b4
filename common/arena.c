/* arena: a chain of blocks, newest first: malloc's, or pages for key material. */
#include "common/arena.h"
#include "common/secret.h"
#include "common/sys.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BLOCK = 64 * 1024, ARENA_ALIGN = 16 };

struct arena_block {
    struct arena_block *older;
    size_t room;
    size_t used;
    size_t pad; /* keeps the bytes that follow aligned to ARENA_ALIGN */
};

static void die_out_of_memory(size_t wanted)
{
    (void)wanted;
    abort();
}

void (*arena_out_of_memory)(size_t wanted) = die_out_of_memory;

static _Noreturn void no_memory(size_t wanted)
{
    arena_out_of_memory(wanted);
    abort(); /* whoever set the handler broke its promise not to return */
}

static struct arena_block *block_get(const struct arena *a, size_t room)
{
    size_t n = sizeof(struct arena_block) + room;
    struct arena_block *b = a->wipe ? sys->secret_pages(n) : malloc(n);
    if (!b)
        no_memory(room);
    return b;
}

static void block_drop(const struct arena *a, struct arena_block *b)
{
    if (a->wipe)
        sys->free_pages(b, sizeof *b + b->room);
    else
        free(b);
}

static unsigned char *block_bytes(struct arena_block *b)
{
    return (unsigned char *)(b + 1);
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > SIZE_MAX / 2)
        no_memory(n);
    n = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct arena_block *b = a->top;
    if (!b || b->room - b->used < n) {
        size_t room = n > ARENA_BLOCK ? n : ARENA_BLOCK;
        struct arena_block *fresh = block_get(a, room);
        *fresh = (struct arena_block){.older = b, .room = room};
        a->top = b = fresh;
    }
    unsigned char *at = block_bytes(b) + b->used;
    b->used += n;
    memset(at, 0, n);
    return at;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size)
        no_memory(SIZE_MAX);
    return arena_alloc(a, count * size);
}

struct str arena_copy(struct arena *a, struct str s)
{
    unsigned char *at = arena_alloc(a, s.len);
    if (s.len)
        memcpy(at, s.at, s.len);
    return str_make(at, s.len);
}

char *arena_text(struct arena *a, struct str s)
{
    char *text = arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(text, s.at, s.len);
    return text;
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    size_t room = len < 0 ? 1 : (size_t)len + 1;
    char *text = arena_alloc(a, room);
    if (len >= 0)
        (void)vsnprintf(text, room, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}

struct str arena_lower(struct arena *a, struct str s)
{
    unsigned char *at = arena_alloc(a, s.len);
    for (size_t i = 0; i < s.len; i++)
        at[i] = ascii_lower(s.at[i]);
    return str_make(at, s.len);
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->top, a->top ? a->top->used : 0};
}

void arena_reset(struct arena *a, struct arena_mark mark)
{
    while (a->top != mark.top) {
        struct arena_block *gone = a->top;
        a->top = gone->older;
        if (a->wipe)
            secret_wipe(block_bytes(gone), gone->used);
        block_drop(a, gone);
    }
    if (a->top) {
        if (a->wipe)
            secret_wipe(block_bytes(a->top) + mark.used, a->top->used - mark.used);
        a->top->used = mark.used;
    }
}

void arena_free(struct arena *a)
{
    arena_reset(a, (struct arena_mark){0});
}

void *arena_grow(struct arena *a, void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    size_t wider = *room ? *room * 2 : 8;
    void *bigger = arena_array(a, wider, size);
    if (count)
        memcpy(bigger, items, count * size);
    *room = wider;
    return bigger;
}
