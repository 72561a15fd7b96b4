/* deliver: places by their lines; children through common/child, a file through sys. */
#include "applier/vault/deliver.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

/* Fixed places: a PATH of somebody's would choose what is started. */
static const char timeout_program[] = "/usr/bin/timeout";
static const char logger_program[] = "/usr/bin/logger";

enum { LEADING_WORDS = 2 /* timeout SECONDS */, SAID_MAX = 200 };

/* ---- alerts.conf ---- */

static bool is_absolute(const struct place *p)
{
    return p->word_count > 0 && p->words[0][0] == '/';
}

/* The words behind the first; false for too many of them. */
static bool take_words(struct arena *a, struct str rest, struct place *p)
{
    struct str word;
    for (rest = str_trim(rest); rest.len > 0; rest = str_trim(rest)) {
        size_t end = 0;
        while (end < rest.len && rest.at[end] != ' ' && rest.at[end] != '\t')
            end++;
        word = str_slice(rest, 0, end);
        rest = str_slice(rest, end, rest.len);
        if (p->word_count == PLACE_WORDS_MAX)
            return false;
        p->words[p->word_count++] = arena_text(a, word);
    }
    return true;
}

static bool take_place(struct arena *a, struct str line, struct place *p)
{
    struct str kind, rest;
    (void)str_cut(line, ' ', &kind, &rest);
    if (!take_words(a, rest, p))
        return false;
    if (str_eq(kind, STR("syslog"))) {
        p->kind = PLACE_SYSLOG;
        return p->word_count == 0;
    }
    p->kind = str_eq(kind, STR("file")) ? PLACE_FILE : PLACE_COMMAND;
    if (p->kind == PLACE_FILE)
        return is_absolute(p) && p->word_count == 1;
    return str_eq(kind, STR("command")) && is_absolute(p);
}

bool deliver_read(struct arena *a, struct str text, struct places *places, struct err *err)
{
    struct str rest = text, line;
    *places = (struct places){0};
    for (size_t number = 1; str_line(&rest, &line); number++) {
        struct place p = {0};
        line = str_trim(line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        if (places->count == PLACES_MAX || str_find(line, 0) < line.len ||
            !take_place(a, line, &p)) {
            err_set(err, ERR_USAGE, 1115, "alerts.conf: line %zu is not understood", number);
            err_hint(err,
                     "a line is: command /PATH [WORD]...   or: file /PATH   or: syslog   (at "
                     "most %d of them)",
                     PLACES_MAX);
            return false;
        }
        places->at[places->count++] = p;
    }
    return true;
}

const char *place_name(struct arena *a, const struct place *p)
{
    if (p->kind == PLACE_SYSLOG)
        return "the system's log";
    return arena_printf(a, "the %s %s", p->kind == PLACE_FILE ? "file" : "command",
                        text_shown(a, str_from(p->words[0])));
}

/* ---- what may be started ---- */

static struct places allowed;

void deliver_allow(const struct places *places)
{
    allowed = *places;
}

/* Program and words of a place, as they are started. */
static const char *words_of(struct arena *a, const struct place *p, const char **words)
{
    size_t count = 0;
    if (p->kind == PLACE_SYSLOG) {
        static const char *const log[] = {"logger",       "-t", "lean_vault", "-p",
                                          "user.warning", "--", NULL};
        memcpy(words, log, sizeof log);
        return logger_program;
    }
    words[count++] = "timeout";
    words[count++] = arena_printf(a, "%d", COMMAND_SECONDS);
    for (size_t i = 0; i < p->word_count; i++)
        words[count++] = p->words[i];
    words[count] = NULL;
    return timeout_program;
}

static bool same_words(const char *const *a, const char *const *b)
{
    while (*a && *b && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return !*a && !*b;
}

bool deliver_may_start(const struct child *c)
{
    struct arena scratch = {0};
    bool may = false;
    for (size_t i = 0; i < allowed.count && !may; i++) {
        const char *words[PLACE_WORDS_MAX + LEADING_WORDS + 1];
        if (allowed.at[i].kind == PLACE_FILE)
            continue;
        may = strcmp(c->program, words_of(&scratch, &allowed.at[i], words)) == 0 &&
              same_words(c->arguments, words) && (!c->environment || !c->environment[0]);
    }
    arena_free(&scratch);
    return may;
}

/* ---- telling ---- */

static bool start(struct arena *a, const struct place *p, struct str input, struct err *err)
{
    const char *words[PLACE_WORDS_MAX + LEADING_WORDS + 1];
    struct child_result r;
    struct str rest, line;
    const struct child c = {.program = words_of(a, p, words),
                            .arguments = words,
                            .input = input,
                            .package = p->kind == PLACE_SYSLOG ? "bsdutils" : "coreutils"};
    if (!child_run(a, &c, &r, err))
        return false;
    if (r.status == 0)
        return true;
    rest = r.talk;
    if (!str_line(&rest, &line))
        line = STR("it gave no reason");
    err_set(err, ERR_SYSTEM, 1116, "%s did not take the alerts: exit status %d: %s",
            place_name(a, p), r.status,
            text_shown(a, str_slice(line, 0, line.len < SAID_MAX ? line.len : SAID_MAX)));
    err_hint(err, "lean_vault alerts test tries it again");
    return false;
}

static bool append(struct arena *a, const struct place *p, struct str bytes, struct err *err)
{
    const char *shown = text_shown(a, str_from(p->words[0]));
    int fd = sys->openat(AT_FDCWD, p->words[0],
                         O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 1116, errno, "alerts: open %s", shown);
        return false;
    }
    bool done = file_write_all(fd, bytes, shown, err);
    if (done && sys->fsync(fd) != 0 && errno != EINVAL) {
        err_sys(err, ERR_SYSTEM, 1116, errno, "alerts: fsync %s", shown);
        done = false;
    }
    if (sys->close(fd) != 0 && done) {
        err_sys(err, ERR_SYSTEM, 1116, errno, "alerts: close %s", shown);
        done = false;
    }
    return done;
}

bool deliver_all(struct arena *a, const struct places *places, const struct alert *const *due,
                 size_t count, struct err *err)
{
    struct buf json = {.arena = a};
    struct buf text = {.arena = a};
    for (size_t i = 0; i < count; i++) {
        alert_json(due[i], &json);
        buf_byte(&json, '\n');
        alert_text(due[i], &text);
        buf_byte(&text, '\n');
    }
    bool all = true;
    for (size_t i = 0; i < places->count; i++) {
        const struct place *p = &places->at[i];
        bool taken = p->kind == PLACE_FILE     ? append(a, p, buf_str(&json), err)
                     : p->kind == PLACE_SYSLOG ? start(a, p, buf_str(&text), err)
                                               : start(a, p, buf_str(&json), err);
        all = taken && all; /* one that fails does not keep it from the others */
    }
    return all;
}
