/* journal: append and sync, close by rename. */
#include "applier/journal.h"
#include "common/file.h"
#include "common/sys.h"

#include <errno.h>
#include <stdlib.h>

static const char *end_name(struct journal *j)
{
    return arena_printf(j->bytes.arena, "%s.end", j->txid);
}

static void start(struct journal *j, int dir, const char *txid, struct arena *a)
{
    *j = (struct journal){.dir = dir, .fd = -1, .bytes = {.arena = a}};
    memcpy(j->txid, txid, TXID_HEX);
    j->name = arena_printf(a, "%s.journal", j->txid);
}

/* Puts the record behind the whole ones in memory; the history then shows it. */
static void remember(struct journal *j, enum record_type type, struct str body)
{
    struct history *h = &j->history;
    uint64_t before = h->count ? h->at[h->count - 1].sum : 0;
    size_t from = j->bytes.len;
    uint64_t sum =
        record_add(&j->bytes, txid_seed(j->txid), type, (uint32_t)h->count, before, body);
    struct str kept = arena_copy(j->bytes.arena, str_slice(buf_str(&j->bytes), from + RECORD_HEAD,
                                                           from + RECORD_HEAD + body.len));
    h->at[h->count++] = (struct record){type, kept, sum};
    h->whole = j->bytes.len;
}

static bool write_new(struct journal *j, const char *name, int *fd, struct err *err)
{
    *fd = sys->openat(j->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*fd < 0) {
        err_sys(err, ERR_SYSTEM, 710, errno, "create the journal %s", name);
        return false;
    }
    if (!file_write_all(*fd, buf_str(&j->bytes), name, err))
        return false;
    if (sys->fsync(*fd) != 0) {
        err_sys(err, ERR_SYSTEM, 711, errno, "fsync the journal %s", name);
        return false;
    }
    return true;
}

static bool sync_folder(const struct journal *j, struct err *err)
{
    if (sys->fsync(j->dir) == 0)
        return true;
    err_sys(err, ERR_SYSTEM, 711, errno, "fsync the folder of the journal %s", j->name);
    return false;
}

bool journal_create(struct journal *j, int dir, const char *txid, struct str begin, struct arena *a,
                    struct err *err)
{
    start(j, dir, txid, a);
    remember(j, RECORD_BEGIN, begin);
    if (write_new(j, j->name, &j->fd, err) && sync_folder(j, err))
        return true;
    if (j->fd >= 0)
        (void)sys->unlinkat(dir, j->name, 0); /* nothing was begun; the cause is in err */
    journal_release(j);
    return false;
}

/*
 * A journal without one valid record is the trace of a BEGIN that never became durable, and goes.
 * But under the name of another transaction no record of a good journal is valid either; that one
 * must not go. The id is the digest of the BEGIN body, so the content tells its own name.
 */
static bool not_misplaced(const struct journal *j, struct str content, struct err *err)
{
    char txid[TXID_HEX + 1];
    struct str body;
    struct history h;
    struct err ignored = {0};
    if (j->history.count > 0 || !record_first_body(content, &body))
        return true;
    if (!begin_txid(body, txid, err))
        return false;
    if (record_read(content, txid_seed(txid), &h, &ignored) && h.count == 0)
        return true;
    err_set(err, ERR_CORRUPT, 704, "its records are of transaction %s", txid);
    return false;
}

bool journal_open(struct journal *j, int dir, const char *txid, struct arena *a, struct err *err)
{
    struct str content;
    start(j, dir, txid, a);
    j->fd = sys->openat(dir, j->name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (j->fd < 0 && (errno == EACCES || errno == EROFS))
        j->fd = sys->openat(dir, j->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (j->fd < 0) {
        err_sys(err, ERR_SYSTEM, 712, errno, "open the journal %s", j->name);
        return false;
    }
    if (!file_read_fd(a, j->fd, j->name, &content, err) ||
        !record_read(content, txid_seed(txid), &j->history, err) ||
        !not_misplaced(j, content, err)) {
        err_context(err, "journal %s", j->name);
        if (err->kind == ERR_CORRUPT)
            err_hint(
                err,
                "bring STATE/txn/%s back from a copy of the state folder. Without one: when no "
                "file NAME.%s.new lies beside a configuration file, that change is over, and "
                "the journal can be moved out of the folder; keyretire backups restore %s "
                "puts back what it removed",
                j->name, j->txid, j->txid);
        journal_release(j);
        return false;
    }
    buf_add(&j->bytes, str_slice(content, 0, j->history.whole));
    return true;
}

bool journal_sync(struct journal *j, struct err *err)
{
    if (sys->fsync(j->fd) != 0) {
        err_sys(err, ERR_SYSTEM, 711, errno, "fsync the journal %s", j->name);
        j->broken = true;
        return false;
    }
    return sync_folder(j, err);
}

/*
 * The history in memory as a new file over the journal: what END does, and what is done with a torn
 * tail. The new file becomes the journal, so its descriptor takes the old one's place.
 */
static bool replace(struct journal *j, struct err *err)
{
    const char *fresh = end_name(j);
    int fd = -1;
    if (!write_new(j, fresh, &fd, err))
        goto fail;
    if (sys->renameat2(j->dir, fresh, j->dir, j->name, 0) != 0) {
        err_sys(err, ERR_SYSTEM, 713, errno, "rename %s to %s", fresh, j->name);
        goto fail;
    }
    journal_release(j);
    j->fd = fd;
    j->history.torn = false;
    return sync_folder(j, err);
fail:
    if (fd >= 0) {
        (void)sys->close(fd); /* the cause is in err */
        (void)sys->unlinkat(j->dir, fresh, 0);
    }
    return false;
}

/* Takes the last record out of memory again: it never became durable. */
static void unremember(struct journal *j, size_t whole)
{
    j->history.count--;
    j->history.whole = whole;
    j->bytes.len = whole;
}

bool journal_add(struct journal *j, enum record_type type, struct str body, struct err *err)
{
    size_t whole = j->history.whole;
    if (j->broken || !record_may_follow(&j->history, type)) {
        err_set(err, ERR_SYSTEM, 714, "the journal %s takes no %s record any more", j->name,
                record_type_name(type));
        return false;
    }
    remember(j, type, body);
    bool done;
    if (j->history.torn) {
        done = replace(j, err);
    } else {
        struct str fresh = str_slice(buf_str(&j->bytes), whole, j->bytes.len);
        done = sys->lseek(j->fd, 0, SEEK_END) == (off_t)whole;
        if (!done)
            err_set(err, ERR_SYSTEM, 715, "the journal %s was changed by somebody else", j->name);
        done = done && file_write_all(j->fd, fresh, j->name, err);
        if (done && sys->fsync(j->fd) != 0) {
            err_sys(err, ERR_SYSTEM, 711, errno, "fsync the journal %s", j->name);
            done = false;
        }
    }
    if (!done) {
        err_context(err, "write the %s record", record_type_name(type));
        unremember(j, whole);
        j->broken = true;
    }
    return done;
}

bool journal_close(struct journal *j, struct str end, struct err *err)
{
    size_t whole = j->history.whole;
    remember(j, RECORD_END, end);
    if (replace(j, err))
        return true;
    err_context(err, "write the END record");
    unremember(j, whole);
    return false;
}

bool journal_forget(struct journal *j, struct err *err)
{
    if (sys->unlinkat(j->dir, j->name, 0) != 0) {
        err_sys(err, ERR_SYSTEM, 713, errno, "remove the journal %s", j->name);
        return false;
    }
    return sync_folder(j, err);
}

void journal_interrupted(struct journal *j)
{
    j->bytes.len = j->history.whole;
    j->broken = true;
}

void journal_release(struct journal *j)
{
    if (j->fd >= 0)
        (void)sys->close(j->fd); /* every byte that counts was synced */
    j->fd = -1;
}

/* ---- the folder ---- */

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The names in the folder that are TXID + ending, without the ending. */
static bool names_ending(int dir, const char *ending, struct arena *a, struct str **names,
                         size_t *count, struct err *err)
{
    size_t room = 0;
    const char *name;
    *names = NULL;
    *count = 0;
    int fd = sys->openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    struct sys_dir *list = fd < 0 ? NULL : sys->opendir_fd(fd);
    if (!list) {
        err_sys(err, ERR_SYSTEM, 712, errno, "list the journals");
        if (fd >= 0)
            (void)sys->close(fd);
        return false;
    }
    while ((name = sys->readdir(list)) != NULL) {
        struct str whole = str_from(name);
        struct str id = str_slice(whole, 0, TXID_HEX);
        if (!txid_is(id) || !str_eq(str_slice(whole, TXID_HEX, whole.len), str_from(ending)))
            continue;
        *names = arena_grow(a, *names, *count, &room, sizeof **names);
        (*names)[(*count)++] = arena_copy(a, id);
    }
    bool done = errno == 0;
    if (!done)
        err_sys(err, ERR_SYSTEM, 712, errno, "list the journals");
    (void)sys->closedir(list);
    if (*count)
        qsort(*names, *count, sizeof **names, by_text);
    return done;
}

bool journal_names(int dir, struct arena *a, struct str **txids, size_t *count, struct err *err)
{
    return names_ending(dir, ".journal", a, txids, count, err);
}

bool journal_sweep(int dir, struct arena *a, struct err *err)
{
    struct str *ids;
    size_t count;
    if (!names_ending(dir, ".end", a, &ids, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *name = arena_printf(a, "%.*s.end", STR_ARG(ids[i]));
        if (sys->unlinkat(dir, name, 0) != 0) {
            err_sys(err, ERR_SYSTEM, 713, errno, "remove %s", name);
            return false;
        }
    }
    return true;
}
