/*
 * custody: which archive holds which keys, who still needs them, and until when.
 *
 * The one idea: an archive is the last place of a removed key, so what decides its end is not its
 * age but who may still ask for the key. Stored dumps ask: those that a plan was told of
 * (--retained, kept in STATE/plans with every applied plan) and those that are named now.
 *
 *     struct custody c;
 *     custody_read(&state, &run, &keys, retained, retained_count, &c, err)
 *     ...c.archives[i].keys, .needs, .not_before...
 *     custody_may_end(&c, archive, now, retain_until, err)      the rules of `backups purge`
 *
 * An archive may end when it has a horizon (--retain-until, or the ends of the stored dumps of its
 * own plan), the horizon is over, and for every version that a stored dump still needs another
 * archive holds the very same key. What is not known (a plan that is gone, an archive that does not
 * read) refuses.
 *
 * Ownership: texts in `a`; images and keys in `wiping`, which must outlive the custody.
 * Units: times in unix seconds; UTC_NONE for an end that nobody named.
 * Errors: ERR_REFUSED 820-823; those of the journals and plans. Threads: one.
 */
#ifndef APPLIER_CUSTODY_H
#define APPLIER_CUSTODY_H

#include "applier/backup.h"
#include "applier/load.h"

struct custody_key {
    struct str version;
    const struct key_version *key; /* NULL: the archive is sealed, the name is the journal's */
};

/* A version that values of a stored dump were encrypted with. */
struct custody_need {
    struct str version;
    uint64_t
        records;   /* 0: perhaps; the plan that knew the dump did not have the version any more */
    int64_t until; /* the dump is destroyed then; UTC_NONE: nobody said */
    const char *dump; /* for people: "app of 2026-11-01T00:00:00Z, kept until ..." */
    const char *txid; /* whose plan says so; NULL: a report that was named now */
};

struct custody_archive {
    const char *name, *path;
    bool readable;
    struct err why; /* when it is not */
    struct backup backup;
    const struct txn_info *info; /* NULL: its transaction has no journal here */
    struct custody_key *keys;
    size_t key_count;
    const struct custody_need **needs; /* of versions that it holds */
    size_t need_count;
    const char *lost_plan; /* TXID whose plan is gone: which dumps it was told of, and whether they
                              need a key of this archive, is not known; NULL: none */
    bool has_horizon;      /* somebody said how long it is needed ... */
    int64_t horizon;       /* ... --retain-until, or the plan of its own transaction */
    int64_t not_before;    /* the latest end of its horizon and of all its needs; or UTC_NONE */
    bool need_is_open;     /* a dump needs it whose end nobody named: not_before is not all */
};

struct custody {
    struct custody_archive *archives; /* oldest first */
    size_t count;
    struct custody_need *needs;
    size_t need_count;
};

bool custody_read(struct state *state, struct arena *a, struct arena *wiping,
                  const struct plan_source *retained, size_t retained_count, struct custody *c,
                  struct err *err);
/* `retain_until`: what is said now; UTC_NONE for nothing. It only adds to what was said before. */
bool custody_may_end(const struct custody *c, const struct custody_archive *archive, int64_t now,
                     int64_t retain_until, struct arena *a, struct err *err);

/* "v1 v2", and "v1: 3 values, app of ..., kept until ...; v2: ...". */
struct str custody_held(const struct custody_archive *archive, struct arena *a);
struct str custody_needed_by(const struct custody_archive *archive, struct arena *a);

#endif
