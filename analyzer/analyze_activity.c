/* analyze_activity: the rows of OpenRouter's activity export, added up by key and day. */
#include "analyzer/analysis.h"
#include "analyzer/records.h"
#include "formats/envelope/versioned_fernet.h"

/* How often something happened, and where first. */
struct occasion {
    uint64_t count;
    uint64_t record;
};

struct activity_outcome {
    struct occasion unread[ACTIVITY_VERDICTS];
    struct occasion secret, full;
    struct occasion again, differing;
};

static void note(struct occasion *o, uint64_t record)
{
    if (o->count++ == 0)
        o->record = record;
}

static void take(struct analysis *a, struct activity_outcome *out, const struct activity_record *r,
                 uint64_t record)
{
    if (envelope_versioned_fernet.sniff(&envelope_versioned_fernet,
                                        r->key_name)) { /* the report would show it (S5) */
        note(&out->secret, record);
        return;
    }
    switch (spend_add(a->spend, r)) {
    case SPEND_AGAIN:
        note(&out->again, record);
        break;
    case SPEND_DIFFERING:
        note(&out->differing, record);
        break;
    case SPEND_FULL:
        note(&out->full, record);
        break;
    case SPEND_COUNTED:
        break;
    }
}

static const char *said(struct analysis *a, const struct occasion *o, const char *what)
{
    return arena_printf(a->arena,
                        "%llu records of the activity export %s; the first is record %llu",
                        (unsigned long long)o->count, what, (unsigned long long)o->record);
}

static void say_finding(struct analysis *a, const struct table_rows *rows, enum severity severity,
                        struct str code, const struct occasion *o, const char *what)
{
    if (o->count == 0)
        return;
    struct report_finding *f = report_add_finding(
        a->report, severity, code, catalogue_report(&a->catalogue, rows->entry), STR(""));
    f->message = str_from(said(a, o, what));
    f->record_count = o->count;
}

/* Spend that is not counted is said, and makes the report incomplete (S1). */
static void settle(struct analysis *a, const struct table_rows *rows,
                   const struct activity_outcome *out)
{
    for (int v = 0; v < ACTIVITY_VERDICTS; v++)
        if (out->unread[v].count)
            analysis_unread(a, rows->entry,
                            said(a, &out->unread[v], activity_problem((enum activity_verdict)v)),
                            out->unread[v].count);
    if (out->secret.count)
        analysis_unread(a, rows->entry, said(a, &out->secret, "name a key that is ciphertext"),
                        out->secret.count);
    if (out->full.count)
        analysis_unread(a, rows->entry, said(a, &out->full, "are beyond what a report adds up"),
                        out->full.count);
    say_finding(a, rows, SEVERITY_INFO, STR("activity-repeated"), &out->again,
                "stand in an export before; each generation counts once");
    say_finding(a, rows, SEVERITY_WARNING, STR("activity-differing"), &out->differing,
                "stand in an export before with another key, day or amount, which was counted");
}

bool analysis_activity(struct analysis *a, const struct table_rows *rows,
                       const struct activity_columns *columns, struct err *err)
{
    struct records r;
    struct record rec;
    struct activity_record record;
    struct activity_outcome out = {0};
    struct arena scratch = {0};
    if (!a->spend)
        a->spend = spend_open(a->report);
    records_open(&r, a->pool, rows->scan, a->window, ROWS_END_INPUT, &scratch);
    while (records_next(&r, &rec, err)) {
        enum activity_verdict v = activity_read(columns, rec.fields, rec.count, &record);
        if (v == ACTIVITY_READ)
            take(a, &out, &record, rec.number);
        else
            note(&out.unread[v], rec.number);
    }
    settle(a, rows, &out);
    arena_free(&scratch);
    return !err_is(err);
}
