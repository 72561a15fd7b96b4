/*
 * doctor: what is wrong with a vault, as a list of findings with what resolves each.
 *
 *     struct findings found;
 *     findings_begin(&found, &run)
 *     doctor_local(&f, &found, err)       without any request
 *     finding(&found, FINDING_ERROR, ERR_DISAGREE, "orphan", name, "what is so", "what to type")
 *
 * Each finding names a check, what it is about (a key's name, a file), what was seen and a remedy;
 * texts hold no secret. `found.worst` is the exit status: that of the first error, else 0.
 * Ownership: texts are copied into the arena. Threads: one.
 */
#ifndef APPLIER_VAULT_DOCTOR_H
#define APPLIER_VAULT_DOCTOR_H

#include "applier/vault/vault_file.h"
#include "common/table.h"

enum finding_severity { FINDING_NOTE, FINDING_WARNING, FINDING_ERROR };

struct findings {
    struct table table;
    size_t count[FINDING_ERROR + 1]; /* by severity */
    int worst;
};

void findings_begin(struct findings *found, struct arena *a);
/* `kind` counts for FINDING_ERROR only. */
void finding(struct findings *found, enum finding_severity severity, int kind, const char *check,
             struct str about, const char *text, const char *remedy);

/* Key versions, values, hashes, leftover files, transactions that are pending. */
bool doctor_local(struct vault_file *f, struct findings *found, struct err *err);

/* Those of the vault, where OpenRouter is not asked about them. */
void doctor_tombstones(struct vault_file *f, struct findings *found);

struct session;
/*
 * Keys that are gone, orphans and tombstones. Those whose key is gone leave the vault; one that is
 * alive is revoked first, when a person says so or --force does. Errors: those of openrouter.h.
 */
bool doctor_remote(struct session *s, struct findings *found, struct err *err);

#endif
