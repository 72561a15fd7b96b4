/* envelope: the table of all, the self-test, and what their verdicts have in common. */
#include "formats/envelope/envelope.h"

enum { VECTOR_KEY_MOST = 64 };

static const struct envelope *const all[] = {
    &envelope_versioned_fernet, &envelope_fernet,         &envelope_vault_transit,
    &envelope_laravel,          &envelope_rails,          &envelope_cloak,
    &envelope_cloak_47ng,       &envelope_kubernetes,     &envelope_aspnet,
    &envelope_pg_enigma,        &envelope_tink,           &envelope_magento,
    &envelope_lockbox,          &envelope_attr_encrypted, &envelope_aead,
    &envelope_key_id,
};

const struct envelope *const *envelopes(size_t *count)
{
    *count = sizeof all / sizeof *all;
    return all;
}

const struct envelope *envelope_find(struct str name)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_eq(str_from(all[i]->name), name))
            return all[i];
    return NULL;
}

bool envelope_is_foreign(struct str version)
{
    struct str owner, id;
    return str_cut(version, VERSION_FOREIGN, &owner, &id) && envelope_find(owner);
}

void verdict_open(struct verdict *v)
{
    v->class = CLASS_PLAINTEXT;
    v->counted = false;
    v->no_bytes = false;
    v->leak = false;
    v->future = 0;
    v->envelopes = 0;
    v->use_count = 0;
}

static struct key_use *find_use(struct verdict *v, const struct key_use *wanted)
{
    for (size_t i = 0; i < v->use_count; i++) {
        struct key_use *u = &v->uses[i];
        if (u->kind == wanted->kind && u->basis == wanted->basis && u->known == wanted->known &&
            u->owner == wanted->owner && u->len == wanted->len &&
            memcmp(u->name, wanted->name, u->len) == 0)
            return u;
    }
    return NULL;
}

static struct key_use *add_use(struct verdict *v, struct key_use use)
{
    struct key_use *found = find_use(v, &use);
    if (!found && v->use_count >= ENVELOPE_USES_MAX && use.kind != USE_OTHER) {
        use = (struct key_use){.kind = USE_MORE, .oldest = UTC_NONE, .newest = UTC_NONE};
        found = find_use(v, &use);
    }
    if (!found) {
        found = &v->uses[v->use_count++];
        *found = use;
    }
    return found;
}

static void widen_times(struct key_use *into, int64_t oldest, int64_t newest)
{
    if (oldest == UTC_NONE)
        return;
    if (into->oldest == UTC_NONE || oldest < into->oldest)
        into->oldest = oldest;
    if (into->newest == UTC_NONE || newest > into->newest)
        into->newest = newest;
}

size_t reading_known(const struct reading *r, struct str name)
{
    unsigned char lower[KEY_NAME_MAX];
    if (name.len == 0 || name.len > sizeof lower)
        return r->known->count;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = ascii_lower(name.at[i]);
    return key_names_find(r->known, str_make(lower, name.len));
}

/* The name as a use: known, unknown, or of no version at all. */
static struct key_use named(const struct reading *r, struct str name)
{
    struct key_use use = {.kind = USE_OTHER};
    size_t known = reading_known(r, name);
    if (known < r->known->count) {
        use.kind = USE_KNOWN;
        use.known = known;
    } else if (name.len >= 1 && name.len <= ENVELOPE_NAME_MAX) {
        use.kind = USE_UNKNOWN;
        use.len = (unsigned char)name.len;
        for (size_t i = 0; i < name.len; i++)
            use.name[i] = ascii_lower(name.at[i]);
    }
    return use;
}

/* `use` without times, and the time of one token. */
static void count_use(struct verdict *v, const struct reading *r, struct key_use use, int64_t time)
{
    use.oldest = use.newest = UTC_NONE;
    struct key_use *into = add_use(v, use);
    if (time != UTC_NONE && time <= r->time_limit)
        widen_times(into, time, time);
}

void verdict_merge(struct verdict *into, const struct verdict *from, const struct envelope *owner)
{
    into->future += from->future;
    for (size_t i = 0; i < from->use_count; i++) {
        struct key_use use = from->uses[i];
        if (use.kind == USE_UNKNOWN && owner)
            use.owner = owner;
        widen_times(add_use(into, use), use.oldest, use.newest);
    }
}

static struct key_use use_of(const struct reading *r, enum use_kind kind, struct str name)
{
    if (kind == USE_KNOWN || kind == USE_UNKNOWN)
        return named(r, name);
    return (struct key_use){.kind = kind};
}

void verdict_use(struct verdict *v, const struct reading *r, enum use_kind kind, struct str name,
                 int64_t time)
{
    count_use(v, r, use_of(r, kind, name), time);
    v->future += time != UTC_NONE && time > r->time_limit;
}

enum value_class verdict_token(struct verdict *v, const struct reading *r, enum use_kind kind,
                               struct str name, int64_t time, size_t proof)
{
    struct key_use claimed = use_of(r, kind, name);
    struct key_use proven = {.kind = USE_KNOWN, .basis = BASIS_PROVEN, .known = proof};
    bool bare = claimed.kind == USE_BARE;
    bool fits = proof != PROOF_UNTRIED && proof != PROOF_ORPHAN;
    bool same = fits && (bare || (claimed.kind == USE_KNOWN && claimed.known == proof));
    v->future += time != UTC_NONE && time > r->time_limit;
    if (!same)
        count_use(v, r, claimed, time);
    if (fits)
        count_use(v, r, proven, time);
    if (proof == PROOF_UNTRIED)
        return bare ? CLASS_UNVERSIONED : CLASS_HINTED;
    if (same)
        return bare ? CLASS_LEGACY_VERIFIED : CLASS_VERIFIED;
    /* The application asks for the key that is named, and fails where it is not there. */
    return fits && claimed.kind == USE_KNOWN ? CLASS_MISLABELLED : CLASS_ORPHAN;
}

/* Does the key prove it, and none that differs in one bit? */
static bool is_proven(const struct envelope *e, struct str key, struct str cell)
{
    unsigned char other[VECTOR_KEY_MOST];
    if (key.len == 0)
        return true;
    if (!e->verify || key.len > sizeof other || !e->verify(e, key, cell))
        return false;
    memcpy(other, key.at, key.len);
    other[0] ^= 1;
    return !e->verify(e, str_make(other, key.len), cell);
}

bool envelope_vector_holds(const struct envelope *e, const struct envelope_vector *x)
{
    static const struct key_names none = {0};
    const struct reading r = {.known = &none, .simd = simd_best(), .time_limit = INT64_MAX};
    struct str cell = str_from(x->cell);
    struct verdict v;
    e->classify(e, &r, cell, &v);
    if (!e->sniff(e, cell) || !v.counted || v.class != x->class || v.use_count != 1)
        return false;
    const struct key_use *u = &v.uses[0];
    struct str version = str_from(x->version);
    bool same = version.len == 0
                    ? u->kind == USE_BARE
                    : u->kind == USE_UNKNOWN && str_eq(str_make(u->name, u->len), version);
    return same && u->oldest == x->time && u->newest == x->time && is_proven(e, x->key, cell);
}

bool envelope_self_test(struct err *err)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (size_t k = 0; k < all[i]->vector_count; k++) {
            if (envelope_vector_holds(all[i], &all[i]->vectors[k]))
                continue;
            err_set(err, ERR_INTERNAL, 331, "vector %zu of envelope %s is read wrongly", k,
                    all[i]->name);
            return false;
        }
    }
    return true;
}
