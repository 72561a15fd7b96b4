/* inspect_command: `keycensus inspect`: what an input holds, without decoding a row. */
#include "analyzer/inspect_parts.h"
#include "analyzer/sqlite_file.h"
#include "common/text.h"
#include "formats/dump/csv.h"
#include "formats/dump/json_lines.h"
#include "formats/dump/pgcopy.h"
#include "formats/dump/psql_footer.h"
#include "formats/dump/sniff.h"
#include "formats/dump/sql.h"

const struct cli_option inspect_options[] = {
    {SCAN_MAX_DECODED, "max-decoded-bytes", 0, "BYTES",
     "refuse an input that unpacks to more, all its members added up"},
    {SCAN_MAX_WINDOW, "max-window", 0, "BYTES",
     "memory that zstd and xz may use (default 134217728)"},
    {0},
};

enum { INSPECT_WINDOW = 4 * 1024 * 1024 };

static struct str kept(struct inspect *s, struct str borrowed)
{
    return arena_copy(s->cli->arena, borrowed);
}

static void count_or_nothing(struct table *t, uint64_t n)
{
    if (n == INSPECT_UNKNOWN)
        table_null(t);
    else
        table_count(t, n);
}

void inspect_table_row(struct inspect *s, const char *path, struct str database, struct str schema,
                       struct str name, uint64_t columns, uint64_t bytes, const char *note)
{
    table_text(&s->tables, str_from(path));
    table_text(&s->tables, kept(s, schema));
    table_text(&s->tables, kept(s, name));
    count_or_nothing(&s->tables, columns);
    count_or_nothing(&s->tables, bytes);
    table_text(&s->tables, str_from(note));
    table_text(&s->tables, kept(s, database));
}

static bool inspect_sql(struct inspect *s, enum dump_kind kind, struct err *err)
{
    struct sql_reader reader;
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    bool done = true;
    if (kind == DUMP_MYSQL)
        sql_open_mysql(&reader, s->window);
    else if (kind == DUMP_SQLITE_SCRIPT)
        sql_open_sqlite(&reader, s->window);
    else
        sql_open(&reader, s->window);
    while (done && sql_next(&reader, &e, err) && e.kind != SQL_EVENT_END) {
        if (e.kind == SQL_EVENT_COPY || e.kind == SQL_EVENT_INSERT) {
            struct str database = kept(s, e.database);
            struct str schema = kept(s, e.schema);
            struct str name = kept(s, e.name);
            size_t columns = e.column_count;
            uint64_t from = s->window->offset;
            done = sql_skip_rows(&reader, err);
            inspect_table_row(s, s->text->path, database, schema, name, columns,
                              s->window->offset - from, "");
        } else if (e.kind == SQL_EVENT_UNREAD) {
            inspect_table_row(s, s->text->path, e.database, e.schema, e.name, 0, 0,
                              arena_printf(s->cli->arena, "%llu x %s: not read in this version",
                                           (unsigned long long)e.count,
                                           text_shown(s->cli->arena, e.what)));
        }
    }
    if (!err_is(err) && e.kind == SQL_EVENT_END && e.end.truncated)
        err_set(err, ERR_INCOMPLETE, 432, "%s: the dump has its %s: it was cut off", s->text->path,
                e.end.in_transaction ? "BEGIN or LOCK and not its COMMIT or UNLOCK"
                                     : "header and not its trailer");
    sql_close(&reader);
    return !err_is(err);
}

static bool inspect_table(struct inspect *s, struct err *err)
{
    struct csv_options options = {0};
    struct csv_dialect dialect;
    struct csv_columns columns;
    if (!csv_sniff(window_rest(s->window), &options, &dialect, err) ||
        !csv_header(s->window, &dialect, s->cli->arena, &columns, err))
        return false;
    uint64_t from = s->window->offset;
    (void)window_skip_all(s->window, err);
    struct input_table named = input_table(s->text->name);
    inspect_table_row(s, s->text->path, STR(""), named.schema, named.table, columns.count,
                      s->window->offset - from,
                      columns.header == CSV_HEADER_YES ? "header" : "no header");
    return !err_is(err);
}

static bool inspect_csv(struct inspect *s, struct err *err)
{
    struct psql_footer footer;
    psql_footer_open(&footer, s->window);
    bool done = inspect_table(s, err);
    psql_footer_close(&footer, s->window);
    return done;
}

static bool inspect_pgcopy(struct inspect *s, struct err *err)
{
    struct pgcopy copy;
    if (!pgcopy_open(&copy, s->window, err))
        return false;
    uint64_t from = s->window->offset;
    bool done = window_skip_all(s->window, err);
    struct input_table named = input_table(s->text->name);
    inspect_table_row(s, s->text->path, STR(""), named.schema, named.table, copy.columns,
                      s->window->offset - from, "no header");
    return done;
}

/* Which tables there are; how large each is, the file does not tell. */
static bool inspect_sqlite(struct inspect *s, struct err *err)
{
    struct sqlite_file f;
    static const char *const notes[] = {[SQLITE_TABLE] = "", [SQLITE_VIRTUAL] = "virtual table"};
    struct str head = window_rest(s->window);
    if (sqlite_is_report(head, err))
        return false;
    bool done = sqlite_open(&f, s->input->path, head, s->cli->arena, err) &&
                window_skip_all(s->window, err) && sqlite_tables(&f, err);
    for (size_t i = 0; done && i < f.table_count; i++) {
        const struct sqlite_table *t = &f.tables[i];
        if (t->kind != SQLITE_VIEW)
            inspect_table_row(s, s->text->path, STR(""), STR(""), t->name,
                              t->kind == SQLITE_TABLE ? t->column_count : INSPECT_UNKNOWN,
                              INSPECT_UNKNOWN, notes[t->kind]);
    }
    sqlite_close(&f);
    return done;
}

/* Every line is gone over: only all of them together tell the columns. */
static bool inspect_json(struct inspect *s, struct err *err)
{
    struct json_lines *lines = ARENA_NEW(s->cli->arena, struct json_lines);
    uint64_t from = s->window->offset;
    enum json_lines_next next = JSON_LINES_ROWS;
    json_lines_open(lines, s->window, s->cli->arena);
    while (next != JSON_LINES_END && next != JSON_LINES_FAILED)
        next = json_lines_next(lines, err);
    struct input_table named = input_table(s->text->name);
    inspect_table_row(s, s->text->path, STR(""), named.schema, named.table, lines->key_count,
                      s->window->offset - from, "");
    return next == JSON_LINES_END;
}

/* What is not read is passed over to its end, so that its size and its checksum are known. */
static void read_kind(struct inspect *s, enum dump_kind kind, struct err *err)
{
    if (kind == DUMP_PLAIN_SQL || kind == DUMP_MYSQL || kind == DUMP_SQLITE_SCRIPT) {
        (void)inspect_sql(s, kind, err);
        return;
    }
    if (kind == DUMP_CSV) {
        (void)inspect_csv(s, err);
        return;
    }
    if (kind == DUMP_SQLITE && input_is_plain(s->input, s->text)) {
        (void)inspect_sqlite(s, err);
        return;
    }
    if (kind == DUMP_JSON_LINES) {
        (void)inspect_json(s, err);
        return;
    }
    if (kind == DUMP_BINARY_COPY) {
        (void)inspect_pgcopy(s, err);
        return;
    }
    if (kind == DUMP_PG_CUSTOM) {
        (void)inspect_archive(s, err);
        return;
    }
    (void)window_skip_all(s->window, err);
}

/* The first of them is the command's error, as it is that of a scan: an input, or a member of it.
 */
static void note_unread(struct inspect *s, const struct err *why)
{
    if (err_is(&s->unread))
        return;
    s->unread = *why;
    if (s->text->member)
        s->unread.kind = ERR_INCOMPLETE;
    err_context(&s->unread, "%s", s->text->path);
}

static void text_row(struct inspect *s, const char *kind, uint64_t decoded, bool read,
                     const char *note)
{
    const struct input_text *text = s->text;
    table_text(&s->texts, str_from(text->path));
    table_text(&s->texts, str_from(arena_printf(s->cli->arena, "%s%s%s", text->packing,
                                                *text->packing ? "+" : "", kind)));
    table_count(&s->texts, text->size);
    count_or_nothing(&s->texts, decoded);
    table_boolean(&s->texts, read);
    table_text(&s->texts, kept(s, str_from(note)));
}

static bool visit(void *context, struct input_text *text, struct err *err)
{
    struct inspect *s = context;
    struct window w;
    s->text = text;
    s->window = &w;
    if (text->claimed) {
        inspect_claimed(s, text);
        text_row(s, "pg-archive-data", INSPECT_UNKNOWN, true, "");
        return true;
    }
    if (!window_open(&w, text->source, INSPECT_WINDOW, err))
        return false;
    w.name = text->path;
    while (window_rest(&w).len < SNIFF_HEAD && window_more(&w, err))
        ;
    enum dump_kind kind = dump_sniff(window_rest(&w));
    if (!err_is(err))
        read_kind(s, kind, err);
    bool done = !err_is(err);
    struct err why = {0};
    bool read = (kind == DUMP_SQLITE && input_is_plain(s->input, text)) || dump_accept(kind, &why);
    if (done && !read)
        note_unread(s, &why);
    text_row(s, dump_kind_name(kind), kind == DUMP_PG_CUSTOM ? INSPECT_UNKNOWN : w.offset, read,
             why.text);
    window_close(&w);
    return done;
}

static void headings(struct inspect *s)
{
    static const char *const texts[] = {"path", "kind", "bytes", "decoded_bytes",
                                        "read", "note", NULL};
    static const char *const tables[] = {"path",  "schema_name", "table_name",    "columns",
                                         "bytes", "note",        "database_name", NULL};
    s->texts.arena = s->tables.arena = s->cli->arena;
    for (const char *const *h = texts; *h; h++)
        table_heading(&s->texts, *h);
    for (const char *const *h = tables; *h; h++)
        table_heading(&s->tables, *h);
}

static void print(struct inspect *s)
{
    struct buf *out = &s->cli->out;
    if (s->cli->format == TABLE_JSON) {
        buf_text(out, "{\"inputs\":");
        table_write(out, &s->texts, TABLE_JSON);
        buf_text(out, ",\"tables\":");
        table_write(out, &s->tables, TABLE_JSON);
        buf_text(out, "}\n");
        return;
    }
    if (s->cli->format == TABLE_TEXT) {
        table_write(out, &s->texts, TABLE_TEXT);
        buf_byte(out, '\n');
    }
    table_write(out, &s->tables, s->cli->format);
}

bool command_inspect(struct cli *cli, struct err *err)
{
    struct inspect s = {.cli = cli};
    struct input_limits limits = {.max_window = stream_limits_default().max_window};
    if (!cli_number(cli, SCAN_MAX_DECODED, 1, INT64_MAX, &limits.max_decoded_bytes, err) ||
        !cli_number(cli, SCAN_MAX_WINDOW, 1024, UINT64_C(1) << 32, &limits.max_window, err))
        return false;
    headings(&s);
    commands_give_up_rights(cli);
    bool done = true;
    for (size_t i = 0; done && i < cli->argument_count; i++) {
        struct input in;
        done = input_open(&in, cli->arguments[i], &limits, cli->arena, err);
        in.claim = inspect_claim;
        in.context = &s;
        s.input = &in;
        done = done && input_walk(&in, visit, err);
        inspect_folders_end(&s);
        input_close(&in);
    }
    if (done && err_is(&s.unread)) {
        *err = s.unread;
        done = false;
    }
    if (done || cli->format != TABLE_JSON)
        print(&s);
    return done;
}
