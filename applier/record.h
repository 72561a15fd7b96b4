/*
 * record: the frames of a journal, bytes in and slices out.
 *
 * The one idea: a reader must tell a record that never became durable from damage. Each record
 * carries its type, number, length, the checksum of the record before it and a checksum of itself
 * seeded by the transaction's id, so a stale or foreign record never fits. Where nothing valid
 * follows the first bad byte, the tail is torn: the record was being written when the power went,
 * and it is ignored. Where something valid follows, the journal is damaged and is refused.
 *
 *     struct buf bytes = {.arena = &run};
 *     uint64_t sum = record_add(&bytes, seed, RECORD_BEGIN, 0, 0, body);
 *     sum = record_add(&bytes, seed, RECORD_BACKUP, 1, sum, body);
 *
 *     struct history h;
 *     if (!record_read(buf_str(&bytes), seed, &h, err)) ...    h.at[i].body slices into the bytes
 *
 * Layout, little-endian: "KRj1", u32 type, u32 sequence, u32 length, u64 checksum of the record
 * before (0 in the first), body, u64 XXH3-64 over all of that.
 *
 * Input is hostile: every length is checked, work is bounded. Pure; fuzzed by fuzz_journal.
 * Limits: RECORDS_MAX, RECORD_BODY_MAX, JOURNAL_MAX.
 */
#ifndef APPLIER_RECORD_H
#define APPLIER_RECORD_H

#include "common/buf.h"
#include "common/err.h"

enum {
    RECORDS_MAX = 16,                   /* a transaction writes at most seven */
    RECORD_HEAD = 24,                   /* bytes before the body */
    RECORD_TAIL = 8,                    /* bytes after it */
    RECORD_BODY_MAX = 16 * 1024 * 1024, /* bytes */
    JOURNAL_MAX = 32 * 1024 * 1024      /* bytes */
};

enum record_type {
    RECORD_BEGIN = 1, /* what will be done */
    RECORD_BACKUP,    /* the archive of what was, verified */
    RECORD_COMMIT,    /* the decision */
    RECORD_UNDO,      /* taken back for good */
    RECORD_SWAPPED,   /* all exchanged, and that is durable */
    RECORD_REVOKE,    /* reserved for the remote act: the point of no return */
    RECORD_END        /* committed or aborted */
};
/* "BEGIN", ...; "?" for a number that is none. */
const char *record_type_name(enum record_type type);

struct record {
    enum record_type type;
    struct str body;
    uint64_t sum;
};

struct history {
    struct record at[RECORDS_MAX];
    size_t count;
    size_t whole; /* bytes up to the end of the last valid record */
    bool torn;    /* bytes follow that are no record */
};

/* Appends one record; gives back its checksum, which the next one needs. */
uint64_t record_add(struct buf *b, uint64_t seed, enum record_type type, uint32_t sequence,
                    uint64_t before, struct str body);
/* ERR_CORRUPT 701 for damage, 702 for an order of records that no transaction has. */
bool record_read(struct str journal, uint64_t seed, struct history *h, struct err *err);
/* The body of the first record by its length alone, checksum or not; false when it is not whole. */
bool record_first_body(struct str journal, struct str *body);
/* The last record of that type, or NULL. */
const struct record *history_find(const struct history *h, enum record_type type);
/* Whether `next` may follow the records so far. */
bool record_may_follow(const struct history *h, enum record_type next);

#endif
