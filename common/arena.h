/*
 * arena: bump memory that is given back all at once.
 *
 * Everything that lives as long as a run, a plan or a batch is taken from one arena, so there is
 * one release and no ownership to track. Memory comes zeroed.
 *
 *     struct arena run = {0};
 *     struct thing *t = ARENA_NEW(&run, struct thing);
 *     struct arena_mark m = arena_mark(&run);   ...scratch...   arena_reset(&run, m);
 *     arena_free(&run);
 *
 * Ownership: the arena owns what it hands out. Set .wipe before the first use for key material, and
 * leave it: the memory is then overwritten before it is given back, by reset and free alike, is in
 * no core dump and, where the limit allows it, never swapped out.
 * Errors: none. Out of memory calls arena_out_of_memory, which does not return; a process that
 * dies there is a process killed there, and the journal is made for that. The steps of a
 * transaction come back from it (applier/survive.h).
 * Threads: one arena belongs to one thread at a time.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include "common/str.h"

#include <stdarg.h>

struct arena_block;

struct arena {
    struct arena_block *top; /* newest block; older ones are chained behind it */
    bool wipe;
};

struct arena_mark {
    struct arena_block *top;
    size_t used;
};

/* Set by main, and by survive.c around a step; must not return. The default is abort(). */
extern void (*arena_out_of_memory)(size_t wanted);

/* Zeroed, aligned for any type. Never NULL; n may be 0. */
void *arena_alloc(struct arena *a, size_t n);
/* count * size with the overflow checked. */
void *arena_array(struct arena *a, size_t count, size_t size);
struct str arena_copy(struct arena *a, struct str s);
/* A NUL-terminated copy, for system calls and libraries. Bytes after an inner NUL are lost to them.
 */
char *arena_text(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
struct str arena_lower(struct arena *a, struct str s);

struct arena_mark arena_mark(const struct arena *a);
void arena_reset(struct arena *a, struct arena_mark mark);
void arena_free(struct arena *a);

/*
 * Grows an array of an arena: gives back `items` itself while there is room for one more, else a
 * copy with twice the room (the old one stays in the arena until it is reset).
 */
void *arena_grow(struct arena *a, void *items, size_t count, size_t *room, size_t size);

#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, n, type) ((type *)arena_array((a), (n), sizeof(type)))

#endif
