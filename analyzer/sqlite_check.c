/*
 * sqlite_check: SQLite's own check of the file's structure, behind a look at its depth.
 *
 * The check goes down a tree by recursion and has no limit there, so that a file made for it ends
 * the program. No real tree is deeper than the limit of SQLite's cursors.
 */
#include "analyzer/sqlite_parts.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

/* btreeInt.h, BTCURSOR_MAX_DEPTH; file format, 1.6. */
enum {
    DEPTH_MAX = 20,
    PAGE_MAX = 65536,
    FILE_HEADER = 100,
    INTERIOR_INDEX = 2,
    INTERIOR_TABLE = 5,
    INTERIOR_HEADER = 12
};

struct level {
    unsigned char *bytes;
    size_t header; /* where the tree's begins */
    unsigned next, cells;
};

struct depth {
    int fd;
    size_t page_size;
    uint32_t pages;   /* in the file */
    uint64_t visited; /* in a sound file each at most once */
    unsigned level;
    struct level levels[DEPTH_MAX];
};

static uint32_t big_endian(const unsigned char *at, size_t n)
{
    uint32_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | at[i];
    return value;
}

static bool read_at(const struct depth *d, uint32_t page, size_t from, unsigned char *into,
                    size_t n)
{
    off_t at = (off_t)(page - 1) * (off_t)d->page_size + (off_t)from;
    return sys->pread(d->fd, into, n, at) == (ssize_t)n;
}

/* Goes down to a page if others are below it. False: too deep, or met too often. */
static bool enter(struct depth *d, uint32_t page)
{
    unsigned char type = 0;
    size_t header = page == 1 ? FILE_HEADER : 0;
    if (page == 0 || page > d->pages || !read_at(d, page, header, &type, 1) ||
        (type != INTERIOR_INDEX && type != INTERIOR_TABLE))
        return true; /* for SQLite to judge */
    if (d->level == DEPTH_MAX || ++d->visited > d->pages)
        return false;
    struct level *l = &d->levels[d->level];
    if (!read_at(d, page, 0, l->bytes, d->page_size))
        return true;
    l->header = header;
    l->next = 0;
    l->cells = big_endian(l->bytes + header + 3, 2);
    d->level++;
    return true;
}

/* The next page below this one; 0: none that can be told. */
static uint32_t next_child(const struct depth *d, struct level *l)
{
    size_t pointer = l->header + INTERIOR_HEADER + (size_t)2 * l->next;
    if (l->next++ == l->cells)
        return big_endian(l->bytes + l->header + 8, 4);
    if (pointer + 2 > d->page_size)
        return 0;
    size_t cell = big_endian(l->bytes + pointer, 2);
    return cell + 4 <= d->page_size ? big_endian(l->bytes + cell, 4) : 0;
}

static bool tree_is_flat(struct depth *d, uint32_t root)
{
    d->level = 0;
    if (!enter(d, root))
        return false;
    while (d->level > 0) {
        struct level *l = &d->levels[d->level - 1];
        if (l->next > l->cells)
            d->level--;
        else if (!enter(d, next_child(d, l)))
            return false;
    }
    return true;
}

static bool fail_damaged(const struct sqlite_file *f, struct str what, struct err *err)
{
    err_set(err, ERR_CORRUPT, 370, "%s: the database is damaged: %s", f->path,
            text_shown(f->arena, what));
    err_hint(err, "take another copy; sqlite3 FILE .recover saves what can be read, and what it "
                  "lost nobody knows");
    return false;
}

static bool trees_are_flat(struct sqlite_file *f, struct depth *d, struct err *err)
{
    bool flat = tree_is_flat(d, 1);
    struct db_query *q =
        db_prepare(f->db, "SELECT rootpage FROM sqlite_master WHERE rootpage>1", err);
    enum db_row row = DB_DONE;
    int64_t root = 0;
    while (flat && q && (row = db_step(q, err)) == DB_ROW)
        flat = !db_integer(q, 0, &root) || root > UINT32_MAX || tree_is_flat(d, (uint32_t)root);
    db_finish(q);
    if (!flat || row == DB_LARGE)
        return fail_damaged(f, STR("a tree of pages is too deep"), err);
    return !err_is(err);
}

/* Pages are whole; SQLite takes the rest of a page that is cut for zeroes. */
static bool is_whole(const struct sqlite_file *f, const struct depth *d, struct err *err)
{
    if (f->before.st_size % (off_t)d->page_size == 0)
        return true;
    err_set(err, ERR_INCOMPLETE, 375, "%s: the database ends inside a page", f->path);
    err_hint(err, "the file was cut off: copy it again");
    return false;
}

static bool check_pages(struct sqlite_file *f, struct depth *d, struct err *err)
{
    unsigned char size[2];
    if (!read_at(d, 1, 16, size, sizeof size) || big_endian(size, 2) == 0)
        return fail_damaged(f, STR("it has no header"), err);
    d->page_size = big_endian(size, 2) == 1 ? PAGE_MAX : big_endian(size, 2);
    d->pages = (uint32_t)((uint64_t)f->before.st_size / d->page_size);
    for (size_t i = 0; i < DEPTH_MAX; i++)
        d->levels[i].bytes = arena_alloc(f->arena, PAGE_MAX);
    return is_whole(f, d, err) && trees_are_flat(f, d, err);
}

static bool check_depth(struct sqlite_file *f, struct err *err)
{
    struct depth d = {.fd = sys->openat(AT_FDCWD, f->path, O_RDONLY | O_CLOEXEC, 0),
                      .page_size = 1};
    if (d.fd < 0) {
        err_sys(err, ERR_SYSTEM, 103, errno, "open %s", f->path);
        return false;
    }
    struct arena_mark before = arena_mark(f->arena);
    bool sound = check_pages(f, &d, err);
    arena_reset(f->arena, before);
    (void)sys->close(d.fd);
    return sound;
}

/* What a column may hold is for who writes it: the row is read all the same. */
static bool is_of_a_value(struct str what)
{
    static const char *const begins[] = {"NULL value in ", "NUMERIC value in ", "TEXT value in ",
                                         "non-"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (str_starts(what, str_from(begins[i])))
            return true;
    return false;
}

bool sqlite_check(struct sqlite_file *f, struct err *err)
{
    struct str what;
    uint64_t seen = 0;
    enum db_row row = DB_ROW;
    if (!check_depth(f, err))
        return false;
    struct db_query *q = db_prepare(f->db, "PRAGMA quick_check(100)", err);
    while (q && (row = db_step(q, err)) == DB_ROW && db_text(q, 0, &what)) {
        bool sound = seen++ == 0 && str_eq(what, STR("ok"));
        if (!sound && (!is_of_a_value(what) || seen == 100)) {
            (void)fail_damaged(f, what, err);
            break;
        }
    }
    db_finish(q);
    if (!err_is(err) && row != DB_DONE)
        (void)fail_damaged(f, STR("it cannot be checked"), err);
    return !err_is(err);
}
