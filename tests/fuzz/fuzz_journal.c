/*
 * fuzz_journal: hostile journals, BEGIN texts, backups and audit logs.
 *
 * The first byte chooses the reader. A journal is taken as it is, and once more with its checksums
 * made right, so that the fuzzer gets behind them. Invariants: what reads, reads the same again
 * after being written; what a journal holds is a prefix of its bytes; cutting an open journal never
 * makes it hold more.
 */
#include "applier/audit.h"
#include "applier/backup.h"
#include "applier/begin.h"
#include "applier/record.h"
#include "common/hash.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t seed = UINT64_C(0x0123456789abcdef);

static void expect(bool good)
{
    if (!good)
        abort();
}

static void check_begin(struct str text, struct arena *a)
{
    struct begin b, back;
    struct err err = {0};
    struct buf once = {.arena = a};
    struct buf twice = {.arena = a};
    if (!begin_read(a, text, &b, &err)) {
        expect(err.kind == ERR_CORRUPT);
        return;
    }
    expect(b.target_count > 0 && b.target_count <= TXN_TARGETS_MAX);
    begin_write(&once, &b);
    expect(begin_read(a, buf_str(&once), &back, &err));
    begin_write(&twice, &back);
    expect(str_eq(buf_str(&once), buf_str(&twice)));
}

static void check_journal(struct str journal, struct arena *a)
{
    struct history h, shorter;
    struct err err = {0};
    if (!record_read(journal, seed, &h, &err)) {
        expect(err.kind == ERR_CORRUPT);
        return;
    }
    expect(h.count <= RECORDS_MAX && h.whole <= journal.len && h.torn == (h.whole < journal.len));
    struct buf again = {.arena = a};
    uint64_t sum = 0;
    for (size_t i = 0; i < h.count; i++) {
        sum = record_add(&again, seed, h.at[i].type, (uint32_t)i, sum, h.at[i].body);
        expect(sum == h.at[i].sum);
    }
    expect(str_eq(buf_str(&again), str_slice(journal, 0, h.whole)));
    if (h.count > 0) {
        check_begin(h.at[0].body, a);
        /* A valid record inside the body of the one that was cut makes it damage: the careful way.
         */
        if (record_read(str_slice(journal, 0, h.whole - 1), seed, &shorter, &err))
            expect(shorter.count == h.count - 1);
        else
            expect(err.id == 701);
    }
}

/* Makes chain and checksums right wherever the lengths let a record be. */
static struct str repaired(struct str journal, struct arena *a)
{
    unsigned char *bytes = arena_alloc(a, journal.len);
    uint64_t before = 0;
    struct str body;
    memcpy(bytes, journal.at, journal.len);
    for (size_t at = 0, n = 0; record_first_body(str_make(bytes + at, journal.len - at), &body);
         n++) {
        size_t hashed = RECORD_HEAD + body.len;
        for (unsigned i = 0; i < 8; i++)
            bytes[at + 16 + i] = (unsigned char)(before >> (8 * i));
        for (unsigned i = 0; i < 4; i++)
            bytes[at + 8 + i] = (unsigned char)(n >> (8 * i));
        before = hash_xxh3_64(str_make(bytes + at, hashed), seed);
        for (unsigned i = 0; i < 8; i++)
            bytes[at + hashed + i] = (unsigned char)(before >> (8 * i));
        at += hashed + RECORD_TAIL;
    }
    return str_make(bytes, journal.len);
}

static void check_audit(struct str log, struct arena *a)
{
    static const char *const fields[] = {"seq", "host", "versions", "hash", "none"};
    struct audit_lines lines;
    struct err err = {0};
    if (!audit_parse(log, a, &lines, &err))
        expect(err.kind == ERR_CORRUPT);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        (void)audit_field(a, log, fields[i]);
}

static void check_backup(struct str bytes, struct arena *a)
{
    struct backup b;
    struct err err = {0};
    if (!backup_parse(bytes, a, &b, &err)) {
        expect(err.kind == ERR_CORRUPT || err.kind == ERR_SYSTEM);
        return;
    }
    for (size_t i = 0; i < b.target_count; i++) {
        struct sha256 digest;
        expect(crypto_sha256(b.targets[i].image, &digest, &err));
        expect(sha256_eq(&digest, &b.targets[i].digest));
        expect(b.targets[i].path.at[0] == '/');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    if (size == 0)
        return 0;
    struct str rest = str_make(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        check_journal(rest, &a);
        check_journal(repaired(rest, &a), &a);
        break;
    case 1:
        check_begin(rest, &a);
        break;
    case 2:
        check_audit(rest, &a);
        break;
    default:
        check_backup(rest, &a);
        break;
    }
    arena_free(&a);
    return 0;
}
