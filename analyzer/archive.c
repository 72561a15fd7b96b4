/* archive: from entries of the table of contents to tables, and from data to rows. */
#include "analyzer/archive.h"
#include "common/buf.h"
#include "common/hash.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- statements ---- */

/* A window on text in memory. */
struct text_window {
    struct source *source;
    struct window window;
};

static bool text_open(struct analysis *a, struct text_window *t, struct str text, struct err *err)
{
    t->source = source_memory(text, 0, err);
    if (!t->source)
        return false;
    if (window_open(&t->window, t->source, TEXT_WINDOW, err)) {
        t->window.name = a->text->path;
        return true;
    }
    source_close(t->source);
    return false;
}

static void text_close(struct text_window *t)
{
    window_close(&t->window);
    source_close(t->source);
}

static bool read_definition(struct analysis *a, struct archive_tables *t,
                            const struct archive_entry *e, struct err *err)
{
    struct text_window text;
    struct sql_part part = {
        .kind = SQL_PART_DEFINITION, .schema = e->schema, .backslashes = t->backslashes};
    if (e->defn.len == 0)
        return true;
    if (!text_open(a, &text, e->defn, err))
        return false;
    part.statements = &text.window;
    bool done = analyze_sql_part(a, &part, err);
    t->backslashes = part.backslashes;
    text_close(&text);
    if (!done)
        err_context(err, "%s %s of the table of contents", text_shown(a->arena, e->desc),
                    text_shown(a->arena, e->tag));
    return done;
}

/* ---- the table of contents ---- */

static void keep_data(struct analysis *a, struct archive_tables *t, const struct archive_entry *e)
{
    t->data = arena_grow(a->arena, t->data, t->count, &t->room, sizeof *t->data);
    t->data[t->count++] = (struct archive_data){.id = e->id,
                                                .schema = arena_copy(a->arena, e->schema),
                                                .tag = arena_copy(a->arena, e->tag),
                                                .desc = arena_copy(a->arena, e->desc),
                                                .copy = arena_copy(a->arena, e->copy),
                                                .file = arena_copy(a->arena, e->file)};
}

static int by_id(const void *left, const void *right)
{
    int64_t l = ((const struct archive_data *)left)->id;
    int64_t r = ((const struct archive_data *)right)->id;
    return (l > r) - (l < r);
}

static int by_file(const void *left, const void *right)
{
    return str_cmp((*(struct archive_data *const *)left)->file,
                   (*(struct archive_data *const *)right)->file);
}

static bool is_twice(const struct archive_data *l, const struct archive_data *r, struct err *err)
{
    bool twice = l->id == r->id || (l->file.len && str_eq(l->file, r->file));
    if (twice)
        err_set(err, ERR_CORRUPT, 381,
                "entries %lld and %lld of the table of contents have one number or one file",
                (long long)l->id, (long long)r->id);
    return twice;
}

/* Makes the two orders; numbers and files must differ. */
static bool sort_data(struct analysis *a, struct archive_tables *t, struct err *err)
{
    if (t->count == 0)
        return true;
    qsort(t->data, t->count, sizeof *t->data, by_id);
    t->by_file = ARENA_ARRAY(a->arena, t->count, struct archive_data *);
    for (size_t i = 0; i < t->count; i++)
        t->by_file[i] = &t->data[i];
    qsort(t->by_file, t->count, sizeof *t->by_file, by_file);
    for (size_t i = 1; i < t->count; i++)
        if (is_twice(&t->data[i - 1], &t->data[i], err) ||
            is_twice(t->by_file[i - 1], t->by_file[i], err))
            return false;
    return true;
}

/* Nothing in an archive tells whether pg_dump was to leave out the rows that policies hide. */
static void note_row_security(struct analysis *a, const struct archive_entry *e)
{
    struct table_name name = {a->database, e->schema, e->tag};
    const struct catalogue_entry *entry = catalogue_find(&a->catalogue, name);
    struct report_finding *f =
        report_add_finding(a->report, SEVERITY_WARNING, STR("row-security"),
                           entry ? catalogue_report(&a->catalogue, entry) : NULL, STR(""));
    f->message = STR("the table has row security; an archive does not tell whether it was made "
                     "with --enable-row-security, which leaves rows out");
    f->record_count = 1;
}

static void add_object(struct archive_objects *o, uint64_t oid)
{
    o->count++;
    o->sum += hash_xxh3_64(str_make(&oid, sizeof oid), 0);
}

void archive_object_came(struct archive_tables *t, uint64_t oid)
{
    add_object(&t->came, oid);
}

/*
 * From 1.12 on each large object has an entry BLOB, tagged with its number; pg_dump 17 lists many
 * in one BLOB METADATA, a number a line (pg_dump.c, dumpLO).
 */
static bool is_objects_entry(const struct archive_entry *e)
{
    return str_eq(e->desc, STR("BLOB")) || str_eq(e->desc, STR("BLOB METADATA"));
}

static bool note_objects(struct archive_tables *t, const struct archive_entry *e, struct err *err)
{
    bool many = str_eq(e->desc, STR("BLOB METADATA"));
    struct str rest = many ? e->defn : e->tag, line;
    uint64_t oid = 0;
    while (str_line(&rest, &line)) {
        if (!str_to_u64(line, &oid)) {
            err_set(err, ERR_CORRUPT, 381,
                    "entry %lld of the table of contents names no large object", (long long)e->id);
            return false;
        }
        add_object(&t->listed, oid);
    }
    return true;
}

bool archive_tables_read(struct analysis *a, struct archive_toc *toc, struct archive_tables *t,
                         struct err *err)
{
    struct archive_entry e;
    a->database = arena_copy(a->arena, toc->header.database);
    a->server_version = arena_copy(a->arena, toc->header.server_version);
    analysis_dump_began_somewhere(a, toc->header.local_time);
    while (archive_toc_next(toc, &e, err)) {
        if (is_objects_entry(&e) ? !note_objects(t, &e, err) : !read_definition(a, t, &e, err))
            return false;
        if (str_eq(e.desc, STR("ROW SECURITY")))
            note_row_security(a, &e);
        if (e.has_data)
            keep_data(a, t, &e);
    }
    if (err_is(err) || !sort_data(a, t, err))
        return false;
    t->format = toc->header.format;
    return true;
}

static struct archive_data *take(struct archive_data *d, const char *what, struct err *err)
{
    if (d && !d->seen) {
        d->seen = true;
        return d;
    }
    err_set(err, ERR_CORRUPT, 384,
            d ? "the data of %s stands in the archive twice"
              : "the archive holds data of %s, which its table of contents does not list",
            what);
    err_hint(err, "make the dump again");
    return NULL;
}

struct archive_data *archive_tables_take(struct archive_tables *t, int64_t id, struct err *err)
{
    struct archive_data key = {.id = id};
    char what[32];
    (void)snprintf(what, sizeof what, "entry %lld", (long long)id);
    return take(t->count ? bsearch(&key, t->data, t->count, sizeof key, by_id) : NULL, what, err);
}

static struct archive_data *find_file(const struct archive_tables *t, struct str file)
{
    struct archive_data wanted = {.file = file};
    const struct archive_data *key = &wanted;
    struct archive_data **found =
        t->count ? bsearch(&key, t->by_file, t->count, sizeof(struct archive_data *), by_file)
                 : NULL;
    return found ? *found : NULL;
}

const struct archive_data *archive_tables_find_file(const struct archive_tables *t, struct str file)
{
    return find_file(t, file);
}

static struct archive_data *take_file(struct archive_data *d, struct str file, struct err *err)
{
    struct arena scratch = {0};
    struct archive_data *taken = take(d, text_shown(&scratch, file), err);
    arena_free(&scratch);
    return taken;
}

struct archive_data *archive_tables_take_file(struct archive_tables *t, struct str file,
                                              struct err *err)
{
    return take_file(find_file(t, file), file, err);
}

struct archive_data *archive_tables_take_list(struct archive_tables *t, struct str file,
                                              struct err *err)
{
    struct archive_data *d = find_file(t, file);
    uint64_t id = 0;
    bool numbered = archive_list_number(file, &id);
    for (size_t i = 0; !d && i < t->count; i++)
        if (archive_data_is_objects(&t->data[i]) && (!numbered || t->data[i].id == (int64_t)id))
            d = &t->data[i];
    return take_file(d, file, err);
}

/* ---- data ---- */

bool archive_data_is_objects(const struct archive_data *d)
{
    return str_eq(d->desc, STR("BLOBS"));
}

static bool is_table(const struct archive_data *d)
{
    return str_eq(d->desc, STR("TABLE DATA"));
}

static struct table_name name_of(const struct analysis *a, const struct archive_data *d)
{
    return (struct table_name){a->database, d->schema, d->tag};
}

bool archive_data_is_excluded(struct analysis *a, const struct archive_data *d)
{
    const struct catalogue_entry *entry = catalogue_find(&a->catalogue, name_of(a, d));
    bool into_root = entry && entry->parents; /* its INSERTs may name another table than it */
    return is_table(d) && d->copy.len == 0 && !into_root &&
           scope_is_excluded(&a->scope, name_of(a, d));
}

/* Behind the line that ends the rows stand blank lines; then the checksum proves the whole. */
bool archive_copy_ends(struct window *w, struct err *err)
{
    do {
        struct str rest = window_rest(w);
        if (str_trim(rest).len > 0)
            return archive_damaged(w, w->offset, "text behind the end of a table's rows", err);
        window_skip(w, rest.len);
    } while (window_more(w, err));
    return !err_is(err);
}

static struct sql_part part_of(const struct analysis *a, const struct archive_tables *t,
                               const struct archive_data *d)
{
    return (struct sql_part){.schema = d->schema,
                             .backslashes = t->backslashes,
                             .partition = catalogue_find(&a->catalogue, name_of(a, d))};
}

bool archive_data_is_copy(const struct archive_data *d)
{
    bool jobs = str_search(d->copy, STR("reencrypt_jobs")) < d->copy.len;
    return d->copy.len > 0 && !jobs && !archive_data_is_objects(d);
}

bool archive_copy_begin(struct analysis *a, struct archive_tables *t, const struct archive_data *d,
                        struct table_rows **rows, struct err *err)
{
    struct text_window text;
    struct sql_part part = part_of(a, t, d);
    if (!text_open(a, &text, d->copy, err))
        return false;
    part.kind = SQL_PART_COPY;
    part.statements = &text.window;
    bool done = analyze_sql_part(a, &part, err);
    text_close(&text);
    *rows = part.rows;
    if (done && !part.found)
        return archive_damaged(a->window, 0, "rows without a COPY that could be read", err);
    return done;
}

static bool read_copy(struct analysis *a, struct archive_tables *t, const struct archive_data *d,
                      struct err *err)
{
    struct table_rows *rows = NULL;
    if (!archive_copy_begin(a, t, d, &rows, err))
        return false;
    bool done =
        !rows || (analysis_scan(a, rows, ROWS_END_LINE, err) && archive_copy_ends(a->window, err));
    if (!done)
        analysis_rows_failed(a, rows, err);
    return done;
}

/* INSERTs, or of another kind: comments on large objects, up to pg_dump 8.4. */
static bool read_statements(struct analysis *a, struct sql_part *part, struct err *err)
{
    part->kind = SQL_PART_ROWS;
    part->statements = a->window;
    return analyze_sql_part(a, part, err);
}

/* A source that knows what the bytes so far end with. */
struct ending {
    struct source base;
    struct source *from;
    unsigned char last[2];
};

static void ending_note(struct ending *e, struct str bytes)
{
    if (bytes.len > 0)
        e->last[0] = bytes.len > 1 ? bytes.at[bytes.len - 2] : e->last[1];
    if (bytes.len > 0)
        e->last[1] = bytes.at[bytes.len - 1];
}

static enum pull ending_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                             struct err *err)
{
    struct ending *e = (struct ending *)base;
    enum pull p = source_read(e->from, into, room, got, err);
    if (p == PULL_OK)
        ending_note(e, str_make(into, *got));
    return p;
}

/*
 * INSERTs have no line that ends them. pg_dump writes two newlines behind the last one, and in an
 * empty table's place: a file that was cut off between two statements lacks them, and so does one
 * that lost everything (pg_dump.c, dumpTableData_insert).
 */
static bool read_inserts(struct analysis *a, struct sql_part *part, struct err *err)
{
    static const struct source_ops ops = {.read = ending_read};
    struct window *w = a->window;
    struct ending end = {.base.ops = &ops, .from = w->source};
    ending_note(&end, window_rest(w));
    w->source = &end.base;
    bool done = read_statements(a, part, err);
    w->source = end.from;
    if (!done || (end.last[0] == '\n' && end.last[1] == '\n'))
        return done;
    err_set(err, ERR_INCOMPLETE, 380, "the archive is cut off inside the data of a table");
    window_place(w, w->offset, w->line, err);
    err_hint(err, "make the dump again, and look at the exit code of pg_dump");
    return false;
}

void archive_data_broke_off(struct analysis *a, const struct archive_data *d)
{
    struct catalogue_entry *entry = catalogue_find(&a->catalogue, name_of(a, d));
    if (entry && is_table(d))
        entry->unreached = true;
}

static bool read_data(struct analysis *a, struct archive_tables *t, struct archive_data *d,
                      struct err *err)
{
    struct sql_part part = part_of(a, t, d);
    if (d->copy.len)
        return read_copy(a, t, d, err);
    return is_table(d) ? read_inserts(a, &part, err) : read_statements(a, &part, err);
}

bool archive_data_read(struct analysis *a, struct archive_tables *t, struct archive_data *d,
                       struct err *err)
{
    bool done = read_data(a, t, d, err);
    if (!done)
        archive_data_broke_off(a, d);
    return done;
}

/* ---- what did not come ---- */

static void note_missing(struct analysis *a, const struct archive_data *d)
{
    struct catalogue_entry *entry = NULL;
    struct buf b = {.arena = a->arena};
    if (is_table(d)) {
        entry = catalogue_table(&a->catalogue, name_of(a, d));
        catalogue_unread(entry, STR("data block that is missing,"), 1);
    }
    buf_text(&b, "the data of ");
    text_visible(&b, d->desc);
    buf_byte(&b, ' ');
    text_visible(&b, d->schema);
    buf_text(&b, d->schema.len ? "." : "");
    text_visible(&b, d->tag);
    buf_text(&b, " is listed, and missing");
    const char *message = arena_text(a->arena, buf_str(&b));
    struct report_finding *f =
        report_add_finding(a->report, SEVERITY_ERROR, STR("incomplete"),
                           entry ? catalogue_report(&a->catalogue, entry) : NULL, STR(""));
    f->message = str_from(message);
    f->record_count = 1;
    struct err problem = {0};
    err_set(&problem, ERR_INCOMPLETE, 383, "%s: %s", a->text ? a->text->path : a->input->path,
            message);
    err_hint(&problem, "copy all of the archive, or make the dump again");
    a->text_note = message;
    analysis_problem(a, &problem);
}

static bool objects_came(const struct archive_tables *t, bool *due)
{
    bool came = true;
    *due = false;
    for (size_t i = 0; i < t->count; i++)
        if (archive_data_is_objects(&t->data[i])) {
            *due = true;
            came = came && t->data[i].seen; /* else that is told */
        }
    return came;
}

void archive_objects_settle(struct analysis *a, const struct archive_tables *t)
{
    bool due = false;
    bool same = t->listed.count == t->came.count && t->listed.sum == t->came.sum;
    if (t->listed.count == 0 || analysis_objects_excluded(a) || !objects_came(t, &due) || same)
        return;
    struct catalogue_entry *entry = analysis_objects_entry(a);
    if (!due && t->came.count == 0)
        return;
    struct err problem = {0};
    err_set(
        &problem, ERR_INCOMPLETE, 383,
        "%s: the table of contents lists %llu large objects, and the data is of %llu, or others",
        a->text ? a->text->path : a->input->path, (unsigned long long)t->listed.count,
        (unsigned long long)t->came.count);
    err_hint(&problem, "copy all of the archive, or make the dump again");
    struct report_finding *f = report_add_finding(a->report, SEVERITY_ERROR, STR("incomplete"),
                                                  catalogue_report(&a->catalogue, entry), STR(""));
    f->message = arena_copy(a->arena, str_from(problem.text));
    f->record_count = 1;
    analysis_problem(a, &problem);
}

void archive_tables_settle(struct analysis *a, struct archive_tables *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (!t->data[i].seen)
            note_missing(a, &t->data[i]);
}
