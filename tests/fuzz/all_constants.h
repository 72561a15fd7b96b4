/* all_constants: the constants of all envelopes, made once, for targets that scan. */
#ifndef TESTS_FUZZ_ALL_CONSTANTS_H
#define TESTS_FUZZ_ALL_CONSTANTS_H

#include "formats/envelope/constants.h"

#include <stdlib.h>

static inline const struct constants *all_constants(void)
{
    static struct arena forever;
    static struct constants constants;
    struct err err = {0};
    size_t count;
    const struct envelope *const *list = envelopes(&count);
    if (constants.count == 0 && !constants_make(&forever, list, count, &constants, &err))
        abort();
    return &constants;
}

#endif
