/*
 * show_page: what the sections of `show` have in common. Only show_*.c need it.
 *
 * A section is a function that writes its heading and its lines to the page. Everything that came
 * from a dump or a file goes through text_visible here or through a table.
 */
#ifndef ANALYZER_RENDER_SHOW_PAGE_H
#define ANALYZER_RENDER_SHOW_PAGE_H

#include "analyzer/render/show.h"

struct show_page {
    struct buf *out;
    struct arena *arena;
    const struct report *r;
    const char *path;
    const struct show_style *style;
    bool several_databases; /* then names begin with theirs */
};

enum ink { INK_GOOD, INK_BAD, INK_WARN, INK_BOLD };

void page_inked(struct show_page *p, enum ink ink, const char *text);
void page_heading(struct show_page *p, const char *title);
/* "12,345" */
const char *page_count(struct show_page *p, uint64_t n);
/* "1 table", "12 tables" */
const char *page_counted(struct show_page *p, uint64_t n, const char *one, const char *many);
/* Adds the visible form of a part, after the separator where something stands before it. */
void page_part(struct buf *b, struct str part, const char *separator);
/* "public.users.totp", with the database in front where the report has several. */
struct str page_place(struct show_page *p, struct str database, struct str schema, struct str table,
                      struct str column);
void page_headings(struct table *t, const char *const *names, size_t count);
/* After a list that was cut: how many more there are, and the view that has them. */
void page_more(struct show_page *p, size_t shown, size_t all, const char *view);

/* Sections of show_usage.c. */
void show_versions(struct show_page *p);
void show_columns(struct show_page *p);
/* Of show_spend.c. */
void show_spend(struct show_page *p);

#endif
