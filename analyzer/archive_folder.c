/* archive_folder: archives in directory and tar format, put together from the members of an input.
 */
#include "analyzer/archive_jobs.h"
#include "common/hash.h"
#include "common/text.h"

/* ---- which folder ---- */

static struct archive_folder *find_folder(const struct analysis *a, struct str prefix)
{
    struct archive_folder *f = a->folders;
    while (f && !str_eq(f->prefix, prefix))
        f = f->next;
    return f;
}

/* What the analysis knows of the dump that it reads goes into the folder, or comes out of it. */
static void keep_dump(const struct analysis *a, struct archive_folder *f)
{
    f->database = a->database;
    f->server_version = a->server_version;
    f->header_time = a->header_time;
    f->header_latest = a->header_latest;
}

static void resume_dump(struct analysis *a, const struct archive_folder *f)
{
    a->database = f->database;
    a->server_version = f->server_version;
    a->header_time = f->header_time;
    a->header_latest = f->header_latest;
}

/* ---- toc.dat ---- */

static bool read_toc(struct analysis *a, struct archive_toc *toc, struct str prefix,
                     struct err *err)
{
    struct archive_folder *f = ARENA_NEW(a->arena, struct archive_folder);
    f->prefix = arena_copy(a->arena, prefix);
    f->next = a->folders;
    a->folders = f;
    bool done = archive_tables_read(a, toc, &f->tables, err);
    keep_dump(a, f);
    f->text = catalogue_leave_text(&a->catalogue);
    return done;
}

void archive_folder_broken(struct analysis *a)
{
    struct archive_folder *f = ARENA_NEW(a->arena, struct archive_folder);
    if (!a->text->member || archive_file_named(a->text->name).role != ARCHIVE_ROLE_TOC)
        return;
    f->prefix = arena_copy(a->arena, input_folder(a->text));
    f->next = a->folders;
    a->folders = f;
    keep_dump(a, f);
    f->text = catalogue_leave_text(&a->catalogue);
}

static bool refuse(struct analysis *a, struct err *err)
{
    a->refused = true;
    err_context(err, "%s", a->text->path);
    return false;
}

bool archive_folder_toc(struct analysis *a, struct archive_toc *toc, struct err *err)
{
    struct str prefix = input_folder(a->text);
    struct archive_folder *f = find_folder(a, prefix);
    if (!a->text->member) {
        err_set(err, ERR_CORRUPT, 385,
                "the table of contents of a pg_dump archive in directory or tar format");
        err_hint(err, "give the folder that it stands in, or the tar");
        return refuse(a, err);
    }
    if (!f && a->too_early.len && str_eq(a->too_early, prefix)) {
        err_set(err, ERR_CORRUPT, 386, "the table of contents stands behind data of its archive");
        err_hint(err,
                 "give the tar or zip as a file and not through a pipe: it is read twice then");
        return refuse(a, err);
    }
    if (f && f->met) {
        err_set(err, ERR_CORRUPT, 384, "%s: a second table of contents of one archive",
                a->text->path);
        return false;
    }
    bool done = f || read_toc(a, toc, prefix, err);
    f = find_folder(a, prefix);
    f->met = true;
    resume_dump(a, f);
    return done && window_skip_all(a->window, err);
}

/* ---- a look ahead for toc.dat ---- */

static bool is_toc(const struct window *w, const struct input_text *text)
{
    return archive_file_named(text->name).role == ARCHIVE_ROLE_TOC &&
           str_starts(window_rest(w), STR("PGDMP"));
}

static bool visit_toc(void *context, struct input_text *text, struct err *err)
{
    struct analysis *a = context;
    const struct input_text *outer = a->text;
    struct window *at_hand = a->window;
    struct window w;
    struct archive_toc toc;
    if (archive_file_named(text->name).role != ARCHIVE_ROLE_TOC)
        return true;
    if (!window_open(&w, text->source, TEXT_WINDOW, err))
        return false;
    w.name = text->path;
    a->text = text;
    a->window = &w;
    a->database = a->server_version = STR("");
    a->header_time = UTC_NONE;
    (void)window_more(&w, err);
    archive_toc_open(&toc, &w);
    /* What is wrong with it is told when it comes by in its place. */
    struct err later = {0};
    if (is_toc(&w, text) && archive_toc_header(&toc, &later) &&
        toc.header.format == ARCHIVE_FILES && !find_folder(a, input_folder(text)) &&
        !read_toc(a, &toc, input_folder(text), &later))
        a->folders->tables.format = 0;
    archive_toc_close(&toc);
    window_close(&w);
    a->text = outer;
    a->window = at_hand;
    return true;
}

/* Only what is open by name can be opened again. */
static void seek_folders(struct analysis *a)
{
    struct input again;
    struct err unused = {0}; /* damage is told by the reading that counts */
    a->folders_sought = true;
    if (a->input->standard || a->input->mtime == UTC_NONE || a->input->folder ||
        !input_open(&again, a->input->path, &a->input->limits, a->arena, &unused))
        return;
    again.context = a;
    (void)input_walk(&again, visit_toc, &unused);
    input_close(&again);
}

enum input_claim archive_folder_claim(void *analysis, const struct input_text *text)
{
    struct analysis *a = analysis;
    enum archive_role role = archive_file_named(text->name).role;
    if (role == ARCHIVE_ROLE_NONE || role == ARCHIVE_ROLE_TOC)
        return INPUT_BY_ITS_BYTES;
    struct str prefix = input_folder(text);
    if (!find_folder(a, prefix) && !a->folders_sought)
        seek_folders(a);
    if (find_folder(a, prefix))
        return INPUT_AS_IT_IS;
    a->too_early = arena_copy(a->arena, prefix);
    return INPUT_BY_ITS_BYTES;
}

/* ---- its files ---- */

static uint64_t name_sum(struct str file)
{
    return hash_xxh3_64(file, 0);
}

static bool read_list(struct analysis *a, struct archive_folder *f, struct err *err)
{
    struct window *w = a->window;
    struct str file;
    for (;;) {
        struct str rest = window_rest(w);
        size_t line = str_find(rest, '\n');
        if (line == rest.len && window_more(w, err))
            continue;
        if (rest.len == 0)
            return !err_is(err);
        if (line == rest.len || !archive_object_line(str_slice(rest, 0, line), &file))
            return archive_damaged(w, w->offset, "a line that names no large object", err);
        f->listed++;
        f->listed_sum += name_sum(file);
        window_skip(w, line + 1);
    }
}

bool archive_folder_goes_apart(const struct analysis *a, const struct input_text *text)
{
    struct archive_file file = archive_file_named(text->name);
    const struct archive_folder *f = find_folder(a, input_folder(text));
    if (!text->claimed || !a->input->folder || !archive_jobs_pay(a, text) || !f ||
        f->tables.format == 0 || file.role != ARCHIVE_ROLE_DATA)
        return false;
    const struct archive_data *d = archive_tables_find_file(&f->tables, file.name);
    return d && !d->seen && archive_data_is_copy(d);
}

static bool read_apart(struct analysis *a, struct archive_folder *f, const struct archive_data *d,
                       struct archive_file file, struct err *err)
{
    struct table_rows *rows = NULL;
    if (!archive_copy_begin(a, &f->tables, d, &rows, err)) {
        archive_data_broke_off(a, d);
        return false;
    }
    if (!rows)
        return window_skip_all(a->window, err) && analysis_no_hole(a, err);
    if (!a->files)
        a->files = ARENA_NEW(a->arena, struct archive_jobs);
    const char *path = arena_printf(a->arena, "%s/%.*s", a->input->path, STR_ARG(a->text->name));
    a->left = archive_jobs_add_file(a, a->files, path, file.packing, rows);
    a->left->data = d;
    return true;
}

static bool read_data(struct analysis *a, struct archive_folder *f, struct archive_file file,
                      struct err *err)
{
    bool apart = archive_folder_goes_apart(a, a->text);
    struct archive_data *d = file.role == ARCHIVE_ROLE_OBJECT_LIST
                                 ? archive_tables_take_list(&f->tables, file.name, err)
                                 : archive_tables_take_file(&f->tables, file.name, err);
    if (!d)
        return false;
    if (archive_data_is_objects(d) != (file.role == ARCHIVE_ROLE_OBJECT_LIST))
        return archive_damaged(a->window, 0, "a file of another kind than its entry", err);
    if (file.role == ARCHIVE_ROLE_OBJECT_LIST)
        return read_list(a, f, err);
    if (archive_data_is_excluded(a, d))
        return window_skip_all(a->window, err);
    if (apart)
        return read_apart(a, f, d, file, err);
    return archive_data_read(a, &f->tables, d, err) && window_skip_all(a->window, err) &&
           analysis_no_hole(a, err);
}

static bool read_object(struct analysis *a, struct archive_folder *f, struct str name,
                        struct err *err)
{
    f->came++;
    f->came_sum += name_sum(name);
    uint64_t oid = 0;
    if (archive_object_number(name, &oid))
        archive_object_came(&f->tables, oid);
    return analysis_objects_excluded(a) ? window_skip_all(a->window, err) : analysis_object(a, err);
}

/* pg_dump's own has no rows: they are in the files that it names. Any other may have. */
static bool read_script(struct analysis *a, struct err *err)
{
    enum { ENOUGH = 256 };
    while (window_rest(a->window).len < ENOUGH && window_more(a->window, err))
        ;
    if (!archive_script_begins(window_rest(a->window)))
        analysis_unread(a, NULL, "a restore.sql that is not pg_dump's, beside an archive", 1);
    return window_skip_all(a->window, err);
}

bool archive_folder_file(struct analysis *a, const char **kind, struct err *err)
{
    struct archive_folder *f = find_folder(a, input_folder(a->text));
    struct archive_file file = archive_file_named(a->text->name);
    bool done = true;
    resume_dump(a, f);
    catalogue_resume_text(&a->catalogue, f->text);
    *kind = "pg-archive-data";
    if (file.role == ARCHIVE_ROLE_SCRIPT) {
        *kind = "pg-archive-script";
        done = read_script(a, err);
    } else if (f->tables.format == 0) { /* its toc.dat is damaged, which is told there */
        done = window_skip_all(a->window, err);
    } else if (file.role == ARCHIVE_ROLE_OBJECT) {
        *kind = "pg-archive-object";
        done = read_object(a, f, file.name, err);
    } else {
        done = read_data(a, f, file, err);
    }
    f->text = catalogue_leave_text(&a->catalogue);
    return done;
}

/* ---- the end ---- */

static void settle_objects(struct analysis *a, const struct archive_folder *f)
{
    struct err problem = {0};
    if (f->listed == f->came && f->listed_sum == f->came_sum) {
        archive_objects_settle(a, &f->tables);
        return;
    }
    err_set(&problem, ERR_INCOMPLETE, 383,
            "%s: the archive lists %llu large objects and holds %llu, or others", a->input->path,
            (unsigned long long)f->listed, (unsigned long long)f->came);
    err_hint(&problem, "copy all of the archive, or make the dump again");
    struct report_finding *finding =
        report_add_finding(a->report, SEVERITY_ERROR, STR("incomplete"), NULL, STR(""));
    finding->message = arena_copy(a->arena, str_from(problem.text));
    finding->record_count = 1;
    analysis_problem(a, &problem);
}

void archive_folders_settle(struct analysis *a)
{
    for (struct archive_folder *f = a->folders; f; f = f->next) {
        resume_dump(a, f);
        catalogue_resume_text(&a->catalogue, f->text);
        if (f->tables.format == ARCHIVE_FILES) {
            archive_tables_settle(a, &f->tables);
            settle_objects(a, f);
        } else {
            catalogue_break_text(&a->catalogue);
        }
        catalogue_end_text(&a->catalogue);
    }
    a->folders = NULL;
    a->folders_sought = false;
    a->too_early = STR("");
}
