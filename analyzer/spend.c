/* spend: a set of generations, and a map from key and day to the report's rows. */
#include "analyzer/spend.h"
#include "common/hash.h"

enum { FIRST_SLOTS = 1024 };

/* Free: `id` is all zero. */
struct generation {
    uint64_t id[2];
    uint64_t content;
};

struct spend {
    struct report *report;
    struct arena memory; /* of this struct and the slots; a new one when they grow */
    struct generation *generations;
    size_t generation_slots; /* powers of two */
    size_t generation_count;
    uint32_t *rows; /* index + 1 in report->spends; 0: free */
    size_t row_slots;
    int64_t micros, byok_micros; /* of all: then no sum of some overflows */
};

struct spend *spend_open(struct report *report)
{
    struct spend *s = ARENA_NEW(report->arena, struct spend);
    s->report = report;
    s->generation_slots = s->row_slots = FIRST_SLOTS;
    s->generations = ARENA_ARRAY(&s->memory, s->generation_slots, struct generation);
    s->rows = ARENA_ARRAY(report->arena, s->row_slots, uint32_t);
    return s;
}

void spend_close(struct spend *s)
{
    if (s)
        arena_free(&s->memory);
}

/* ---- generations ---- */

static struct generation *slot_of(struct generation *slots, size_t count, const uint64_t id[2])
{
    size_t at = (size_t)id[0] & (count - 1);
    while ((slots[at].id[0] | slots[at].id[1]) &&
           (slots[at].id[0] != id[0] || slots[at].id[1] != id[1]))
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static void grow_generations(struct spend *s)
{
    struct arena wider = {0};
    size_t count = s->generation_slots * 2;
    struct generation *slots = ARENA_ARRAY(&wider, count, struct generation);
    for (size_t i = 0; i < s->generation_slots; i++)
        if (s->generations[i].id[0] | s->generations[i].id[1])
            *slot_of(slots, count, s->generations[i].id) = s->generations[i];
    arena_free(&s->memory);
    s->memory = wider;
    s->generations = slots;
    s->generation_slots = count;
}

static struct generation generation_of(const struct activity_record *r)
{
    int64_t numbers[] = {r->day, r->micros, r->byok_micros};
    uint64_t seed = hash_xxh3_64(r->key_name, 0);
    struct generation g = {
        .id = {hash_xxh3_64(r->generation_id, 0), hash_xxh3_64(r->generation_id, 1)},
        .content = hash_xxh3_64(str_make(numbers, sizeof numbers), seed)};
    if ((g.id[0] | g.id[1]) == 0)
        g.id[1] = 1;
    return g;
}

/* ---- rows ---- */

static uint64_t row_hash(struct str key_name, int64_t day)
{
    return hash_xxh3_64(key_name, (uint64_t)day);
}

static uint32_t *row_slot(const struct spend *s, struct str key_name, int64_t day)
{
    size_t at = (size_t)row_hash(key_name, day) & (s->row_slots - 1);
    for (; s->rows[at]; at = (at + 1) & (s->row_slots - 1)) {
        const struct report_spend *known = &s->report->spends[s->rows[at] - 1];
        if (known->day == day && str_eq(known->key_name, key_name))
            break;
    }
    return &s->rows[at];
}

static void grow_rows(struct spend *s)
{
    s->row_slots *= 2;
    s->rows = ARENA_ARRAY(s->report->arena, s->row_slots, uint32_t);
    for (size_t i = 0; i < s->report->spend_count; i++) {
        const struct report_spend *known = &s->report->spends[i];
        *row_slot(s, known->key_name, known->day) = (uint32_t)(i + 1);
    }
}

/* The row of a key and a day, made when it is new; NULL: there are too many. */
static struct report_spend *row_of(struct spend *s, const struct activity_record *r)
{
    uint32_t *slot = row_slot(s, r->key_name, r->day);
    if (*slot)
        return &s->report->spends[*slot - 1];
    if (s->report->spend_count == SPEND_ROWS_MAX)
        return NULL;
    struct report_spend *fresh = report_add_spend(s->report);
    *fresh =
        (struct report_spend){.key_name = arena_copy(s->report->arena, r->key_name), .day = r->day};
    *slot = (uint32_t)s->report->spend_count;
    if (s->report->spend_count * 2 > s->row_slots)
        grow_rows(s);
    return &s->report->spends[s->report->spend_count - 1];
}

enum spend_verdict spend_add(struct spend *s, const struct activity_record *r)
{
    struct generation g = generation_of(r);
    struct generation *known = slot_of(s->generations, s->generation_slots, g.id);
    if (known->id[0] | known->id[1])
        return known->content == g.content ? SPEND_AGAIN : SPEND_DIFFERING;
    if (s->generation_count == SPEND_GENERATIONS_MAX || r->micros > INT64_MAX - s->micros ||
        r->byok_micros > INT64_MAX - s->byok_micros)
        return SPEND_FULL;
    struct report_spend *row = row_of(s, r);
    if (!row)
        return SPEND_FULL;
    *known = g;
    row->generations++;
    row->micros += r->micros;
    row->byok_micros += r->byok_micros;
    s->micros += r->micros;
    s->byok_micros += r->byok_micros;
    if (++s->generation_count * 4 > s->generation_slots * 3)
        grow_generations(s);
    return SPEND_COUNTED;
}
