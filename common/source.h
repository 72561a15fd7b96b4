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
 *
 * The bytes of a plain file can also be fetched side by side, by pread, and are then told to the
 * source, in their order, in place of reading them:
 *
 *     uint64_t at;
 *     int fd = source_place(src, &at);               the next byte is that file's byte `at`; or -1
 *     n = sys->pread(fd, into, room, at + k);        any thread
 *     ok = source_pass(src, bytes, who, err);        one thread at a time
 *
 * A file that ends, or cannot be read, is for source_read to tell.
 */
#ifndef COMMON_SOURCE_H
#define COMMON_SOURCE_H

#include "common/crypto.h"
#include "common/err.h"

enum pull { PULL_OK, PULL_END, PULL_FAILED };

struct source;

/* Who passes bytes: the thread that reads the source otherwise, or one that helps it. Only the
 * former is asked whether to go on, and so only for it source_pass can fail. */
enum source_passer { PASS_BY_READER, PASS_BY_HELPER };

/* Whether to go on; false with err set. */
typedef bool (*source_watch)(void *context, struct err *err);

struct source_ops {
    enum pull (*read)(struct source *s, unsigned char *into, size_t room, size_t *got,
                      struct err *err);
    void (*close)(struct source *s); /* frees s */
    /* NULL: never waits. Else `watch` is to be asked when a signal interrupts the waiting. */
    void (*interruptible)(struct source *s, source_watch watch, void *context);
    /* Both NULL: source_place gives -1. */
    int (*place)(struct source *s, uint64_t *at);
    bool (*pass)(struct source *s, struct str bytes, enum source_passer who, struct err *err);
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

/* Where the next bytes stand, if that is a plain file; the descriptor is borrowed. */
static inline int source_place(struct source *s, uint64_t *at)
{
    return s->ops->place ? s->ops->place(s, at) : -1;
}

/* Goes on behind bytes that were fetched from the place, as if read had given them. */
static inline bool source_pass(struct source *s, struct str bytes, enum source_passer who,
                               struct err *err)
{
    return s->ops->pass(s, bytes, who, err);
}

/* Reads until `room` is full or the end; *got < room only with PULL_END. */
enum pull source_read_full(struct source *s, unsigned char *into, size_t room, size_t *got,
                           struct err *err);

/* An open descriptor, closed with the source. `name` is for errors and must outlive it. */
struct source *source_fd(int fd, const char *name, struct err *err);
/* The same for a plain file, from its first byte on; it has a place. */
struct source *source_file(int fd, const char *name, struct err *err);
/* The bytes of an open descriptor from there on, by pread: any number of them side by side. The
 * descriptor is borrowed. */
struct source *source_from(int fd, uint64_t at, const char *name, struct err *err);
/* Borrowed bytes, given out in pieces of at most `piece` bytes (0: as large as asked for). */
struct source *source_memory(struct str bytes, size_t piece, struct err *err);

/*
 * Passes another source on and counts what went through: bytes so far, and the digest of all of
 * them once the end was reached. `meter` must outlive the source; all of it but `kind` is reset.
 */
enum meter_kind { METER_XXH3_128, METER_SHA256 };
/* "xxh3-128", "sha256" */
const char *meter_kind_name(enum meter_kind kind);
struct meter {
    enum meter_kind kind;        /* the caller's choice, made before */
    uint64_t bytes;              /* updated after every read */
    char digest[SHA256_HEX + 1]; /* hex; "" until the end was reached */
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
