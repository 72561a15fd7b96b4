/* spend_report: days of a report added up to the windows of its time. */
#include "applier/vault/spend_report.h"

bool spend_report_read(const char *path, struct arena *a, struct spend_report *r, struct err *err)
{
    *r = (struct spend_report){.as_of = UTC_NONE};
    if (!report_read(path, a, &r->report, err))
        return false;
    if (r->report.spend_count == 0) {
        err_set(err, ERR_NOT_FOUND, 1127, "the report holds no spend of OpenRouter's keys");
        err_hint(err, "keycensus scan activity.csv -o R.db, where activity.csv is OpenRouter's "
                      "export of its activity page");
        return false;
    }
    r->complete = r->report.complete;
    r->as_of = r->report.data_time;
    /* A file's time may be wrong; it is not older than the last day that it tells of. */
    for (size_t i = 0; i < r->report.spend_count; i++)
        if (r->as_of == UTC_NONE || r->report.spends[i].day > r->as_of)
            r->as_of = r->report.spends[i].day;
    return true;
}

struct usage spend_report_of(const struct spend_report *r, struct str key_name)
{
    int64_t month = 0;
    int64_t day = 0;
    for (size_t i = 0; i < r->report.spend_count; i++) {
        const struct report_spend *s = &r->report.spends[i];
        if (!str_eq(s->key_name, key_name))
            continue;
        if (window_same(WINDOW_MONTH, s->day, r->as_of))
            month = money_add(month, s->micros);
        if (window_same(WINDOW_DAY, s->day, r->as_of))
            day = money_add(day, s->micros);
    }
    return usage_of(month, day, r->as_of);
}
