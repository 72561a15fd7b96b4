/*
 * err: the one error value.
 *
 * It is the last argument of everything that can fail, is untouched on success, and the first
 * error wins: a failing clean-up never hides its cause. No allocation. Nothing below main prints
 * it; callers only add context, outermost first.
 *
 *     if (sys->fsync(fd) != 0)
 *         return err_sys(err, ERR_SYSTEM, 711, errno, "fsync %s", name), false;
 *     ...
 *     err_context(err, "prepare %s", path);     prepare x.conf: fsync x.conf.new: No space left
 *     err_hint(err, "free some space and run the command again");
 *
 * The id is a number of common/errors.def, which explains it; main prints it behind the letter of
 * its program (K0412, R0412), so that one fact has one number in every program.
 * Key material never goes into an error: name the line and the entry, mask the value (S15).
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include "common/str.h"

/* The values are the exit codes of the programs. */
enum err_kind {
    ERR_NONE = 0,
    ERR_INTERNAL = 1,
    ERR_USAGE = 2,
    ERR_INCOMPLETE = 3,
    ERR_REFUSED = 4,
    ERR_STALE = 5,
    ERR_NOT_FOUND = 6,
    ERR_ANSWERED_NO = 7,
    ERR_RESTORED = 8,
    ERR_STUCK = 9,
    ERR_PENDING = 10,
    ERR_LOCKED = 11,
    ERR_CORRUPT = 12,
    ERR_SYSTEM = 13,
    ERR_WINDOW = 14,
    ERR_REMOTE = 20,         /* a later try can help */
    ERR_REMOTE_REFUSED = 21, /* it cannot */
    ERR_REMOTE_LIMIT = 22,   /* too many requests */
    ERR_DISAGREE = 23,       /* remote and vault */
    ERR_THRESHOLD = 24,      /* of spending, crossed */
    ERR_SIGNAL = 128         /* + the signal's number */
};

struct err {
    int kind; /* enum err_kind, or ERR_SIGNAL + signal number */
    int id;   /* of errors.def */
    char text[1024];
    char place[512]; /* "dump.sql.zst, record 12, byte 8812334112", or empty */
    char hint[768];
};

/* Sets the error unless one is set. */
/* The input is cut off or damaged: it is as bad again next time, and the rest may be sound. */
static inline bool err_is_damage(const struct err *e)
{
    return e->kind == ERR_INCOMPLETE || e->kind == ERR_CORRUPT;
}
void err_set(struct err *e, int kind, int id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same, followed by ": " and what the errno value means. */
void err_sys(struct err *e, int kind, int id, int errnum, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Puts "context: " before the text of an error that is set. */
void err_context(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Where and what to do; each kept from the first call that gives it. No-ops without an error. */
void err_place(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
void err_hint(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline bool err_is(const struct err *e)
{
    return e->kind != ERR_NONE;
}

/* Told by, or about, another host. */
static inline bool err_is_remote(const struct err *e)
{
    return e->kind >= ERR_REMOTE && e->kind <= ERR_DISAGREE;
}

/* The row of errors.def for an id; NULL when there is none. */
struct err_entry {
    int id;
    const char *title;   /* one line */
    const char *meaning; /* what it means and what to do, as plain prose */
};
const struct err_entry *err_lookup(int id);
const struct err_entry *err_entries(size_t *count);

#endif
