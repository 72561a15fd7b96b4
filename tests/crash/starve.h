/*
 * starve: the n-th allocation of the process fails, whoever asks for it.
 *
 *     starve_at(17);  ...  unsigned long asked = starve_end();     asked < 17: it was not reached
 *
 * It takes the place of malloc, calloc and realloc for the libraries too. With a sanitizer, which
 * has its own, nothing fails and 0 is given back.
 */
#ifndef TESTS_CRASH_STARVE_H
#define TESTS_CRASH_STARVE_H

void starve_at(unsigned long n);
unsigned long starve_end(void);
/* Called instead of leaving the process when a library gives up (libarchive does); does not return.
 */
extern void (*starve_exit)(void);

#endif
