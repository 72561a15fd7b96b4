/*
 * keyring_show: the masked diff. It shows line numbers, names and lengths; a byte of a value or a
 * comment never gets here but by keyring_shown, which gives names only (S15).
 */
#include "common/text.h"
#include "formats/keyring/keyring_parts.h"

enum { CONTEXT_ENTRIES = 3 };

static size_t count_chars(struct str s)
{
    size_t count = 0;
    uint32_t point;
    for (size_t at = 0; at < s.len; count++) {
        size_t len = text_utf8(s, at, &point);
        at += len ? len : 1;
    }
    return count;
}

static struct edit_line edit_line(struct arena *a, const struct keyring *kr,
                                  const struct binding *b, enum edit_mark mark)
{
    struct str whole =
        str_trim(str_slice(binding_base(kr->content, b), b->entry.start, b->entry.end));
    struct edit_line line = {.mark = mark, .kind = EDIT_ENTRY, .line = b->line, .name = ""};
    if (b->kind != BINDING_ENTRY || !b->has_value) {
        line.kind = b->kind == BINDING_COMMENT ? EDIT_COMMENT
                    : b->kind == BINDING_CODE  ? EDIT_CODE
                                               : EDIT_SKIPPED;
        line.chars = count_chars(whole);
        return line;
    }
    line.name = keyring_shown(a, kr, b);
    line.chars = count_chars(b->value);
    return line;
}

/* Whether a touched binding stands within CONTEXT_ENTRIES of this one. */
static bool is_near(const struct keyring *kr, const enum edit_mark *marks, size_t at)
{
    size_t from = at < CONTEXT_ENTRIES ? 0 : at - CONTEXT_ENTRIES;
    for (size_t i = from; i < kr->bindings.count && i <= at + CONTEXT_ENTRIES; i++)
        if (marks[i] != EDIT_CONTEXT)
            return true;
    return false;
}

void keyring_edit_lines(struct arena *a, const struct keyring *kr, const enum edit_mark *marks,
                        struct keyring_edit *edit)
{
    edit->lines = ARENA_ARRAY(a, kr->bindings.count, struct edit_line);
    edit->line_count = 0;
    for (size_t i = 0; i < kr->bindings.count; i++)
        if (is_near(kr, marks, i))
            edit->lines[edit->line_count++] = edit_line(a, kr, &kr->bindings.items[i], marks[i]);
}

void keyring_edit_show(struct buf *out, const struct keyring_edit *edit)
{
    static const char marks[] = {
        [EDIT_CONTEXT] = ' ', [EDIT_REMOVED] = '-', [EDIT_CHANGED] = '~', [EDIT_ADDED] = '+'};
    static const char *const kinds[] = {[EDIT_ENTRY] = "entry",
                                        [EDIT_COMMENT] = "comment",
                                        [EDIT_SKIPPED] = "unread",
                                        [EDIT_CODE] = "code"};
    for (size_t i = 0; i < edit->line_count; i++) {
        const struct edit_line *line = &edit->lines[i];
        buf_printf(out, "%c line %zu  ", marks[line->mark], line->line);
        if (line->name[0])
            buf_printf(out, "%s=<masked, %zu chars>\n", line->name, line->chars);
        else
            buf_printf(out, "<%s, masked, %zu chars>\n", kinds[line->kind], line->chars);
    }
}
