/*
 * dotenv_expand: python-dotenv's variables.py and resolve_variables of its main.py.
 *
 * A reference finds the nearest definition above it in the file; a name that is only defined below
 * comes from the process environment, which is empty here: the binding is marked instead.
 */
#include "common/buf.h"
#include "common/hash.h"
#include "formats/keyring/dotenv.h"

/* Names seen so far -> index of their newest binding. Open addressing; a slot holds index + 1. */
struct seen {
    const struct bindings *all;
    size_t *slots;
    size_t mask;
};

static struct seen seen_make(struct arena *a, const struct bindings *all)
{
    size_t room = 16;
    while (room < all->count * 2)
        room *= 2;
    return (struct seen){all, ARENA_ARRAY(a, room, size_t), room - 1};
}

/* The slot of the name, or the free one where it belongs. At most half of them are taken. */
static size_t *seen_slot(const struct seen *seen, struct str name)
{
    size_t at = (size_t)hash_xxh3_64(name, 0) & seen->mask;
    while (seen->slots[at] && !str_eq(seen->all->items[seen->slots[at] - 1].key, name))
        at = (at + 1) & seen->mask;
    return &seen->slots[at];
}

struct reference {
    size_t start;
    size_t end;
    struct str name;
    struct str fallback;
};

/*
 * The next match of \$\{([^\}:]*)(?::-([^\}]*))?\} at or behind `from`. A "${" whose name runs into
 * a lone ':' fails, and so does every "${" before that ':', which keeps this linear.
 */
static bool next_reference(struct str value, size_t from, struct reference *ref)
{
    while (from < value.len) {
        size_t start = from + str_search(str_slice(value, from, value.len), STR("${"));
        size_t stop = start + 2;
        if (start >= value.len)
            return false;
        while (stop < value.len && value.at[stop] != '}' && value.at[stop] != ':')
            stop++;
        if (stop == value.len)
            return false;
        *ref = (struct reference){start, stop + 1, str_slice(value, start + 2, stop), {0}};
        if (value.at[stop] == '}')
            return true;
        if (stop + 1 < value.len && value.at[stop + 1] == '-') {
            struct str rest = str_slice(value, stop + 2, value.len);
            size_t len = str_find(rest, '}');
            ref->fallback = str_slice(rest, 0, len);
            ref->end = stop + 2 + len + 1;
            return len < rest.len;
        }
        from = stop;
    }
    return false;
}

static bool too_much(const struct binding *b, struct err *err)
{
    err_set(err, ERR_CORRUPT, 500, "line %zu: the values referred to add up to more than %d bytes",
            b->line, DOTENV_EXPANDED_MAX);
    return false;
}

static bool expand_value(struct arena *a, const struct seen *seen, struct binding *b, size_t *total,
                         struct err *err)
{
    struct reference ref;
    struct buf value = {.arena = a};
    size_t room = 0;
    size_t from = 0;
    while (next_reference(b->value, from, &ref)) {
        size_t defined = *seen_slot(seen, ref.name);
        struct str found = defined ? seen->all->items[defined - 1].value : ref.fallback;
        b->from_environment |= !defined || seen->all->items[defined - 1].from_environment;
        *total += found.len;
        if (*total > DOTENV_EXPANDED_MAX)
            return too_much(b, err);
        b->refs = arena_grow(a, b->refs, b->ref_count, &room, sizeof *b->refs);
        b->refs[b->ref_count++] = ref.name;
        buf_add(&value, str_slice(b->value, from, ref.start));
        buf_add(&value, found);
        from = ref.end;
    }
    if (b->ref_count) {
        buf_add(&value, str_slice(b->value, from, b->value.len));
        b->value = buf_str(&value);
    }
    return true;
}

bool dotenv_expand(struct arena *a, struct bindings *all, struct err *err)
{
    struct seen seen = seen_make(a, all);
    size_t total = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct binding *b = &all->items[i];
        if (b->kind != BINDING_ENTRY)
            continue;
        if (!expand_value(a, &seen, b, &total, err))
            return false;
        *seen_slot(&seen, b->key) = i + 1;
    }
    return true;
}
