/*
 * txn: a transaction over files: all of them change, or none does, across kill -9 and power loss.
 *
 * It knows nothing of plans and keys. It is given targets, each with the digest of the image it
 * has now and the new image, and it takes them through the commit protocol: locks, journal, backup,
 * staging, the decision, exchange, clean-up. txn.c opens with the invariants and the state diagram.
 *
 *     struct state state;
 *     state_open(&state, &options, STATE_CHANGE, &run, err)      locks
 *     txn_recover(&state, &run, &recovery, err)                  first, in every changing command;
 *                                                                print recovery.notes
 *     txn_not_spent(&state, &run, &plan_digest, err)            apply: refuse a plan applied before
 *     txn_run(&state, &run, &request, &result, err)
 *     state_close(&state);
 *
 * Every target: absolute path of a real file (symlinks resolved by the caller), `before` and
 * `after` differ, `after` is the digest of `image`. S13 (the new image says what was meant) is the
 * caller's and comes before txn_run; the digests bind it to what is written.
 *
 * Outcome: true is exit 0, with result.warnings to print. False leaves the exit code in err->kind:
 *     ERR_SYSTEM, ERR_REFUSED, ERR_STALE, ERR_LOCKED...  before BEGIN; nothing was changed
 *     ERR_STALE, ERR_WINDOW, ERR_SIGNAL+n                a check or a signal before COMMIT; all old
 *     ERR_REMOTE...                                      the act failed: before REVOKE everything
 * is old again, behind it the act is pending ERR_RESTORED failed later; everything is old again
 *     ERR_STUCK                                          a file of ours holds what nobody may lose;
 *                                                        the text names journal, digests, choices
 * result is filled as far as it came in either case; result.txid is "" before BEGIN.
 *
 * Signals: main's handler sets txn_interrupted to the signal's number. Before COMMIT that aborts;
 * after it the transaction goes on to its END.
 * Ownership: what a result points to lives in the given arena, which needs no wiping: no image and
 * no key is ever put there.
 * Threads: one. Limits: TXN_TARGETS_MAX files of FILE_MAX bytes.
 */
#ifndef APPLIER_TXN_H
#define APPLIER_TXN_H

#include "applier/change_window.h"
#include "applier/state.h"
#include "common/crypto.h"
#include "common/utc.h"

#include <signal.h>

enum {
    TXID_PREFIX_MIN = 4,    /* digits that may stand for a whole id */
    TXID_HEX = 16,          /* first hex digits of SHA-256 over the BEGIN body */
    TXN_TARGETS_MAX = 1024, /* files of one transaction */
    TXN_NAMES_MAX = 4096    /* versions named in one transaction */
};

/* The signal that asks to stop, or 0. */
extern volatile sig_atomic_t txn_interrupted;

/* TXN_PURGE destroys a backup and changes no file: purge.h. */
enum txn_operation { TXN_APPLY, TXN_ROLLBACK, TXN_RESTORE, TXN_PURGE, TXN_VAULT };
/* "apply", "rollback", "restore", "purge", "vault". */
const char *txn_operation_name(enum txn_operation operation);

/* Whether the old image goes into the backup. The first target's always does. */
enum txn_keeping { TXN_ARCHIVED, TXN_NOT_ARCHIVED };

struct txn_target {
    const char *path;
    struct sha256 before; /* of the file as it is */
    struct sha256 after;  /* of image */
    struct str image;     /* the new bytes; the caller's, from a wiping arena */
    const char *form;     /* name of its syntax, for the archive */
    enum txn_keeping keeping;
};

struct participant;

struct txn_request {
    enum txn_operation operation;
    bool has_plan;
    struct sha256 plan;   /* of the plan's text, when has_plan */
    const char *reverses; /* rollback and restore: the TXID taken back; else NULL */
    struct str approvals; /* one line an approval, or empty; kept in BEGIN as it is */
    bool has_policy;      /* of the machine, by its digest; kept in BEGIN */
    struct sha256 policy;
    struct change_window
        window;            /* kept in BEGIN, so that who finishes it later can tell; may be none */
    struct str seal_to;    /* recipients of the backup (seal.h), '' for one in clear */
    bool has_retain_until; /* kept in BEGIN: the backup is not destroyed before */
    int64_t retain_until;
    const struct txn_target *targets;
    size_t target_count;
    const struct str *versions; /* removed by apply; put back by rollback and restore */
    size_t version_count;
    const struct str *kept;
    size_t kept_count;
    struct participant *act; /* what happens besides the files (participant.h), or NULL */
    struct str act_note;     /* what recovery needs to know of it, kept in BEGIN; no secrets */
    /* Asked once more right before COMMIT (age of data, window, approvals). NULL: nothing to ask.
     * It sets err with ERR_STALE or ERR_WINDOW. */
    bool (*still_allowed)(const void *context, struct err *err);
    const void *context;
};

enum txn_outcome {
    TXN_NOTHING, /* no BEGIN became durable */
    TXN_OPEN,    /* not closed: recover finishes it */
    TXN_COMMITTED,
    TXN_ABORTED
};
/* "nothing", "open", "committed", "aborted". */
const char *txn_outcome_name(enum txn_outcome outcome);

/* Sentences for stderr, in the order in which they arose. */
struct txn_notes {
    const char **at;
    size_t count;
    size_t room;
};

struct txn_result {
    char txid[TXID_HEX + 1];
    enum txn_outcome outcome;
    int64_t started;
    int64_t finished;        /* UTC_NONE while open */
    const char *backup_file; /* path, or NULL when none was made */
    size_t versions_before;
    size_t versions_after;
    const char *record_file;   /* of a purge: what was destroyed; or NULL */
    struct txn_notes warnings; /* sentences for stderr */
};

bool txn_run(struct state *state, struct arena *a, const struct txn_request *request,
             struct txn_result *result, struct err *err);

/* What recovery did, one entry a transaction that was open. */
enum txn_recovered {
    TXN_FINISHED,
    TXN_TAKEN_BACK,
    TXN_STUCK,
    TXN_ACT_PENDING /* nothing is left to do but its act, which failed again; stands in no way */
};

struct txn_recovered_one {
    char txid[TXID_HEX + 1];
    enum txn_recovered how;
};

struct txn_recovery {
    struct txn_recovered_one *at;
    size_t count;
    size_t room;
    struct err act_failed;
    struct txn_notes
        notes; /* what to announce, one sentence each, choices of a STUCK one included */
};

/*
 * Finishes or takes back every open transaction; idempotent, also when it is killed. Needs
 * STATE_CHANGE. True: nothing is left open but acts that are pending, of which act_failed says why
 * the first failed. False: ERR_STUCK, or ERR_LOCKED when a target is in
 * use.
 */
bool txn_recover(struct state *state, struct arena *a, struct txn_recovery *recovery,
                 struct err *err);

/* One transaction as its journal tells it. Read-only, needs no lock. */
struct txn_info {
    char txid[TXID_HEX + 1];
    enum txn_operation operation;
    enum txn_outcome outcome; /* TXN_OPEN, TXN_COMMITTED or TXN_ABORTED */
    const char *step;         /* last record: "BEGIN", "COMMIT", ..., "END" */
    bool has_plan;
    struct sha256 plan;
    const char *reverses; /* TXID or NULL */
    struct str approvals;
    bool has_policy; /* of the machine, by its digest */
    struct sha256 policy;
    int64_t started;
    int64_t finished;           /* UTC_NONE while open */
    struct txn_target *targets; /* image is empty here */
    size_t target_count;
    struct str *versions;
    size_t version_count;
    struct str *kept;
    size_t kept_count;
    const char *backup_folder; /* path as it was then */
    const char *backup_file;   /* in it; NULL when none was made */
    struct sha256 backup_digest;
    bool has_retain_until;
    int64_t retain_until;            /* what was said of the backup when it was made */
    char audit_head[SHA256_HEX + 1]; /* of the audit log at BEGIN; "" when it was empty */
    const char *journal;             /* path */
    struct str act_note;             /* of the request; '' for none */
    const char *user; /* who began it: "name (uid 1000)" and so on, as the audit log has it */
};

struct txn_list {
    struct txn_info *at;
    size_t count;
    size_t room;
};

/* All transactions, oldest first. A journal that cannot be read is an error that names it. */
bool txn_list_read(const struct state *state, struct arena *a, struct txn_list *list,
                   struct err *err);
/* By TXID or a unique prefix of at least 4 digits; ERR_NOT_FOUND, or ERR_USAGE if not unique. */
bool txn_find(const struct state *state, struct arena *a, const char *txid, struct txn_info *info,
              struct err *err);
/* False with ERR_STALE, naming the TXID, when a transaction of this plan committed or is open. */
bool txn_not_spent(const struct state *state, struct arena *a, const struct sha256 *plan,
                   struct err *err);

/*
 * The refusals of a target that need no lock and change nothing, for plan and --dry-run: regular
 * file, one link, not immutable, no mount, folder not world-writable, a file system with exchange,
 * no unknown staging name. Warnings (a group-writable folder, leases missing) are added to notes.
 */
bool txn_target_check(const char *path, struct arena *a, struct txn_notes *notes, struct err *err);

#endif
