/* analyze: inputs -> texts -> rows -> report. Read from analyze() at the bottom upwards. */
#include "analyzer/analysis.h"
#include "analyzer/columns.h"
#include "common/text.h"
#include "formats/dump/sniff.h"

int64_t analysis_data_time(const struct analysis *a)
{
    if (a->header_time != UTC_NONE)
        return a->header_time;
    return a->options->dump_time != UTC_NONE ? a->options->dump_time : a->input->mtime;
}

/* Tokens dated later than this are of no use (S9). */
static int64_t latest_time(const struct analysis *a)
{
    return a->header_time != UTC_NONE ? a->header_latest : analysis_data_time(a);
}

/* The input is as old as the oldest of what it holds; an unknown time may be older than any. */
static void note_time(struct analysis *a)
{
    int64_t time = analysis_data_time(a);
    if (a->data_time_source && time >= a->data_time)
        return;
    a->data_time = time;
    a->data_time_source = a->header_time != UTC_NONE          ? "header"
                          : a->options->dump_time != UTC_NONE ? "option"
                          : a->input->mtime != UTC_NONE       ? "mtime"
                                                              : "";
}

void analysis_dump_began(struct analysis *a, int64_t earliest, int64_t latest)
{
    if (a->header_time != UTC_NONE) /* one dump behind another */
        note_time(a);
    a->header_time = earliest;
    a->header_latest = latest;
}

void analysis_problem(struct analysis *a, struct err *problem)
{
    struct analyze_outcome *o = a->outcome;
    a->report->complete = false;
    a->incomplete = a->text_incomplete = true;
    if (o->status != ERR_CORRUPT)
        o->status = problem->kind;
    if (o->problem_count < PROBLEMS_MAX) {
        o->problems =
            arena_grow(a->arena, o->problems, o->problem_count, &o->problem_room, sizeof *problem);
        o->problems[o->problem_count++] = *problem;
    }
    *problem = (struct err){0};
}

void analysis_unread(struct analysis *a, const struct catalogue_entry *entry, const char *message,
                     uint64_t count)
{
    const struct report_table *t = entry ? catalogue_report(&a->catalogue, entry) : NULL;
    struct report_finding *f =
        report_add_finding(a->report, SEVERITY_ERROR, STR("unread"), t, STR(""));
    f->message = str_from(message);
    f->record_count = count;
    struct err problem = {0};
    err_set(&problem, ERR_INCOMPLETE, 430, "%s: %s", a->text->path, message);
    err_hint(&problem, "the report is marked incomplete; keyretire plans nothing from it");
    a->text_note = message;
    analysis_problem(a, &problem);
}

struct table_rows *analysis_rows(struct analysis *a, struct catalogue_entry *entry,
                                 enum scan_format format, const struct csv_dialect *dialect,
                                 struct str *columns, size_t count, const char *place,
                                 struct err *err)
{
    struct table_rows *rows = ARENA_NEW(a->arena, struct table_rows);
    const struct report_table *t = catalogue_report(&a->catalogue, entry);
    const bool *declared = NULL;
    struct table_name name = {t->database, t->schema, t->name};
    if (!scope_match(&a->scope, name, columns, count, place, &declared, err))
        return NULL;
    rows->entry = entry;
    rows->columns = columns;
    rows->place = place;
    rows->layout = (struct scan_layout){
        .format = format,
        .dialect = dialect,
        .columns = count,
        .declared = declared,
        .reading = {.known = &a->known, .simd = simd_best(), .time_limit = latest_time(a)},
    };
    if (rows->layout.reading.time_limit == UTC_NONE)
        rows->layout.reading.time_limit = INT64_MAX;
    scan_layout_seal(&rows->layout);
    rows->scan = pool_table(a->pool, &rows->layout);
    rows->next = a->rows;
    a->rows = rows;
    catalogue_rows(&a->catalogue, entry);
    return rows;
}

static struct report_column *find_column(struct report *r, struct report_table *t, struct str name)
{
    for (size_t i = 0; i < t->column_count; i++)
        if (str_eq(t->columns[i].name, name))
            return &t->columns[i];
    return report_add_column(r, t, name);
}

static void report_ragged(struct analysis *a, const struct table_rows *rows)
{
    const struct tally *t = &rows->scan->total;
    if (t->ragged == 0)
        return;
    const char *message = arena_printf(
        a->arena,
        "%llu records with another number of fields than the %zu columns; the first is record %llu",
        (unsigned long long)t->ragged, rows->layout.columns,
        (unsigned long long)rows->scan->ragged_record);
    analysis_unread(a, rows->entry, message, t->ragged);
}

static void report_leaks(struct analysis *a, const struct table_rows *rows, size_t column)
{
    uint64_t leaks = tally_leaks(&rows->scan->total, column);
    if (leaks == 0)
        return;
    struct report_finding *f =
        report_add_finding(a->report, SEVERITY_ERROR, STR("plaintext-leak"),
                           catalogue_report(&a->catalogue, rows->entry), rows->columns[column]);
    f->message = STR("text that starts with v and holds a colon, which the application took for "
                     "already encrypted and stored as it was");
    f->record_count = leaks;
}

void analysis_fold(struct analysis *a)
{
    pool_drain(a->pool);
    for (struct table_rows *rows = a->rows; rows; rows = rows->next) {
        struct report_table *t = catalogue_report(&a->catalogue, rows->entry);
        t->records += rows->scan->total.records;
        a->records += rows->scan->total.records;
        for (size_t i = 0; i < rows->layout.columns; i++) {
            struct report_column found = {0};
            tally_report(&rows->scan->total, i, a->arena, &found);
            column_merge(a->arena, find_column(a->report, t, rows->columns[i]), &found, &a->known);
            report_leaks(a, rows, i);
        }
        report_ragged(a, rows);
    }
    a->rows = NULL;
}

/* Kinds that are recognised and not read: a whole input is refused, a member marks the report. */
static bool refuse_kind(struct analysis *a, enum dump_kind kind, struct err *err)
{
    struct err why = {0};
    (void)dump_accept(kind, &why);
    err_context(&why, "%s", a->text->path);
    if (!a->text->member || kind == DUMP_PG_CUSTOM) {
        a->refused = true;
        *err = why;
        return false;
    }
    struct report_finding *f =
        report_add_finding(a->report, SEVERITY_ERROR, STR("unread"), NULL, STR(""));
    f->message = arena_copy(a->arena, str_from(why.text));
    f->record_count = 1;
    a->text_note = (const char *)arena_text(a->arena, f->message);
    why.kind = ERR_INCOMPLETE;
    analysis_problem(a, &why);
    return true;
}

static bool read_text(struct analysis *a, struct window *w, const char **kind_name, struct err *err)
{
    while (window_rest(w).len < SNIFF_HEAD && window_more(w, err))
        ;
    if (w->state == PULL_FAILED && window_rest(w).len == 0)
        return false;
    struct err later = *err; /* what is readable before the damage is still read */
    *err = (struct err){0};
    enum dump_kind kind = dump_sniff(window_rest(w));
    *kind_name = dump_kind_name(kind);
    bool done = false;
    if (kind == DUMP_PLAIN_SQL)
        done = analyze_sql(a, err);
    else if (kind == DUMP_CSV)
        done = analyze_csv(a, err);
    else
        done = refuse_kind(a, kind, err);
    if (err_is(&later) && (!err_is(err) || err->kind == ERR_INCOMPLETE)) {
        *err = later;
        done = false;
    }
    return done;
}

static struct str kind_text(struct analysis *a, const char *packing, const char *kind)
{
    return str_from(arena_printf(a->arena, "%s%s%s", packing, *packing ? "+" : "", kind));
}

static bool is_damage(const struct err *err)
{
    return err->kind == ERR_INCOMPLETE || err->kind == ERR_CORRUPT;
}

/* '' when it was not read to the end. */
static struct str digest_text(struct analysis *a, const struct meter *m)
{
    return m->digest[0] ? str_from(arena_printf(a->arena, "xxh3-128:%s", m->digest)) : STR("");
}

/* One row of `inputs`, for a file or a member of a container. */
static struct report_input *add_input(struct analysis *a, const char *path, struct str kind)
{
    struct report_input *in = report_add_input(a->report);
    in->path = arena_copy(a->arena, str_from(path));
    in->kind = kind;
    in->data_time = UTC_NONE;
    return in;
}

static void finish_text(struct analysis *a, const char *kind, uint64_t decoded, uint64_t records)
{
    a->decoded_bytes += decoded;
    if (!a->text->member) {
        a->input->packing = arena_text(a->arena, kind_text(a, a->text->packing, kind));
        return;
    }
    struct report_input *in = add_input(a, a->text->path, kind_text(a, a->text->packing, kind));
    in->bytes = a->text->stored->bytes;
    in->digest = digest_text(a, a->text->stored);
    in->decoded_bytes = decoded;
    in->records = records;
    in->complete = !a->text_incomplete;
    in->note = a->text_note ? str_from(a->text_note) : STR("");
    in->server_version = a->server_version;
}

/* Puts the path before a text that does not begin with it. */
static void name_once(struct err *err, const char *path)
{
    size_t len = strlen(path);
    if (strncmp(err->text, path, len) != 0 || err->text[len] != ':')
        err_context(err, "%s", path);
}

static void keep_damage(struct analysis *a, struct err *why)
{
    struct report_finding *f =
        report_add_finding(a->report, SEVERITY_ERROR, STR("incomplete"), NULL, STR(""));
    f->message = arena_copy(a->arena, str_from(why->text));
    f->record_count = 1;
    analysis_problem(a, why);
}

/* A container that fails inside a member fails again, in the same words, where the next is due. */
static bool is_known(const struct analysis *a, const struct err *why)
{
    const struct analyze_outcome *o = a->outcome;
    return a->incomplete && o->problem_count > 0 &&
           str_ends(str_from(o->problems[o->problem_count - 1].text), str_from(why->text));
}

static bool visit_text(void *context, struct input_text *text, struct err *err)
{
    struct analysis *a = context;
    struct window w;
    const char *kind = "unknown";
    uint64_t records_before = a->records;
    a->text = text;
    a->texts++;
    a->window = &w;
    a->database = STR("");
    a->header_time = UTC_NONE;
    a->text_incomplete = false;
    a->text_note = NULL;
    if (!window_open(&w, text->source, TEXT_WINDOW, err))
        return false;
    w.name = text->path;
    if (a->options->block_size && a->options->block_size < w.piece)
        w.piece = a->options->block_size;
    bool done = read_text(a, &w, &kind, err);
    analysis_fold(a);
    catalogue_end_text(&a->catalogue);
    note_time(a);
    if (!done && is_damage(err) && !a->refused) {
        name_once(err, text->path);
        a->text_note = arena_text(a->arena, arena_copy(a->arena, str_from(err->text)));
        a->text_incomplete = true;
        if (text->member) { /* those behind it may be sound */
            keep_damage(a, err);
            done = true;
        }
    }
    finish_text(a, kind, w.offset, a->records - records_before);
    window_close(&w);
    a->text = NULL;
    return done;
}

static void note_data_time(struct analysis *a, struct report_input *in)
{
    struct report *r = a->report;
    if (!a->data_time_source) /* nothing in it could be read */
        note_time(a);
    in->data_time = a->data_time;
    in->data_time_source = str_from(a->data_time_source);
    if (!a->timed || in->data_time < r->data_time) {
        r->data_time = in->data_time;
        r->data_time_source = in->data_time_source;
    }
    a->timed = true;
}

static bool watch_input(void *context, struct err *err)
{
    struct analysis *a = context;
    if (!a->options->watch)
        return true;
    struct pool_progress p = pool_progress(a->pool);
    return a->options->watch(a->options->watch_context, a->bytes_before + a->input->stored.bytes,
                             p.records, err);
}

/* What a link points to was not packed; nothing says that another member is it (S1). */
static void note_link(struct analysis *a, const char *link)
{
    struct err problem = {0};
    err_set(&problem, ERR_INCOMPLETE, 430, "%s: a symbolic link, which holds no data", link);
    err_hint(&problem, "pack the file that it points to, as tar -h does, or leave the link out");
    keep_damage(a, &problem);
}

static bool analyze_input(struct analysis *a, const char *path, struct err *err)
{
    struct input in;
    if (!input_open(&in, path, &a->options->limits, a->arena, err))
        return false;
    a->input = &in;
    a->header_time = UTC_NONE;
    a->data_time_source = NULL;
    a->server_version = STR("");
    a->decoded_bytes = a->records = a->texts = 0;
    a->incomplete = false;
    struct str note = STR("");
    in.bottom = source_watched(in.bottom, watch_input, a, err);
    bool done = in.bottom && input_walk(&in, visit_text, a, err);
    if (done && in.container && a->texts == 0) {
        err_set(err, ERR_CORRUPT, 301, "%s: the archive holds no file with data", in.path);
        a->refused = true;
        done = false;
    }
    if (in.link && !a->refused)
        note_link(a, in.link);
    if (!done && is_damage(err) && !a->refused) {
        bool known = is_known(a, err);
        name_once(err, in.path);
        note = arena_copy(a->arena, str_from(err->text));
        if (known)
            *err = (struct err){0};
        else
            keep_damage(a, err);
        done = true;
    }
    if (done) {
        struct report_input *row = add_input(a, in.path, str_from(in.packing));
        row->bytes = in.stored.bytes;
        row->decoded_bytes = a->decoded_bytes;
        row->records = a->records;
        row->complete = !a->incomplete;
        row->note = note.len ? note : a->text_note ? str_from(a->text_note) : STR("");
        row->server_version = a->server_version;
        row->digest = digest_text(a, &in.stored);
        note_data_time(a, row);
        a->bytes_before += in.stored.bytes;
    }
    input_close(&in);
    return done;
}

static void findings_of_columns(struct analysis *a)
{
    struct report *r = a->report;
    for (size_t i = 0; i < r->table_count; i++) {
        struct report_table *t = &r->tables[i];
        for (size_t c = 0; c < t->column_count; c++)
            column_findings(r, t, &t->columns[c], &a->known);
    }
}

bool analyze(const struct analyze_options *o, struct report *r, struct analyze_outcome *outcome,
             struct err *err)
{
    struct analysis a = {.options = o, .arena = r->arena, .report = r, .outcome = outcome};
    struct pool_options pool = {.threads = o->threads, .block_size = o->block_size};
    *outcome = (struct analyze_outcome){0};
    r->complete = true;
    r->data_time = UTC_NONE;
    catalogue_open(&a.catalogue, r);
    scope_open(&a.scope, r, o->excluded, o->excluded_count);
    struct str *names = ARENA_ARRAY(r->arena, r->version_count, struct str);
    for (size_t i = 0; i < r->version_count; i++)
        names[i] = r->versions[i].name;
    if (!key_names_make(r->arena, names, r->version_count, &a.known, err))
        return false;
    a.pool = pool_open(&pool, err);
    if (!a.pool)
        return false;
    bool done = true;
    for (size_t i = 0; done && i < o->input_count; i++)
        done = analyze_input(&a, o->inputs[i], err);
    if (done) {
        catalogue_settle(&a.catalogue);
        findings_of_columns(&a);
        done = scope_check(&a.scope, err);
    }
    pool_close(a.pool);
    return done;
}
