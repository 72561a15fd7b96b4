/* tally: counting, merging, and the report's form of it. */
#include "analyzer/tally.h"

#include "common/buf.h"

struct version_tally {
    uint64_t records;
    int64_t oldest, newest; /* the one greater than the other: no readable time */
};

/* A name that the keyring lacks. */
struct unknown_version {
    unsigned char len;
    unsigned char name[TALLY_NAME_MAX];
    struct version_tally tally;
};

/* Names of one word, known or not: told apart by one comparison, summed up when they settle. */
enum { SHORT_NAMES = 64, SHORT_NAME_TRIES = 4 };
struct short_version {
    uint64_t word; /* as in struct fernet_value; 0: free */
    struct version_tally tally;
};

struct column_detail {
    uint64_t classes[CLASS_COUNT]; /* CLASS_NULL stays 0; empty ones of verdicts only */
    uint64_t future;
    uint64_t leaks;
    uint32_t envelopes;   /* found here, by index in reading.constants; bit 0: versioned-fernet */
    uint64_t key_records; /* that name at least one version */
    struct version_tally bare, other, more;
    struct version_tally *known;     /* one for each name of the keyring */
    struct version_tally *proven;    /* one for each key, which is one for each name */
    struct unknown_version *unknown; /* sorted by name, the smallest USAGE_UNKNOWN_MAX */
    size_t unknown_count, unknown_room;
    struct short_version *shorts; /* by hash; not yet in .known and .unknown; NULL: none */
};

static const struct version_tally nothing = {0, INT64_MAX, INT64_MIN};

static size_t known_count(const struct tally *t)
{
    return t->layout->reading.known->count;
}

static size_t key_count(const struct tally *t)
{
    return t->layout->reading.proof ? t->layout->reading.proof->count : 0;
}

void tally_open(struct tally *t, const struct scan_layout *layout, struct arena *arena)
{
    *t = (struct tally){.layout = layout, .arena = arena, .ragged_first = TALLY_NONE};
    t->columns = ARENA_ARRAY(arena, layout->columns, struct column_tally);
}

static struct column_detail *detail_of(struct tally *t, size_t column)
{
    struct column_tally *c = &t->columns[column];
    if (c->detail)
        return c->detail;
    struct column_detail *d = ARENA_NEW(t->arena, struct column_detail);
    d->bare = d->other = d->more = nothing;
    d->known = ARENA_ARRAY(t->arena, known_count(t), struct version_tally);
    d->proven = ARENA_ARRAY(t->arena, key_count(t), struct version_tally);
    for (size_t i = 0; i < known_count(t); i++)
        d->known[i] = nothing;
    for (size_t i = 0; i < key_count(t); i++)
        d->proven[i] = nothing;
    c->detail = d;
    return d;
}

static void version_add(struct version_tally *into, const struct version_tally *from)
{
    into->records += from->records;
    into->oldest = from->oldest < into->oldest ? from->oldest : into->oldest;
    into->newest = from->newest > into->newest ? from->newest : into->newest;
}

/* One record, with times that may be UTC_NONE. */
static struct version_tally one_record(int64_t oldest, int64_t newest)
{
    struct version_tally one = nothing;
    one.records = 1;
    if (oldest != UTC_NONE)
        one.oldest = oldest;
    if (newest != UTC_NONE)
        one.newest = newest;
    return one;
}

static struct str unknown_name(const struct unknown_version *u)
{
    return str_make(u->name, u->len);
}

/* Where `name` is or would be. */
static size_t unknown_place(const struct column_detail *d, struct str name)
{
    size_t low = 0;
    size_t high = d->unknown_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(unknown_name(&d->unknown[middle]), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Keeps the smallest names; the largest makes room and goes to `more`. */
static void unknown_add(struct tally *t, struct column_detail *d, struct str name,
                        const struct version_tally *add)
{
    size_t at = unknown_place(d, name);
    if (at < d->unknown_count && str_eq(unknown_name(&d->unknown[at]), name)) {
        version_add(&d->unknown[at].tally, add);
        return;
    }
    if (at == USAGE_UNKNOWN_MAX) {
        version_add(&d->more, add);
        return;
    }
    if (d->unknown_count == USAGE_UNKNOWN_MAX)
        version_add(&d->more, &d->unknown[--d->unknown_count].tally);
    d->unknown =
        arena_grow(t->arena, d->unknown, d->unknown_count, &d->unknown_room, sizeof *d->unknown);
    memmove(d->unknown + at + 1, d->unknown + at, (d->unknown_count - at) * sizeof *d->unknown);
    d->unknown_count++;
    struct unknown_version *u = &d->unknown[at];
    u->len = (unsigned char)name.len;
    memcpy(u->name, name.at, name.len);
    u->tally = *add;
}

/* A name that fits, in any case. */
static void name_add(struct tally *t, struct column_detail *d, struct str name,
                     const struct version_tally *add)
{
    unsigned char bytes[ENVELOPE_NAME_MAX];
    const struct key_names *known = t->layout->reading.known;
    for (size_t i = 0; i < name.len; i++)
        bytes[i] = ascii_lower(name.at[i]);
    struct str lower = str_make(bytes, name.len);
    size_t index = key_names_find(known, lower);
    if (index < known->count)
        version_add(&d->known[index], add);
    else
        unknown_add(t, d, lower, add);
}

/* The place of a name of one word; NULL when there is none for it. */
static struct version_tally *short_version(struct tally *t, struct column_detail *d, uint64_t word)
{
    if (!d->shorts)
        d->shorts = ARENA_ARRAY(t->arena, SHORT_NAMES, struct short_version);
    size_t first = (size_t)(word * 0x9e3779b97f4a7c15u >> 58); /* 64 slots: the best six bits */
    for (size_t i = 0; i < SHORT_NAME_TRIES; i++) {
        struct short_version *s = &d->shorts[(first + i) % SHORT_NAMES];
        if (s->word == word)
            return &s->tally;
        if (s->word == 0) {
            *s = (struct short_version){word, nothing};
            return &s->tally;
        }
    }
    return NULL;
}

/* Puts what was counted by words where it belongs. */
static void settle(struct tally *t, struct column_detail *d)
{
    for (size_t i = 0; d->shorts && i < SHORT_NAMES; i++) {
        struct short_version *s = &d->shorts[i];
        unsigned char name[sizeof s->word];
        size_t n = 0;
        for (uint64_t rest = s->word; rest; rest >>= 8)
            name[n++] = (unsigned char)(rest & 0xff);
        if (n > 0)
            name_add(t, d, str_make(name, n), &s->tally);
        *s = (struct short_version){.word = 0};
    }
}

/* A value that was tried with keys: its label is true, or it has none, nearly always. */
static void proven_value(struct tally *t, size_t column, const struct fernet_value *value)
{
    const struct reading *r = &t->layout->reading;
    bool bare = value->name.len == 0;
    if (value->proof < r->proof->count && (bare || value->known == value->proof)) {
        struct column_detail *d = detail_of(t, column);
        bool future = value->time > r->time_limit;
        struct version_tally one = future ? one_record(UTC_NONE, UTC_NONE)
                                          : (struct version_tally){1, value->time, value->time};
        d->classes[bare ? CLASS_LEGACY_VERIFIED : CLASS_VERIFIED]++;
        d->key_records++;
        d->future += future;
        version_add(&d->proven[value->proof], &one);
        return;
    }
    struct verdict v;
    verdict_open(&v);
    v.class =
        verdict_token(&v, r, bare ? USE_BARE : USE_UNKNOWN, value->name, value->time, value->proof);
    v.counted = true;
    tally_verdict(t, column, &v);
}

void tally_value(struct tally *t, size_t column, const struct fernet_value *value)
{
    if (value->proof != PROOF_UNTRIED) {
        proven_value(t, column, value);
        return;
    }
    struct column_detail *d = detail_of(t, column);
    struct version_tally one = {1, value->time, value->time};
    bool bare = value->name.len == 0;
    struct version_tally *version = bare          ? &d->bare
                                    : value->word ? short_version(t, d, value->word)
                                                  : NULL;
    if (value->time > t->layout->reading.time_limit) {
        d->future++;
        one = one_record(UTC_NONE, UTC_NONE);
    }
    d->classes[bare ? CLASS_UNVERSIONED : CLASS_HINTED]++;
    d->envelopes |= 1;
    d->key_records++;
    if (version)
        version_add(version, &one);
    else
        name_add(t, d, value->name, &one);
}

/* A name of another envelope, with that before it: no version of the keyring reads like it. */
static void foreign_add(struct tally *t, struct column_detail *d, const struct key_use *u,
                        const struct version_tally *add)
{
    unsigned char name[TALLY_NAME_MAX];
    struct str owner = str_slice(str_from(u->owner->name), 0, sizeof name - 1 - u->len);
    memcpy(name, owner.at, owner.len);
    name[owner.len] = VERSION_FOREIGN;
    memcpy(name + owner.len + 1, u->name, u->len);
    unknown_add(t, d, str_make(name, owner.len + 1 + u->len), add);
}

static void add_use(struct tally *t, struct column_detail *d, const struct key_use *u)
{
    struct version_tally one = one_record(u->oldest, u->newest);
    switch (u->kind) {
    case USE_KNOWN:
        version_add(u->basis == BASIS_PROVEN ? &d->proven[u->known] : &d->known[u->known], &one);
        break;
    case USE_UNKNOWN:
        if (u->owner)
            foreign_add(t, d, u, &one);
        else
            unknown_add(t, d, str_make(u->name, u->len), &one);
        break;
    case USE_BARE:
        version_add(&d->bare, &one);
        break;
    case USE_OTHER:
        version_add(&d->other, &one);
        break;
    case USE_MORE:
        version_add(&d->more, &one);
        break;
    }
}

static void add_uses(struct tally *t, struct column_detail *d, const struct verdict *v)
{
    d->future += v->future;
    d->envelopes |= v->envelopes || v->use_count == 0 ? v->envelopes : 1;
    d->key_records += v->use_count > 0;
    for (size_t i = 0; i < v->use_count; i++)
        add_use(t, d, &v->uses[i]);
}

void tally_verdict(struct tally *t, size_t column, const struct verdict *v)
{
    if (column >= t->layout->columns) {
        t->beyond += v->counted;
        if (v->counted && t->layout->columns > 0)
            add_uses(t, detail_of(t, t->layout->columns - 1), v);
        return;
    }
    if (v->class == CLASS_EMPTY) {
        /* In CSV \x may as well be two letters of a text, and is not looked for (scan_csv.c). */
        t->columns[column].empties += !v->no_bytes || t->layout->format == SCAN_COPY_TEXT ||
                                      scan_is_declared(t->layout, column);
        return;
    }
    if (!v->counted && !scan_is_declared(t->layout, column))
        return;
    struct column_detail *d = detail_of(t, column);
    d->classes[v->class]++;
    d->leaks += v->leak;
    add_uses(t, d, v);
}

static void merge_detail(struct tally *into, size_t column, const struct column_detail *from)
{
    struct column_detail *d = detail_of(into, column);
    for (size_t i = 0; i < CLASS_COUNT; i++)
        d->classes[i] += from->classes[i];
    d->future += from->future;
    d->envelopes |= from->envelopes;
    d->leaks += from->leaks;
    d->key_records += from->key_records;
    version_add(&d->bare, &from->bare);
    version_add(&d->other, &from->other);
    version_add(&d->more, &from->more);
    for (size_t i = 0; i < known_count(into); i++)
        version_add(&d->known[i], &from->known[i]);
    for (size_t i = 0; i < key_count(into); i++)
        version_add(&d->proven[i], &from->proven[i]);
    for (size_t i = 0; i < from->unknown_count; i++)
        unknown_add(into, d, unknown_name(&from->unknown[i]), &from->unknown[i].tally);
}

void tally_merge(struct tally *into, struct tally *from)
{
    into->records += from->records;
    into->ragged += from->ragged;
    into->beyond += from->beyond;
    for (size_t i = 0; i < into->layout->columns; i++) {
        into->columns[i].nulls += from->columns[i].nulls;
        into->columns[i].empties += from->columns[i].empties;
        struct column_detail *d = from->columns[i].detail;
        if (!d)
            continue;
        settle(from, d);
        merge_detail(into, i, d);
    }
}

uint64_t tally_leaks(const struct tally *t, size_t column)
{
    const struct column_detail *d = t->columns[column].detail;
    return d ? d->leaks : 0;
}

static void report_version(const struct version_tally *v, struct str name, enum usage_basis basis,
                           struct arena *arena, struct report_column *into)
{
    if (v->records == 0)
        return;
    bool timed = v->oldest <= v->newest;
    into->usages[into->usage_count++] =
        (struct report_usage){.version = arena_copy(arena, name),
                              .basis = basis,
                              .records = v->records,
                              .oldest = timed ? v->oldest : UTC_NONE,
                              .newest = timed ? v->newest : UTC_NONE};
}

static void report_usages(const struct tally *t, const struct column_detail *d, struct arena *arena,
                          struct report_column *into)
{
    const struct str *names = t->layout->reading.known->names;
    size_t used = 3 + d->unknown_count;
    for (size_t i = 0; i < known_count(t); i++)
        used += d->known[i].records > 0;
    for (size_t i = 0; i < key_count(t); i++)
        used += d->proven[i].records > 0;
    into->usages = ARENA_ARRAY(arena, used, struct report_usage);
    report_version(&d->bare, STR(""), BASIS_HINT, arena, into);
    for (size_t i = 0; i < known_count(t); i++)
        report_version(&d->known[i], names[i], BASIS_HINT, arena, into);
    for (size_t i = 0; i < key_count(t); i++)
        report_version(&d->proven[i], names[i], BASIS_PROVEN, arena, into);
    for (size_t i = 0; i < d->unknown_count; i++)
        report_version(&d->unknown[i].tally, unknown_name(&d->unknown[i]), BASIS_HINT, arena, into);
    report_version(&d->other, STR(VERSION_OTHER), BASIS_HINT, arena, into);
    report_version(&d->more, STR(VERSION_MORE), BASIS_HINT, arena, into);
}

/* Those found, joined by '+'. */
static struct str envelope_names(const struct tally *t, uint32_t found, struct arena *arena)
{
    const struct constants *c = t->layout->reading.constants;
    struct buf names = {.arena = arena};
    for (size_t i = 0; found >> i; i++) {
        if (!(found >> i & 1))
            continue;
        if (names.len > 0)
            buf_byte(&names, '+');
        buf_text(&names, c ? c->envelopes[i]->name : envelope_versioned_fernet.name);
    }
    return buf_str(&names);
}

void tally_report(struct tally *t, size_t column, struct arena *arena, struct report_column *into)
{
    const struct column_tally *c = &t->columns[column];
    struct column_detail *d = c->detail;
    if (d)
        settle(t, d);
    into->records = t->records;
    into->nulls = c->nulls;
    into->declared = scan_is_declared(t->layout, column);
    into->has_classes = into->declared || d;
    into->classes[CLASS_NULL] = c->nulls;
    into->classes[CLASS_EMPTY] = c->empties;
    for (size_t i = 0; d && i < CLASS_COUNT; i++)
        into->classes[i] += d->classes[i];
    uint64_t sum = 0;
    for (size_t i = 0; i < CLASS_COUNT; i++)
        sum += into->classes[i];
    /* What was passed over in an undeclared column, and the fields that ragged records lack. */
    into->classes[CLASS_PLAINTEXT] += t->records > sum ? t->records - sum : 0;
    if (!d)
        return;
    into->future_times = d->future;
    into->key_records = d->key_records;
    report_usages(t, d, arena, into);
    into->envelope = envelope_names(t, d->envelopes, arena);
}
