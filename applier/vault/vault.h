/*
 * vault: what a vault holds, as a list of entries; its text read and written.
 *
 * Reads the original program's files and writes what the original can read: YAML with the fields of
 * its structures, new ones added (limits, usage, tombstones), and every field that neither knows
 * kept as it stands. Values stay sealed: a secret is opened only when it is used (vault_value).
 *
 *     struct vault v;
 *     vault_parse(&secrets, yaml, &v, err)
 *     struct vault_entry *e = vault_find(&v, name);
 *     e = vault_add(&v, name);  e->id = hash;  e->value = blob;     vault_drop(&v, e)
 *     vault_write(&v, &secrets, &yaml)
 *
 *     secrets:
 *         my-key:
 *             value: AwMD...                 a blob (blob.h)
 *             id: f01d...                    the hash by which OpenRouter knows it
 *             limits:
 *                 monthly_spend: 100.00      dollars
 *                 daily_spend: 10.00
 *                 alert_threshold: 0.80      or a list of them
 *                 disabled_at: "..."         when we disabled it because they were used up
 *             usage:
 *                 current_month: 45.20
 *                 current_day: 5.30
 *                 earlier_days: 39.90            of the month, before that day
 *                 last_updated: "2024-03-20T15:04:05Z"
 *     currentkeyid: UUID                     of the master key
 *     keyversions:
 *         UUID: {id, key: 32 numbers, createdat}
 *     tombstones:                            keys that left the vault and may live at OpenRouter
 *         - name: old-key
 *           id: 77aa...
 *           removed: "2026-11-22T02:00:00Z"
 *     schemaversion: 2                       1 where it is missing: the original's
 *
 * Ownership: everything in the given arena, a wiping one: keyversions hold master keys.
 * Units: micro-dollars; thresholds in millionths; times in unix seconds.
 * Errors: 1004 (corrupt) with the line, 1015 (corrupt) for a newer schema; those of yaml_tree.
 * Limits: VAULT_*. Input is decrypted and authentic, and treated as hostile all the same.
 */
#ifndef APPLIER_VAULT_VAULT_H
#define APPLIER_VAULT_VAULT_H

#include "applier/vault/blob.h"
#include "applier/vault/limits.h"
#include "common/utc.h"

/* The reserved entry: the management key. It has no id and is never removed or revoked. */
#define VAULT_MANAGEMENT_KEY "_MAIN_OPENROUTER_PROVISIONING_KEY_"

enum {
    VAULT_ENTRIES_MAX = 10000,
    VAULT_NAME_MAX = 128, /* bytes */
    VAULT_ID_MAX = 128,   /* bytes */
    VAULT_SCHEMA = 2      /* 1: the original's */
};

/* A field of the text that we do not know: its name and its bytes, indented as they stand. */
struct vault_extra {
    struct str name;
    struct str value;
};
struct vault_extras {
    struct vault_extra *at;
    size_t count, room;
};

struct vault_entry {
    struct str name;
    struct str value;     /* the blob, as text */
    struct str id;        /* hash; '' for none */
    struct limits limits; /* limits.h */
    struct usage usage;   /* as it was fetched last */
    struct vault_extras extras, limits_extras, usage_extras;
};

struct vault_tombstone {
    struct str name, id;
    int64_t removed; /* UTC_NONE where the text has none */
    struct vault_extras extras;
};

struct vault_key_version {
    struct str id; /* UUID */
    struct str inner_id;
    struct master_key key;
    struct str created; /* RFC 3339, as it stands */
    struct vault_extras extras;
};

struct vault {
    struct arena *arena;
    struct vault_entry *entries; /* in the order of the text */
    size_t count, room;
    struct vault_tombstone *tombstones;
    size_t tombstone_count, tombstone_room;
    struct str current_key; /* id of a key version; '' for none */
    struct vault_key_version *keys;
    size_t key_count, key_room;
    uint64_t schema; /* at most VAULT_SCHEMA */
    struct vault_extras extras;
};

bool vault_parse(struct arena *secrets, struct str yaml, struct vault *v, struct err *err);
void vault_write(const struct vault *v, struct arena *secrets, struct str *yaml);

/* NULL when there is none. */
struct vault_entry *vault_find(const struct vault *v, struct str name);
/* A new entry with nothing but its name (copied); pointers into v->entries are void after it. */
struct vault_entry *vault_add(struct vault *v, struct str name);
void vault_drop(struct vault *v, struct vault_entry *e);
struct vault_tombstone *vault_bury(struct vault *v, struct str name, struct str id, int64_t when);
void vault_exhume(struct vault *v, struct vault_tombstone *t);
/* Of the current master key; NULL when the text names none. */
struct vault_key_version *vault_current_key(const struct vault *v);

/*
 * ERR_USAGE 1005 for what can be no entry's name: empty, too long, control characters, blanks; and
 * for the reserved name.
 */
bool vault_name_check(struct str name, struct err *err);
/* Whether an id can stand in a request: letters, digits, '-' and '_', not empty. */
bool vault_id_is(struct str id);

#endif
