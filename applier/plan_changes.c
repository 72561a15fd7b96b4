/*
 * plan_changes: what differs between two plans, by the lines of their texts.
 *
 * Both texts are canonical, so a fact that changed is a line that changed. What follows from others
 * (sentences behind #, the verdict) is left out.
 */
#include "applier/plan.h"

#include "common/text.h"

#include <stdlib.h>

enum { SHOWN_MAX = 24 }; /* lines; the rest is counted */

struct fact {
    struct str section, line;
};

struct facts {
    struct fact *at;
    size_t count, room;
};

static bool is_derived(struct str line)
{
    return line.len == 0 || line.at[0] == '#' || str_starts(line, STR("verdict: ")) ||
           str_starts(line, STR("LABELS ONLY")) || str_eq(line, STR("end"));
}

static struct facts read_facts(struct arena *a, struct str text)
{
    struct facts f = {0};
    struct str line, section = STR("plan");
    while (str_line(&text, &line)) {
        if (is_derived(line))
            continue;
        if (line.at[0] != ' ' && line.at[line.len - 1] == ':') {
            section = str_slice(line, 0, line.len - 1);
            continue;
        }
        f.at = arena_grow(a, f.at, f.count, &f.room, sizeof *f.at);
        f.at[f.count++] = (struct fact){section, line};
    }
    return f;
}

static int compare_facts(const void *a, const void *b)
{
    const struct fact *x = a, *y = b;
    int order = str_cmp(x->section, y->section);
    return order ? order : str_cmp(x->line, y->line);
}

static void show(struct buf *out, const struct fact *f, const char *mark, size_t *shown)
{
    if ((*shown)++ >= SHOWN_MAX)
        return;
    buf_printf(out, "  %s ", mark);
    text_visible(out, f->section);
    buf_text(out, ": ");
    text_visible(out, str_trim(f->line));
    buf_byte(out, '\n');
}

size_t plan_changes(struct buf *out, struct str before, struct str after)
{
    struct facts old = read_facts(out->arena, before), new = read_facts(out->arena, after);
    size_t shown = 0, o = 0, n = 0;
    if (old.count)
        qsort(old.at, old.count, sizeof old.at[0], compare_facts);
    if (new.count)
        qsort(new.at, new.count, sizeof new.at[0], compare_facts);
    while (o < old.count || n < new.count) {
        int order = o == old.count   ? 1
                    : n == new.count ? -1
                                     : compare_facts(&old.at[o], &new.at[n]);
        if (order < 0)
            show(out, &old.at[o], "-", &shown);
        else if (order > 0)
            show(out, &new.at[n], "+", &shown);
        o += order <= 0;
        n += order >= 0;
    }
    if (shown > SHOWN_MAX)
        buf_printf(out, "  and %zu more lines\n", shown - SHOWN_MAX);
    return shown;
}
