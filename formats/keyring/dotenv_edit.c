/*
 * dotenv_edit: changes of an environment file as patches of its bytes.
 *
 * Every binding covers whole lines, so dropping one never joins its neighbours. What an edit can
 * still do to a distant line (a quote that now closes somewhere else) is found by the keyring,
 * which reads the result again (S13).
 */
#include "common/buf.h"
#include "formats/keyring/dotenv.h"

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

bool dotenv_edit(struct arena *a, struct str content, const struct bindings *all,
                 const struct change *changes, size_t count, struct patches *patches,
                 struct err *err)
{
    (void)err;
    for (size_t i = 0; i < count; i++) {
        const struct change *c = &changes[i];
        struct patch patch = {0};
        if (c->kind == CHANGE_DROP) {
            patch.gone = all->items[c->at].entry;
        } else if (c->kind == CHANGE_SET) {
            patch = (struct patch){all->items[c->at].value_raw, c->text};
        } else {
            size_t at = c->at < all->count ? all->items[c->at].entry.end : content.len;
            patch = addition(a, content, at, c->text, line_is_open(content, at, patches));
        }
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
