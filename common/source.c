/* source: the sources at the bottom of a chain, and the meter. */
#include "common/source.h"
#include "common/hash.h"
#include "common/sys.h"

#include <errno.h>
#include <stdlib.h>

enum pull source_read_full(struct source *s, unsigned char *into, size_t room, size_t *got,
                           struct err *err)
{
    *got = 0;
    while (*got < room) {
        size_t more = 0;
        enum pull p = source_read(s, into + *got, room - *got, &more, err);
        if (p != PULL_OK)
            return p;
        *got += more;
    }
    return PULL_OK;
}

static void *source_new(size_t size, const struct source_ops *ops, struct err *err)
{
    struct source *s = calloc(1, size);
    if (!s)
        err_set(err, ERR_SYSTEM, 101, "no memory");
    else
        s->ops = ops;
    return s;
}

struct fd_source {
    struct source base;
    int fd;
    const char *name;
    bool ended;         /* a file that grows, or a terminal, would go on after its end */
    source_watch watch; /* NULL: none */
    void *context;
};

static enum pull fd_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                         struct err *err)
{
    struct fd_source *s = (struct fd_source *)base;
    ssize_t n;
    if (s->ended)
        return PULL_END;
    while ((n = sys->read(s->fd, into, room)) < 0 && errno == EINTR)
        if (s->watch && !s->watch(s->context, err))
            return PULL_FAILED;
    if (n < 0) {
        err_sys(err, ERR_SYSTEM, 102, errno, "read %s", s->name);
        return PULL_FAILED;
    }
    *got = (size_t)n;
    s->ended = n == 0;
    return s->ended ? PULL_END : PULL_OK;
}

static void fd_close(struct source *base)
{
    (void)sys->close(((struct fd_source *)base)->fd); /* read-only: nothing can be lost here */
    free(base);
}

static void fd_interruptible(struct source *base, source_watch watch, void *context)
{
    struct fd_source *s = (struct fd_source *)base;
    s->watch = watch;
    s->context = context;
}

struct source *source_fd(int fd, const char *name, struct err *err)
{
    static const struct source_ops ops = {
        .read = fd_read, .close = fd_close, .interruptible = fd_interruptible};
    struct fd_source *s = source_new(sizeof *s, &ops, err);
    if (!s)
        return NULL;
    s->fd = fd;
    s->name = name;
    (void)sys->fadvise_sequential(fd); /* advice only */
    return &s->base;
}

enum fd_owner { FD_BORROWED, FD_OWNED };

/* A plain file, read by pread. */
struct file_source {
    struct source base;
    int fd;
    enum fd_owner owner;
    uint64_t at;
    const char *name;
    bool ended;         /* a file that grows would go on after its end */
    source_watch watch; /* NULL: none */
    void *context;
};

static enum pull file_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                           struct err *err)
{
    struct file_source *s = (struct file_source *)base;
    ssize_t n;
    if (s->ended)
        return PULL_END;
    while ((n = sys->pread(s->fd, into, room, (off_t)s->at)) < 0 && errno == EINTR)
        if (s->watch && !s->watch(s->context, err))
            return PULL_FAILED; /* not every file system holds signals back */
    if (n < 0) {
        err_sys(err, ERR_SYSTEM, 102, errno, "read %s", s->name);
        return PULL_FAILED;
    }
    *got = (size_t)n;
    s->at += (uint64_t)n;
    s->ended = n == 0;
    return s->ended ? PULL_END : PULL_OK;
}

static int file_place(struct source *base, uint64_t *at)
{
    struct file_source *s = (struct file_source *)base;
    *at = s->at;
    return s->ended ? -1 : s->fd;
}

static bool file_pass(struct source *base, struct str bytes, enum source_passer who,
                      struct err *err)
{
    (void)who;
    (void)err;
    ((struct file_source *)base)->at += bytes.len;
    return true;
}

static void file_interruptible(struct source *base, source_watch watch, void *context)
{
    struct file_source *s = (struct file_source *)base;
    s->watch = watch;
    s->context = context;
}

static void file_close(struct source *base)
{
    struct file_source *s = (struct file_source *)base;
    if (s->owner == FD_OWNED)
        (void)sys->close(s->fd); /* read-only: nothing can be lost here */
    free(base);
}

static struct source *file_open(int fd, enum fd_owner owner, uint64_t at, const char *name,
                                struct err *err)
{
    static const struct source_ops ops = {.read = file_read,
                                          .close = file_close,
                                          .interruptible = file_interruptible,
                                          .place = file_place,
                                          .pass = file_pass};
    struct file_source *s = source_new(sizeof *s, &ops, err);
    if (!s)
        return NULL;
    s->fd = fd;
    s->owner = owner;
    s->at = at;
    s->name = name;
    return &s->base;
}

struct source *source_file(int fd, const char *name, struct err *err)
{
    struct source *s = file_open(fd, FD_OWNED, 0, name, err);
    if (s)
        (void)sys->fadvise_sequential(fd); /* advice only */
    return s;
}

struct source *source_from(int fd, uint64_t at, const char *name, struct err *err)
{
    return file_open(fd, FD_BORROWED, at, name, err);
}

struct memory_source {
    struct source base;
    struct str rest;
    size_t piece;
};

static enum pull memory_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                             struct err *err)
{
    (void)err;
    struct memory_source *s = (struct memory_source *)base;
    size_t n = s->rest.len < room ? s->rest.len : room;
    if (s->piece && n > s->piece)
        n = s->piece;
    if (n == 0)
        return PULL_END;
    memcpy(into, s->rest.at, n);
    s->rest = str_slice(s->rest, n, s->rest.len);
    *got = n;
    return PULL_OK;
}

static void memory_close(struct source *base)
{
    free(base);
}

struct source *source_memory(struct str bytes, size_t piece, struct err *err)
{
    static const struct source_ops ops = {.read = memory_read, .close = memory_close};
    struct memory_source *s = source_new(sizeof *s, &ops, err);
    if (!s)
        return NULL;
    s->rest = bytes;
    s->piece = piece;
    return &s->base;
}

struct metered_source {
    struct source base;
    struct source *below;
    struct meter *meter;
    struct hash_stream *hash; /* one of the two, by the meter's kind, until the end */
    struct sha256_stream *sha256;
};

const char *meter_kind_name(enum meter_kind kind)
{
    return kind == METER_SHA256 ? "sha256" : "xxh3-128";
}

static bool metered_add(struct metered_source *s, struct str bytes, struct err *err)
{
    s->meter->bytes += bytes.len;
    if (s->sha256)
        return sha256_add(s->sha256, bytes, err);
    if (s->hash)
        hash_add(s->hash, bytes);
    return true;
}

/* Once: a source may be asked again at its end. */
static bool metered_end(struct metered_source *s, struct err *err)
{
    struct sha256 digest;
    bool done = true;
    if (s->hash)
        hash_close(s->hash, s->meter->digest);
    if (s->sha256) {
        done = sha256_close(s->sha256, &digest, err);
        if (done)
            sha256_hex(&digest, s->meter->digest);
    }
    s->hash = NULL;
    s->sha256 = NULL;
    return done;
}

static enum pull metered_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                              struct err *err)
{
    struct metered_source *s = (struct metered_source *)base;
    enum pull p = source_read(s->below, into, room, got, err);
    bool done = true;
    if (p == PULL_OK)
        done = metered_add(s, str_make(into, *got), err);
    else if (p == PULL_END)
        done = metered_end(s, err);
    return done ? p : PULL_FAILED;
}

static int metered_place(struct source *base, uint64_t *at)
{
    return source_place(((struct metered_source *)base)->below, at);
}

static bool metered_pass(struct source *base, struct str bytes, enum source_passer who,
                         struct err *err)
{
    struct metered_source *s = (struct metered_source *)base;
    return source_pass(s->below, bytes, who, err) && metered_add(s, bytes, err);
}

static void metered_close(struct source *base)
{
    struct metered_source *s = (struct metered_source *)base;
    struct err unused = {0};
    bool ended = !s->hash && !s->sha256;
    (void)metered_end(s, &unused);
    if (!ended)
        s->meter->digest[0] = 0;
    source_close(s->below);
    free(s);
}

static void make_interruptible(struct source *s, source_watch watch, void *context)
{
    if (s->ops->interruptible)
        s->ops->interruptible(s, watch, context);
}

static void metered_interruptible(struct source *base, source_watch watch, void *context)
{
    make_interruptible(((struct metered_source *)base)->below, watch, context);
}

struct source *source_metered(struct source *below, struct meter *meter, struct err *err)
{
    static const struct source_ops ops = {.read = metered_read,
                                          .close = metered_close,
                                          .interruptible = metered_interruptible,
                                          .place = metered_place,
                                          .pass = metered_pass};
    struct metered_source *s = source_new(sizeof *s, &ops, err);
    if (!s)
        return NULL;
    *meter = (struct meter){.kind = meter->kind};
    s->below = below;
    s->meter = meter;
    if (meter->kind == METER_SHA256)
        s->sha256 = sha256_open(err);
    else if (!(s->hash = hash_open()))
        err_set(err, ERR_SYSTEM, 101, "no memory");
    if (s->sha256 || s->hash)
        return &s->base;
    free(s);
    return NULL;
}

struct watched_source {
    struct source base;
    struct source *below;
    source_watch watch;
    void *context;
};

static enum pull watched_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                              struct err *err)
{
    struct watched_source *s = (struct watched_source *)base;
    if (!s->watch(s->context, err))
        return PULL_FAILED;
    return source_read(s->below, into, room, got, err);
}

static int watched_place(struct source *base, uint64_t *at)
{
    return source_place(((struct watched_source *)base)->below, at);
}

static bool watched_pass(struct source *base, struct str bytes, enum source_passer who,
                         struct err *err)
{
    struct watched_source *s = (struct watched_source *)base;
    if (who == PASS_BY_READER && !s->watch(s->context, err))
        return false;
    return source_pass(s->below, bytes, who, err);
}

static void watched_close(struct source *base)
{
    source_close(((struct watched_source *)base)->below);
    free(base);
}

struct source *source_watched(struct source *below, source_watch watch, void *context,
                              struct err *err)
{
    static const struct source_ops ops = {
        .read = watched_read, .close = watched_close, .place = watched_place, .pass = watched_pass};
    struct watched_source *s = source_new(sizeof *s, &ops, err);
    if (!s)
        return NULL;
    s->below = below;
    s->watch = watch;
    s->context = context;
    make_interruptible(below, watch, context);
    return &s->base;
}
