/* show_spend: what the keys of OpenRouter cost, by month; there is nothing where no export was. */
#include "analyzer/render/show_page.h"
#include "common/text.h"

enum { MICROS = 1000000 };

/* "12.345678": all six decimals, as nothing is rounded. */
static struct str dollars(struct show_page *p, int64_t micros)
{
    return str_from(arena_printf(p->arena, "%lld.%06lld", (long long)(micros / MICROS),
                                 (long long)(micros % MICROS)));
}

static struct str month_of(struct show_page *p, int64_t day)
{
    struct utc_parts parts = utc_to_parts(day);
    return str_from(arena_printf(p->arena, "%04d-%02d", parts.year, parts.month));
}

static bool same_month(const struct report_spend *a, const struct report_spend *b)
{
    struct utc_parts one = utc_to_parts(a->day);
    struct utc_parts other = utc_to_parts(b->day);
    return str_eq(a->key_name, b->key_name) && one.year == other.year && one.month == other.month;
}

/* The days of a key stand together, in order. */
void show_spend(struct show_page *p)
{
    static const char *const names[] = {"key", "month", "dollars", "own keys", "generations"};
    const struct report *r = p->r;
    struct table t = {.arena = p->arena, .indent = 2};
    size_t months = 0;
    if (r->spend_count == 0)
        return;
    page_heading(p, "OpenRouter spend, by key and month (UTC)");
    page_headings(&t, names, sizeof names / sizeof names[0]);
    for (size_t i = 0, next = 0; i < r->spend_count; i = next) {
        struct report_spend sum = {0};
        for (next = i; next < r->spend_count && same_month(&r->spends[i], &r->spends[next]);
             next++) {
            sum.micros += r->spends[next].micros;
            sum.byok_micros += r->spends[next].byok_micros;
            sum.generations += r->spends[next].generations;
        }
        if (months++ >= SHOW_LIST_MAX)
            continue;
        table_text(&t, r->spends[i].key_name);
        table_text(&t, month_of(p, r->spends[i].day));
        table_text(&t, dollars(p, sum.micros));
        table_text(&t, dollars(p, sum.byok_micros));
        table_count(&t, sum.generations);
    }
    table_write(p->out, &t, TABLE_TEXT);
    page_more(p, months < SHOW_LIST_MAX ? months : SHOW_LIST_MAX, months, "spend_monthly");
}
