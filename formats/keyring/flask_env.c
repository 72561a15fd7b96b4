/* flask_env: the bindings once more, with those that hold entries taken apart. */
#include "formats/keyring/flask_env.h"
#include "formats/keyring/flask_json.h"
#include "formats/keyring/flask_names.h"
#include "formats/keyring/keyring.h"

/* The variable ends behind the opening brace, and what follows the closing one is code. */
static bool take_whole(struct arena *a, struct str content, struct binding b, struct bindings *all,
                       struct err *err)
{
    struct span inner;
    size_t at = all->count;
    *bindings_add(a, all) = b;
    if (!flask_json_versions(a, content, b.value_raw, all, &inner, err))
        return false;
    all->items[at].entry.end = inner.start;
    all->items[at].is_whole = true;
    struct flask_lines lines = {content, 0, 1};
    struct binding *rest = bindings_add(a, all);
    rest->kind = BINDING_CODE;
    rest->entry = (struct span){inner.end, b.entry.end};
    rest->line = flask_line_at(&lines, inner.end);
    rest->lines = 1;
    return true;
}

static bool take_group(struct arena *a, struct str content, struct binding b, struct str version,
                       struct bindings *all, struct err *err)
{
    size_t leader = all->count;
    *bindings_add(a, all) = b;
    if (!flask_json_fields(a, content, b.value_raw, version, all, err))
        return false;
    if (all->count == leader + 1)
        return true; /* no entry in it: it stays what the keyring refuses */
    for (size_t i = leader; i < all->count; i++)
        all->items[i].member = MEMBER_LINES;
    flask_close_member(all, leader, b.entry, b.entry);
    return true;
}

static bool is_object(struct str content, const struct binding *b)
{
    struct str raw = str_slice(content, b->value_raw.start, b->value_raw.end);
    return b->kind == BINDING_ENTRY && b->has_value && str_eq(raw, b->value) &&
           str_starts(str_trim(raw), STR("{"));
}

bool flask_env_expand(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    struct bindings fresh = *all;
    struct str version;
    bool any = false;
    for (size_t i = 0; i < all->count && !any; i++)
        any = str_starts(all->items[i].key, STR("FLASK_ENCRYPTION_KEYS"));
    if (!any)
        return true;
    fresh.items = NULL;
    fresh.count = fresh.room = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct binding *b = &all->items[i];
        enum entry_role role = keyring_role(b->key, &version);
        bool ours = (role == ROLE_WHOLE || role == ROLE_GROUP) && is_object(content, b);
        bool done = true;
        if (!ours)
            *bindings_add(a, &fresh) = *b;
        else if (role == ROLE_WHOLE)
            done = take_whole(a, content, *b, &fresh, err);
        else
            done = take_group(a, content, *b, version, &fresh, err);
        if (!done) {
            all->bad_line = fresh.bad_line;
            return false;
        }
    }
    *all = fresh;
    return true;
}
