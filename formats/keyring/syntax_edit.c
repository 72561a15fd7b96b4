/*
 * syntax_edit: changes of a configuration file as patches of its bytes.
 *
 * Every binding that is no member covers whole lines, so dropping one never joins its neighbours; a
 * member leaves with the comma behind it. What an edit can still do to a distant line (a quote that
 * now closes somewhere else) is found by the keyring, which reads the result again (S13).
 */
#include "common/buf.h"
#include "formats/keyring/dialect.h"
#include "formats/keyring/dotenv.h"
#include "formats/keyring/flask_json.h"
#include "formats/keyring/flask_py.h"
#include "formats/keyring/php_array.h"
#include "formats/keyring/yaml.h"

const struct keyring_syntax *keyring_syntax_find(struct str name)
{
    static const struct keyring_syntax *const all[] = {
        &keyring_dotenv,      &keyring_flask_py, &keyring_flask_json, &keyring_node,
        &keyring_systemd,     &keyring_bash,     &keyring_docker,     &keyring_flask_yaml,
        &keyring_secret_yaml, &keyring_compose,  &keyring_php};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (str_eq(name, str_from(all[i]->name)))
            return all[i];
    return NULL;
}

struct binding *bindings_add(struct arena *a, struct bindings *all)
{
    all->items = arena_grow(a, all->items, all->count, &all->room, sizeof *all->items);
    all->items[all->count] = (struct binding){0};
    return &all->items[all->count++];
}

size_t bindings_place(struct arena *a, struct bindings *all, struct str name)
{
    for (size_t i = 0; i < all->place_count; i++)
        if (str_eq(all->places[i], name))
            return i;
    all->places = arena_grow(a, all->places, all->place_count, &all->place_room, sizeof name);
    all->places[all->place_count] = name;
    return all->place_count++;
}

static void patch_add(struct arena *a, struct patches *patches, struct patch patch)
{
    patches->items =
        arena_grow(a, patches->items, patches->count, &patches->room, sizeof *patches->items);
    patches->items[patches->count++] = patch;
}

static bool ends_line(struct str s)
{
    return s.len == 0 || s.at[s.len - 1] == '\n' || s.at[s.len - 1] == '\r';
}

/* The line end of the file's first line; LF for a file without any. */
static struct str line_end(struct str content)
{
    size_t lf = str_find(content, '\n');
    size_t cr = str_find(content, '\r');
    if (cr + 1 == lf)
        return STR("\r\n");
    return cr < lf ? STR("\r") : STR("\n");
}

/* Whether lines put in at `at` would join the line before; an addition there has finished it. */
static bool line_is_open(struct str content, size_t at, const struct patches *patches)
{
    if (patches->count && patches->items[patches->count - 1].gone.start == at)
        return false;
    return !ends_line(str_slice(content, 0, at));
}

static struct patch addition(struct arena *a, struct str content, size_t at, struct str text,
                             bool open)
{
    struct buf lines = {.arena = a};
    if (open)
        buf_add(&lines, line_end(content));
    buf_add(&lines, text);
    if (!ends_line(text))
        buf_add(&lines, line_end(content));
    return (struct patch){{at, at}, buf_str(&lines)};
}

/* A member before another: on lines of its own when that one is, or where a comment may end it. */
static struct patch member_addition(struct arena *a, struct str content, const struct binding *b,
                                    struct str text)
{
    struct buf member = {.arena = a};
    bool alone = ends_line(str_slice(content, b->entry.start, b->entry.end));
    bool comment =
        b->member == MEMBER_LINES || (b->member == MEMBER_LOOSE && str_find(text, '#') < text.len);
    while (!alone && !comment && text.len && ascii_space(text.at[text.len - 1]))
        text.len--;
    buf_add(&member, text);
    if ((alone || comment) && !ends_line(text))
        buf_add(&member, line_end(content));
    else if (!alone && !ends_line(text))
        buf_byte(&member, ' ');
    return (struct patch){{b->entry.start, b->entry.start}, buf_str(&member)};
}

static size_t back_over_blanks(struct str content, size_t at)
{
    while (at > 0 && ascii_space(content.at[at - 1]))
        at--;
    return at;
}

static bool is_closed_at(struct str content, size_t at)
{
    while (at < content.len && ascii_space(content.at[at]))
        at++;
    return at < content.len && content.at[at] == '}';
}

/*
 * Where members at the end of a strict literal leave, the comma before them has nothing behind it
 * any more. Goes from the last change to the first; commas are patches in `into`, last one first.
 */
static size_t stray_commas(struct arena *a, struct str content, const struct bindings *all,
                           const struct change *changes, size_t count, struct span **into)
{
    size_t closed = SIZE_MAX; /* from here on, members leave up to the end of the literal */
    size_t found = 0;
    *into = ARENA_ARRAY(a, count, struct span);
    for (size_t i = count; i > 0; i--) {
        const struct binding *b = &all->items[changes[i - 1].at];
        if (changes[i - 1].kind != CHANGE_DROP || b->member != MEMBER_STRICT ||
            b->entry.start == b->entry.end)
            continue;
        size_t behind = b->entry.end;
        while (behind < content.len && ascii_space(content.at[behind]))
            behind++;
        if (behind != closed && !is_closed_at(content, b->entry.end))
            continue;
        size_t before = back_over_blanks(content, b->entry.start);
        closed = b->entry.start;
        while (closed < content.len && ascii_space(content.at[closed]))
            closed++;
        if (before == 0 || content.at[before - 1] != ',')
            continue;
        /* The comma of a member that leaves too goes with it. */
        if (found && (*into)[found - 1].start >= b->entry.start)
            found--;
        (*into)[found++] = (struct span){before - 1, before};
    }
    return found;
}

static struct patch patch_of(struct arena *a, struct str content, const struct bindings *all,
                             const struct change *c, const struct patches *patches)
{
    const struct binding *b = c->at < all->count ? &all->items[c->at] : NULL;
    if (c->kind == CHANGE_DROP && b)
        return (struct patch){.gone = b->entry};
    if (c->kind == CHANGE_SET && b)
        return (struct patch){b->value_raw, c->text};
    if (c->kind == CHANGE_ADD_MEMBER && b)
        return member_addition(a, content, b, c->text);
    size_t at = b ? b->entry.end : content.len;
    return addition(a, content, at, c->text, line_is_open(content, at, patches));
}

bool bindings_edit(struct arena *a, struct str content, const struct bindings *all,
                   const struct change *changes, size_t count, struct patches *patches,
                   struct err *err)
{
    struct span *commas;
    size_t left = stray_commas(a, content, all, changes, count, &commas);
    (void)err;
    for (size_t i = 0; i < count; i++) {
        struct patch patch = patch_of(a, content, all, &changes[i], patches);
        for (; left > 0 && commas[left - 1].start < patch.gone.start; left--)
            if (patches->count == 0 ||
                patches->items[patches->count - 1].gone.end <= commas[left - 1].start)
                patch_add(a, patches, (struct patch){.gone = commas[left - 1]});
        patch_add(a, patches, patch);
    }
    return true;
}

struct str patches_apply(struct arena *a, struct str content, const struct patches *patches)
{
    struct buf after = {.arena = a};
    size_t from = 0;
    for (size_t i = 0; i < patches->count; i++) {
        const struct patch *p = &patches->items[i];
        buf_add(&after, str_slice(content, from, p->gone.start));
        buf_add(&after, p->text);
        from = p->gone.end;
    }
    buf_add(&after, str_slice(content, from, content.len));
    return buf_str(&after);
}
