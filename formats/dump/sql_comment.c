/*
 * What the comments of pg_dump and pg_dumpall tell. Only comments as they write them count: one
 * line, from the two dashes on. Text of the user's stands in strings there, never in comments;
 * names do, but behind "Name: ".
 */
#include "formats/dump/sql_parts.h"

/* ---- "2024-05-01 10:00:00 UTC" ---- */

/*
 * Abbreviations that stand for one offset only in today's tz database. CST, CDT, IST, MSK, PST and
 * the like are missing because they do not: a wrong guess would make data look younger than it is.
 */
static const struct zone {
    const char *name;
    int minutes;
} zones[] = {
    {"UTC", 0},    {"GMT", 0},    {"Z", 0},       {"WET", 0},     {"WEST", 60},
    {"CET", 60},   {"CEST", 120}, {"EET", 120},   {"EEST", 180},  {"EDT", -240},
    {"MDT", -360}, {"PDT", -420}, {"AKST", -540}, {"AKDT", -480}, {"HST", -600},
    {"JST", 540},  {"AEST", 600}, {"AEDT", 660},  {"NZST", 720},  {"NZDT", 780},
};

/* +HH, +HHMM, +HH:MM or an abbreviation. */
static bool zone_minutes(struct str zone, int *minutes)
{
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (str_eq(zone, str_from(zones[i].name))) {
            *minutes = zones[i].minutes;
            return true;
        }
    if (zone.len < 3 || (zone.at[0] != '+' && zone.at[0] != '-'))
        return false;
    uint64_t hours = 0;
    uint64_t rest = 0;
    struct str tail = str_slice(zone, 3, zone.len);
    if (tail.len == 3 && tail.at[0] == ':')
        tail = str_slice(tail, 1, 3);
    bool whole = tail.len == 0 || (tail.len == 2 && str_to_u64(tail, &rest));
    if (!whole || !str_to_u64(str_slice(zone, 1, 3), &hours) || hours > 15 || rest > 59)
        return false;
    *minutes = (int)(hours * 60 + rest) * (zone.at[0] == '-' ? -1 : 1);
    return true;
}

static bool two_digits(struct str text, size_t at, int *value)
{
    uint64_t n = 0;
    if (!str_to_u64(str_slice(text, at, at + 2), &n))
        return false;
    *value = (int)n;
    return true;
}

/* pg_dump's "%Y-%m-%d %H:%M:%S %Z", the zone apart; UTC_NONE for anything else. */
int64_t sql_local_time(struct str text)
{
    struct utc_parts p = {0};
    uint64_t year = 0;
    int64_t t = UTC_NONE;
    bool ok = text.len >= 19 && text.at[4] == '-' && text.at[7] == '-' && text.at[10] == ' ' &&
              text.at[13] == ':' && text.at[16] == ':' &&
              str_to_u64(str_slice(text, 0, 4), &year) && two_digits(text, 5, &p.month) &&
              two_digits(text, 8, &p.day) && two_digits(text, 11, &p.hour) &&
              two_digits(text, 14, &p.minute) && two_digits(text, 17, &p.second);
    p.year = (int)year;
    return ok && utc_from_parts(&p, &t) ? t : UTC_NONE;
}

static bool dump_time(struct sql_reader *r, enum sql_fact fact, struct str text, struct err *err)
{
    int minutes = 0;
    int64_t local = sql_local_time(text);
    bool known = local != UTC_NONE && text.len > 20 && text.at[19] == ' ' &&
                 zone_minutes(str_trim(str_slice(text, 20, text.len)), &minutes);
    return sql_emit_time(r, fact, text, known ? local - (int64_t)minutes * 60 : UTC_NONE, local,
                         err);
}

/* ---- headers and trailers ---- */

static void note_truncated(struct sql_reader *r, uint64_t offset, uint64_t line,
                           struct str database)
{
    if (r->end.truncated)
        return;
    r->end.truncated = true;
    r->end.header_offset = offset;
    r->end.header_line = line;
    sql_keep(&r->end_database, database);
}

/* A header whose trailer did not come before the next header, or before the end. */
void sql_note_open_headers(struct sql_reader *r)
{
    if (r->header_open)
        note_truncated(r, r->header_offset, r->header_line, sql_kept(&r->header_database));
    if (r->cluster_open)
        note_truncated(r, r->cluster_offset, r->cluster_line, STR(""));
}

bool sql_header(struct sql_reader *r, struct err *err)
{
    if (r->header_open)
        sql_note_open_headers(r);
    r->header_open = true;
    r->end.headers++;
    r->header_offset = r->token.offset;
    r->header_line = r->token.line;
    r->header_database = r->database;
    return sql_emit_fact(r, SQL_FACT_HEADER, STR(""), err);
}

bool sql_trailer(struct sql_reader *r, struct err *err)
{
    r->header_open = false;
    sql_note_unlock(r); /* the better proof */
    r->end.trailers++;
    return sql_emit_fact(r, SQL_FACT_TRAILER, STR(""), err);
}

static bool cluster_header(struct sql_reader *r, struct err *err)
{
    sql_note_open_headers(r);
    r->cluster_open = true;
    r->header_open = false;
    r->end.cluster_headers++;
    r->cluster_offset = r->token.offset;
    r->cluster_line = r->token.line;
    return sql_emit_fact(r, SQL_FACT_CLUSTER_HEADER, STR(""), err);
}

static bool cluster_trailer(struct sql_reader *r, struct err *err)
{
    if (r->header_open)
        sql_note_open_headers(r); /* before the cluster counts as closed: the inner one is named */
    r->header_open = false;
    r->cluster_open = false;
    r->end.cluster_trailers++;
    return sql_emit_fact(r, SQL_FACT_CLUSTER_TRAILER, STR(""), err);
}

/* pg_dumpall: -- Database "x" dump */
static bool announced_database(struct sql_reader *r, struct str text, struct err *err)
{
    struct str begin = STR("-- Database \"");
    struct str end = STR("\" dump");
    if (!str_starts(text, begin) || !str_ends(text, end) || text.len <= begin.len + end.len)
        return true;
    if (r->token.cut)
        return true;
    struct str name = str_slice(text, begin.len, text.len - end.len);
    return sql_connected(r, arena_copy(&r->arena, name), err);
}

/* If the text starts with the words, the rest of it. */
static bool behind(struct str text, const char *words, struct str *rest)
{
    struct str start = str_from(words);
    if (!str_starts(text, start))
        return false;
    *rest = str_trim(str_slice(text, start.len, text.len));
    return true;
}

/* Splits the text at the only place where `middle` stands; false: there is none, or another. */
static bool part(struct str text, struct str middle, struct str *before, struct str *after)
{
    size_t at = str_search(text, middle);
    if (at == text.len)
        return false;
    *before = str_slice(text, 0, at);
    *after = str_slice(text, at + middle.len, text.len);
    return str_search(*after, middle) == after->len;
}

/* A fact about the table of the latest "Data for Name:". */
static bool table_fact(struct sql_reader *r, enum sql_fact fact, struct err *err)
{
    struct sql_event *e = sql_emit(r, SQL_EVENT_FACT, err);
    if (!e)
        return false;
    e->fact = fact;
    e->schema = arena_copy(&r->arena, sql_kept(&r->data_schema));
    e->name = arena_copy(&r->arena, sql_kept(&r->data_name));
    return true;
}

/*
 * "-- Data for Name: N; Type: TABLE DATA; Schema: S; Owner: O". Names stand there unquoted, so one
 * that can be read in two ways is not read. (pg_backup_archiver.c, _printTocEntry)
 */
static bool data_of(struct sql_reader *r, struct str text, struct err *err)
{
    struct str name;
    struct str schema;
    struct str rest;
    r->data_schema.len = r->data_name.len = 0;
    if (r->token.cut || !part(text, STR("; Type: TABLE DATA; Schema: "), &name, &rest) ||
        !part(rest, STR("; Owner: "), &schema, &rest))
        return true;
    sql_keep(&r->data_schema, schema);
    sql_keep(&r->data_name, name);
    return table_fact(r, SQL_FACT_DATA_OF, err);
}

/* pg_dump --load-via-partition-root: the COPY that follows names the root, not the partition. */
static bool through_root(struct sql_reader *r, struct err *err)
{
    if (r->data_name.len == 0)
        return true;
    bool done = table_fact(r, SQL_FACT_THROUGH_ROOT, err);
    r->data_name.len = 0;
    return done;
}

bool sql_comment(struct sql_reader *r, struct err *err)
{
    struct str text = str_trim(r->token.text);
    struct str rest;
    if (str_eq(text, STR("-- PostgreSQL database dump")))
        return sql_header(r, err);
    if (str_eq(text, STR("-- PostgreSQL database dump complete")))
        return sql_trailer(r, err);
    if (str_eq(text, STR("-- PostgreSQL database cluster dump")))
        return cluster_header(r, err);
    if (str_eq(text, STR("-- PostgreSQL database cluster dump complete")))
        return cluster_trailer(r, err);
    if (behind(text, "-- Dumped from database version ", &rest))
        return sql_emit_fact(r, SQL_FACT_SERVER_VERSION, rest, err);
    if (behind(text, "-- Dumped by pg_dump version ", &rest))
        return sql_emit_fact(r, SQL_FACT_DUMP_VERSION, rest, err);
    if (behind(text, "-- Started on ", &rest))
        return dump_time(r, SQL_FACT_STARTED, rest, err);
    if (behind(text, "-- Completed on ", &rest))
        return dump_time(r, SQL_FACT_COMPLETED, rest, err);
    if (behind(text, "-- load via partition root ", &rest))
        return through_root(r, err);
    if (behind(text, "-- Data for Name: ", &rest))
        return data_of(r, rest, err);
    return announced_database(r, text, err);
}
