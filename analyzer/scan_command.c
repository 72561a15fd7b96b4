/* scan_command: `keycensus scan`: options, declared scope, the run, the report. */
#include "analyzer/analyze.h"
#include "analyzer/commands.h"
#include "analyzer/model.h"
#include "analyzer/scan_keys.h"
#include "common/progress.h"
#include "common/report.h"
#include "common/sys.h"
#include "common/text.h"

#include <stdio.h>

const struct cli_option scan_options[] = {
    {SCAN_MODEL, "model", 0, "M:Class", "declare a model; --column after it names its columns"},
    {SCAN_TABLE, "table", 0, "[SCHEMA.]TABLE", "declare a table"},
    {SCAN_COLUMN, "column", 0, "NAME",
     "declare an encrypted column of the model or table before it"},
    {SCAN_MAP, "map", 0, "FILE", "which tables and columns models and attributes have"},
    {SCAN_SOURCE, "source", 0, "DIR",
     "the application's Python source, to find that out (never run)"},
    {SCAN_ENV_FILE, "env-file", 0, "FILE", "read version names and the active version from it"},
    {SCAN_KEYRING, "keyring", 0, "KIND[:VARIABLES]",
     "how keys stand in it: named (the default), or in a row: laravel, prisma, "
     "multifernet:VARIABLE, magento"},
    {SCAN_CONFIG, "config", 0, "FILE",
     "the same from a configuration of Flask's (Python, JSON, YAML), a Kubernetes Secret, a "
     "Compose file or Magento's env.php"},
    {SCAN_EXCLUDE_TABLE, "exclude-table", 0, "[SCHEMA.]TABLE",
     "do not read a table; the report says so"},
    {SCAN_DUMP_TIME, "dump-time", 0, "YYYY-MM-DDTHH:MM:SSZ",
     "when the data is from, where the dump does not say; needed for standard input"},
    {SCAN_THREADS, "threads", 0, "N", "default: as many as there are processors"},
    {SCAN_BLOCK_SIZE, "block-size", 0, "BYTES", "how much is scanned at once (default 262144)"},
    {SCAN_MAX_DECODED, "max-decoded-bytes", 0, "BYTES",
     "refuse an input that unpacks to more, all its members added up"},
    {SCAN_MAX_WINDOW, "max-window", 0, "BYTES",
     "memory that zstd and xz may use (default 134217728)"},
    {SCAN_DELIMITER, "delimiter", 0, "CHAR",
     "of CSV: one byte, or tab, comma, semicolon, pipe, colon, space"},
    {SCAN_QUOTE, "quote", 0, "CHAR", "of CSV: one byte, or none, double, single"},
    {SCAN_ESCAPE, "escape", 0, "CHAR", "of CSV: one byte, or none, double, backslash"},
    {SCAN_NULL, "null", 0, "TEXT", "the unquoted text that stands for NULL in CSV"},
    {SCAN_HEADER, "header", 0, "yes|no|auto", "whether the first CSV record names the columns"},
    {SCAN_TABLE_FROM_PATH, "table-from-path", 0, NULL, "a CSV's table is the name of its folder"},
    {SCAN_VERIFY, "verify", 0, NULL,
     "prove every value by its MAC, with the keys of --env-file or --config"},
    {SCAN_VERIFY_KEYS, "verify-keys", 0, "FILE",
     "prove every value by its MAC, with a file of keyretire verification-keys: nothing on this "
     "host can decrypt then"},
    {SCAN_KDF_ITERATIONS, "kdf-iterations", 0, "N",
     "of the application's key derivation, for --verify (default 100000)"},
    {SCAN_ENVELOPE, "envelope", 0, "TABLE.COLUMN=NAME",
     "which form of ciphertext a column holds (names: selftest); or text:prefix{id}sep"},
    {SCAN_SHA256, "sha256", 0, NULL,
     "digest the inputs with SHA-256, which nobody can forge, in place of XXH3-128"},
    {0},
};
const int scan_reserved[] = {0};

struct scan {
    struct cli *cli;
    struct report report;
    struct analyze_options options;
    struct model_index *models;
    struct scan_keys keys;
    struct progress progress;
};

/* schema.table, parted at the first dot; or with "quotes" as in a map. */
static struct scope_table parse_table(struct arena *a, const char *text)
{
    struct scope_table t = {STR(""), STR("")};
    struct str whole = str_from(text);
    if (str_find(whole, '"') < whole.len && model_table_name(a, whole, &t.schema, &t.table))
        return t;
    if (!str_cut(whole, '.', &t.schema, &t.table))
        t = (struct scope_table){STR(""), whole};
    return t;
}

static bool declare_model(struct scan *s, const char *spec, struct err *err)
{
    struct model_table t;
    if (!model_resolve(s->models, str_from(spec), &t, err))
        return false;
    struct report_declared *d = report_add_declared(&s->report);
    d->model = t.spec;
    d->schema = t.schema;
    d->table = t.table;
    d->resolved_by = str_from(model_how_name(t.how));
    cli_detail(s->cli, "model %s is table %s%s%s, by %s", text_shown(s->cli->arena, t.spec),
               text_shown(s->cli->arena, t.schema), t.schema.len ? "." : "",
               text_shown(s->cli->arena, t.table), model_how_name(t.how));
    return true;
}

static bool declare_table(struct scan *s, const char *text, struct err *err)
{
    struct scope_table t = parse_table(s->cli->arena, text);
    if (t.table.len == 0) {
        err_set(err, ERR_USAGE, 433, "--table takes [schema.]table");
        return false;
    }
    struct report_declared *d = report_add_declared(&s->report);
    d->schema = t.schema;
    d->table = t.table;
    d->resolved_by = STR("table");
    return true;
}

/* A column joins the pair before it, or opens another pair of the same table. */
static bool declare_column(struct scan *s, const char *text, struct err *err)
{
    struct report *r = &s->report;
    struct model_column c = {.column = str_from(text)};
    if (r->declared_count == 0) {
        err_set(err, ERR_USAGE, 434, "--column stands before any --model or --table");
        err_hint(err, "--column belongs to the nearest --model or --table before it");
        return false;
    }
    struct report_declared last = r->declared[r->declared_count - 1];
    if (last.model.len && !model_column(s->models, last.model, str_from(text), &c, err))
        return false;
    struct report_declared *d = &r->declared[r->declared_count - 1];
    if (last.column.len)
        d = report_add_declared(r);
    *d = last;
    d->attribute = str_from(text);
    d->column = c.column;
    return true;
}

static bool declare_scope(struct scan *s, struct err *err)
{
    const struct cli *cli = s->cli;
    s->models = model_index_new(cli->arena);
    for (size_t i = 0; i < cli->given_count; i++) {
        if (cli->given[i].option->id == SCAN_MAP &&
            !model_index_map(s->models, cli->given[i].value, err))
            return false;
        if (cli->given[i].option->id == SCAN_SOURCE &&
            !model_index_source(s->models, cli->given[i].value, err))
            return false;
    }
    for (size_t i = 0; i < cli->given_count; i++) {
        const char *value = cli->given[i].value;
        bool done = true;
        if (cli->given[i].option->id == SCAN_MODEL)
            done = declare_model(s, value, err);
        else if (cli->given[i].option->id == SCAN_TABLE)
            done = declare_table(s, value, err);
        else if (cli->given[i].option->id == SCAN_COLUMN)
            done = declare_column(s, value, err);
        if (!done)
            return false;
    }
    return true;
}

static void take_excluded(struct scan *s)
{
    const struct cli *cli = s->cli;
    struct scope_table *list = ARENA_ARRAY(cli->arena, cli->given_count, struct scope_table);
    for (size_t i = 0; i < cli->given_count; i++)
        if (cli->given[i].option->id == SCAN_EXCLUDE_TABLE)
            list[s->options.excluded_count++] = parse_table(cli->arena, cli->given[i].value);
    s->options.excluded = list;
}

static bool take_envelopes(struct scan *s, struct err *err)
{
    envelope_options_open(&s->options.envelopes, s->cli->arena);
    for (size_t i = 0; i < s->cli->given_count; i++)
        if (s->cli->given[i].option->id == SCAN_ENVELOPE &&
            !envelope_options_add(&s->options.envelopes, &s->report,
                                  str_from(s->cli->given[i].value), err))
            return false;
    return true;
}

/* What is declared must be read (S3). */
static bool check_scope(const struct scan *s, struct err *err)
{
    for (size_t i = 0; i < s->report.declared_count; i++) {
        const struct report_declared *d = &s->report.declared[i];
        for (size_t k = 0; k < s->options.excluded_count; k++) {
            const struct scope_table *e = &s->options.excluded[k];
            if (!str_eq(d->table, e->table) || (e->schema.len && !str_eq(d->schema, e->schema)))
                continue;
            err_set(err, ERR_USAGE, 439, "table %s is declared and excluded",
                    text_shown(s->cli->arena, d->table));
            err_hint(err, "leave out --exclude-table, or the --table or --model that means it");
            return false;
        }
    }
    return true;
}

static bool take_csv(struct scan *s, struct err *err)
{
    static const struct {
        int option;
        enum csv_option_name name;
    } parts[] = {{SCAN_DELIMITER, CSV_OPTION_DELIMITER},
                 {SCAN_QUOTE, CSV_OPTION_QUOTE},
                 {SCAN_ESCAPE, CSV_OPTION_ESCAPE},
                 {SCAN_NULL, CSV_OPTION_NULL},
                 {SCAN_HEADER, CSV_OPTION_HEADER}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *value = cli_value(s->cli, parts[i].option);
        if (value && !csv_option(&s->options.csv, parts[i].name, str_from(value), err))
            return false;
    }
    s->options.table_from_path = cli_flag(s->cli, SCAN_TABLE_FROM_PATH);
    return true;
}

static bool take_dump_time(struct scan *s, struct err *err)
{
    const char *text = cli_value(s->cli, SCAN_DUMP_TIME);
    s->options.dump_time = UTC_NONE;
    if (text && !utc_parse(str_from(text), &s->options.dump_time)) {
        err_set(err, ERR_USAGE, 435, "--dump-time takes a time like 2026-05-01T10:00:00Z");
        return false;
    }
    bool standard_input = false;
    for (size_t i = 0; i < s->cli->argument_count; i++)
        standard_input |= strcmp(s->cli->arguments[i], "-") == 0;
    if (standard_input && !text) {
        err_set(err, ERR_USAGE, 436, "standard input has no time of its own");
        err_hint(err, "say when the data is from: --dump-time 2026-05-01T10:00:00Z");
        return false;
    }
    return true;
}

static bool take_numbers(struct scan *s, struct err *err)
{
    uint64_t threads = 0;
    uint64_t block = 0;
    s->options.limits.max_window = stream_limits_default().max_window;
    if (!cli_number(s->cli, SCAN_THREADS, 1, 256, &threads, err) ||
        !cli_number(s->cli, SCAN_BLOCK_SIZE, 1, 256u << 20, &block, err) ||
        !cli_number(s->cli, SCAN_MAX_DECODED, 1, INT64_MAX, &s->options.limits.max_decoded_bytes,
                    err) ||
        !cli_number(s->cli, SCAN_MAX_WINDOW, 1024, UINT64_C(1) << 32, &s->options.limits.max_window,
                    err))
        return false;
    if (cli_flag(s->cli, SCAN_SHA256))
        s->options.limits.digest = METER_SHA256;
    s->options.threads = (unsigned)threads;
    s->options.block_size = (size_t)block;
    return true;
}

static bool watch(void *context, uint64_t bytes, uint64_t records, struct err *err)
{
    struct scan *s = context;
    if (cli_stop_signal) {
        err_set(err, ERR_SIGNAL + cli_stop_signal, 437, "stopped by signal %d; no report was made",
                (int)cli_stop_signal);
        return false;
    }
    progress_tick(&s->progress, bytes, records);
    return true;
}

static uint64_t total_size(const struct scan *s)
{
    uint64_t total = 0;
    for (size_t i = 0; i < s->options.input_count; i++) {
        struct stat st;
        if (strcmp(s->options.inputs[i], "-") == 0 ||
            sys->fstatat(AT_FDCWD, s->options.inputs[i], &st, 0) != 0 || !S_ISREG(st.st_mode))
            return 0;
        total += (uint64_t)st.st_size;
    }
    return total;
}

static bool is_skipped(const struct report_table *t, const struct scope_table *excluded)
{
    struct table_name name = {t->database, t->schema, t->name};
    return t->state == COVERAGE_SKIPPED && scope_names(excluded->schema, excluded->table, name);
}

static void say_problems(struct scan *s, const struct analyze_outcome *outcome)
{
    for (size_t i = 0; i < outcome->problem_count; i++)
        cli_print_error(s->cli, &outcome->problems[i]);
    for (size_t i = 0; i < s->options.excluded_count; i++) {
        const struct scope_table *e = &s->options.excluded[i];
        bool met = false;
        for (size_t t = 0; t < s->report.table_count; t++)
            met |= is_skipped(&s->report.tables[t], e);
        if (!met)
            cli_warn(s->cli, "--exclude-table %s%s%s: no such table in the input",
                     text_shown(s->cli->arena, e->schema), e->schema.len ? "." : "",
                     text_shown(s->cli->arena, e->table));
    }
}

static size_t ciphertext_columns(const struct report *r)
{
    size_t n = 0;
    for (size_t t = 0; t < r->table_count; t++)
        for (size_t c = 0; c < r->tables[t].column_count; c++)
            n += r->tables[t].columns[c].usage_count > 0;
    return n;
}

static void summarise(struct scan *s, const char *path)
{
    struct buf *out = &s->cli->out;
    const struct report *r = &s->report;
    char rows[32];
    const char *status = r->complete ? "complete" : "incomplete";
    size_t columns = ciphertext_columns(r);
    if (s->cli->quiet)
        return;
    if (s->cli->format == TABLE_JSON) {
        buf_text(out, "{\"report\":");
        text_json(out, str_from(path));
        buf_printf(out,
                   ",\"status\":\"%s\",\"partial\":%s,\"rows\":%llu,\"tables\":%zu,"
                   "\"ciphertext_columns\":%zu,\"findings\":%zu,\"content_digest\":\"%.*s\"}\n",
                   status, r->partial ? "true" : "false", (unsigned long long)r->rows,
                   r->table_count, columns, r->finding_count, STR_ARG(r->content_digest));
        return;
    }
    buf_printf(out,
               "%s: %s%s, %s row%s in %zu table%s, ciphertext in %zu column%s, %zu finding%s\n",
               path, status, r->partial ? ", partial coverage" : "", text_count(r->rows, rows),
               text_plural(r->rows), r->table_count, text_plural(r->table_count), columns,
               text_plural(columns), r->finding_count, text_plural(r->finding_count));
    buf_printf(out, "next: keycensus show %s\n", path);
}

static bool run_scan(struct scan *s, struct err *err)
{
    struct analyze_outcome outcome;
    commands_give_up_rights(s->cli);
    s->options.proof = s->keys.proving ? &s->keys.proof : NULL;
    s->options.watch = watch;
    s->options.watch_context = s;
    progress_open(&s->progress, s->cli, "scan", total_size(s));
    bool done = analyze(&s->options, &s->report, &outcome, err);
    progress_close(&s->progress);
    if (!done)
        return false;
    say_problems(s, &outcome);
    s->report.program_version = STR(KEYRETIRE_VERSION);
    s->report.created = sys->now();
    if (!report_seal(&s->report, err) ||
        !report_write(s->cli->output, &s->report, s->cli->existing, err))
        return false;
    summarise(s, s->cli->output);
    s->cli->status = outcome.status;
    return true;
}

bool command_scan(struct cli *cli, struct err *err)
{
    struct scan s = {.cli = cli, .report = {.arena = cli->arena}};
    if (!cli->output) {
        err_set(err, ERR_USAGE, 438, "scan needs a report to write");
        err_hint(err, "keycensus scan INPUT -o report.db");
        return false;
    }
    s.options.inputs = cli->arguments;
    s.options.input_count = cli->argument_count;
    take_excluded(&s);
    bool done = take_numbers(&s, err) && take_csv(&s, err) && take_dump_time(&s, err) &&
                report_check_target(cli->output, cli->existing, err) && declare_scope(&s, err) &&
                take_envelopes(&s, err) && check_scope(&s, err) &&
                scan_keys_read(cli, &s.report, &s.keys, err) && run_scan(&s, err);
    scan_keys_free(&s.keys);
    return done;
}
