/*
 * report_read: a report file back into memory.
 *
 * The file comes from anywhere, so nothing in it is believed: its header is read before SQLite sees
 * it, its base tables must be made by exactly our statements, every cell must have the type we
 * wrote, ids must count without a gap, and in the end both digests must come out as stored. Views,
 * triggers and whatever else somebody added are never touched.
 */
#include "common/db.h"
#include "common/report.h"
#include "common/report_form.h"
#include "common/report_schema.h"
#include "common/sys.h"

#include <errno.h>

enum {
    HEADER_BYTES = 100,       /* www.sqlite.org/fileformat.html 1.3 */
    READ_ROWS_MAX = 50000000, /* of one table: more is damage */
};

struct reading {
    struct db *db;
    struct report *r;
    struct arena *arena;
    const char *path;
    uint32_t layout; /* of the file */
    struct err *err;
    struct str record_digest;
    struct report_column **columns; /* by id - 1 */
    size_t column_count;
};

static bool damaged(const struct reading *g, const char *what)
{
    err_set(g->err, ERR_CORRUPT, 453, "read %s: %s", g->path, what);
    err_hint(g->err, "make the report again with keycensus scan");
    return false;
}

/* ---- before SQLite ---- */

static uint32_t big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool not_a_report(const char *path, const char *why, struct err *err)
{
    err_set(err, ERR_CORRUPT, 451, "read %s: %s", path, why);
    err_hint(err, "give a report made by keycensus scan INPUT -o report.db");
    return false;
}

static bool check_header(const unsigned char header[HEADER_BYTES], size_t len, off_t size,
                         const char *path, uint32_t *layout, struct err *err)
{
    if (len < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0)
        return not_a_report(path, size == 0 ? "the file is empty" : "is no SQLite file", err);
    if (big_endian(header + 68) != REPORT_APPLICATION_ID)
        return not_a_report(path, "is an SQLite file, but not a report of keycensus", err);
    uint32_t version = big_endian(header + 60);
    *layout = version;
    if (version > REPORT_SCHEMA_VERSION) {
        err_set(err, ERR_CORRUPT, 452, "read %s: the report has layout %u, this program knows %d",
                path, version, (int)REPORT_SCHEMA_VERSION);
        err_hint(err, "use the version of keyretire that belongs to the keycensus that made it");
        return false;
    }
    uint64_t page = (uint64_t)header[16] << 8 | header[17];
    if (page == 1)
        page = 65536;
    if (version == 0 || (uint64_t)size != page * big_endian(header + 28)) {
        err_set(err, ERR_CORRUPT, 453, "read %s: the file is cut off or damaged", path);
        err_hint(err, "make the report again with keycensus scan");
        return false;
    }
    return true;
}

static bool check_file(const char *path, uint32_t *layout, struct err *err)
{
    int fd = sys->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0) {
        err_sys(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_SYSTEM, 103, errno,
                "open %s", path);
        return false;
    }
    unsigned char header[HEADER_BYTES];
    struct stat st;
    bool done = false;
    ssize_t n = 0;
    if (sys->fstat(fd, &st) != 0)
        err_sys(err, ERR_SYSTEM, 102, errno, "stat %s", path);
    else if (!S_ISREG(st.st_mode))
        err_set(err, ERR_CORRUPT, 106, "read %s: is not a regular file", path);
    else if ((n = sys->pread(fd, header, sizeof header, 0)) < 0)
        err_sys(err, ERR_SYSTEM, 102, errno, "read %s", path);
    else
        done = check_header(header, (size_t)n, st.st_size, path, layout, err);
    (void)sys->close(fd); /* read-only: nothing can be lost here */
    return done;
}

/* ---- the layout ---- */

/* A table of ours that was made otherwise could be a view, a virtual table or worse. */
static bool check_made(const struct reading *g, const struct report_relation *relation)
{
    struct buf expected = {.arena = g->arena};
    report_schema_create(&expected, relation);
    struct db_query *q = db_prepare(
        g->db, "SELECT type, sql FROM sqlite_master WHERE name=? COLLATE NOCASE", g->err);
    if (!q)
        return false;
    struct str type;
    struct str sql;
    db_bind_text(q, 1, str_from(relation->name));
    enum db_row row = db_step(q, g->err);
    bool same = row == DB_ROW && db_text(q, 0, &type) && db_text(q, 1, &sql) &&
                str_eq(type, STR("table")) && str_eq(sql, buf_str(&expected));
    if (same)
        same = db_step(q, g->err) == DB_DONE;
    db_finish(q);
    if (row == DB_FAILED)
        return false;
    return same || damaged(g, "a table is missing or was made otherwise");
}

static bool check_layout(struct reading *g)
{
    size_t count;
    const struct report_relation *relations = report_relations(&count);
    for (size_t i = 0; i < count; i++)
        if (relations[i].kind == RELATION_TABLE && relations[i].since <= g->layout &&
            !check_made(g, &relations[i]))
            return false;
    return true;
}

/* ---- rows: cells are taken from left to right ---- */

struct cells {
    struct reading *g;
    struct db_query *q;
    int next;
    bool wrong; /* a cell of another type or out of range */
};

static struct str take_text(struct cells *c)
{
    struct str s = {0};
    c->wrong |= !db_text(c->q, c->next++, &s);
    return arena_copy(c->g->arena, s);
}

static int64_t take_signed(struct cells *c)
{
    int64_t n = 0;
    c->wrong |= !db_integer(c->q, c->next++, &n);
    return n;
}

static uint64_t take_count(struct cells *c)
{
    int64_t n = take_signed(c);
    c->wrong |= n < 0;
    return n < 0 ? 0 : (uint64_t)n;
}

static bool take_flag(struct cells *c)
{
    int64_t n = take_signed(c);
    c->wrong |= n != 0 && n != 1;
    return n == 1;
}

static int64_t take_time(struct cells *c)
{
    if (db_type(c->q, c->next) == DB_NULL) {
        c->next++;
        return UTC_NONE;
    }
    return take_signed(c);
}

static const char *class_word(int i)
{
    return value_class_name((enum value_class)i);
}
static const char *state_word(int i)
{
    return coverage_state_name((enum coverage_state)i);
}
static const char *kind_word(int i)
{
    return table_kind_name((enum table_kind)i);
}
static const char *severity_word(int i)
{
    return severity_name((enum severity)i);
}
static const char *basis_word(int i)
{
    return usage_basis_name((enum usage_basis)i);
}

/* One of the words of an enum with `count` values. */
static int take_word(struct cells *c, const char *(*word)(int), int count)
{
    struct str s = {0};
    if (db_text(c->q, c->next++, &s))
        for (int i = 0; i < count; i++)
            if (str_eq(s, str_from(word(i))))
                return i;
    c->wrong = true;
    return 0;
}

/* The column a row belongs to, by its id. */
static struct report_column *take_column(struct cells *c)
{
    uint64_t id = take_count(c);
    if (id >= 1 && id <= c->g->column_count)
        return c->g->columns[id - 1];
    c->wrong = true;
    return NULL;
}

/* Every row of a table, in the order of its ids, which must be 1, 2, 3... */
static bool read_rows(struct reading *g, const char *table, void (*take)(struct cells *, uint64_t),
                      bool has_id)
{
    struct buf sql = {.arena = g->arena};
    report_schema_select(&sql, report_relation(table));
    struct db_query *q = db_prepare(g->db, arena_text(g->arena, buf_str(&sql)), g->err);
    if (!q)
        return false;
    struct cells c = {.g = g, .q = q};
    enum db_row row;
    uint64_t expected = 0;
    while ((row = db_step(q, g->err)) == DB_ROW && !c.wrong) {
        c.next = 0;
        expected++;
        c.wrong = expected > READ_ROWS_MAX || (has_id && take_count(&c) != expected);
        if (!c.wrong)
            take(&c, expected);
    }
    db_finish(q);
    if (c.wrong)
        return damaged(g, arena_printf(g->arena, "row %llu of %s is damaged",
                                       (unsigned long long)expected, table));
    return row == DB_DONE;
}

static void take_whole(struct cells *c, uint64_t row)
{
    struct report *r = c->g->r;
    c->wrong |= row != 1;
    r->complete = take_flag(c);
    r->partial = take_flag(c);
    r->jobs_known = take_flag(c);
    r->verified = take_flag(c);
    r->row_security = take_flag(c);
    r->active_version = take_text(c);
    r->data_time = take_time(c);
    r->data_time_source = take_text(c);
    r->program_version = take_text(c);
    r->created = take_time(c);
    r->rows = take_count(c);
    r->cells = take_count(c);
    r->content_digest = take_text(c);
    c->g->record_digest = take_text(c);
}

static void take_version(struct cells *c, uint64_t row)
{
    struct report_version *v = report_add_version(c->g->r, take_text(c));
    struct str hex = take_text(c);
    (void)row;
    c->wrong |= hex.len != 0 && hex.len != FINGERPRINT_HEX;
    if (!c->wrong && hex.len)
        memcpy(v->fingerprint.hex, hex.at, hex.len);
}

static void take_table(struct cells *c, uint64_t row)
{
    struct report_table *t = report_add_table(c->g->r);
    (void)row;
    t->database = take_text(c);
    t->schema = take_text(c);
    t->name = take_text(c);
    t->kind = (enum table_kind)take_word(c, kind_word, TABLE_UNKNOWN + 1);
    t->state = (enum coverage_state)take_word(c, state_word, COVERAGE_COUNT);
    t->note = take_text(c);
    t->records = take_count(c);
}

/* Columns stand by table, so the ids of the tables never go down. */
static void take_table_column(struct cells *c, uint64_t row)
{
    struct report *r = c->g->r;
    uint64_t table = take_count(c);
    (void)row;
    if (table < 1 || table > r->table_count ||
        (table < r->table_count && r->tables[table].column_count > 0)) {
        c->wrong = true;
        return;
    }
    struct report_column *column = report_add_column(r, &r->tables[table - 1], take_text(c));
    column->envelope = take_text(c);
    column->records = take_count(c);
    column->nulls = take_count(c);
    column->declared = take_flag(c);
    column->has_classes = take_flag(c);
    column->key_records = take_count(c);
    column->future_times = take_count(c);
}

static void take_class(struct cells *c, uint64_t row)
{
    struct report_column *column = take_column(c);
    int class = take_word(c, class_word, CLASS_COUNT);
    uint64_t records = take_count(c);
    (void)row;
    if (!column || records == 0 || column->classes[class] != 0)
        c->wrong = true;
    else
        column->classes[class] = records;
}

static void take_usage(struct cells *c, uint64_t row)
{
    struct report_column *column = take_column(c);
    struct str version = take_text(c);
    enum usage_basis basis = (enum usage_basis)take_word(c, basis_word, BASIS_PROVEN + 1);
    (void)row;
    if (c->wrong)
        return;
    struct report_usage *u = report_add_usage(c->g->r, column, version, basis);
    u->records = take_count(c);
    u->oldest = take_time(c);
    u->newest = take_time(c);
}

static void take_input(struct cells *c, uint64_t row)
{
    struct report_input *in = report_add_input(c->g->r);
    (void)row;
    in->path = take_text(c);
    in->kind = take_text(c);
    in->bytes = take_count(c);
    in->decoded_bytes = take_count(c);
    in->records = take_count(c);
    in->digest = take_text(c);
    in->complete = take_flag(c);
    in->note = take_text(c);
    in->data_time = take_time(c);
    in->data_time_source = take_text(c);
    in->server_version = take_text(c);
}

static void take_job(struct cells *c, uint64_t row)
{
    struct report_job *j = report_add_job(c->g->r);
    (void)row;
    j->database = take_text(c);
    j->id = take_text(c);
    j->model_path = take_text(c);
    j->column_name = take_text(c);
    j->target_version = take_text(c);
    j->status = take_text(c);
    j->processed = take_signed(c);
    j->total_records = take_signed(c);
    j->errors = take_signed(c);
    j->dry_run = take_flag(c);
    j->updated_at = take_text(c);
}

static void take_spend(struct cells *c, uint64_t row)
{
    struct report_spend *s = report_add_spend(c->g->r);
    (void)row;
    s->key_name = take_text(c);
    s->day = take_signed(c);
    s->generations = take_count(c);
    s->micros = take_signed(c);
    s->byok_micros = take_signed(c);
}

static void take_finding(struct cells *c, uint64_t row)
{
    enum severity severity = (enum severity)take_word(c, severity_word, SEVERITY_INFO + 1);
    struct str code = take_text(c);
    struct report_finding *f = report_add_finding(c->g->r, severity, code, NULL, STR(""));
    (void)row;
    f->database = take_text(c);
    f->schema = take_text(c);
    f->table = take_text(c);
    f->column = take_text(c);
    f->message = take_text(c);
    f->record_count = take_count(c);
}

static void take_declared(struct cells *c, uint64_t row)
{
    struct report_declared *d = report_add_declared(c->g->r);
    (void)row;
    d->model = take_text(c);
    d->schema = take_text(c);
    d->table = take_text(c);
    d->attribute = take_text(c);
    d->column = take_text(c);
    d->resolved_by = take_text(c);
}

/* The columns have their final places only when all of them were read. */
static void index_columns(struct reading *g)
{
    struct report *r = g->r;
    for (size_t i = 0; i < r->table_count; i++)
        g->column_count += r->tables[i].column_count;
    g->columns = ARENA_ARRAY(g->arena, g->column_count, struct report_column *);
    size_t next = 0;
    for (size_t i = 0; i < r->table_count; i++)
        for (size_t c = 0; c < r->tables[i].column_count; c++)
            g->columns[next++] = &r->tables[i].columns[c];
}

static bool read_all(struct reading *g)
{
    if (!read_rows(g, "_report", take_whole, false) ||
        !read_rows(g, "_version", take_version, true) ||
        !read_rows(g, "_table", take_table, true) ||
        !read_rows(g, "_column", take_table_column, true))
        return false;
    index_columns(g);
    return read_rows(g, "_class", take_class, true) && read_rows(g, "_usage", take_usage, true) &&
           read_rows(g, "_input", take_input, true) && read_rows(g, "_job", take_job, true) &&
           (g->layout < 2 || read_rows(g, "_spend", take_spend, true)) &&
           read_rows(g, "_finding", take_finding, true) &&
           read_rows(g, "_declared", take_declared, true);
}

/* ---- what was read against what was stored ---- */

static bool check_digests(struct reading *g)
{
    struct report *r = g->r;
    struct str stored = r->content_digest;
    uint64_t rows = r->rows;
    uint64_t cells = r->cells;
    struct sha256 everything;
    char hex[SHA256_HEX + 1];
    if (!report_seal(r, g->err) || !report_digest(r, FORM_EVERYTHING, &everything, g->err))
        return false;
    sha256_hex(&everything, hex);
    const char *record = arena_printf(g->arena, "sha256:%s", hex);
    if (!str_eq(stored, r->content_digest) || !str_eq(g->record_digest, str_from(record)) ||
        rows != r->rows || cells != r->cells)
        return damaged(g, "its content does not fit its digest");
    return true;
}

bool report_read(const char *path, struct arena *arena, struct report *r, struct err *err)
{
    *r = (struct report){.arena = arena};
    struct reading g = {.r = r, .arena = arena, .path = path, .err = err};
    if (!check_file(path, &g.layout, err))
        return false;
    g.db = db_open_readonly(path, arena, err);
    bool done = g.db && check_layout(&g) && read_all(&g);
    done = db_close(g.db, err) && done;
    done = done && check_digests(&g);
    if (!done && err->kind == ERR_CORRUPT)
        err_hint(err, "make the report again with keycensus scan");
    return done;
}
