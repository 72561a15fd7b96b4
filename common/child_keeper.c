/*
 * child_keeper: who starts children for a process that may no longer start any.
 *
 * A request is one frame: its length, then the words, the environment, the input and the files,
 * each with its length. The answer is a frame as well. Both ends are the same program, so numbers
 * are as the machine has them. The keeper asks its rules about every request: what shuts the asking
 * process in would be worth little if it could have anything run.
 */
#include "common/buf.h"
#include "common/child_parts.h"
#include "common/file.h"
#include "common/sys.h"

#include <errno.h>

enum { FRAME_MAX = 256 * 1024 * 1024, WORDS_MAX = 64 };

static struct {
    bool is_there;
    int to, from;
    child_rule *const *rules;
} keeper;

/* ---- frames ---- */

static void put_number(struct buf *b, uint64_t n)
{
    buf_add(b, str_make(&n, sizeof n));
}

static void put(struct buf *b, struct str s)
{
    put_number(b, s.len);
    buf_add(b, s);
}

static bool take_number(struct str *rest, uint64_t *n)
{
    if (rest->len < sizeof *n)
        return false;
    memcpy(n, rest->at, sizeof *n);
    *rest = str_slice(*rest, sizeof *n, rest->len);
    return true;
}

static bool take(struct str *rest, struct str *s)
{
    uint64_t n;
    if (!take_number(rest, &n) || n > rest->len)
        return false;
    *s = str_slice(*rest, 0, (size_t)n);
    *rest = str_slice(*rest, (size_t)n, rest->len);
    return true;
}

static bool read_all(int fd, unsigned char *into, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = sys->read(fd, into + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static bool read_frame(struct arena *a, int fd, struct str *frame)
{
    uint64_t n;
    if (!read_all(fd, (unsigned char *)&n, sizeof n) || n > FRAME_MAX)
        return false;
    unsigned char *bytes = arena_alloc(a, (size_t)n);
    *frame = str_make(bytes, (size_t)n);
    return read_all(fd, bytes, (size_t)n);
}

static bool write_frame(int fd, struct str frame, struct err *err)
{
    uint64_t n = frame.len;
    return file_write_all(fd, str_make(&n, sizeof n), "the keeper of children", err) &&
           file_write_all(fd, frame, "the keeper of children", err);
}

/* ---- the keeper's end ---- */

static bool take_words(struct arena *a, struct str *rest, const char *const **words)
{
    uint64_t count;
    struct str word;
    if (!take_number(rest, &count) || count > WORDS_MAX)
        return false;
    const char **list = ARENA_ARRAY(a, (size_t)count + 1, const char *);
    for (size_t i = 0; i < count; i++) {
        if (!take(rest, &word))
            return false;
        list[i] = arena_text(a, word);
    }
    *words = list;
    return true;
}

static bool take_request(struct arena *a, struct str frame, struct child *c)
{
    struct str program, package;
    uint64_t count;
    *c = (struct child){0};
    if (!take(&frame, &program) || !take_words(a, &frame, &c->arguments) ||
        !take_words(a, &frame, &c->environment) || !take(&frame, &c->input) ||
        !take_number(&frame, &count) || count > CHILD_FILES_MAX)
        return false;
    c->program = arena_text(a, program);
    for (; c->file_count < count; c->file_count++)
        if (!take(&frame, &c->files[c->file_count]))
            return false;
    if (!take(&frame, &package))
        return false;
    c->package = package.len ? arena_text(a, package) : NULL;
    return frame.len == 0;
}

static bool is_allowed(const struct child *c)
{
    bool allowed = false;
    for (child_rule *const *rule = keeper.rules; *rule; rule++)
        allowed |= (*rule)(c);
    return allowed;
}

static void answer(struct arena *a, const struct child *c, struct buf *reply)
{
    struct child_result r = {0};
    struct err err = {0};
    if (!is_allowed(c))
        err_set(&err, ERR_INTERNAL, 161, "%s is not among what may be run in this way", c->program);
    else
        (void)child_run_here(a, c, &r, &err);
    buf_add(reply, str_make(&err, sizeof err));
    put_number(reply, (uint64_t)(unsigned)r.status);
    put(reply, r.out);
    put(reply, r.talk);
}

static void serve(int in, int out)
{
    for (;;) {
        struct arena a = {.wipe = true};
        struct buf reply = {.arena = &a};
        struct child c;
        struct str frame;
        struct err err = {0};
        bool done = read_frame(&a, in, &frame) && take_request(&a, frame, &c);
        if (done) {
            answer(&a, &c, &reply);
            done = write_frame(out, buf_str(&reply), &err);
        }
        arena_free(&a);
        if (!done)
            return;
    }
}

/* ---- the asking end ---- */

bool child_keep(child_rule *const *rules, struct err *err)
{
    keeper.rules = rules;
    if (sys->helper(serve, &keeper.to, &keeper.from) != 0) {
        err_sys(err, ERR_SYSTEM, 160, errno, "start the keeper of children");
        return false;
    }
    keeper.is_there = true;
    return true;
}

static void put_words(struct buf *b, const char *const *words)
{
    uint64_t count = 0;
    while (words && words[count])
        count++;
    put_number(b, count);
    for (size_t i = 0; i < count; i++)
        put(b, str_from(words[i]));
}

/* Its error, where it has one. */
static bool take_answer(struct str frame, struct child_result *r, struct err *err)
{
    struct err theirs;
    uint64_t status;
    if (frame.len < sizeof theirs)
        return false;
    memcpy(&theirs, frame.at, sizeof theirs);
    frame = str_slice(frame, sizeof theirs, frame.len);
    if (!take_number(&frame, &status) || !take(&frame, &r->out) || !take(&frame, &r->talk) ||
        frame.len > 0)
        return false;
    r->status = (int)status;
    if (err_is(&theirs) && !err_is(err))
        *err = theirs;
    return true;
}

static bool ask(struct arena *a, const struct child *c, struct child_result *r, struct err *err)
{
    struct arena scratch = {.wipe = true};
    struct buf request = {.arena = &scratch};
    struct str frame;
    put(&request, str_from(c->program));
    put_words(&request, c->arguments);
    put_words(&request, c->environment);
    put(&request, c->input);
    put_number(&request, c->file_count);
    for (size_t i = 0; i < c->file_count; i++)
        put(&request, c->files[i]);
    put(&request, str_from(c->package ? c->package : ""));
    bool done = write_frame(keeper.to, buf_str(&request), err);
    arena_free(&scratch);
    if (!done)
        return false;
    *r = (struct child_result){0};
    if (!read_frame(a, keeper.from, &frame) || !take_answer(frame, r, err)) {
        err_set(err, ERR_SYSTEM, 160, "the process that was to start %s gave no answer",
                c->program);
        return false;
    }
    return !err_is(err);
}

bool child_run(struct arena *a, const struct child *c, struct child_result *r, struct err *err)
{
    return keeper.is_there ? ask(a, c, r, err) : child_run_here(a, c, r, err);
}
