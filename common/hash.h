/*
 * hash: xxHash, for accidents only. Tallies, journal checksums, change detection; nothing that an
 * adversary gains from colliding, and nothing that is signed (that is crypto.h).
 */
#ifndef COMMON_HASH_H
#define COMMON_HASH_H

#include "common/str.h"

uint64_t hash_xxh3_64(struct str data, uint64_t seed);

struct hash_stream;                  /* XXH3-128 over pieces */
struct hash_stream *hash_open(void); /* NULL without memory */
void hash_add(struct hash_stream *h, struct str data);
/* Lower-case hex, big-endian canonical form as xxhsum prints it; frees the stream. */
void hash_close(struct hash_stream *h, char hex[33]);

#endif
