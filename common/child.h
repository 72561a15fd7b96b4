/*
 * child: another program, run to its end: bytes in, bytes out.
 *
 * The one place that starts a process. The child gets what it is given here and nothing else: these
 * arguments, this environment, these files. Every file is handed over as bytes in memory that only
 * its descriptor names, so what the child reads is what was read and checked here, and nothing can
 * be put in its place. Its output is taken whole when it has ended.
 *
 *     static const char *const arguments[] = {"ssh-keygen", "-Y", ..., CHILD_FILE_1, NULL};
 *     const struct child c = {.program = "/usr/bin/ssh-keygen", .arguments = arguments,
 *                             .input = text, .files = {signature}, .file_count = 1};
 *     if (child_run(&run, &c, &result, err) && result.status == 0) ...
 *
 * A process that is about to shut itself in (common/sandbox.h) can start nothing afterwards, and
 * its children would be shut in with it. It first starts a keeper, a process of its own that starts
 * children for it, and of those only what a rule knows:
 *
 *     static child_rule *const rules[] = {approval_may_ask, NULL};
 *     if (!child_keep(rules, err)) ...       before anything is read; child_run goes on as before
 *
 * Ownership: the result lives in the arena. No key material: the child's memory is its own.
 * Errors: ERR_SYSTEM 160 when it could not be run at all; how it ended is its status. ERR_INTERNAL
 * 161: no rule knows it.
 * Threads: one. Limits: CHILD_FILES_MAX, 64 words; a file that the child writes has at most
 * SYS_CHILD_FILE_MAX bytes.
 */
#ifndef COMMON_CHILD_H
#define COMMON_CHILD_H

#include "common/arena.h"
#include "common/err.h"

enum { CHILD_FILES_MAX = 3, CHILD_NOT_STARTED = 127 /* as a shell says it */ };

/* What the child calls its files; Linux gives each opening a place of its own in it. */
#define CHILD_FILE_1 "/proc/self/fd/3"
#define CHILD_FILE_2 "/proc/self/fd/4"
#define CHILD_FILE_3 "/proc/self/fd/5"

struct child {
    const char *program;            /* absolute; PATH is not asked */
    const char *const *arguments;   /* the name first; NULL ends them */
    const char *const *environment; /* "NAME=value"; NULL ends it, or NULL for an empty one */
    struct str input;               /* its standard input */
    struct str files[CHILD_FILES_MAX];
    size_t file_count;
    const char *package; /* of Debian that has it, for the hint; NULL: openssh-client */
};

struct child_result {
    int status; /* exit status, or 128 + signal */
    struct str out, talk;
};

bool child_run(struct arena *a, const struct child *c, struct child_result *r, struct err *err);

/* Whether the keeper may run this: program, words and environment are all for the rule to judge. */
typedef bool child_rule(const struct child *c);
/* NULL ends the rules; they are kept. Once, with one thread running. */
bool child_keep(child_rule *const *rules, struct err *err);

#endif
