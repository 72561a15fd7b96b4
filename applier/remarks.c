/* remarks: places within a file, and git. */
#include "applier/remarks.h"
#include "applier/git_tree.h"
#include "common/text.h"

void remarks_add(struct remarks *r, const char *format, ...)
{
    va_list args;
    r->at = arena_grow(r->a, r->at, r->count, &r->room, sizeof *r->at);
    va_start(args, format);
    r->at[r->count++] = str_from(arena_vprintf(r->a, format, args));
    va_end(args);
}

/* ---- places ---- */

/* The versions whose key stands in this place of the file, in the order of the file. */
static struct str versions_in(struct arena *a, const struct keyring *kr, size_t place, bool flask)
{
    struct buf names = {.arena = a};
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        struct str version;
        bool is_flask = b->is_part || str_starts(b->key, STR("FLASK_"));
        if (b->kind != BINDING_ENTRY || keyring_role(b->key, &version) != ROLE_KEY ||
            b->place != place || is_flask != flask)
            continue;
        struct str lower = arena_lower(a, version);
        buf_printf(&names, "%s%.*s", names.len ? ", " : "", STR_ARG(lower));
    }
    return buf_str(&names);
}

static const char *place_name(struct arena *a, const struct keyring *kr, size_t place, bool flask)
{
    struct str name = kr->bindings.place_count ? kr->bindings.places[place] : STR("");
    const char *kind = flask ? "variables with FLASK_" : "plain names";
    if (name.len == 0)
        return kind;
    const char *shown = text_shown(a, name);
    return flask ? arena_printf(a, "%s, %s", shown, kind) : shown;
}

void remarks_of_places(struct remarks *r, const struct keyring *kr)
{
    size_t sections = kr->bindings.place_count ? kr->bindings.place_count : 1;
    bool several = false;
    for (size_t v = 0; v < kr->version_count; v++)
        several |= kr->versions[v].place_count > 1;
    for (size_t p = 0; several && p < 2 * sections; p++) {
        struct str names = versions_in(r->a, kr, p / 2, p % 2);
        if (names.len)
            remarks_add(r, "%s: %.*s; a version leaves every place of the file",
                        place_name(r->a, kr, p / 2, p % 2), STR_ARG(names));
    }
    for (size_t p = 0; several && p < sections; p++)
        if (versions_in(r->a, kr, p, false).len && versions_in(r->a, kr, p, true).len)
            remarks_add(r, "Flask's own configuration wins over the environment: of a version that "
                           "stands under both names, the application reads that with FLASK_");
}

/* ---- git ---- */

void remarks_of_git(struct remarks *r, const char *path)
{
    const char *root = git_tree_of(r->a, path);
    const char *shown = text_shown(r->a, str_from(path));
    if (!root)
        return;
    switch (git_tracks(r->a, root, path)) {
    case GIT_TRACKED:
        remarks_add(r,
                    "%s lies in a git work tree and is tracked: its history keeps the removed "
                    "keys, here and in every clone",
                    shown);
        break;
    case GIT_UNTRACKED:
        remarks_add(r,
                    "%s lies in a git work tree and is not tracked now: if it was ever committed, "
                    "its history keeps the removed keys",
                    shown);
        break;
    case GIT_UNKNOWN:
        remarks_add(r,
                    "%s lies in a git work tree: if it was ever committed, its history keeps the "
                    "removed keys",
                    shown);
        break;
    }
}
