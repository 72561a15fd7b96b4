/*
 * vault_file: the vault on the disk, opened, checked, and changed in one way only.
 *
 *     DIR/secrets.vault         the vault, one blob (blob.h), 0600
 *     DIR/.secret_vault.key     the master key, 32 bytes, 0600
 *     DIR/lock DIR/txn/ DIR/backups/ DIR/audit.log     of the transactions (applier/state.h)
 *
 *     struct vault_file f;
 *     vault_open(&f, &place, VAULT_CHANGE, &run, err)     lock, recovery, then the vault is read
 *     struct vault_entry *e = vault_find(&f.vault, name);
 *     ...change f.vault...
 *     vault_change(&f, &(struct vault_change){.purpose = "update-limits", ...}, &result, err)
 *     vault_close(&f)
 *
 * VAULT_CHANGE takes the lock of the folder and finishes or takes back what was interrupted; what
 * it did is in f.recovery, also when vault_open fails. VAULT_LOOK takes no lock and changes
 * nothing.
 *
 * vault_change writes what f.vault says now, by a transaction of applier/txn.h: all of it or
 * nothing across any crash, with the old file (encrypted as it was) in DIR/backups. It may be
 * called several times; each is a transaction of its own. An act, such as the revocation of a
 * remote key, goes with it in the last place (applier/participant.h): disable -> vault -> delete.
 * For recovery to make it again, act_note is kept in the journal and given to place.act_open; it
 * holds no secret.
 *
 * What has to happen before the new vault is known (POST gives the value) is no act: keep an intent
 * of your own, synced, in DIR/intents, and look at it after vault_open.
 *
 * Refused: a folder or file that others may read or write (the hint has the chmod), that belongs to
 * somebody else, that is no regular file; a missing key.
 *
 * Secrets: f.secrets is a wiping arena; all that was decrypted is in it and in nothing else.
 * Ownership: texts of results in `run`. Threads: one.
 * Errors: 1006-1012; those of state and txn.
 */
#ifndef APPLIER_VAULT_VAULT_FILE_H
#define APPLIER_VAULT_VAULT_FILE_H

#include "applier/participant.h"
#include "applier/vault/vault.h"

#define VAULT_FILE_NAME    "secrets.vault"
#define VAULT_KEY_NAME     ".secret_vault.key"
#define VAULT_INTENTS      "intents"
#define VAULT_RECOVER_WITH "lean_vault doctor"

enum vault_use { VAULT_LOOK, VAULT_CHANGE };

struct vault_place {
    const char *dir; /* --vault-dir, or NULL for ~/.lean_vault */
    unsigned lock_timeout_ms;
    /* Makes the act of an interrupted transaction; NULL where none can be finished here. */
    bool (*act_open)(void *context, struct str note, struct participant **act, struct err *err);
    void *act_context;
};

struct vault_file {
    const char *dir; /* real, absolute */
    const char *path, *key_path;
    struct arena *run;
    struct arena secrets; /* .wipe */
    struct state state;
    struct txn_recovery recovery;
    struct master_key master;
    struct sha256 digest, key_digest; /* of the two files */
    struct vault vault;
};

/* What changes, for the journal and the audit log, and what goes with it. */
struct vault_change {
    const char *purpose;     /* the command */
    const struct str *names; /* of the entries that it is about */
    size_t name_count;
    const struct master_key *new_master; /* NULL: it stays */
    struct participant *act;             /* NULL: nothing but the vault */
    struct str act_note;
};

/* Where the vault folder is when no option says so; ERR_NOT_FOUND without a home. */
const char *vault_default_dir(struct arena *a, struct err *err);

bool vault_open(struct vault_file *f, const struct vault_place *place, enum vault_use use,
                struct arena *run, struct err *err);
bool vault_change(struct vault_file *f, const struct vault_change *change,
                  struct txn_result *result, struct err *err);
void vault_close(struct vault_file *f);

/* One entry's value, opened; ERR_CORRUPT naming the entry. In f->secrets. */
bool vault_value(struct vault_file *f, const struct vault_entry *e, struct str *value,
                 struct err *err);
/* Seals a value into an entry. */
bool vault_set_value(struct vault_file *f, struct vault_entry *e, struct str value,
                     struct err *err);
/* The management key, opened; ERR_NOT_FOUND 1012 without one. */
bool vault_management_key(struct vault_file *f, struct str *value, struct err *err);
/* An entry by its name; ERR_NOT_FOUND 1011 with the nearest names. The reserved one is not found.
 */
bool vault_entry_of(const struct vault_file *f, const char *name, struct vault_entry **e,
                    struct err *err);

/* The steps of vault_open, for init and doctor. */
bool vault_folder_check(int fd, const char *path, struct err *err);
bool vault_read_private(struct arena *secrets, int dir, const char *name, const char *path,
                        struct str *bytes, struct err *err);
bool vault_master_read(struct vault_file *f, int dir, struct err *err);
/* Text and blob of a vault, checked by reading it again. */
bool vault_image(const struct vault *v, const struct master_key *master, struct arena *secrets,
                 struct str *image, struct err *err);

#endif
