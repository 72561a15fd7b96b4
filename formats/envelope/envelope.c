/* envelope: the table of all, the self-test, and what their verdicts have in common. */
#include "formats/envelope/envelope.h"

static const struct envelope *const all[] = {&envelope_versioned_fernet};

const struct envelope *const *envelopes(size_t *count)
{
    *count = sizeof all / sizeof *all;
    return all;
}

void verdict_open(struct verdict *v)
{
    v->class = CLASS_PLAINTEXT;
    v->counted = false;
    v->no_bytes = false;
    v->leak = false;
    v->future = 0;
    v->use_count = 0;
}

static struct key_use *find_use(struct verdict *v, const struct key_use *wanted)
{
    for (size_t i = 0; i < v->use_count; i++) {
        struct key_use *u = &v->uses[i];
        if (u->kind == wanted->kind && u->known == wanted->known && u->len == wanted->len &&
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

/* The name as a use: known, unknown, or of no version at all. */
static struct key_use named(const struct reading *r, struct str name)
{
    struct key_use use = {.kind = USE_OTHER};
    unsigned char lower[KEY_NAME_MAX];
    if (name.len == 0 || name.len > sizeof lower)
        return use;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = ascii_lower(name.at[i]);
    size_t known = key_names_find(r->known, str_make(lower, name.len));
    if (known < r->known->count) {
        use.kind = USE_KNOWN;
        use.known = known;
    } else if (name.len <= ENVELOPE_NAME_MAX) {
        use.kind = USE_UNKNOWN;
        use.len = (unsigned char)name.len;
        memcpy(use.name, lower, name.len);
    }
    return use;
}

void verdict_use(struct verdict *v, const struct reading *r, enum use_kind kind, struct str name,
                 int64_t time)
{
    struct key_use use = {.kind = kind};
    if (kind == USE_KNOWN || kind == USE_UNKNOWN)
        use = named(r, name);
    use.oldest = use.newest = UTC_NONE;
    struct key_use *into = add_use(v, use);
    if (time == UTC_NONE)
        return;
    if (time > r->time_limit) {
        v->future++;
        return;
    }
    if (into->oldest == UTC_NONE || time < into->oldest)
        into->oldest = time;
    if (into->newest == UTC_NONE || time > into->newest)
        into->newest = time;
}

static bool vector_holds(const struct envelope *e, const struct envelope_vector *x)
{
    static const struct key_names none = {0};
    const struct reading r = {.known = &none, .simd = simd_best(), .time_limit = INT64_MAX};
    struct str cell = str_from(x->cell);
    struct verdict v;
    e->classify(&r, cell, &v);
    if (!e->sniff(cell) || !v.counted || v.class != x->class || v.use_count != 1)
        return false;
    const struct key_use *u = &v.uses[0];
    struct str version = str_from(x->version);
    bool same = version.len == 0
                    ? u->kind == USE_BARE
                    : u->kind == USE_UNKNOWN && str_eq(str_make(u->name, u->len), version);
    return same && u->oldest == x->time && u->newest == x->time;
}

bool envelope_self_test(struct err *err)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (size_t k = 0; k < all[i]->vector_count; k++) {
            if (vector_holds(all[i], &all[i]->vectors[k]))
                continue;
            err_set(err, ERR_INTERNAL, 331, "vector %zu of envelope %s is read wrongly", k,
                    all[i]->name);
            return false;
        }
    }
    return true;
}
