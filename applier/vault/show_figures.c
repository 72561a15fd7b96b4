/* show_figures: cells and JSON members. */
#include "applier/vault/show_figures.h"

void json_money(struct buf *b, const char *name, int64_t micros)
{
    char text[MONEY_TEXT];
    buf_printf(b, ",\"%s\":%s", name, micros == MONEY_NONE ? "null" : money_text(micros, text));
}

void json_time(struct buf *b, const char *name, int64_t time)
{
    char text[UTC_TEXT];
    if (time == UTC_NONE)
        buf_printf(b, ",\"%s\":null", name);
    else
        buf_printf(b, ",\"%s\":\"%s\"", name, utc_text(time, text));
}

void json_age(struct buf *b, int64_t as_of, int64_t now)
{
    json_time(b, "as_of", as_of);
    if (as_of == UTC_NONE)
        buf_text(b, ",\"age_seconds\":null");
    else
        buf_printf(b, ",\"age_seconds\":%lld", (long long)(now - as_of));
}

void json_usage(struct buf *b, const struct limits *l, const struct usage *u)
{
    bool known = u->as_of != UTC_NONE;
    char label[WINDOW_LABEL];
    json_money(b, "month_spend", known ? u->month : MONEY_NONE);
    json_money(b, "day_spend", known ? u->day : MONEY_NONE);
    json_money(b, "month_left", known ? limits_left(l, u, WINDOW_MONTH) : MONEY_NONE);
    json_money(b, "day_left", known ? limits_left(l, u, WINDOW_DAY) : MONEY_NONE);
    for (int w = 0; known && w < WINDOW_COUNT; w++)
        buf_printf(b, ",\"%s\":\"%s\"", window_name((enum window)w),
                   window_label((enum window)w, u->as_of, label));
}

void money_cell(struct table *t, int64_t micros)
{
    char text[MONEY_TEXT];
    if (micros == MONEY_NONE)
        table_null(t);
    else
        table_text(t, arena_copy(t->arena, str_from(money_text(micros, text))));
}

void time_cell(struct table *t, int64_t time)
{
    char text[UTC_TEXT];
    if (time == UTC_NONE)
        table_null(t);
    else
        table_text(t, arena_copy(t->arena, str_from(utc_text(time, text))));
}

void age_cell(struct table *t, int64_t as_of, int64_t now)
{
    char text[32];
    if (as_of == UTC_NONE)
        table_null(t);
    else
        table_text(t, arena_copy(t->arena, str_from(utc_age(now - as_of, text))));
}
