/*
 * wiped_heap: malloc for libraries that hold key material: what they free is overwritten first.
 *
 * libcurl keeps the header with the management key, jansson the value of a new key. Both take their
 * allocator from us. Not for code of ours, which has arenas. Errors: NULL without memory.
 */
#ifndef APPLIER_VAULT_WIPED_HEAP_H
#define APPLIER_VAULT_WIPED_HEAP_H

#include <stddef.h>

void *wiped_malloc(size_t n);
void *wiped_calloc(size_t count, size_t n);
void *wiped_realloc(void *at, size_t n);
char *wiped_strdup(const char *text);
void wiped_free(void *at); /* NULL is allowed */

#endif
