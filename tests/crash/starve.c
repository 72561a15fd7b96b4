/* starve: in front of glibc's own allocator. */
#include "tests/crash/starve.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

static unsigned long at, asked;
void (*starve_exit)(void);

void starve_at(unsigned long n)
{
    at = n;
    asked = 0;
}

unsigned long starve_end(void)
{
    at = 0;
    return asked;
}

#ifndef __SANITIZE_ADDRESS__
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t n);
_Noreturn void exit(int status);
void *malloc(size_t n);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t n);

static bool refused(void)
{
    if (!at || ++asked != at)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    return refused() ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t size)
{
    return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t n)
{
    return refused() ? NULL : __libc_realloc(old, n);
}

void exit(int status)
{
    if (at && starve_exit)
        starve_exit();
    (void)fflush(NULL);
    _exit(status);
}
#endif
