/* jobs: one record of reencrypt_jobs to one report_job. */
#include "analyzer/jobs.h"

#include <stdio.h>

static const char *const field_names[JOB_FIELDS] = {
    [JOB_ID] = "id",
    [JOB_MODEL_PATH] = "model_path",
    [JOB_COLUMN_NAME] = "column_name",
    [JOB_TARGET_VERSION] = "target_version",
    [JOB_STATUS] = "status",
    [JOB_PROCESSED] = "processed",
    [JOB_TOTAL_RECORDS] = "total_records",
    [JOB_ERRORS] = "errors",
    [JOB_DRY_RUN] = "dry_run",
    [JOB_UPDATED_AT] = "updated_at",
};

bool jobs_is_table(struct str table)
{
    return str_eq(table, STR("reencrypt_jobs"));
}

void jobs_open(struct job_reader *j, struct report *report, struct str database,
               const struct str *columns, size_t count)
{
    *j = (struct job_reader){.report = report, .database = arena_copy(report->arena, database)};
    report->jobs_known = true;
    for (size_t f = 0; f < JOB_FIELDS; f++) {
        j->index[f] = SIZE_MAX;
        for (size_t c = 0; c < count && j->index[f] == SIZE_MAX; c++)
            if (str_eq_nocase(columns[c], str_from(field_names[f])))
                j->index[f] = c;
    }
}

/* One record's values as they came. */
struct record {
    const struct str *fields;
    const bool *is_null;
    size_t count;
};

/* The value of a field; false when its column is missing, or it is NULL. */
static bool field_value(const struct job_reader *j, const struct record *r, enum job_field f,
                        struct str *value)
{
    size_t at = j->index[f];
    *value = STR("");
    if (at >= r->count || r->is_null[at])
        return false;
    *value = r->fields[at];
    return true;
}

static struct str text_field(struct job_reader *j, const struct record *r, enum job_field f)
{
    struct str value;
    if (!field_value(j, r, f, &value))
        return value;
    if (value.len > JOB_TEXT_MAX) {
        j->too_long++;
        return STR(JOB_TOO_LONG);
    }
    return arena_copy(j->report->arena, value);
}

static int64_t number_field(struct job_reader *j, const struct record *r, enum job_field f)
{
    struct str value;
    uint64_t magnitude;
    if (!field_value(j, r, f, &value))
        return 0;
    value = str_trim(value);
    bool negative = value.len && value.at[0] == '-';
    if (negative)
        value = str_slice(value, 1, value.len);
    if (!str_to_u64(value, &magnitude) || magnitude > INT64_MAX) {
        j->odd++;
        return 0;
    }
    return negative ? -(int64_t)magnitude : (int64_t)magnitude;
}

static bool is_one_of(struct str value, const char *const *words)
{
    for (; *words; words++)
        if (str_eq_nocase(value, str_from(*words)))
            return true;
    return false;
}

static bool flag_field(struct job_reader *j, const struct record *r, enum job_field f)
{
    /* boolin() of PostgreSQL, and what other exports write */
    static const char *const yes[] = {"t", "true", "1", "yes", "y", "on", NULL};
    static const char *const no[] = {"f", "false", "0", "no", "n", "off", "", NULL};
    struct str value;
    if (!field_value(j, r, f, &value))
        return false;
    value = str_trim(value);
    if (is_one_of(value, no))
        return false;
    j->odd += !is_one_of(value, yes);
    return true;
}

/* Takes exactly `digits` digits and the byte after them, 0 for none. */
static bool take_number(struct str *rest, size_t digits, unsigned char after, int *number)
{
    uint64_t value;
    if (!str_to_u64(str_slice(*rest, 0, digits), &value) || rest->len < digits)
        return false;
    *rest = str_slice(*rest, digits, rest->len);
    *number = (int)value;
    if (after == 0)
        return true;
    if (rest->len == 0 || rest->at[0] != after)
        return false;
    *rest = str_slice(*rest, 1, rest->len);
    return true;
}

/* "+00", "-03:30", "Z" or nothing, in seconds east of UTC. */
static bool take_zone(struct str rest, int64_t *east)
{
    int hours = 0;
    int minutes = 0;
    *east = 0;
    if (rest.len == 0 || str_eq(rest, STR("Z")))
        return true;
    bool west = rest.at[0] == '-';
    if (!west && rest.at[0] != '+')
        return false;
    rest = str_slice(rest, 1, rest.len);
    if (!take_number(&rest, 2, 0, &hours))
        return false;
    if (rest.len && rest.at[0] == ':')
        rest = str_slice(rest, 1, rest.len);
    if (rest.len && !take_number(&rest, 2, 0, &minutes))
        return false;
    *east = (int64_t)hours * 3600 + (int64_t)minutes * 60;
    *east = west ? -*east : *east;
    return rest.len == 0 && hours < 24 && minutes < 60;
}

/* 2026-11-21 16:00:00.123456+00, the ISO output of timestamp and timestamptz. */
static bool parse_timestamp(struct str s, int64_t *t)
{
    struct utc_parts p;
    int64_t east;
    struct str rest = str_trim(s);
    bool spaced = rest.len > 10 && rest.at[10] == ' ';
    if (!take_number(&rest, 4, '-', &p.year) || !take_number(&rest, 2, '-', &p.month) ||
        !take_number(&rest, 2, spaced ? ' ' : 'T', &p.day) ||
        !take_number(&rest, 2, ':', &p.hour) || !take_number(&rest, 2, ':', &p.minute) ||
        !take_number(&rest, 2, 0, &p.second))
        return false;
    if (rest.len && rest.at[0] == '.') {
        rest = str_slice(rest, 1, rest.len);
        while (rest.len && ascii_digit(rest.at[0]))
            rest = str_slice(rest, 1, rest.len);
    }
    if (!take_zone(rest, &east) || !utc_from_parts(&p, t))
        return false;
    *t -= east;
    return true;
}

static struct str time_field(struct job_reader *j, const struct record *r, enum job_field f)
{
    int64_t t;
    char text[UTC_TEXT];
    struct str value = text_field(j, r, f);
    if (!parse_timestamp(value, &t))
        return value;
    return arena_copy(j->report->arena, str_from(utc_text(t, text)));
}

void jobs_record(struct job_reader *j, const struct str *fields, const bool *is_null, size_t count)
{
    struct report *report = j->report;
    const struct record r = {fields, is_null, count};
    if (report->job_count >= JOBS_MAX) {
        j->not_kept++;
        return;
    }
    struct report_job *job = report_add_job(report);
    job->database = j->database;
    job->id = text_field(j, &r, JOB_ID);
    job->model_path = text_field(j, &r, JOB_MODEL_PATH);
    job->column_name = text_field(j, &r, JOB_COLUMN_NAME);
    job->target_version = arena_lower(report->arena, text_field(j, &r, JOB_TARGET_VERSION));
    job->status = arena_lower(report->arena, text_field(j, &r, JOB_STATUS));
    job->processed = number_field(j, &r, JOB_PROCESSED);
    job->total_records = number_field(j, &r, JOB_TOTAL_RECORDS);
    job->errors = number_field(j, &r, JOB_ERRORS);
    job->dry_run = flag_field(j, &r, JOB_DRY_RUN);
    job->updated_at = time_field(j, &r, JOB_UPDATED_AT);
}

static void add_finding(struct job_reader *j, const struct report_table *table,
                        enum severity severity, struct str code, const char *message,
                        uint64_t count)
{
    if (count == 0)
        return;
    struct report_finding *f = report_add_finding(j->report, severity, code, table, STR(""));
    f->message = str_from(message);
    f->record_count = count;
}

bool jobs_close(struct job_reader *j, const struct report_table *table)
{
    bool targets = j->index[JOB_TARGET_VERSION] != SIZE_MAX;
    add_finding(j, table, SEVERITY_ERROR, STR("jobs-unread"),
                "re-encryption jobs beyond the 10000 that a report keeps", j->not_kept);
    add_finding(j, table, SEVERITY_ERROR, STR("jobs-unread"),
                "texts of more than 256 bytes in re-encryption jobs", j->too_long);
    add_finding(j, table, SEVERITY_ERROR, STR("jobs-unread"),
                "the re-encryption jobs have no column target_version", targets ? 0 : 1);
    add_finding(j, table, SEVERITY_WARNING, STR("jobs-odd"),
                "numbers or flags of re-encryption jobs that could not be read", j->odd);
    return j->not_kept == 0 && j->too_long == 0 && targets;
}
