/*
 * What the comments of mysqldump and mariadb-dump tell. The trailer has the time without its zone.
 * Source: mysqldump.c, write_header, write_footer, print_comment.
 */
#include "formats/dump/mysql_parts.h"

static bool behind(struct str text, const char *words, struct str *rest)
{
    struct str start = str_from(words);
    if (!str_starts(text, start))
        return false;
    *rest = str_trim(str_slice(text, start.len, text.len));
    return true;
}

/* A name in backticks or ANSI quotes, or bare; copied without them. */
static struct str quoted_name(struct sql_reader *r, struct str text)
{
    struct buf name = {.arena = &r->arena};
    unsigned char quote = text.len ? text.at[0] : 0;
    if (quote != '`' && quote != '"')
        return arena_copy(&r->arena, text);
    for (size_t at = 1; at < text.len; at++) {
        if (text.at[at] == quote && ++at < text.len && text.at[at] != quote)
            break;
        if (at < text.len)
            buf_byte(&name, text.at[at]);
    }
    return buf_str(&name);
}

static bool data_of(struct sql_reader *r, struct str text, struct err *err)
{
    if (r->token.cut)
        return true;
    struct sql_event *e = sql_emit(r, SQL_EVENT_FACT, err);
    if (!e)
        return false;
    e->fact = SQL_FACT_DATA_OF;
    e->schema = STR("");
    e->name = quoted_name(r, text);
    return true;
}

/* "Host: localhost    Database: shop" */
static bool host(struct sql_reader *r, struct str text, struct err *err)
{
    struct str mark = STR("Database: ");
    size_t at = str_search(text, mark);
    if (at == text.len || r->token.cut)
        return true;
    struct str name = str_trim(str_slice(text, at + mark.len, text.len));
    return !name.len || sql_use_database(r, arena_copy(&r->arena, name), err);
}

/* "2026-11-21  9:52:22": the hour stands in two places, without its zero. */
static bool completed(struct sql_reader *r, struct str text, struct err *err)
{
    if (!sql_trailer(r, err))
        return false;
    unsigned char time[19];
    struct str rest;
    if (!behind(text, "on ", &rest) || rest.len < sizeof time)
        return true;
    memcpy(time, rest.at, sizeof time);
    if (time[11] == ' ')
        time[11] = '0';
    int64_t local = sql_local_time(str_make(time, sizeof time));
    return sql_emit_time(r, SQL_FACT_COMPLETED, rest, UTC_NONE, local, err);
}

bool mysql_comment(struct sql_reader *r, struct err *err)
{
    struct str text = str_trim(r->token.text);
    struct str rest;
    if (!str_starts(text, STR("-- ")))
        return true;
    if (str_starts(text, STR("-- MySQL dump ")) || str_starts(text, STR("-- MariaDB dump ")))
        return sql_header(r, err);
    if (behind(text, "-- Dump completed", &rest))
        return completed(r, rest, err);
    if (behind(text, "-- Host: ", &rest))
        return host(r, rest, err);
    if (behind(text, "-- Server version", &rest))
        return sql_emit_fact(r, SQL_FACT_SERVER_VERSION, rest, err);
    if (behind(text, "-- Dumping data for table ", &rest))
        return data_of(r, rest, err);
    if (behind(text, "-- WHERE: ", &rest))
        return sql_emit_fact(r, SQL_FACT_WHERE, STR(""), err);
    return true;
}
