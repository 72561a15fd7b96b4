/* show_page: headings, places and counts, as every section of show writes them. */
#include "analyzer/render/show_page.h"
#include "common/text.h"

void page_inked(struct show_page *p, enum ink ink, const char *text)
{
    static const char *const codes[] = {
        [INK_GOOD] = "\033[1;32m",
        [INK_BAD] = "\033[1;31m",
        [INK_WARN] = "\033[1;33m",
        [INK_BOLD] = "\033[1m",
    };
    bool ansi = p->style->colour == SHOW_ANSI;
    buf_printf(p->out, "%s%s%s", ansi ? codes[ink] : "", text, ansi ? "\033[0m" : "");
}

void page_heading(struct show_page *p, const char *title)
{
    buf_byte(p->out, '\n');
    page_inked(p, INK_BOLD, title);
    buf_byte(p->out, '\n');
}

const char *page_count(struct show_page *p, uint64_t n)
{
    char digits[32];
    return arena_printf(p->arena, "%s", text_count(n, digits));
}

const char *page_counted(struct show_page *p, uint64_t n, const char *one, const char *many)
{
    return arena_printf(p->arena, "%s %s", page_count(p, n), n == 1 ? one : many);
}

void page_part(struct buf *b, struct str part, const char *separator)
{
    if (part.len == 0)
        return;
    if (b->len)
        buf_text(b, separator);
    text_visible(b, part);
}

struct str page_place(struct show_page *p, struct str database, struct str schema, struct str table,
                      struct str column)
{
    struct buf b = {.arena = p->arena};
    page_part(&b, schema, ".");
    page_part(&b, table, ".");
    page_part(&b, column, ".");
    if (!p->several_databases || database.len == 0)
        return buf_str(&b);
    struct buf whole = {.arena = p->arena};
    text_visible(&whole, database);
    if (b.len)
        buf_text(&whole, ": ");
    buf_add(&whole, buf_str(&b));
    return buf_str(&whole);
}

void page_more(struct show_page *p, size_t shown, size_t all, const char *view)
{
    if (all > shown)
        buf_printf(p->out, "  ... and %s more: SELECT * FROM %s\n", page_count(p, all - shown),
                   view);
}

void page_headings(struct table *t, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        table_heading(t, names[i]);
}
