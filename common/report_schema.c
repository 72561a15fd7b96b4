/*
 * report_schema: the list of relations. To read the report's layout, read this file from here on;
 * the functions that turn it into SQL are at its end.
 */
#include "common/report_schema.h"

#include <string.h>

#define ID   "INTEGER PRIMARY KEY"
#define TEXT "TEXT NOT NULL"
#define INT  "INTEGER NOT NULL"
#define TIME "INTEGER" /* unix seconds; NULL: not known */

/* ---- base tables ---- */

static const struct report_field report_fields[] = {
    {"complete", INT, "1: every byte of the input was read and understood; 0: see findings"},
    {"partial", INT, "1: the input is not the whole database"},
    {"jobs_known", INT, "1: a reencrypt_jobs table was in the data"},
    {"verified", INT, "1: values were checked with key material"},
    {"row_security", INT, "1: the dump was made with row_security on and may lack rows"},
    {"active_version", TEXT, "key version that encrypts new values; '' when no env file was read"},
    {"data_time", TIME, "when the oldest input was made, unix seconds; NULL: not known"},
    {"data_time_source", TEXT, "where data_time comes from: header, option or mtime"},
    {"program_version", TEXT, "keycensus version"},
    {"created", TIME, "when the report was made, unix seconds"},
    {"total_rows", INT, "records of all tables"},
    {"cells", INT, "records of all columns"},
    {"content_digest", TEXT, "SHA-256 of what was found: equal findings, equal digest"},
    {"record_digest", TEXT, "SHA-256 of everything in the base tables, against damage"},
};

static const struct report_field version_fields[] = {
    {"id", ID, "row number"},
    {"version", TEXT, "name of a key version of the env file, in lower case"},
    {"fingerprint", TEXT, "fingerprint of its key; '' in an unverified report"},
};

static const struct report_field table_fields[] = {
    {"id", ID, "row number"},
    {"database_name", TEXT, "database; '' when the dump does not say"},
    {"schema_name", TEXT, "schema; '' for CSV"},
    {"table_name", TEXT, "table. Names that are no valid UTF-8 stand escaped here, see findings"},
    {"kind", TEXT, "table, partitioned-table, view, foreign-table or unknown"},
    {"state", TEXT, "data, no-data, referenced-but-absent, skipped or unknown"},
    {"note", TEXT, "why it is in this state"},
    {"records", INT, "rows read"},
};

static const struct report_field column_fields[] = {
    {"id", ID, "row number"},
    {"table_id", INT, "_table.id"},
    {"column_name", TEXT, "column"},
    {"envelope", TEXT, "kind of ciphertext recognised; '' when none was"},
    {"records", INT, "values, NULLs included"},
    {"nulls", INT, "NULL values"},
    {"declared", INT, "1: named by --column"},
    {"has_classes", INT, "1: declared or with a counted value, so that its values have a class"},
    {"key_records", INT, "values that use a key: what percentages are of"},
    {"future_times", INT, "tokens dated after the data; their times are used for nothing"},
};

static const struct report_field class_fields[] = {
    {"id", ID, "row number"},
    {"column_id", INT, "_column.id"},
    {"class", TEXT, "class of the values, see value_classes"},
    {"records", INT, "values of that class, at least 1"},
};

static const struct report_field usage_fields[] = {
    {"id", ID, "row number"},
    {"column_id", INT, "_column.id"},
    {"version", TEXT, "key version; '' without one; (other), (more) for names that are none"},
    {"basis", TEXT, "hint: the value names the version; proven: its MAC fits that key"},
    {"records", INT, "values"},
    {"oldest", TIME, "oldest token time, unix seconds; NULL: none could be read"},
    {"newest", TIME, "newest token time not after the data, unix seconds"},
};

static const struct report_field input_fields[] = {
    {"id", ID, "row number"},
    {"path", TEXT, "file as given; - is standard input"},
    {"kind", TEXT, "formats, outermost first, joined by +"},
    {"bytes", INT, "bytes as stored"},
    {"decoded_bytes", INT, "bytes after decompression"},
    {"records", INT, "rows read from it"},
    {"digest", TEXT, "digest of the stored bytes; '' when it was not read to the end"},
    {"complete", INT, "1: read to the end and whole"},
    {"note", TEXT, "what is missing or unusual"},
    {"data_time", TIME, "when its data was made, unix seconds"},
    {"data_time_source", TEXT, "header, option or mtime"},
    {"server_version", TEXT, "database server that made the dump; '' when not known"},
};

static const struct report_field job_fields[] = {
    {"id", ID, "row number"},
    {"database_name", TEXT, "database; '' when the dump does not say"},
    {"job_id", TEXT, "id of the job"},
    {"model_path", TEXT, "model it works on"},
    {"column_name", TEXT, "column it works on"},
    {"target_version", TEXT, "key version it encrypts to"},
    {"status", TEXT, "status as stored"},
    {"processed", INT, "values done"},
    {"total_records", INT, "values in all"},
    {"errors", INT, "values that failed"},
    {"dry_run", INT, "1: the job changed nothing"},
    {"updated_at", TEXT, "time of its last change, as stored"},
};

static const struct report_field spend_fields[] = {
    {"id", ID, "row number"},
    {"key_name", TEXT, "api_key_name of the activity export"},
    {"day", "INTEGER NOT NULL", "first second of the day, UTC, unix seconds"},
    {"generations", INT, "generations, each counted once"},
    {"micro_dollars", INT, "cost_total, in millionths of a dollar"},
    {"byok_micro_dollars", INT, "byok_usage_inference, in millionths of a dollar"},
};

static const struct report_field finding_fields[] = {
    {"id", ID, "row number"},
    {"severity", TEXT, "error, warning or info"},
    {"code", TEXT, "what kind of finding"},
    {"database_name", TEXT, "where; '' when it is about the whole"},
    {"schema_name", TEXT, "where"},
    {"table_name", TEXT, "where"},
    {"column_name", TEXT, "where"},
    {"message", TEXT, "what was found, in words"},
    {"records", INT, "values or things it is about"},
};

static const struct report_field declared_fields[] = {
    {"id", ID, "row number"},
    {"model", TEXT, "module:Class as declared; '' when a table was declared"},
    {"schema_name", TEXT, "schema it resolved to"},
    {"table_name", TEXT, "table it resolved to"},
    {"attribute", TEXT, "column as declared; the property's name in Python"},
    {"column_name", TEXT, "database column it resolved to"},
    {"resolved_by", TEXT, "map, source, naming-rule or table"},
};

static const struct report_field doc_fields[] = {
    {"table_name", TEXT, "table or view"},
    {"column_name", TEXT, "column; '' for the table itself; item:NAME for an item of summary"},
    {"description", TEXT, "what it holds"},
};

/* ---- views ---- */

#define TIME_TEXT(column) "strftime('%Y-%m-%dT%H:%M:%SZ'," column ",'unixepoch')"
#define SAY_SCHEMA        "schema; '' for CSV"
#define SAY_DATABASE      "database; '' when the dump does not say"

static const struct report_field summary_items[] = {
    {"status", "(SELECT CASE complete WHEN 1 THEN 'complete' ELSE 'incomplete' END FROM _report)",
     "complete or incomplete: whether every byte of the input was read and understood"},
    {"partial", "(SELECT partial FROM _report)",
     "1: the input is not the whole database, so an unseen value may use any key"},
    {"row_security", "(SELECT row_security FROM _report)",
     "1: the dump was made with row_security on and may lack rows"},
    {"rows", "(SELECT total_rows FROM _report)", "records of all tables"},
    {"cells", "(SELECT cells FROM _report)", "records of all columns"},
    {"tables", "(SELECT count(*) FROM _table)", "tables seen or referred to, with data or not"},
    {"inputs", "(SELECT count(*) FROM _input)", "input files"},
    {"columns", "(SELECT count(*) FROM _column)", "columns of all tables"},
    {"ciphertext_columns", "(SELECT count(*) FROM _column WHERE key_records>0)",
     "columns with at least one value that uses a key"},
    {"values", "(SELECT coalesce(sum(key_records),0) FROM _column)", "values that use a key"},
    {"active_version", "(SELECT active_version FROM _report)",
     "key version that encrypts new values; '' when no env file was read"},
    {"versions",
     "(SELECT coalesce(group_concat(version,', '),'') FROM (SELECT version FROM _version ORDER BY "
     "id))",
     "key versions of the env file; '' when none was read"},
    {"data_time", "(SELECT " TIME_TEXT("data_time") " FROM _report)",
     "when the oldest input was made; NULL when not known"},
    {"data_time_source", "(SELECT data_time_source FROM _report)",
     "where data_time comes from: header (the dump says it), option (--dump-time) or mtime"},
    {"databases",
     "(SELECT coalesce(group_concat(database_name,', '),'') FROM (SELECT DISTINCT database_name "
     "FROM _table WHERE database_name<>'' ORDER BY database_name))",
     "databases in the data; '' when the dumps do not say"},
    {"server_versions",
     "(SELECT coalesce(group_concat(server_version,', '),'') FROM (SELECT DISTINCT server_version "
     "FROM _input WHERE server_version<>'' ORDER BY server_version))",
     "versions of the servers that made the dumps"},
    {"jobs",
     "(SELECT CASE jobs_known WHEN 1 THEN (SELECT count(*) FROM _job) ELSE 'unknown' END FROM "
     "_report)",
     "re-encryption jobs in the data, or unknown when it has no reencrypt_jobs table"},
    {"verified", "(SELECT verified FROM _report)", "1: values were checked with key material"},
    {"labels",
     "(SELECT CASE verified WHEN 1 THEN (SELECT coalesce(sum(records),0) FROM _class WHERE class "
     "IN "
     "('verified','legacy-verified','mislabelled','verified-embedded','legacy-verified-embedded',"
     "'mislabelled-embedded'))||' of '||(SELECT coalesce(sum(key_records),0) FROM _column)||' "
     "proven' ELSE 'labels only' END FROM _report)",
     "'labels only': no value was proven; else of how many values it is proven which key made "
     "them"},
    {"content_digest", "(SELECT content_digest FROM _report)",
     "SHA-256 of what was found: the same for equal findings, whatever threads, blocks, "
     "compression or paths"},
    {"created", "(SELECT " TIME_TEXT("created") " FROM _report)", "when the report was made"},
    {"program_version", "(SELECT program_version FROM _report)", "keycensus version"},
    {"schema_version", "2", "layout of this file, equal to PRAGMA user_version"},
};

static const struct report_field key_usage_fields[] = {
    {"schema_name", "t.schema_name", SAY_SCHEMA},
    {"table_name", "t.table_name", "table"},
    {"column_name", "c.column_name", "column"},
    {"version", "u.version",
     "key version, in lower case; '' for values without one; (other) for names that are no "
     "version, (more) for further unknown names; envelope:id for those of another envelope, "
     "which are none of the keyring"},
    {"record_count", "u.records", "values that name it (hint) or were proven to use it (proven)"},
    {"percentage", "100.0*u.records/nullif(c.key_records,0)",
     "100.0 * record_count / values of the column that use a key, not rounded. The rows of a "
     "column may exceed 100: a value under a wrong label counts for both versions"},
    {"is_active",
     "(SELECT CASE WHEN active_version='' THEN NULL ELSE u.version=active_version END FROM "
     "_report)",
     "1: the active version, 0: another one, NULL: no env file was read"},
    {"basis", "u.basis", "hint: the value names the version; proven: its MAC fits that key"},
    {"database_name", "t.database_name", SAY_DATABASE},
};

static const struct report_field value_classes_fields[] = {
    {"schema_name", "t.schema_name", SAY_SCHEMA},
    {"table_name", "t.table_name", "table"},
    {"column_name", "c.column_name", "column: declared, or with a counted value"},
    {"class", "k.class",
     "verified: the key that it names made it; legacy-verified: names none, and a key of the "
     "keyring made it; mislabelled: another key made it than it names; orphan: no key of the "
     "keyring made it, or the keyring lacks the one that it names; without keys, or where they "
     "prove nothing: hinted: version name and valid token; unversioned: valid token without a "
     "name; truncated: a token that is cut; malformed: a version name before something else, or a "
     "token behind another prefix; plaintext: any other text; null; empty; with -embedded: inside "
     "a larger value"},
    {"record_count", "k.records",
     "values of that class; the rows of a column add up to its "
     "records"},
    {"database_name", "t.database_name", SAY_DATABASE},
};

static const struct report_field columns_fields[] = {
    {"schema_name", "t.schema_name", SAY_SCHEMA},
    {"table_name", "t.table_name", "table"},
    {"column_name", "c.column_name", "column"},
    {"records", "c.records", "values, NULLs included"},
    {"nulls", "c.nulls", "NULL values"},
    {"envelope", "c.envelope", "kinds of ciphertext recognised, joined by +; '' when none was"},
    {"declared", "c.declared", "1: named by --column, else 0"},
    {"key_records", "c.key_records", "values that use a key"},
    {"future_times", "c.future_times", "tokens dated after the data"},
    {"database_name", "t.database_name", SAY_DATABASE},
};

static const struct report_field coverage_fields[] = {
    {"schema_name", "schema_name", SAY_SCHEMA},
    {"table_name", "table_name", "table"},
    {"state", "state",
     "data: its rows were read; no-data: defined, without rows of its own in the input; "
     "referenced-but-absent: another table refers to it; skipped: --exclude-table; unknown"},
    {"note", "note", "why"},
    {"kind", "kind", "table, partitioned-table, view, foreign-table or unknown"},
    {"records", "records", "rows read"},
    {"database_name", "database_name", SAY_DATABASE},
};

static const struct report_field inputs_fields[] = {
    {"path", "path", "file as given; - is standard input"},
    {"kind", "kind", "formats, outermost first, joined by +"},
    {"bytes", "bytes", "bytes as stored"},
    {"decoded_bytes", "decoded_bytes", "bytes after decompression"},
    {"records", "records", "rows read from it"},
    {"digest", "digest", "digest of the stored bytes; '' when it was not read to the end"},
    {"complete", "complete", "1: read to the end and whole, else 0"},
    {"note", "note", "what is missing or unusual"},
    {"data_time", TIME_TEXT("data_time"), "when its data was made; NULL when not known"},
    {"data_time_source", "data_time_source", "header, option or mtime"},
    {"server_version", "server_version", "database server that made the dump"},
};

static const struct report_field jobs_fields[] = {
    {"id", "job_id", "id of the job, as stored"},
    {"model_path", "model_path", "model it works on"},
    {"column_name", "column_name", "column it works on"},
    {"target_version", "target_version", "key version it encrypts to"},
    {"status", "status", "status as stored"},
    {"processed", "processed", "values done"},
    {"total_records", "total_records", "values in all"},
    {"errors", "errors", "values that failed"},
    {"dry_run", "dry_run", "1: the job changed nothing, else 0"},
    {"updated_at", "updated_at", "time of its last change, as stored"},
    {"database_name", "database_name", SAY_DATABASE},
};

#define SAY_KEY   "key of OpenRouter, as its activity export names it"
#define SAY_MICRO "cost_total in millionths of a dollar: what OpenRouter charged"
#define SAY_BYOK  "byok_usage_inference, likewise: charged elsewhere, to keys of one's own"
#define SAY_GENS  "generations; one that stands in several exports counts once"

static const struct report_field spend_daily_fields[] = {
    {"key_name", "key_name", SAY_KEY},
    {"day", "strftime('%Y-%m-%d',day,'unixepoch')", "day in UTC, YYYY-MM-DD"},
    {"micro_dollars", "micro_dollars", SAY_MICRO},
    {"byok_micro_dollars", "byok_micro_dollars", SAY_BYOK},
    {"generations", "generations", SAY_GENS},
};

static const struct report_field spend_monthly_fields[] = {
    {"key_name", "key_name", SAY_KEY},
    {"month", "strftime('%Y-%m',day,'unixepoch')", "month in UTC, YYYY-MM"},
    {"micro_dollars", "sum(micro_dollars)", SAY_MICRO},
    {"byok_micro_dollars", "sum(byok_micro_dollars)", SAY_BYOK},
    {"generations", "sum(generations)", SAY_GENS},
};

static const struct report_field findings_fields[] = {
    {"severity", "severity", "error, warning or info"},
    {"code", "code", "what kind of finding"},
    {"schema_name", "schema_name", "where; '' when it is about the whole"},
    {"table_name", "table_name", "where"},
    {"column_name", "column_name", "where"},
    {"message", "message", "what was found, in words"},
    {"record_count", "records", "values or things it is about"},
    {"database_name", "database_name", "where"},
};

static const struct report_field write_times_fields[] = {
    {"schema_name", "t.schema_name", SAY_SCHEMA},
    {"table_name", "t.table_name", "table"},
    {"column_name", "c.column_name", "column"},
    {"version", "u.version", "key version, as in key_usage"},
    {"oldest", TIME_TEXT("u.oldest"), "oldest token time"},
    {"newest", TIME_TEXT("u.newest"), "newest token time that is not after the data"},
    {"basis", "u.basis", "as in key_usage"},
    {"database_name", "t.database_name", SAY_DATABASE},
};

static const struct report_field declared_view_fields[] = {
    {"model", "model", "module:Class as declared; '' when a table was declared"},
    {"schema_name", "schema_name", "schema it resolved to"},
    {"table_name", "table_name", "table it resolved to"},
    {"attribute", "attribute", "column as declared; the property's name in Python"},
    {"column_name", "column_name", "database column it resolved to"},
    {"resolved_by", "resolved_by", "map, source, naming-rule or table"},
};

static const struct report_field key_versions_fields[] = {
    {"version", "version", "key version of the env file, in lower case"},
    {"is_active", "version=(SELECT active_version FROM _report)", "1: the active one, else 0"},
    {"fingerprint", "fingerprint", "fingerprint of its key; '' in an unverified report"},
};

#define FROM_USAGE "_usage u JOIN _column c ON c.id=u.column_id JOIN _table t ON t.id=c.table_id "
#define FROM_CLASS "_class k JOIN _column c ON c.id=k.column_id JOIN _table t ON t.id=c.table_id "

#define FIELDS(list) (list), sizeof(list) / sizeof((list)[0])
#define TABLE(name, fields, means)                                                                 \
    {                                                                                              \
        name, RELATION_TABLE, NULL, means, FIELDS(fields), 1                                       \
    }
#define VIEW(name, fields, from, means)                                                            \
    {                                                                                              \
        name, RELATION_VIEW, from, means, FIELDS(fields), 1                                        \
    }

static const struct report_relation relations[] = {
    TABLE("_doc", doc_fields, "describes every table, view and column of this file"),
    TABLE("_report", report_fields, "one row: what is true of the whole report"),
    TABLE("_version", version_fields, "key versions of the env file"),
    TABLE("_table", table_fields, "tables, with data or without"),
    TABLE("_column", column_fields, "columns of the tables, in the order of the data"),
    TABLE("_class", class_fields, "classes of values, per column"),
    TABLE("_usage", usage_fields, "key versions, per column"),
    TABLE("_input", input_fields, "input files"),
    TABLE("_job", job_fields, "re-encryption jobs found in the data"),
    {"_spend", RELATION_TABLE, NULL, "what keys of OpenRouter cost, by day", FIELDS(spend_fields),
     2},
    TABLE("_finding", finding_fields, "what a reviewer should know"),
    TABLE("_declared", declared_fields, "the declared scope"),
    {"summary", RELATION_ITEMS, NULL, "the report in a page: one row for each item",
     FIELDS(summary_items), 1},
    VIEW("key_usage", key_usage_fields, FROM_USAGE "ORDER BY u.id",
         "key versions in use, per column"),
    VIEW("value_classes", value_classes_fields, FROM_CLASS "ORDER BY k.id",
         "what the values of declared columns, and of those with ciphertext, look like"),
    VIEW("columns", columns_fields, "_column c JOIN _table t ON t.id=c.table_id ORDER BY c.id",
         "every column of every table in the data"),
    VIEW("coverage", coverage_fields, "_table ORDER BY id",
         "every table, and whether its rows were seen"),
    VIEW("inputs", inputs_fields, "_input ORDER BY id", "input files"),
    VIEW("jobs", jobs_fields, "_job ORDER BY id", "re-encryption jobs found in the data"),
    {"spend_daily", RELATION_VIEW, "_spend ORDER BY id",
     "what each key of OpenRouter cost on each day, from its activity export",
     FIELDS(spend_daily_fields), 2},
    {"spend_monthly", RELATION_VIEW,
     "_spend GROUP BY key_name, strftime('%Y-%m',day,'unixepoch') ORDER BY min(id)",
     "the same by month", FIELDS(spend_monthly_fields), 2},
    VIEW("findings", findings_fields, "_finding ORDER BY id", "what a reviewer should know"),
    VIEW("write_times", write_times_fields, FROM_USAGE "WHERE u.newest IS NOT NULL ORDER BY u.id",
         "when values were written, from the times in their tokens"),
    VIEW("declared", declared_view_fields, "_declared ORDER BY id", "the declared scope"),
    VIEW("key_versions", key_versions_fields, "_version ORDER BY id",
         "key versions of the env file; no row when none was read"),
};

/* ---- the list as SQL ---- */

const struct report_relation *report_relations(size_t *count)
{
    *count = sizeof relations / sizeof relations[0];
    return relations;
}

const struct report_relation *report_relation(const char *name)
{
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++)
        if (strcmp(relations[i].name, name) == 0)
            return &relations[i];
    return NULL;
}

static void add_columns(struct buf *b, const struct report_relation *r, const char *separator)
{
    for (size_t i = 0; i < r->field_count; i++)
        buf_printf(b, "%s%s", i ? separator : "", r->fields[i].name);
}

static void create_table(struct buf *b, const struct report_relation *r)
{
    buf_printf(b, "CREATE TABLE %s(", r->name);
    for (size_t i = 0; i < r->field_count; i++)
        buf_printf(b, "%s%s %s", i ? ", " : "", r->fields[i].name, r->fields[i].made);
    buf_byte(b, ')');
}

static void create_view(struct buf *b, const struct report_relation *r)
{
    buf_printf(b, "CREATE VIEW %s(", r->name);
    add_columns(b, r, ", ");
    buf_text(b, ") AS SELECT ");
    for (size_t i = 0; i < r->field_count; i++)
        buf_printf(b, "%s%s", i ? ", " : "", r->fields[i].made);
    buf_printf(b, " FROM %s", r->from);
}

/* The rows of a compound SELECT come in the order it is written in. */
static void create_items(struct buf *b, const struct report_relation *r)
{
    buf_printf(b, "CREATE VIEW %s(item, value) AS ", r->name);
    for (size_t i = 0; i < r->field_count; i++)
        buf_printf(b, "%sSELECT '%s', %s", i ? " UNION ALL " : "", r->fields[i].name,
                   r->fields[i].made);
}

void report_schema_create(struct buf *b, const struct report_relation *r)
{
    switch (r->kind) {
    case RELATION_TABLE:
        create_table(b, r);
        break;
    case RELATION_VIEW:
        create_view(b, r);
        break;
    case RELATION_ITEMS:
        create_items(b, r);
        break;
    }
}

void report_schema_insert(struct buf *b, const struct report_relation *r)
{
    buf_printf(b, "INSERT INTO %s VALUES(", r->name);
    for (size_t i = 0; i < r->field_count; i++)
        buf_text(b, i ? ",?" : "?");
    buf_byte(b, ')');
}

void report_schema_select(struct buf *b, const struct report_relation *r)
{
    buf_text(b, "SELECT ");
    add_columns(b, r, ",");
    buf_printf(b, " FROM %s ORDER BY rowid", r->name);
}
