/* analyze: inputs -> texts -> rows -> report. Read from analyze() at the bottom upwards. */
#include "analyzer/archive_jobs.h"
#include "analyzer/columns.h"
#include "common/text.h"
#include "formats/dump/sniff.h"

/* Kinds that are recognised and not read: a whole input is refused, a member marks the report. */
static bool refuse_kind(struct analysis *a, enum dump_kind kind, struct err *err)
{
    struct err why = {0};
    (void)dump_accept(kind, &why);
    err_context(&why, "%s", a->text->path);
    if (!a->text->member) {
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
    else if (kind == DUMP_MYSQL)
        done = analyze_mysql(a, err);
    else if (kind == DUMP_CSV)
        done = analyze_csv(a, err);
    else if (kind == DUMP_SQLITE_SCRIPT)
        done = analyze_sqlite_script(a, err);
    else if (kind == DUMP_JSON_LINES)
        done = analyze_json(a, err);
    else if (kind == DUMP_SQLITE && input_is_plain(a->input, a->text))
        done = analyze_sqlite(a, err);
    else if (kind == DUMP_BINARY_COPY)
        done = analyze_pgcopy(a, err);
    else if (kind == DUMP_PG_CUSTOM)
        done = analyze_archive(a, err);
    else if (!err_is(&later)) /* damaged bytes may look like anything */
        done = refuse_kind(a, kind, err);
    if (done && dump_is_text(kind))
        done = analysis_no_hole(a, err);
    if (err_is(&later) && !a->refused && (!err_is(err) || err_is_damage(err))) {
        *err = later; /* the cause of whatever else was seen */
        done = false;
    }
    return done;
}

static struct str kind_text(struct analysis *a, const char *packing, const char *kind)
{
    return str_from(arena_printf(a->arena, "%s%s%s", packing, *packing ? "+" : "", kind));
}

/* '' when it was not read to the end. */
static struct str digest_text(struct analysis *a, const struct meter *m)
{
    if (m->digest[0] == 0)
        return STR("");
    return str_from(arena_printf(a->arena, "%s:%s", meter_kind_name(m->kind), m->digest));
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

/* What a text gave, by `done` and err, goes into the report. */
static bool end_text(struct analysis *a, bool done, const char *kind, uint64_t decoded,
                     uint64_t records_before, struct err *err)
{
    const struct input_text *text = a->text;
    if (!done && a->refused)
        name_once(err, text->path);
    if (!done && err_is_damage(err) && !a->refused) {
        name_once(err, text->path);
        a->text_note = arena_text(a->arena, arena_copy(a->arena, str_from(err->text)));
        a->text_incomplete = true;
        if (text->member && err->id != 204) { /* those behind it may be sound, and are allowed */
            keep_damage(a, err);
            done = true;
        }
    }
    finish_text(a, kind, decoded, a->records - records_before);
    a->text = NULL;
    return done;
}

/* ---- texts that are left to jobs ---- */

/* It is ended later. Its rows are not those of the texts that come before that. */
static void leave_text(struct analysis *a, const char *kind)
{
    struct archive_job *j = a->left;
    analysis_note_time(a);
    j->text = *a->text;
    j->text.stored = &j->meter;
    j->kind = kind;
    j->note = a->text_note;
    j->incomplete = a->text_incomplete;
    j->server_version = a->server_version;
    a->rows = j->rows->next;
    j->rows->next = NULL;
    a->left = NULL;
    a->text = NULL;
}

static bool end_left(struct analysis *a, struct archive_job *j, struct err *err)
{
    uint64_t records_before = a->records;
    bool done = !err_is(&j->err);
    a->text = &j->text;
    a->text_note = j->note;
    a->text_incomplete = j->incomplete;
    a->server_version = j->server_version;
    a->rows = j->rows;
    analysis_fold(a);
    a->input->stored.bytes += j->meter.bytes;
    a->apart.total += j->counted;
    if (!done) {
        if (j->rows_failed) {
            archive_data_broke_off(a, j->data);
            analysis_rows_failed(a, j->rows, &j->err);
        }
        *err = j->err;
    }
    return end_text(a, done, j->kind, j->decoded, records_before, err);
}

/* In their order, when all their jobs are done. False: err is set. */
static bool end_files(struct analysis *a, struct err *err)
{
    struct archive_job *j = a->files ? a->files->first : NULL;
    bool done = !j || archive_jobs_end(a, err);
    for (; j && done; j = j->next)
        done = end_left(a, j, err);
    a->files = NULL;
    return done;
}

/*
 * The text at hand was to be left, and has no rows to be read: what it gave is not added up before
 * the texts that stand before it have ended.
 */
static bool end_earlier(struct analysis *a, struct err *err)
{
    const struct input_text *text = a->text;
    struct str server_version = a->server_version;
    const char *note = a->text_note;
    bool incomplete = a->text_incomplete;
    struct table_rows *rows = a->rows;
    bool done = end_files(a, err);
    a->text = text;
    a->server_version = server_version;
    a->text_note = note;
    a->text_incomplete = incomplete;
    a->rows = rows;
    return done;
}

static bool visit_text(void *context, struct input_text *text, struct err *err)
{
    struct analysis *a = context;
    struct err earlier = {0};
    struct window w;
    struct hole hole;
    const char *kind = "unknown";
    if (a->files && !archive_folder_goes_apart(a, text) && !end_files(a, err))
        return false;
    uint64_t records_before = a->records;
    a->text = text;
    a->texts++;
    a->window = &w;
    a->hole = &hole;
    a->database = STR("");
    a->header_time = UTC_NONE;
    a->block_bytes = 0;
    a->text_incomplete = false;
    a->text_note = NULL;
    if (!window_open(&w, text->source, TEXT_WINDOW, err))
        return false;
    hole_watch(&hole, &w);
    w.name = text->path;
    if (a->options->block_size && a->options->block_size < w.piece)
        w.piece = a->options->block_size;
    bool done = text->claimed ? archive_folder_file(a, &kind, err) : read_text(a, &w, &kind, err);
    if (a->left) {
        leave_text(a, kind);
        window_close(&w);
        return true;
    }
    if (a->files) {
        if (!end_earlier(a, &earlier)) {
            *err = earlier;
            window_close(&w);
            return false;
        }
        records_before = a->records;
    }
    analysis_fold(a);
    if (!text->claimed && !done)
        catalogue_break_text(&a->catalogue);
    if (!text->claimed)
        catalogue_end_text(&a->catalogue);
    analysis_note_time(a);
    done = end_text(a, done, kind, w.offset + a->block_bytes, records_before, err);
    window_close(&w);
    return done;
}

static void note_data_time(struct analysis *a, struct report_input *in)
{
    struct report *r = a->report;
    if (!a->data_time_source) /* nothing in it could be read */
        analysis_note_time(a);
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
    uint64_t bytes = a->apart.passing ? a->apart.from : a->input->stored.bytes;
    bytes += atomic_load_explicit(&a->apart.read, memory_order_relaxed) - a->apart.total;
    return a->options->watch(a->options->watch_context, a->bytes_before + bytes, p.records, err);
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
    a->apart.total = 0;
    atomic_store_explicit(&a->apart.read, 0, memory_order_relaxed);
    in.watch = watch_input;
    in.claim = archive_folder_claim;
    in.context = a;
    bool done = input_walk(&in, visit_text, err);
    if (!done && !err_is_damage(err))
        pool_cancel_jobs(a->pool);
    struct err late = {0};
    if (!end_files(a, &late) && (done || err_is_damage(err))) {
        *err = late;
        done = false;
    }
    archive_folders_settle(a);
    if (done && in.container && a->texts == 0) {
        err_set(err, ERR_CORRUPT, 301, "%s: the archive holds no file with data", in.path);
        a->refused = true;
        done = false;
    }
    if (in.link && !a->refused)
        note_link(a, in.link);
    if (!done && err_is_damage(err) && !a->refused) {
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
        for (size_t c = 0; c < t->column_count; c++) {
            column_settle(&t->columns[c]);
            column_findings(r, t, &t->columns[c], &a->known);
        }
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
    if (!constants_make(r->arena, o->envelopes.list, o->envelopes.count, &a.constants, err))
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
    spend_close(a.spend);
    pool_close(a.pool);
    return done;
}
