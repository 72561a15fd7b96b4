/*
 * begin: what a transaction is about to do, as the text of its BEGIN record.
 *
 * The one idea: everything that recovery, rollback, the audit log and a person with a broken
 * machine need to know is in this text, and the transaction's id is its digest, so a journal cannot
 * be about anything else than its name says. Lines of "word value", in a fixed order; paths and
 * names percent-escaped, so a newline in a path is no newline here.
 *
 *     begin_write(&text, &begin);    begin_txid(buf_str(&text), txid, err);
 *     begin_read(&run, record_body, &begin, err);
 *
 * The staging name of a target is its name + "." + TXID + ".new": it follows from the id, which is
 * why it does not stand in the text that the id is made of.
 *
 * Ownership: begin_read copies into the arena.
 * Errors: ERR_CORRUPT 703. Input is hostile.
 */
#ifndef APPLIER_BEGIN_H
#define APPLIER_BEGIN_H

#include "applier/txn.h"
#include "common/buf.h"

enum { BEGIN_RANDOM = 16 }; /* bytes, so that no two transactions have one id */

/* Who runs a command. */
struct who {
    const char *user;      /* login name of the effective uid, or "" */
    const char *real_user; /* of the real uid */
    const char *sudo_user; /* what sudo says about who called it, or "" */
    const char *host;
    uid_t uid;
    uid_t real_uid;
    pid_t process;
    const char *program; /* "keyretire 0.1.0" */
};

struct begin_target {
    struct str path;
    struct sha256 before, after;
    uint64_t size_before, size_after; /* bytes */
    const char *form;                 /* for the archive's manifest; no part of the text */
    enum txn_keeping keeping;         /* likewise */
};

struct begin {
    enum txn_operation operation;
    bool has_plan;
    struct sha256 plan;
    char reverses[TXID_HEX + 1]; /* "" for none */
    int64_t time;
    unsigned char random[BEGIN_RANDOM];
    char audit_head[SHA256_HEX + 1]; /* of the audit log's last line, "" for an empty log */
    struct who who;
    struct str backup_folder; /* path, so that recovery can sweep a half-written archive */
    struct begin_target *targets;
    size_t target_count;
    struct str *versions;
    size_t version_count;
    struct str *kept;
    size_t kept_count;
    struct str approvals;
    bool has_policy;
    struct sha256 policy;
    struct change_window window; /* `given` is "START END" here, both in UTC */
    bool has_retain_until;
    int64_t retain_until; /* of the backup */
    struct str act_note;  /* of an act besides the files; '' for none */
};

/* The facts of this process. */
void who_ask(struct arena *a, struct who *who);
/* "alice (uid 1000), sudo by bob" for people. */
const char *who_text(struct arena *a, const struct who *who);

void begin_write(struct buf *text, const struct begin *b);
bool begin_read(struct arena *a, struct str text, struct begin *b, struct err *err);
bool begin_txid(struct str text, char txid[TXID_HEX + 1], struct err *err);

/* 16 lower-case hex digits. */
bool txid_is(struct str s);
/* The id as the number that seeds the journal's checksums. */
uint64_t txid_seed(const char *txid);

/* Bytes that are no printable ASCII, and '%', become %XX; "" becomes "%" so that no field is empty.
 */
void line_escape(struct buf *b, struct str s);
/* False for what line_escape does not write. */
bool line_unescape(struct arena *a, struct str s, struct str *plain);
/* A digest's digits; and the operation that has this name. */
void line_digest(struct buf *b, const struct sha256 *digest);
bool line_operation(struct str value, enum txn_operation *operation);
/* Takes one line off *rest that begins with `word` and a space; *value is what follows. */
bool line_word(struct str *rest, const char *word, struct str *value);

#endif
