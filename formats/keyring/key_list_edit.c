/*
 * key_list_edit: keys out of a row and back into it.
 *
 * A value is cut at its commas into pieces, which leave and come with the blanks around them; one
 * whose places are numbers keeps all of them, and a tombstone changes places with a key.
 */
#include "formats/keyring/key_list.h"
#include "formats/keyring/keyring_parts.h"

static bool is_named(struct str name, const struct str *versions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (name.len && str_eq_nocase(name, versions[i]))
            return true;
    return false;
}

static bool keeps_places(const struct keyring *kr)
{
    return kr->syntax->list->kind->naming == NAMED_BY_PLACE;
}

static bool is_of_list(const struct keyring *kr, const struct binding *b)
{
    const struct key_list *list = kr->syntax->list;
    for (size_t i = 0; b->kind == BINDING_ENTRY && i < list->variable_count; i++)
        if (str_eq(b->key, list->variables[i]))
            return true;
    return false;
}

static struct str tombstone_of(struct arena *a, struct str key, struct err *err)
{
    struct buf text = {.arena = a};
    struct sha256 digest;
    char hex[SHA256_HEX + 1];
    buf_text(&text, "keyretire-tombstone-v1");
    buf_add(&text, key);
    if (!crypto_sha256(buf_str(&text), &digest, err))
        return (struct str){0};
    sha256_hex(&digest, hex);
    text = (struct buf){.arena = a};
    buf_add(&text, KEY_LIST_TOMBSTONE_MARK);
    buf_add(&text, str_make(hex, KEY_LIST_TOMBSTONE - text.len));
    return buf_str(&text);
}

/* ---- values as pieces ---- */

struct piece {
    struct str text;
    struct str name; /* of the key in it, or "" */
};

struct pieces {
    struct piece *at;
    size_t count, room;
};

static void piece_put(struct arena *a, struct pieces *p, size_t at, struct piece piece)
{
    p->at = arena_grow(a, p->at, p->count, &p->room, sizeof *p->at);
    memmove(p->at + at + 1, p->at + at, (p->count - at) * sizeof *p->at);
    p->at[at] = piece;
    p->count++;
}

/* What stands between the commas; of a value whose places are numbers, what is a key and what is
 * not. */
static struct pieces cut(struct arena *a, const struct keyring *kr, const struct binding *b)
{
    struct pieces p = {0};
    struct str s = kr->content;
    size_t at = b->value_raw.start;
    for (size_t i = 0; keeps_places(kr) && i < kr->slot_count; i++) {
        const struct key_slot *slot = &kr->slots[i];
        piece_put(a, &p, p.count, (struct piece){.text = str_slice(s, at, slot->raw.start)});
        piece_put(a, &p, p.count, (struct piece){slot->text, slot->name});
        at = slot->raw.end;
    }
    for (bool more = !keeps_places(kr) && at < b->value_raw.end; more;) {
        size_t to = at + str_find(str_slice(s, at, b->value_raw.end), ',');
        struct piece piece = {.text = str_slice(s, at, to)};
        for (size_t i = 0; i < kr->slot_count; i++)
            if (kr->slots[i].entry == b && at <= kr->slots[i].raw.start &&
                kr->slots[i].raw.end <= to)
                piece.name = kr->slots[i].name;
        piece_put(a, &p, p.count, piece);
        more = to < b->value_raw.end;
        at = to + 1;
    }
    if (keeps_places(kr))
        piece_put(a, &p, p.count, (struct piece){.text = str_slice(s, at, b->value_raw.end)});
    return p;
}

static struct str joined(struct arena *a, const struct keyring *kr, const struct pieces *p)
{
    struct buf value = {.arena = a};
    for (size_t i = 0; i < p->count; i++) {
        if (i && !keeps_places(kr))
            buf_byte(&value, ',');
        buf_add(&value, p->at[i].text);
    }
    return buf_str(&value);
}

/* Blanks that stood behind a comma do not begin a value. */
static void trim_ends(struct pieces *p)
{
    if (p->count == 0)
        return;
    struct str *first = &p->at[0].text, *last = &p->at[p->count - 1].text;
    while (first->len && ascii_space(first->at[0]))
        *first = str_slice(*first, 1, first->len);
    while (last->len && ascii_space(last->at[last->len - 1]))
        last->len--;
}

/* The content with new values for the variables whose pieces changed. */
struct values {
    struct patches patches;
    struct arena *a;
    const struct keyring *kr;
};

static void set_value(struct values *v, const struct binding *b, const struct pieces *p)
{
    struct patches *all = &v->patches;
    all->items = arena_grow(v->a, all->items, all->count, &all->room, sizeof *all->items);
    all->items[all->count++] = (struct patch){b->value_raw, joined(v->a, v->kr, p)};
}

/* ---- removal ---- */

static bool drop_pieces(struct arena *a, const struct keyring *kr, struct pieces *p,
                        const struct str *versions, size_t count, struct err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct piece piece = p->at[i];
        bool leaves = is_named(piece.name, versions, count);
        if (leaves && keeps_places(kr)) {
            piece.text = tombstone_of(a, piece.text, err);
            if (piece.text.len == 0)
                return false;
        }
        if (!leaves || keeps_places(kr))
            p->at[kept++] = piece;
    }
    p->count = kept;
    if (!keeps_places(kr))
        trim_ends(p);
    return true;
}

/* The masked diff: the entries of the list as changed, and below each its keys that leave or come.
 */
static void show_slots(struct arena *a, const struct keyring *kr, const struct str *versions,
                       size_t count, enum edit_mark mark, struct keyring_edit *edit)
{
    enum edit_mark *marks = ARENA_ARRAY(a, kr->bindings.count, enum edit_mark);
    struct keyring_edit around;
    size_t n = 0;
    for (size_t s = 0; s < kr->slot_count; s++)
        if (is_named(kr->slots[s].name, versions, count))
            marks[kr->slots[s].entry - kr->bindings.items] = EDIT_CHANGED;
    keyring_edit_lines(a, kr, marks, &around);
    edit->lines = ARENA_ARRAY(a, around.line_count + kr->slot_count, struct edit_line);
    for (size_t i = 0; i < around.line_count; i++) {
        struct edit_line *line = &edit->lines[n++];
        *line = around.lines[i];
        for (size_t s = 0; line->mark == EDIT_CHANGED && s < kr->slot_count; s++) {
            const struct key_slot *slot = &kr->slots[s];
            if (slot->entry->line != line->line)
                continue;
            line->name = arena_text(a, slot->entry->key);
            if (!is_named(slot->name, versions, count))
                continue;
            edit->lines[n++] = (struct edit_line){
                .mark = mark,
                .kind = EDIT_ENTRY,
                .line = slot->line,
                .name = arena_printf(a, "%.*s[%zu]", STR_ARG(slot->entry->key), slot->place),
                .chars = slot->text.len};
        }
    }
    edit->line_count = n;
}

bool key_list_remove(struct arena *a, const struct keyring *kr, const struct str *versions,
                     size_t count, struct keyring_edit *edit, struct err *err)
{
    struct values values = {.a = a, .kr = kr};
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        if (!is_of_list(kr, b))
            continue;
        struct pieces p = cut(a, kr, b);
        size_t before = p.count;
        struct str old = joined(a, kr, &p);
        if (!drop_pieces(a, kr, &p, versions, count, err))
            return false;
        if (before && p.count == 0 && !kr->syntax->list->kind->allows_empty) {
            err_set(err, ERR_REFUSED, 538, "the last key of %.*s would leave", STR_ARG(b->key));
            return keyring_at(kr, b, err);
        }
        if (p.count != before || (keeps_places(kr) && !str_eq(old, joined(a, kr, &p))))
            set_value(&values, b, &p);
    }
    edit->after = patches_apply(a, kr->content, &values.patches);
    show_slots(a, kr, versions, count, EDIT_REMOVED, edit);
    return true;
}

bool key_list_no_reference(const struct keyring *kr, struct err *err)
{
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        for (size_t r = 0; r < b->ref_count; r++)
            for (size_t v = 0; v < kr->syntax->list->variable_count; v++) {
                if (!str_eq(b->refs[r], kr->syntax->list->variables[v]))
                    continue;
                err_set(err, ERR_REFUSED, 522, "another value refers to %.*s", STR_ARG(b->refs[r]));
                return keyring_at(kr, b, err);
            }
    }
    return true;
}

/* ---- S13: nothing else changed ---- */

static bool same_binding(const struct keyring *one, const struct binding *b,
                         const struct keyring *other, const struct binding *c)
{
    struct span before = {b->entry.start, b->entry.end}, after = {c->entry.start, c->entry.end};
    if (b->kind != c->kind || !str_eq(b->key, c->key))
        return false;
    if (is_of_list(one, b)) {
        struct str tail = str_slice(one->content, b->value_raw.end, b->entry.end);
        struct str rest = str_slice(other->content, c->value_raw.end, c->entry.end);
        if (!str_eq(tail, rest))
            return false;
        before.end = b->value_raw.start;
        after.end = c->value_raw.start;
    } else if (!str_eq(b->value, c->value)) {
        return false;
    }
    return str_eq(str_slice(one->content, before.start, before.end),
                  str_slice(other->content, after.start, after.end));
}

/* The slots of `longer` but for those of the versions, whose places a tombstone may have. */
static bool same_slots(struct arena *a, const struct keyring *longer, const struct keyring *shorter,
                       const struct str *versions, size_t count, struct err *err)
{
    size_t at = 0;
    for (size_t i = 0; i < longer->slot_count; i++) {
        const struct key_slot *slot = &longer->slots[i];
        struct str text = slot->text;
        if (is_named(slot->name, versions, count)) {
            if (!keeps_places(longer))
                continue;
            text = tombstone_of(a, text, err);
        }
        if (at == shorter->slot_count || !str_eq(text, shorter->slots[at].text) ||
            !str_eq(slot->entry->key, shorter->slots[at].entry->key))
            return false;
        at++;
    }
    return at == shorter->slot_count;
}

bool key_list_verify(struct arena *a, const struct keyring *longer, const struct keyring *shorter,
                     const struct str *versions, size_t count, struct err *err)
{
    bool same = longer->bindings.count == shorter->bindings.count;
    for (size_t i = 0; same && i < longer->bindings.count; i++)
        same =
            same_binding(longer, &longer->bindings.items[i], shorter, &shorter->bindings.items[i]);
    same = same && same_slots(a, longer, shorter, versions, count, err) &&
           str_eq(longer->versions[longer->active].name, shorter->versions[shorter->active].name);
    for (size_t i = 0; same && i < count; i++)
        same = !keyring_find(shorter, versions[i]);
    if (same)
        return true;
    err_set(err, ERR_REFUSED, 523, "the edit would change more than the chosen keys");
    return keyring_at(longer, NULL, err);
}

/* ---- insertion ---- */

static bool has_other_value(const struct keyring *kr, const struct key_slot *slot, struct err *err)
{
    err_set(err, ERR_REFUSED, 525, "place %zu of %.*s has another value now", slot->place + 1,
            STR_ARG(slot->entry->key));
    return keyring_at(kr, slot->entry, err);
}

/* A key back into its place, where its tombstone stands. */
static bool put_in_place(struct arena *a, const struct keyring *kr, const struct key_slot *old,
                         struct pieces *p, struct err *err)
{
    size_t at = 2 * old->place + 1;
    if (at >= p->count)
        return has_other_value(kr, old, err);
    if (str_eq(p->at[at].text, old->text))
        return true;
    if (!str_eq(p->at[at].text, tombstone_of(a, old->text, err)))
        return has_other_value(kr, old, err);
    p->at[at].text = old->text;
    return true;
}

static size_t find_piece(const struct pieces *p, struct str name)
{
    size_t at = 0;
    while (at < p->count && !(name.len && str_eq(p->at[at].name, name)))
        at++;
    return at;
}

/*
 * A key behind the next one before it in the archive that is still there. Without one it is newer
 * than all that are left, but never newer than the active key, which has the first place of a
 * value that it shares.
 */
static void put_in_row(struct arena *a, const struct keyring *kr, const struct pieces *archived,
                       size_t which, struct pieces *p)
{
    struct piece piece = archived->at[which];
    bool shares = kr->syntax->list->variable_count == 1;
    size_t at = shares && p->count ? 1 : 0;
    for (size_t i = which; i > 0; i--) {
        size_t found = find_piece(p, archived->at[i - 1].name);
        if (found < p->count) {
            at = found + 1;
            break;
        }
    }
    if (p->count == 1 && p->at[0].name.len == 0 && str_trim(p->at[0].text).len == 0)
        p->count = at = 0;
    piece_put(a, p, at, piece);
    trim_ends(p);
}

static const struct binding *entry_like(const struct keyring *kr, struct str key)
{
    for (size_t i = 0; i < kr->bindings.count; i++)
        if (kr->bindings.items[i].kind == BINDING_ENTRY && str_eq(kr->bindings.items[i].key, key))
            return &kr->bindings.items[i];
    return NULL;
}

/* The keys of one variable of the archive back into the variable of that name. */
static bool insert_into(struct arena *a, const struct keyring *kr, const struct keyring *old,
                        const struct binding *from, const struct str *versions, size_t count,
                        struct values *values, struct err *err)
{
    const struct binding *into = entry_like(kr, from->key);
    struct pieces archived = cut(a, old, from);
    struct pieces p = {0};
    if (into)
        p = cut(a, kr, into);
    for (size_t i = 0; i < archived.count; i++) {
        struct str name = archived.at[i].name;
        bool there = !keeps_places(kr) && keyring_find(kr, name);
        if (!is_named(name, versions, count) || there)
            continue;
        if (!into) {
            err_set(err, ERR_REFUSED, 519, "%.*s is no longer in the file", STR_ARG(from->key));
            return keyring_at(kr, NULL, err);
        }
        if (!keeps_places(kr))
            put_in_row(a, kr, &archived, i, &p);
        else if (!put_in_place(a, kr, &old->slots[i / 2], &p, err))
            return false;
    }
    if (into)
        set_value(values, into, &p);
    return true;
}

static int by_position(const struct patch *one, const struct patch *other)
{
    return one->gone.start < other->gone.start ? -1 : 1;
}

bool key_list_insert(struct arena *a, const struct keyring *kr, const struct keyring *archived,
                     const struct str *versions, size_t count, struct str *after, struct err *err)
{
    struct values values = {.a = a, .kr = kr};
    for (size_t i = 0; i < archived->bindings.count; i++) {
        const struct binding *b = &archived->bindings.items[i];
        if (is_of_list(archived, b) &&
            !insert_into(a, kr, archived, b, versions, count, &values, err))
            return false;
    }
    struct patch *p = values.patches.items;
    if (values.patches.count == KEY_LIST_VARIABLES && by_position(&p[0], &p[1]) > 0) {
        struct patch first = p[1];
        p[1] = p[0];
        p[0] = first;
    }
    *after = patches_apply(a, kr->content, &values.patches);
    return true;
}

bool key_list_inserted(struct arena *a, const struct keyring *kr, const struct keyring *fresh,
                       struct keyring_edit *edit, struct err *err)
{
    struct str *added = ARENA_ARRAY(a, fresh->version_count, struct str);
    size_t count = 0;
    for (size_t i = 0; i < fresh->version_count; i++)
        if (!keyring_find(kr, fresh->versions[i].name))
            added[count++] = fresh->versions[i].name;
    show_slots(a, fresh, added, count, EDIT_ADDED, edit);
    return key_list_verify(a, fresh, kr, added, count, err);
}
