/* show: a report as JSON or CSV, straight from its views. The text is in show_text.c. */
#include "analyzer/render/show.h"
#include "common/text.h"

/* The views in the order of cli.md, ours behind them. */
static const char *const views[] = {"key_usage", "value_classes", "columns",     "coverage",
                                    "inputs",    "jobs",          "findings",    "write_times",
                                    "declared",  "key_versions",  "spend_daily", "spend_monthly"};

static bool add_summary(struct buf *out, struct report_views *v, struct err *err)
{
    struct table t = {.arena = out->arena};
    if (!report_view(v, "summary", &t, err))
        return false;
    buf_text(out, "{\"summary\":{");
    for (size_t row = 0; row < table_rows(&t); row++) {
        const struct cell *item = &t.cells[row * t.columns];
        buf_text(out, row ? ",\n" : "\n");
        cell_json(out, item);
        buf_byte(out, ':');
        cell_json(out, item + 1);
    }
    buf_text(out, "\n}");
    return true;
}

static bool add_view(struct buf *out, struct report_views *v, const char *view, struct err *err)
{
    struct table t = {.arena = out->arena};
    if (!report_view(v, view, &t, err))
        return false;
    struct buf rows = {.arena = out->arena};
    table_write(&rows, &t, TABLE_JSON);
    buf_printf(out, ",\n\"%s\":", view);
    buf_add(out, str_trim(buf_str(&rows)));
    return true;
}

static bool show_json(struct buf *out, struct report_views *v, struct err *err)
{
    if (!add_summary(out, v, err))
        return false;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        if (!add_view(out, v, views[i], err))
            return false;
    buf_text(out, "}\n");
    return true;
}

bool show_report(struct buf *out, const struct report *r, const char *path,
                 const struct show_style *style, enum table_format format, struct err *err)
{
    if (format == TABLE_TEXT) {
        show_text(out, r, path, style);
        return true;
    }
    struct report_views *v = report_views_open(r, out->arena, err);
    if (!v)
        return false;
    struct table usage = {.arena = out->arena};
    bool done;
    if (format == TABLE_JSON)
        done = show_json(out, v, err);
    else
        done = report_view(v, "key_usage", &usage, err);
    if (done && format != TABLE_JSON)
        table_write(out, &usage, format);
    report_views_close(v);
    return done;
}
