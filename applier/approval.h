/*
 * approval: a signature of a plan's text, made and checked with ssh-keygen.
 *
 * The one idea: nothing of it is ours. The signature is that of `ssh-keygen -Y sign` in the
 * namespace keyretire-plan@v1, the list of who may sign is an allowed_signers file, the list of
 * revoked keys is a KRL or a list of keys (ssh-keygen(1), ALLOWED SIGNERS, KEY REVOCATION LISTS).
 * Everything is handed to ssh-keygen as the bytes that were read (common/child.h).
 *
 *     approval_sign(&run, "id_ed25519", text, &signature, err)
 *
 *     struct approval_lists lists = {.signers = ..., .revoked = ..., .has_revoked = true};
 *     approval_verify(&run, &lists, text, signature, &approval, err)
 *     switch (approval.verdict) ...
 *     approval_people(approvals, count)                    how many people that is
 *
 * A person counts once: two signatures that share a key or a principal are one person's. A
 * principal that is a pattern names nobody and does not count.
 *
 * Ownership: results live in the arena. Errors: ERR_SYSTEM 160 when ssh-keygen cannot be run; a
 * signature that does not count is a verdict, no error. Ids 940-949.
 * Limits: APPROVALS_MAX, APPROVAL_BYTES_MAX, APPROVAL_PRINCIPALS_MAX.
 */
#ifndef APPLIER_APPROVAL_H
#define APPLIER_APPROVAL_H

#include "common/arena.h"
#include "common/err.h"

#define APPROVAL_NAMESPACE "keyretire-plan@v1" /* commit-protocol.md, Approval */

enum {
    APPROVALS_MAX = 64,              /* signatures looked at, and the most that a plan may ask */
    APPROVAL_BYTES_MAX = 256 * 1024, /* of a signature */
    APPROVAL_PRINCIPALS_MAX = 16     /* of one signer */
};

enum approval_verdict {
    APPROVAL_GOOD,
    APPROVAL_NOT_ALLOWED, /* a signature of this text, by nobody who may: unknown, expired, revoked
                           */
    APPROVAL_BAD          /* no signature, or none of this text in our namespace */
};

struct approval {
    enum approval_verdict verdict;
    const char *file; /* for messages */
    const char *why;  /* it does not count; NULL for a good one */
    struct str principals[APPROVAL_PRINCIPALS_MAX];
    size_t principal_count; /* the first one is who it is called */
    struct str key;         /* "SHA256:..." */
};

struct approval_lists {
    const char *space; /* the namespace; NULL: that of plans */
    struct str signers;
    struct str revoked;
    bool has_revoked;
};

bool approval_verify(struct arena *a, const struct approval_lists *lists, struct str text,
                     struct str signature, struct approval *into, struct err *err);
/* Distinct people among the good ones. */
size_t approval_people(const struct approval *list, size_t count);

/*
 * `key` is a private key file, or a public one whose key an agent holds. The signature is checked
 * before it is given out. ERR_NOT_FOUND, or ERR_SYSTEM 942 with what ssh-keygen said.
 */
bool approval_sign(struct arena *a, const char *key, struct str text, struct str *signature,
                   struct err *err);
/* The same in another namespace, for a text that is no plan. */
bool approval_sign_in(struct arena *a, const char *space, const char *key, struct str text,
                      struct str *signature, struct err *err);
/* The rule for the keeper of children: the questions of this module, and nothing else. */
struct child;
bool approval_may_ask(const struct child *c);
/* Whether the bytes begin as a signature of ssh-keygen does. */
bool approval_is_signature(struct str bytes);

#endif
