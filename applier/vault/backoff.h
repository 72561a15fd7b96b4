/*
 * backoff: how long to wait before a request is sent again.
 *
 * Doubling from BACKOFF_FIRST_MS, at most BACKOFF_MOST_MS, and of that at random between half and
 * all, so that many clients do not come back at once. A server that says when (Retry-After) is
 * believed up to BACKOFF_PATIENCE_S; who asks for more is told to come back another time.
 *
 *     uint64_t ms;
 *     if (backoff_wait(tries, answer.retry_after, chance, &ms)) ...sleep ms, send again...
 *
 * Pure. Units: milliseconds, seconds where named so.
 */
#ifndef APPLIER_VAULT_BACKOFF_H
#define APPLIER_VAULT_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

enum { BACKOFF_FIRST_MS = 250, BACKOFF_MOST_MS = 20000, BACKOFF_PATIENCE_S = 120 };

/* `tries`: failed ones so far, from 1; `chance`: any number. False: it is longer than we wait. */
static inline bool backoff_wait(unsigned tries, uint64_t retry_after_s, uint32_t chance,
                                uint64_t *ms)
{
    uint64_t most = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < tries && most < BACKOFF_MOST_MS; i++)
        most *= 2;
    if (most > BACKOFF_MOST_MS)
        most = BACKOFF_MOST_MS;
    *ms = most / 2 + chance % (most / 2 + 1);
    if (retry_after_s > BACKOFF_PATIENCE_S)
        return false;
    if (retry_after_s * 1000 > *ms)
        *ms = retry_after_s * 1000 + chance % BACKOFF_FIRST_MS;
    return true;
}

#endif
