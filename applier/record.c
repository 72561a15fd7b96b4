/* record: framing, checksums, and the difference between a torn tail and damage. */
#include "applier/record.h"
#include "common/hash.h"

enum { SCAN_BUDGET = 4 * JOURNAL_MAX }; /* bytes hashed in the search behind a bad record */

static const unsigned char magic[4] = {'K', 'R', 'j', '1'};

const char *record_type_name(enum record_type type)
{
    static const char *const names[] = {"?",    "BEGIN",   "BACKUP", "COMMIT",
                                        "UNDO", "SWAPPED", "REVOKE", "END"};
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "?";
}

static void add_le(struct buf *b, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_byte(b, (unsigned char)(value >> (8 * i)));
}

static uint64_t read_le(const unsigned char *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

uint64_t record_add(struct buf *b, uint64_t seed, enum record_type type, uint32_t sequence,
                    uint64_t before, struct str body)
{
    size_t from = b->len;
    buf_add(b, str_make(magic, sizeof magic));
    add_le(b, (uint64_t)type, 4);
    add_le(b, sequence, 4);
    add_le(b, body.len, 4);
    add_le(b, before, 8);
    buf_add(b, body);
    uint64_t sum = hash_xxh3_64(str_slice(buf_str(b), from, b->len), seed);
    add_le(b, sum, 8);
    return sum;
}

struct frame {
    uint32_t type, sequence;
    uint64_t before, sum;
    struct str body;
    size_t size;
};

bool record_first_body(struct str bytes, struct str *body)
{
    if (bytes.len < RECORD_HEAD + RECORD_TAIL || memcmp(bytes.at, magic, sizeof magic) != 0)
        return false;
    uint64_t length = read_le(bytes.at + 12, 4);
    if (length > RECORD_BODY_MAX || length > bytes.len - RECORD_HEAD - RECORD_TAIL)
        return false;
    *body = str_slice(bytes, RECORD_HEAD, RECORD_HEAD + (size_t)length);
    return true;
}

/* A record at the start of `bytes` that is whole and whose checksum holds. */
static bool frame_read(struct str bytes, uint64_t seed, struct frame *f)
{
    if (!record_first_body(bytes, &f->body))
        return false;
    size_t hashed = RECORD_HEAD + f->body.len;
    f->type = (uint32_t)read_le(bytes.at + 4, 4);
    f->sequence = (uint32_t)read_le(bytes.at + 8, 4);
    f->before = read_le(bytes.at + 16, 8);
    f->sum = read_le(bytes.at + hashed, 8);
    f->size = hashed + RECORD_TAIL;
    return f->sum == hash_xxh3_64(str_slice(bytes, 0, hashed), seed);
}

/*
 * Whether a valid record starts anywhere behind a bad one. Its number and chain do not matter: a
 * record that was durable behind one that was not means that a synced record was lost. Hostile
 * bytes could make each position cost a long hash; beyond the budget the answer is the careful one.
 */
static bool record_behind(struct str bytes, uint64_t seed)
{
    uint64_t hashed = 0;
    for (size_t i = 1; i + RECORD_HEAD + RECORD_TAIL <= bytes.len; i++) {
        struct frame f;
        if (bytes.at[i] != magic[0] || memcmp(bytes.at + i, magic, sizeof magic) != 0)
            continue;
        uint64_t length = read_le(bytes.at + i + 12, 4);
        if (length > bytes.len - i)
            continue;
        hashed += length + RECORD_HEAD;
        if (hashed > SCAN_BUDGET || frame_read(str_slice(bytes, i, bytes.len), seed, &f))
            return true;
    }
    return false;
}

/* Which records may come after which; rows and columns in the order of enum record_type. */
static bool follows(enum record_type last, enum record_type next)
{
    enum { R = RECORD_END + 1 };
    static const bool legal[R][R] = {
        [RECORD_BEGIN] = {[RECORD_BACKUP] = true, [RECORD_END] = true},
        [RECORD_BACKUP] = {[RECORD_COMMIT] = true, [RECORD_END] = true},
        [RECORD_COMMIT] = {[RECORD_SWAPPED] = true, [RECORD_UNDO] = true, [RECORD_END] = true},
        [RECORD_SWAPPED] = {[RECORD_REVOKE] = true, [RECORD_UNDO] = true, [RECORD_END] = true},
        [RECORD_UNDO] = {[RECORD_END] = true},
        [RECORD_REVOKE] = {[RECORD_END] = true},
    };
    return legal[last][next];
}

bool record_may_follow(const struct history *h, enum record_type next)
{
    if (h->count == 0)
        return next == RECORD_BEGIN;
    return h->count < RECORDS_MAX && follows(h->at[h->count - 1].type, next);
}

bool record_read(struct str journal, uint64_t seed, struct history *h, struct err *err)
{
    *h = (struct history){0};
    uint64_t before = 0;
    struct frame f;
    if (journal.len > JOURNAL_MAX) {
        err_set(err, ERR_CORRUPT, 701, "the journal has %zu bytes, more than any of ours",
                journal.len);
        return false;
    }
    while (h->whole < journal.len &&
           frame_read(str_slice(journal, h->whole, journal.len), seed, &f)) {
        bool fits = f.sequence == h->count && f.before == before && f.type >= RECORD_BEGIN &&
                    f.type <= RECORD_END;
        if (!fits || !record_may_follow(h, (enum record_type)f.type)) {
            err_set(err, ERR_CORRUPT, 702, "record %zu of the journal is out of order", h->count);
            return false;
        }
        h->at[h->count++] = (struct record){(enum record_type)f.type, f.body, f.sum};
        before = f.sum;
        h->whole += f.size;
    }
    h->torn = h->whole < journal.len;
    bool closed = h->count > 0 && h->at[h->count - 1].type == RECORD_END;
    /* A closed journal was renamed into place whole, so it has no tail that could be torn. */
    if (h->torn && (closed || record_behind(str_slice(journal, h->whole, journal.len), seed))) {
        err_set(err, ERR_CORRUPT, 701, "the journal is damaged at byte %zu, inside record %zu",
                h->whole, h->count);
        return false;
    }
    return true;
}

const struct record *history_find(const struct history *h, enum record_type type)
{
    for (size_t i = h->count; i-- > 0;)
        if (h->at[i].type == type)
            return &h->at[i];
    return NULL;
}
