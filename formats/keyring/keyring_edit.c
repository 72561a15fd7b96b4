/*
 * keyring_edit: versions out of a file and back into it.
 *
 * An edit goes in two steps, each of them patches: first the entries leave or come, then the
 * checksum is computed from the text that resulted, as the application will read it, and put in
 * the place of the old one. What comes out is read once more and compared (S13).
 */
#include "common/text.h"
#include "formats/keyring/key_list.h"
#include "formats/keyring/keyring_parts.h"

static bool is_versioned(enum entry_role role)
{
    return role == ROLE_KEY || role == ROLE_SALT || role == ROLE_SALT_HASH;
}

static bool is_checksum(const struct binding *b)
{
    struct str version;
    return b->kind == BINDING_ENTRY && keyring_role(b->key, &version) == ROLE_CHECKSUM;
}

/* Places are one when their names are: their order in a file may change. */
static bool same_place(const struct keyring *one, const struct binding *b,
                       const struct keyring *other, const struct binding *c)
{
    struct str here = one->bindings.place_count ? one->bindings.places[b->place] : STR("");
    struct str there = other->bindings.place_count ? other->bindings.places[c->place] : STR("");
    return keyring_place(b) % 2 == keyring_place(c) % 2 && str_eq(here, there);
}

static bool patched(struct arena *a, const struct keyring_syntax *syntax, struct str content,
                    const struct bindings *all, const struct change *changes, size_t count,
                    struct str *after, struct err *err)
{
    struct patches patches = {0};
    if (!syntax->edit(a, content, all, changes, count, &patches, err))
        return false;
    *after = patches_apply(a, content, &patches);
    return true;
}

static size_t count_checksums(const struct bindings *all)
{
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        count += is_checksum(&all->items[i]);
    return count;
}

/* The checksums of `middle` put into it, where the keyring had some. */
static bool reseal(struct arena *a, const struct keyring *kr, struct str middle, struct str *after,
                   struct err *err)
{
    struct bindings all = {0};
    size_t count = count_checksums(&kr->bindings);
    size_t n = 0;
    *after = middle;
    if (count == 0)
        return true;
    if (!kr->syntax->load(a, middle, &all, err))
        return false;
    if (count_checksums(&all) != count) {
        err_set(err, ERR_REFUSED, 523, "the edit would hide ENCRYPTION_ENV_CHECKSUM");
        return keyring_at(kr, NULL, err);
    }
    struct change *sets = ARENA_ARRAY(a, count, struct change);
    for (size_t i = 0; i < all.count; i++) {
        const struct binding *b = &all.items[i];
        char hex[SHA256_HEX + 1];
        if (!is_checksum(b))
            continue;
        struct str raw = str_slice(binding_base(middle, b), b->value_raw.start, b->value_raw.end);
        if (!b->encoded && !str_eq(raw, b->value)) {
            err_set(err, ERR_REFUSED, 524, "ENCRYPTION_ENV_CHECKSUM is not written out");
            return keyring_at(kr, kr->checksums[keyring_place(b)], err);
        }
        if (!keyring_checksum(a, &all, b->place, hex, err))
            return false;
        sets[n++] = (struct change){CHANGE_SET, i, str_from(arena_text(a, str_from(hex)))};
    }
    return patched(a, kr->syntax, middle, &all, sets, n, after, err);
}

/* ---- S13: nothing else changed ---- */

static struct str without_line_end(struct str s)
{
    while (s.len && (s.at[s.len - 1] == '\n' || s.at[s.len - 1] == '\r'))
        s.len--;
    return s;
}

static struct str entry_text(const struct keyring *kr, const struct binding *b, size_t from,
                             size_t to)
{
    return without_line_end(str_slice(binding_base(kr->content, b), from, to));
}

static struct str whole_text(const struct keyring *kr, const struct binding *b)
{
    return entry_text(kr, b, b->entry.start, b->entry.end);
}

/* What stands behind a member's value, without its comma. */
static struct str member_rest(const struct keyring *kr, const struct binding *b)
{
    struct str rest = str_trim(str_slice(kr->content, b->body_end, b->entry.end));
    return str_trim(str_slice(rest, str_starts(rest, STR(",")), rest.len));
}

/* The comma behind a member comes and goes with the members that follow it. */
static bool same_member(const struct keyring *one, const struct binding *b,
                        const struct keyring *other, const struct binding *c)
{
    if (b->entry.start == b->entry.end || c->entry.start == c->entry.end)
        return b->entry.start == b->entry.end && c->entry.start == c->entry.end;
    return str_eq(str_trim(str_slice(one->content, b->entry.start, b->body_end)),
                  str_trim(str_slice(other->content, c->entry.start, c->body_end))) &&
           str_eq(member_rest(one, b), member_rest(other, c));
}

/* One entry in two images: the same bytes and the same reading, but for a checksum's digits. */
static bool same_entry(const struct keyring *one, const struct binding *b,
                       const struct keyring *other, const struct binding *c)
{
    if (b->kind != c->kind || b->has_value != c->has_value || !str_eq(b->key, c->key) ||
        b->from_environment != c->from_environment || b->member != c->member ||
        b->is_part != c->is_part || b->is_whole != c->is_whole ||
        (b->within != NULL) != (c->within != NULL) || !same_place(one, b, other, c))
        return false;
    if (b->is_whole)
        return str_eq(whole_text(one, b), whole_text(other, c));
    if (b->member != MEMBER_NOT)
        return str_eq(b->value, c->value) && same_member(one, b, other, c);
    if (is_checksum(b))
        return str_eq(entry_text(one, b, b->entry.start, b->value_raw.start),
                      entry_text(other, c, c->entry.start, c->value_raw.start)) &&
               str_eq(entry_text(one, b, b->value_raw.end, b->entry.end),
                      entry_text(other, c, c->value_raw.end, c->entry.end));
    return str_eq(b->value, c->value) && str_eq(whole_text(one, b), whole_text(other, c));
}

/* `shorter` is `longer` without the bindings whose mark says so. */
static bool same_but_for(const struct keyring *longer, const enum edit_mark *marks,
                         const struct keyring *shorter, struct err *err)
{
    size_t at = 0;
    for (size_t i = 0; i < longer->bindings.count; i++) {
        const struct binding *b = &longer->bindings.items[i];
        if (marks[i] == EDIT_REMOVED || marks[i] == EDIT_ADDED)
            continue;
        if (at == shorter->bindings.count ||
            !same_entry(longer, b, shorter, &shorter->bindings.items[at++])) {
            err_set(err, ERR_REFUSED, 523, "the edit would change how this line is read");
            return keyring_at(longer, b, err);
        }
    }
    if (at == shorter->bindings.count &&
        str_eq(longer->versions[longer->active].name, shorter->versions[shorter->active].name))
        return true;
    err_set(err, ERR_REFUSED, 523, "the edit would change more than the chosen versions");
    return keyring_at(longer, NULL, err);
}

bool keyring_load_edited(struct arena *a, const struct keyring_syntax *syntax, const char *name,
                         struct str content, struct keyring *kr, struct err *err)
{
    struct err why = {0};
    if (keyring_load(a, syntax, name, content, kr, &why))
        return true;
    err_set(err, ERR_REFUSED, 523, "after the edit: %s", why.text);
    err_place(err, "%s", why.place);
    return keyring_at(kr, NULL, err);
}

/* Marks for every binding: `mark` for those of the versions, changed for the checksum. */
static enum edit_mark *mark_versions(struct arena *a, const struct keyring *kr,
                                     const struct str *versions, size_t count, enum edit_mark mark)
{
    enum edit_mark *marks = ARENA_ARRAY(a, kr->bindings.count, enum edit_mark);
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        if (b->kind == BINDING_ENTRY && keyring_belongs(b->key, versions, count))
            marks[i] = mark;
        else if (is_checksum(b) && count)
            marks[i] = EDIT_CHANGED;
    }
    return marks;
}

bool keyring_verify_removal(struct arena *a, const struct keyring_syntax *syntax, const char *name,
                            struct str before, struct str after, const struct str *versions,
                            size_t count, struct err *err)
{
    struct keyring old;
    struct keyring fresh;
    if (!keyring_load(a, syntax, name, before, &old, err))
        return false;
    if (!keyring_load_edited(a, syntax, name, after, &fresh, err))
        return false;
    if (syntax->list)
        return key_list_verify(a, &old, &fresh, versions, count, err);
    const enum edit_mark *marks = mark_versions(a, &old, versions, count, EDIT_REMOVED);
    return same_but_for(&old, marks, &fresh, err);
}

/* ---- removal ---- */

static bool no_such_version(struct arena *a, const struct keyring *kr, struct str version,
                            struct err *err)
{
    err_set(err, ERR_NOT_FOUND, 521, "version %s is not in the file", text_shown(a, version));
    err_hint(err, "the versions of this file are %s", keyring_names(a, kr));
    return keyring_at(kr, NULL, err);
}

static bool check_removable(struct arena *a, const struct keyring *kr, const struct str *versions,
                            size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct key_version *v = keyring_find(kr, versions[i]);
        if (!v)
            return no_such_version(a, kr, versions[i], err);
        if (v == &kr->versions[kr->active]) {
            err_set(err, ERR_REFUSED, 520, "version %.*s is the active one", STR_ARG(v->name));
            return keyring_at(kr, v->key, err);
        }
    }
    return true;
}

bool keyring_no_reference(struct arena *a, const struct keyring *kr, const struct str *versions,
                          size_t count, struct err *err)
{
    if (kr->syntax->list)
        return key_list_no_reference(kr, err);
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        if (keyring_belongs(b->key, versions, count))
            continue;
        for (size_t r = 0; r < b->ref_count; r++) {
            if (!keyring_belongs(b->refs[r], versions, count))
                continue;
            const char *shown = keyring_shown(a, kr, b);
            err_set(err, ERR_REFUSED, 522, "the value of %s refers to an entry that would leave",
                    shown[0] ? shown : "an entry");
            return keyring_at(kr, b, err);
        }
    }
    return true;
}

/* The versions of a named set, as whole lines. */
static bool remove_entries(struct arena *a, const struct keyring *kr, const struct str *versions,
                           size_t count, struct keyring_edit *edit, struct err *err)
{
    struct change *drops = ARENA_ARRAY(a, kr->bindings.count, struct change);
    struct str middle;
    size_t n = 0;
    const enum edit_mark *marks = mark_versions(a, kr, versions, count, EDIT_REMOVED);
    for (size_t i = 0; i < kr->bindings.count; i++)
        if (marks[i] == EDIT_REMOVED)
            drops[n++] = (struct change){.kind = CHANGE_DROP, .at = i};
    if (!patched(a, kr->syntax, kr->content, &kr->bindings, drops, n, &middle, err) ||
        !reseal(a, kr, middle, &edit->after, err))
        return false;
    keyring_edit_lines(a, kr, marks, edit);
    return true;
}

bool keyring_remove(struct arena *a, const struct keyring *kr, const struct str *versions,
                    size_t count, struct keyring_edit *edit, struct err *err)
{
    if (!check_removable(a, kr, versions, count, err) ||
        !keyring_no_reference(a, kr, versions, count, err))
        return false;
    bool done = kr->syntax->list ? key_list_remove(a, kr, versions, count, edit, err)
                                 : remove_entries(a, kr, versions, count, edit, err);
    return done && keyring_verify_removal(a, kr->syntax, kr->name, kr->content, edit->after,
                                          versions, count, err);
}

/* ---- insertion ---- */

/* The entry of kr that is what `b` is in its own keyring: by role, version and place. */
static const struct binding *twin_of(const struct keyring *kr, const struct keyring *own,
                                     const struct binding *b)
{
    struct str version, other;
    enum entry_role role = keyring_role(b->key, &version);
    const struct key_version *v = keyring_find(kr, version);
    if (!v)
        return NULL;
    const struct binding *first = role == ROLE_KEY    ? v->key
                                  : role == ROLE_SALT ? v->salt
                                                      : v->salt_hash;
    if (first && role != ROLE_GROUP && same_place(kr, first, own, b))
        return first;
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *c = &kr->bindings.items[i];
        if (c->kind == BINDING_ENTRY && keyring_role(c->key, &other) == role &&
            str_eq_nocase(version, other) && same_place(kr, c, own, b))
            return c;
    }
    return NULL;
}

/* Whether kr has anything of the version of `b` in its place. */
static bool has_version_of(const struct keyring *kr, const struct keyring *own,
                           const struct binding *b)
{
    struct str version;
    (void)keyring_role(b->key, &version);
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *c = &kr->bindings.items[i];
        if (c->kind == BINDING_ENTRY && keyring_belongs(c->key, &version, 1) &&
            same_place(kr, c, own, b))
            return true;
    }
    return false;
}

/*
 * Index of the entry behind which one of this role belongs: the last of its role, else the last
 * key, salt or salt hash. The end of the file would do for the reader, but a quote that somebody
 * left open near it would swallow what is put there.
 */
static size_t place_of(const struct keyring *kr, const struct keyring *own,
                       const struct binding *like, enum entry_role role)
{
    size_t last_of_any = kr->bindings.count;
    for (size_t i = kr->bindings.count; i > 0; i--) {
        const struct binding *b = &kr->bindings.items[i - 1];
        struct str version;
        enum entry_role there = keyring_role(b->key, &version);
        if (b->member != MEMBER_NOT || b->encoded != like->encoded || !same_place(kr, b, own, like))
            continue;
        if (b->kind == BINDING_ENTRY && there == role)
            return i - 1;
        if (b->kind == BINDING_ENTRY && is_versioned(there) && last_of_any == kr->bindings.count)
            last_of_any = i - 1;
    }
    return last_of_any;
}

/* Keeps the changes in the order of their place, additions at one place in the order they come. */
static void change_insert(struct change *changes, size_t *count, struct change c)
{
    size_t at = (*count)++;
    while (at > 0 && changes[at - 1].at > c.at) {
        changes[at] = changes[at - 1];
        at--;
    }
    changes[at] = c;
}

/* Before which member a new one belongs: the first that is a version. bindings.count: none is. */
static size_t first_member(const struct keyring *kr, const struct keyring *own,
                           const struct binding *like)
{
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        struct str version;
        enum entry_role role = keyring_role(b->key, &version);
        if (b->kind == BINDING_ENTRY && b->member == like->member &&
            (is_versioned(role) || role == ROLE_GROUP) && same_place(kr, b, own, like))
            return i;
    }
    return kr->bindings.count;
}

/* An archived member with a comma behind its value, which the last one may lack. */
static struct str member_text(struct arena *a, const struct keyring *old, const struct binding *b)
{
    struct buf text = {.arena = a};
    struct str rest = str_slice(old->content, b->body_end, b->entry.end);
    buf_add(&text, str_slice(old->content, b->entry.start, b->body_end));
    if (b->member != MEMBER_LINES && !str_starts(str_trim(rest), STR(",")))
        buf_byte(&text, ',');
    buf_add(&text, rest);
    return buf_str(&text);
}

static bool add_back(struct arena *a, const struct keyring *kr, const struct keyring *old,
                     const struct binding *b, enum entry_role role, struct change *changes,
                     size_t *n, struct err *err)
{
    struct str lines = str_slice(binding_base(old->content, b), b->entry.start, b->entry.end);
    size_t at = b->member == MEMBER_NOT ? place_of(kr, old, b, role) : first_member(kr, old, b);
    if (at == kr->bindings.count ||
        (kr->bindings.items[at].within != NULL) != (b->within != NULL)) {
        err_set(err, ERR_REFUSED, 519, "the file and its archive are written in different forms");
        return keyring_at(kr, NULL, err);
    }
    if (b->member == MEMBER_NOT)
        change_insert(changes, n, (struct change){CHANGE_ADD, at, lines});
    else if (lines.len) /* of the leader; the others are within it */
        change_insert(changes, n, (struct change){CHANGE_ADD_MEMBER, at, member_text(a, old, b)});
    return true;
}

/* What of the archived entries has to come back; one that is there must have the same value. */
static bool collect_additions(struct arena *a, const struct keyring *kr, const struct keyring *old,
                              const struct str *versions, size_t count, struct change *changes,
                              size_t *n, struct err *err)
{
    for (size_t i = 0; i < old->bindings.count; i++) {
        const struct binding *b = &old->bindings.items[i];
        struct str version;
        enum entry_role role = keyring_role(b->key, &version);
        if (b->kind != BINDING_ENTRY || !keyring_belongs(b->key, versions, count))
            continue;
        const struct binding *there = twin_of(kr, old, b);
        bool partly = !there && b->member != MEMBER_NOT && has_version_of(kr, old, b);
        if (partly || (there && !str_eq(there->value, b->value))) {
            err_set(err, ERR_REFUSED, 525, "%s%.*s is there again with another value",
                    keyring_prefix(role), STR_ARG(version));
            return keyring_at(kr, there, err);
        }
        if (!there && !add_back(a, kr, old, b, role, changes, n, err))
            return false;
    }
    return true;
}

/* S13 the other way round: what came back reads as it did in the archive, the rest as before. */
static bool check_insertion(struct arena *a, const struct keyring *kr, const struct keyring *old,
                            const struct keyring *fresh, struct keyring_edit *edit, struct err *err)
{
    enum edit_mark *marks = ARENA_ARRAY(a, fresh->bindings.count, enum edit_mark);
    for (size_t i = 0; i < fresh->bindings.count; i++) {
        const struct binding *b = &fresh->bindings.items[i];
        struct str version;
        enum entry_role role = keyring_role(b->key, &version);
        if (is_checksum(b))
            marks[i] = EDIT_CHANGED;
        if (b->kind != BINDING_ENTRY || (!is_versioned(role) && role != ROLE_GROUP) ||
            twin_of(kr, fresh, b))
            continue;
        const struct binding *archived = twin_of(old, fresh, b);
        marks[i] = EDIT_ADDED;
        if (archived && same_entry(fresh, b, old, archived))
            continue;
        err_set(err, ERR_REFUSED, 523, "%s would not come back as it was",
                keyring_shown(a, fresh, b));
        return keyring_at(fresh, b, err);
    }
    keyring_edit_lines(a, fresh, marks, edit);
    return same_but_for(fresh, marks, kr, err);
}

bool keyring_insert(struct arena *a, const struct keyring *kr, struct str archived,
                    const struct str *versions, size_t count, struct keyring_edit *edit,
                    struct err *err)
{
    struct keyring old;
    struct keyring fresh;
    struct str middle;
    size_t n = 0;
    const char *old_name = arena_printf(a, "%s in the archive", kr->name);
    if (!keyring_load(a, kr->syntax, old_name, archived, &old, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!keyring_find(&old, versions[i]))
            return no_such_version(a, &old, versions[i], err);
    if (kr->syntax->list)
        return key_list_insert(a, kr, &old, versions, count, &edit->after, err) &&
               keyring_load_edited(a, kr->syntax, kr->name, edit->after, &fresh, err) &&
               key_list_inserted(a, kr, &fresh, edit, err);
    struct change *changes = ARENA_ARRAY(a, old.bindings.count, struct change);
    if (!collect_additions(a, kr, &old, versions, count, changes, &n, err) ||
        !patched(a, kr->syntax, kr->content, &kr->bindings, changes, n, &middle, err) ||
        !reseal(a, kr, middle, &edit->after, err))
        return false;
    if (!keyring_load_edited(a, kr->syntax, kr->name, edit->after, &fresh, err))
        return false;
    return check_insertion(a, kr, &old, &fresh, edit, err);
}
