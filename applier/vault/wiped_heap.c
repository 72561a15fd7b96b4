/* wiped_heap: the length stands before the bytes, so that free knows what to overwrite. */
#include "applier/vault/wiped_heap.h"
#include "common/secret.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

union head {
    size_t length;
    max_align_t align;
};

void *wiped_malloc(size_t n)
{
    if (n > SIZE_MAX / 2)
        return NULL;
    union head *h = malloc(sizeof *h + n);
    if (!h)
        return NULL;
    h->length = n;
    return h + 1;
}

void *wiped_calloc(size_t count, size_t n)
{
    if (n && count > SIZE_MAX / 2 / n)
        return NULL;
    void *at = wiped_malloc(count * n);
    if (at)
        memset(at, 0, count * n);
    return at;
}

void *wiped_realloc(void *at, size_t n)
{
    void *fresh = wiped_malloc(n);
    if (!fresh || !at)
        return fresh;
    const union head *h = (const union head *)at - 1;
    memcpy(fresh, at, h->length < n ? h->length : n);
    wiped_free(at);
    return fresh;
}

char *wiped_strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = wiped_malloc(n);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

void wiped_free(void *at)
{
    if (!at)
        return;
    union head *h = (union head *)at - 1;
    secret_wipe(h, sizeof *h + h->length);
    free(h);
}
