/* inspect_archive: tables of an archive from its table of contents, without a look at its data. */
#include "analyzer/inspect_parts.h"
#include "common/text.h"
#include "formats/dump/archive_file.h"
#include "formats/dump/archive_toc.h"
#include "formats/dump/sql.h"

#include <stdlib.h>

/* An entry that has data. */
struct listed {
    struct str schema, tag, file;
    uint64_t columns, offset, bytes;
    bool offset_known, there;
};

struct listing {
    struct listed *entries;
    size_t count, room;
};

struct inspect_folder {
    struct inspect_folder *next;
    struct str prefix;
    const char *path;
    struct str database;
    struct listing listing;
};

/* ---- the table of contents ---- */

/* How many columns a COPY names. */
static uint64_t columns_of(struct str copy, struct err *err)
{
    struct window w;
    struct sql_reader reader;
    struct sql_event e;
    uint64_t columns = INSPECT_UNKNOWN;
    struct source *s = source_memory(copy, 0, err);
    if (!s)
        return columns;
    if (window_open(&w, s, 0, err)) {
        sql_open(&reader, &w);
        if (sql_next(&reader, &e, err) && e.kind == SQL_EVENT_COPY && e.columns_known)
            columns = e.column_count;
        sql_close(&reader);
        window_close(&w);
    }
    source_close(s);
    return columns;
}

static void list_entry(struct inspect *s, struct listing *l, const struct archive_entry *e)
{
    struct arena *a = s->cli->arena;
    struct err unused = {0}; /* a COPY that cannot be read has no number of columns */
    l->entries = arena_grow(a, l->entries, l->count, &l->room, sizeof *l->entries);
    l->entries[l->count++] =
        (struct listed){.schema = arena_copy(a, e->schema),
                        .tag = arena_copy(a, e->tag),
                        .file = arena_copy(a, e->file),
                        .columns = e->copy.len ? columns_of(e->copy, &unused) : INSPECT_UNKNOWN,
                        .offset = e->offset,
                        .offset_known = e->offset_known,
                        .bytes = INSPECT_UNKNOWN};
}

static bool list_entries(struct inspect *s, struct archive_toc *toc, struct listing *l,
                         struct err *err)
{
    struct archive_entry e;
    while (archive_toc_next(toc, &e, err))
        if (e.has_data)
            list_entry(s, l, &e);
    return !err_is(err);
}

static void row(struct inspect *s, const char *path, struct str database, const struct listed *e,
                const char *note)
{
    inspect_table_row(s, path, database, e->schema, e->tag, e->columns, e->bytes, note);
}

/* ---- custom ---- */

static int by_offset(const void *left, const void *right)
{
    uint64_t l = (*(struct listed *const *)left)->offset;
    uint64_t r = (*(struct listed *const *)right)->offset;
    return (l > r) - (l < r);
}

/* A block ends where the next begins; the last one with the file. */
static void measure_blocks(struct inspect *s, struct listing *l)
{
    struct listed **order = ARENA_ARRAY(s->cli->arena, l->count, struct listed *);
    for (size_t i = 0; i < l->count; i++) {
        order[i] = &l->entries[i];
        if (!l->entries[i].offset_known)
            return;
    }
    if (l->count)
        qsort(order, l->count, sizeof(struct listed *), by_offset);
    bool packed = s->text->packing[0] != 0;
    for (size_t i = 0; i < l->count; i++) {
        uint64_t end = i + 1 < l->count ? order[i + 1]->offset : packed ? 0 : s->text->size;
        if (end > order[i]->offset)
            order[i]->bytes = end - order[i]->offset;
    }
}

static void inspect_custom(struct inspect *s, const struct archive_toc *toc, struct listing *l)
{
    static const char *const notes[] = {[ARCHIVE_NONE] = "bytes as stored",
                                        [ARCHIVE_ZLIB] = "bytes as stored, zlib",
                                        [ARCHIVE_LZ4] = "bytes as stored, lz4",
                                        [ARCHIVE_ZSTD] = "bytes as stored, zstd"};
    measure_blocks(s, l);
    for (size_t i = 0; i < l->count; i++)
        row(s, s->text->path, toc->header.database, &l->entries[i], notes[toc->header.compression]);
}

/* ---- directory and tar ---- */

static struct inspect_folder *find_folder(const struct inspect *s, struct str prefix)
{
    struct inspect_folder *f = s->folders;
    while (f && !str_eq(f->prefix, prefix))
        f = f->next;
    return f;
}

static bool list_folder(struct inspect *s, const struct input_text *text, struct archive_toc *toc,
                        struct err *err)
{
    struct arena *a = s->cli->arena;
    if (find_folder(s, input_folder(text)))
        return true;
    struct inspect_folder *f = ARENA_NEW(a, struct inspect_folder);
    f->prefix = arena_copy(a, input_folder(text));
    f->path = text->path;
    f->database = arena_copy(a, toc->header.database);
    f->next = s->folders;
    s->folders = f;
    return list_entries(s, toc, &f->listing, err);
}

bool inspect_archive(struct inspect *s, struct err *err)
{
    struct archive_toc toc;
    struct listing l = {0};
    archive_toc_open(&toc, s->window);
    bool done = archive_toc_header(&toc, err);
    if (done && toc.header.format == ARCHIVE_CUSTOM) {
        done = list_entries(s, &toc, &l, err);
        inspect_custom(s, &toc, &l);
    } else if (done) {
        done = list_folder(s, s->text, &toc, err);
    }
    archive_toc_close(&toc);
    return done;
}

static bool visit_toc(void *context, struct input_text *text, struct err *err)
{
    struct inspect *s = context;
    struct window w;
    struct archive_toc toc;
    struct err later = {0}; /* what is wrong with it is told when it comes by in its place */
    if (archive_file_named(text->name).role != ARCHIVE_ROLE_TOC)
        return true;
    if (!window_open(&w, text->source, 0, err))
        return false;
    archive_toc_open(&toc, &w);
    if (archive_toc_header(&toc, &later) && toc.header.format == ARCHIVE_FILES)
        (void)list_folder(s, text, &toc, &later);
    archive_toc_close(&toc);
    window_close(&w);
    return true;
}

static void seek_folders(struct inspect *s)
{
    struct input again;
    struct err unused = {0};
    s->folders_sought = true;
    if (s->input->standard || s->input->mtime == UTC_NONE || s->input->folder ||
        !input_open(&again, s->input->path, &s->input->limits, s->cli->arena, &unused))
        return;
    again.context = s;
    (void)input_walk(&again, visit_toc, &unused);
    input_close(&again);
}

enum input_claim inspect_claim(void *inspect, const struct input_text *text)
{
    struct inspect *s = inspect;
    enum archive_role role = archive_file_named(text->name).role;
    if (role == ARCHIVE_ROLE_NONE || role == ARCHIVE_ROLE_TOC)
        return INPUT_BY_ITS_BYTES;
    if (!find_folder(s, input_folder(text)) && !s->folders_sought)
        seek_folders(s);
    return find_folder(s, input_folder(text)) ? INPUT_AS_IT_IS : INPUT_BY_ITS_BYTES;
}

void inspect_claimed(struct inspect *s, const struct input_text *text)
{
    const struct inspect_folder *f = find_folder(s, input_folder(text));
    struct archive_file file = archive_file_named(text->name);
    for (size_t i = 0; i < f->listing.count; i++) {
        struct listed *e = &f->listing.entries[i];
        if (e->there || !str_eq(e->file, file.name))
            continue;
        e->there = true;
        e->bytes = text->size;
        row(s, text->path, f->database, e, "bytes as stored");
        return;
    }
}

void inspect_folders_end(struct inspect *s)
{
    for (struct inspect_folder *f = s->folders; f; f = f->next)
        for (size_t i = 0; i < f->listing.count; i++)
            if (!f->listing.entries[i].there && f->listing.entries[i].columns != INSPECT_UNKNOWN)
                row(s, f->path, f->database, &f->listing.entries[i], "its file is missing");
    s->folders = NULL;
    s->folders_sought = false;
}
