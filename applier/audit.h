/*
 * audit: who changed what, when, in a log that shows any line edited or removed.
 *
 * STATE/audit.log, one JSON object a line, 0600. The one idea: each line holds the SHA-256 of the
 * line before it and of itself, and every BEGIN record holds the head of the chain as it was; so an
 * edited line breaks the chain, and a cut tail contradicts a journal.
 *
 *     audit_head(dir, &run, hex, err)          goes into the next BEGIN
 *     audit_add(dir, &run, &event, err)        one line for a closed transaction; written once only
 *     audit_read(&state, &run, &lines, err)    for `log`
 *     audit_verify(&state, &run, &found, err)  for `log --verify`
 *
 * A line is written from the journal after END is durable; when the power goes in between, the next
 * changing command writes it. The torn last line of such a moment is cut off before the next one is
 * written: its content is in the journal.
 *
 * Fields, in this order: seq time event txid operation outcome user uid real_user real_uid
 * sudo_user process host program plan policy window reverses approvals versions kept targets backup
 * started closed_by prev hash. `hash` is over the line up to and without `,"hash":`; `prev` is 64
 * zeros in the first line.
 *
 * Errors: ids 850-869. Threads: one, under the state lock (audit_read and audit_verify: none).
 */
#ifndef APPLIER_AUDIT_H
#define APPLIER_AUDIT_H

#include "applier/begin.h"

enum {
    AUDIT_MAX = 60 * 1024 * 1024,     /* bytes of a log */
    AUDIT_LINE_MAX = 16 * 1024 * 1024 /* bytes of a line */
};

struct audit_line {
    struct str text; /* the JSON object, without its newline */
    char txid[TXID_HEX + 1];
    char hash[SHA256_HEX + 1];
};

struct audit_lines {
    struct audit_line *at;
    size_t count;
    size_t room;
    bool torn; /* bytes follow the last whole line */
};

/* What is written about a transaction. */
struct audit_event {
    const char *txid;
    const struct begin *begin;
    const char *outcome;     /* "committed", "aborted" */
    const char *backup_file; /* or NULL */
    const char *closed_by;   /* who_text of the process that closed it, and how */
    int64_t time;            /* of END */
};

/* "" for an empty log. `dir` is the state folder. */
bool audit_head(int dir, struct arena *a, char hex[SHA256_HEX + 1], struct err *err);
/* Whether the log has a line of that transaction; then nothing is written twice. */
bool audit_has(const struct audit_lines *lines, const char *txid);
bool audit_add(int dir, struct arena *a, const struct audit_event *event, struct err *err);

bool audit_read(const struct state *state, struct arena *a, struct audit_lines *lines,
                struct err *err);
/*
 * True: every line is whole, in order and chained, and the journals agree. False: ERR_CORRUPT,
 * naming the first line that is not. *lines is the number of lines that hold.
 */
bool audit_verify(const struct state *state, struct arena *a, size_t *lines,
                  struct txn_notes *notes, struct err *err);

/* The value of a top-level field of one of our lines, a text, a number, or a list of texts as
 * "one two"; empty when it is not there. */
struct str audit_field(struct arena *a, struct str line, const char *field);

/* Lines out of the bytes of a log; pure. Stops before the first that is damaged, with err set. */
bool audit_parse(struct str log, struct arena *a, struct audit_lines *lines, struct err *err);

#endif
