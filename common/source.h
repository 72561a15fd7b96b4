/*
 * source: a pull interface for blocks of bytes.
 *
 * Decoders are sources over sources; whoever holds the top one pulls, and each layer pulls from the
 * one below. The caller gives the memory, so decoded bytes land where they will be scanned.
 *
 *     for (;;) {
 *         size_t got;
 *         enum pull p = source_read(src, at, room, &got, err);
 *         if (p != PULL_OK) break;              PULL_END: complete; PULL_FAILED: err is set
 *         ...at[0..got)...
 *     }
 *     source_close(src);
 *
 * PULL_OK always brings at least one byte. PULL_END means that the layer *knows* the data is whole
 * (trailer, checksum, length); a stream that merely stops is PULL_FAILED: ERR_INCOMPLETE when it is
 * cut off, ERR_CORRUPT when it is damaged. END and FAILED repeat on every further call.
 * Ownership: closing a source closes the one it reads from.
 * Threads: one at a time.
 */
#ifndef COMMON_SOURCE_H
#define COMMON_SOURCE_H

#include "common/err.h"

enum pull { PULL_OK, PULL_END, PULL_FAILED };

struct source;

/* Whether to go on; false with err set. */
typedef bool (*source_watch)(void *context, struct err *err);

struct source_ops {
    enum pull (*read)(struct source *s, unsigned char *into, size_t room, size_t *got,
                      struct err *err);
    void (*close)(struct source *s); /* frees s */
    /* NULL: never waits. Else `watch` is to be asked when a signal interrupts the waiting. */
    void (*interruptible)(struct source *s, source_watch watch, void *context);
};

struct source {
    const struct source_ops *ops;
};

static inline enum pull source_read(struct source *s, unsigned char *into, size_t room, size_t *got,
                                    struct err *err)
{
    return s->ops->read(s, into, room, got, err);
}

static inline void source_close(struct source *s)
{
    if (s)
        s->ops->close(s);
}

/* Reads until `room` is full or the end; *got < room only with PULL_END. */
enum pull source_read_full(struct source *s, unsigned char *into, size_t room, size_t *got,
                           struct err *err);

/* An open descriptor, closed with the source. `name` is for errors and must outlive it. */
struct source *source_fd(int fd, const char *name, struct err *err);
/* The bytes of an open descriptor from there on, by pread: any number of them side by side. The
 * descriptor is borrowed. */
struct source *source_from(int fd, uint64_t at, const char *name, struct err *err);
/* Borrowed bytes, given out in pieces of at most `piece` bytes (0: as large as asked for). */
struct source *source_memory(struct str bytes, size_t piece, struct err *err);

/*
 * Passes another source on and counts what went through: bytes so far, and the XXH3-128 of all of
 * them once the end was reached. `meter` must outlive the source.
 */
struct meter {
    uint64_t bytes;  /* updated after every read */
    char digest[33]; /* "" until the end was reached */
};
struct source *source_metered(struct source *below, struct meter *meter, struct err *err);

/*
 * Passes another source on and asks `watch` before every read, and when a signal comes while a
 * descriptor at the bottom has nothing to give: for a progress line and for being stopped. When it
 * gives false (err set) the read fails.
 */
struct source *source_watched(struct source *below, source_watch watch, void *context,
                              struct err *err);

#endif
