/* hash: XXH3 from libxxhash. */
#include "common/hash.h"

#include <stdio.h>
#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h> /* the same functions, with what vectors the processor has */
#endif

uint64_t hash_xxh3_64(struct str data, uint64_t seed)
{
    return XXH3_64bits_withSeed(data.at, data.len, seed);
}

struct hash_stream *hash_open(void)
{
    XXH3_state_t *state = XXH3_createState();
    if (state)
        (void)XXH3_128bits_reset(state);
    return (struct hash_stream *)state;
}

void hash_add(struct hash_stream *h, struct str data)
{
    (void)XXH3_128bits_update((XXH3_state_t *)h, data.at, data.len);
}

void hash_close(struct hash_stream *h, char hex[33])
{
    XXH128_hash_t digest = XXH3_128bits_digest((XXH3_state_t *)h);
    (void)snprintf(hex, 33, "%016llx%016llx", (unsigned long long)digest.high64,
                   (unsigned long long)digest.low64);
    (void)XXH3_freeState((XXH3_state_t *)h);
}
