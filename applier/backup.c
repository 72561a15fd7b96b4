/* backup: manifest, write and prove, find, read. */
#include "applier/backup.h"
#include "applier/backup_tar.h"
#include "applier/part_file.h"
#include "applier/seal.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>
#include <stdlib.h>

static const char first_line[] = "keyretire backup 1\n";
static const char manifest_name[] = "MANIFEST";
static const char default_form[] = "python-dotenv";

/* ---- manifest ---- */

static void manifest_write(struct buf *text, const struct begin *begin, const char *txid)
{
    char utc[UTC_TEXT];
    buf_printf(text, "%stransaction %s\noperation %s\ntime %s\nplan ", first_line, txid,
               txn_operation_name(begin->operation), utc_text(begin->time, utc));
    if (begin->has_plan)
        line_digest(text, &begin->plan);
    else
        buf_text(text, "none");
    buf_byte(text, '\n');
    for (size_t i = 0; i < begin->version_count; i++) {
        buf_text(text, "version ");
        line_escape(text, begin->versions[i]);
        buf_byte(text, '\n');
    }
    for (size_t i = 0; i < begin->target_count; i++) {
        const struct begin_target *t = &begin->targets[i];
        buf_text(text, "target ");
        line_digest(text, &t->before);
        buf_printf(text, " %llu ", (unsigned long long)t->size_before);
        line_escape(text, t->path);
        buf_byte(text, '\n');
        if (t->form && strcmp(t->form, default_form) != 0)
            buf_printf(text, "form %s\n", t->form);
    }
    buf_text(text, "end\n");
}

static bool manifest_head(struct str *rest, struct backup *b)
{
    struct str value;
    if (!str_starts(*rest, str_from(first_line)))
        return false;
    *rest = str_slice(*rest, sizeof first_line - 1, rest->len);
    if (!line_word(rest, "transaction", &value) || !txid_is(value))
        return false;
    memcpy(b->txid, value.at, TXID_HEX);
    if (!line_word(rest, "operation", &value) || !line_operation(value, &b->operation))
        return false;
    if (!line_word(rest, "time", &value) || !utc_parse(value, &b->time))
        return false;
    if (!line_word(rest, "plan", &value))
        return false;
    b->has_plan = !str_eq(value, STR("none"));
    return !b->has_plan || sha256_from_hex(value, &b->plan);
}

static bool manifest_target(struct arena *a, struct str line, struct backup_target *t)
{
    struct str digest, size, path;
    t->form = str_from(default_form);
    return str_cut(line, ' ', &digest, &line) && str_cut(line, ' ', &size, &path) &&
           sha256_from_hex(digest, &t->digest) && str_to_u64(size, &t->size) &&
           line_unescape(a, path, &t->path) && t->path.len > 1 && t->path.at[0] == '/' &&
           str_find(t->path, 0) == t->path.len;
}

static bool manifest_read(struct arena *a, struct str text, struct backup *b, struct err *err)
{
    struct str rest = text;
    struct str value;
    size_t version_room = 0, target_room = 0;
    bool good = manifest_head(&rest, b);
    while (good && line_word(&rest, "version", &value)) {
        b->versions =
            arena_grow(a, b->versions, b->version_count, &version_room, sizeof *b->versions);
        good = b->version_count < TXN_NAMES_MAX &&
               line_unescape(a, value, &b->versions[b->version_count++]);
    }
    while (good && line_word(&rest, "target", &value)) {
        b->targets = arena_grow(a, b->targets, b->target_count, &target_room, sizeof *b->targets);
        good = b->target_count < TXN_TARGETS_MAX &&
               manifest_target(a, value, &b->targets[b->target_count++]);
        if (good && line_word(&rest, "form", &value))
            b->targets[b->target_count - 1].form = value;
    }
    if (good && b->target_count > 0 && str_eq(rest, STR("end\n")))
        return true;
    err_set(err, ERR_CORRUPT, 813, "the manifest of the backup does not read at byte %zu",
            text.len - rest.len);
    return false;
}

/* The path without its leading slash; escaped, so it is plain ASCII and has no "..". */
static struct str entry_name(struct arena *a, struct str path)
{
    struct buf name = {.arena = a};
    line_escape(&name, str_slice(path, 1, path.len));
    return buf_str(&name);
}

/* ---- read ---- */

bool backup_parse(struct str bytes, struct arena *wiping, struct backup *b, struct err *err)
{
    struct tar_entry *entries;
    size_t count;
    *b = (struct backup){0};
    if (!tar_read(bytes, wiping, &entries, &count, err))
        return false;
    if (count == 0 || !str_eq(entries[0].name, str_from(manifest_name))) {
        err_set(err, ERR_CORRUPT, 813, "the backup has no manifest");
        return false;
    }
    if (!manifest_read(wiping, entries[0].content, b, err))
        return false;
    if (count != b->target_count + 1) {
        err_set(err, ERR_CORRUPT, 814, "the backup holds %zu files, its manifest names %zu",
                count - 1, b->target_count);
        return false;
    }
    for (size_t i = 0; i < b->target_count; i++) {
        struct backup_target *t = &b->targets[i];
        const struct tar_entry *e = &entries[i + 1];
        struct sha256 digest;
        if (!crypto_sha256(e->content, &digest, err))
            return false;
        if (!str_eq(e->name, entry_name(wiping, t->path)) || e->content.len != t->size ||
            !sha256_eq(&digest, &t->digest)) {
            err_set(err, ERR_CORRUPT, 814, "file %zu of the backup is not what its manifest says",
                    i + 1);
            return false;
        }
        t->image = e->content;
    }
    return crypto_sha256(bytes, &b->digest, err);
}

/* "NAME.YYYYmmddTHHMMSSZ.TXID" */
static bool name_is_backup(struct str name, struct str *txid)
{
    static const char shape[] = "ddddddddTddddddZ";
    size_t tail = 1 + (sizeof shape - 1) + 1 + TXID_HEX;
    if (name.len <= tail)
        return false;
    size_t at = name.len - tail;
    *txid = str_slice(name, name.len - TXID_HEX, name.len);
    if (name.at[at] != '.' || name.at[name.len - TXID_HEX - 1] != '.' || !txid_is(*txid))
        return false;
    for (size_t i = 0; shape[i]; i++) {
        unsigned char c = name.at[at + 1 + i];
        if (shape[i] == 'd' ? !ascii_digit(c) : c != (unsigned char)shape[i])
            return false;
    }
    return true;
}

/* By time, then by transaction: what follows the name of the first target. */
static int by_time(const void *x, const void *y)
{
    const struct str *a = x, *b = y;
    size_t tail = 16 + 1 + TXID_HEX;
    return str_cmp(str_slice(*a, a->len - tail, a->len), str_slice(*b, b->len - tail, b->len));
}

bool backup_names(struct state *state, struct arena *a, struct str **names, size_t *count,
                  struct err *err)
{
    size_t room = 0;
    const char *entry;
    *names = NULL;
    *count = 0;
    if (!state_backups(state, err))
        return false;
    if (state->backup_dir < 0)
        return true;
    int fd = sys->openat(state->backup_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    struct sys_dir *list = fd < 0 ? NULL : sys->opendir_fd(fd);
    if (!list) {
        err_sys(err, ERR_SYSTEM, 803, errno, "list the backups in %s", state->backup_path);
        if (fd >= 0)
            (void)sys->close(fd);
        return false;
    }
    while ((entry = sys->readdir(list)) != NULL) {
        struct str txid;
        if (!name_is_backup(str_from(entry), &txid))
            continue;
        *names = arena_grow(a, *names, *count, &room, sizeof **names);
        (*names)[(*count)++] = arena_copy(a, str_from(entry));
    }
    bool done = errno == 0;
    if (!done)
        err_sys(err, ERR_SYSTEM, 803, errno, "list the backups in %s", state->backup_path);
    (void)sys->closedir(list);
    if (*count)
        qsort(*names, *count, sizeof **names, by_time);
    return done;
}

/* Sets the error when a recorded purge destroyed it. */
static bool was_destroyed(struct state *state, struct str wanted, struct arena *a, struct err *err)
{
    struct txn_list list;
    struct err unread = {0};
    if (wanted.len < TXID_PREFIX_MIN || !txn_list_read(state, a, &list, &unread))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        const struct txn_info *t = &list.at[i];
        struct str path = str_from(t->targets[0].path);
        if (t->operation != TXN_PURGE || t->outcome != TXN_COMMITTED || path.len < TXID_HEX ||
            (!str_ends(path, wanted) &&
             !str_starts(str_slice(path, path.len - TXID_HEX, path.len), wanted)))
            continue;
        err_set(err, ERR_NOT_FOUND, 804, "the backup %s was destroyed by transaction %s",
                text_shown(a, wanted), t->txid);
        err_hint(err, "%s/destroyed/%s.txt says what may remain elsewhere", state->path, t->txid);
        return true;
    }
    return false;
}

bool backup_find(struct state *state, const char *name_or_txid, struct arena *a, const char **name,
                 struct err *err)
{
    struct str wanted = str_from(name_or_txid);
    struct str *names;
    size_t count;
    size_t matches = 0;
    if (str_starts(wanted, str_from(state->backup_path)) && /* its whole path will do too */
        str_starts(str_slice(wanted, strlen(state->backup_path), wanted.len), STR("/")))
        wanted = str_slice(wanted, strlen(state->backup_path) + 1, wanted.len);
    if (!backup_names(state, a, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct str txid = str_slice(names[i], names[i].len - TXID_HEX, names[i].len);
        if (str_eq(names[i], wanted)) {
            *name = arena_text(a, names[i]);
            return true;
        }
        if (wanted.len >= TXID_PREFIX_MIN && str_starts(txid, wanted)) {
            *name = arena_text(a, names[i]);
            matches++;
        }
    }
    if (matches == 1)
        return true;
    if (matches == 0 && was_destroyed(state, wanted, a, err))
        return false;
    if (matches > 1)
        err_set(err, ERR_USAGE, 805, "%s names %zu backups", text_shown(a, wanted), matches);
    else
        err_set(err, ERR_NOT_FOUND, 804, "no backup %s in %s", text_shown(a, wanted),
                state->backup_path);
    err_hint(err, "keyretire backups list names them");
    return false;
}

static bool read_bytes(struct state *state, const char *name, struct arena *wiping,
                       struct str *bytes, struct err *err)
{
    int fd =
        sys->openat(state->backup_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 803, errno, "open the backup %s", name);
        return false;
    }
    bool done = file_read_fd(wiping, fd, name, bytes, err);
    (void)sys->close(fd); /* read-only */
    return done;
}

static bool no_identity(struct err *err)
{
    err_set(err, ERR_REFUSED, 830, "it is sealed to its recipients");
    err_hint(err, "--identity FILE names the identity of one of them");
    return false;
}

/* The digest is of the archive as it is stored; its seal is no part of what parse sees. */
static bool parse_sealed(struct str bytes, struct str identity, struct arena *wiping,
                         struct backup *b, struct err *err)
{
    struct str plain;
    if (identity.len == 0)
        return no_identity(err);
    if (!seal_open(wiping, identity, bytes, &plain, err) || !backup_parse(plain, wiping, b, err))
        return false;
    b->sealed = true;
    return crypto_sha256(bytes, &b->digest, err);
}

/* `identity` is the text of an age identity file, or ''. */
static bool read_back(struct state *state, const char *name, struct str identity,
                      struct arena *wiping, struct backup *b, struct err *err)
{
    struct str bytes;
    bool done = read_bytes(state, name, wiping, &bytes, err) &&
                (seal_is(bytes) ? parse_sealed(bytes, identity, wiping, b, err)
                                : backup_parse(bytes, wiping, b, err));
    if (!done)
        err_context(err, "backup %s", name);
    b->name = name;
    b->path = arena_printf(wiping, "%s/%s", state->backup_path, name);
    return done;
}

bool backup_read(struct state *state, const char *name_or_txid, struct arena *wiping,
                 struct backup *b, struct err *err)
{
    const char *name;
    struct str identity = STR("");
    *b = (struct backup){0};
    if (!backup_find(state, name_or_txid, wiping, &name, err) ||
        (state->identity && !file_read(wiping, state->identity, &identity, err)) ||
        !read_back(state, name, identity, wiping, b, err))
        return false;
    if (str_ends(str_from(name), str_from(b->txid)))
        return true;
    err_set(err, ERR_CORRUPT, 814, "backup %s: its manifest is of transaction %s", name, b->txid);
    return false;
}

bool backup_read_closed(struct state *state, const char *name_or_txid, struct arena *a,
                        struct backup *b, struct err *err)
{
    struct txn_info info;
    struct err unknown = {0};
    struct str bytes;
    const char *name;
    *b = (struct backup){.sealed = true};
    if (!backup_find(state, name_or_txid, a, &name, err) ||
        !read_bytes(state, name, a, &bytes, err))
        return false;
    memcpy(b->txid, name + strlen(name) - TXID_HEX, TXID_HEX);
    if (!seal_is(bytes) || !txn_find(state, a, b->txid, &info, &unknown)) {
        no_identity(err);
        err_context(err, "backup %s", name);
        return false;
    }
    b->name = name;
    b->path = arena_printf(a, "%s/%s", state->backup_path, name);
    b->operation = info.operation;
    b->time = info.started;
    b->has_plan = info.has_plan;
    b->plan = info.plan;
    b->versions = info.versions;
    b->version_count = info.version_count;
    b->target_count = info.target_count;
    b->targets = ARENA_ARRAY(a, info.target_count, struct backup_target);
    for (size_t i = 0; i < info.target_count; i++)
        b->targets[i] = (struct backup_target){.path = str_from(info.targets[i].path),
                                               .digest = info.targets[i].before};
    return crypto_sha256(bytes, &b->digest, err);
}

bool backup_verify(struct state *state, const struct backup *b, struct arena *a,
                   struct txn_notes *notes, struct err *err)
{
    struct txn_info info;
    struct err unknown = {0};
    if (!txn_find(state, a, b->txid, &info, &unknown)) {
        if (unknown.kind != ERR_NOT_FOUND)
            return *err = unknown, false;
        txn_note(notes, a,
                 "transaction %s has no journal here: the backup agrees with itself, and "
                 "nothing else is known of it",
                 b->txid);
        return true;
    }
    if (!info.backup_file || sha256_eq(&info.backup_digest, &b->digest))
        return true;
    err_set(err, ERR_CORRUPT, 815, "backup %s is not the archive that transaction %s made", b->name,
            b->txid);
    return false;
}

/* ---- write ---- */

static bool make_archive(const struct begin *begin, const char *txid, const struct str *images,
                         struct arena *wiping, struct str *bytes, struct err *err)
{
    size_t count = begin->target_count + 1;
    struct tar_entry *entries = ARENA_ARRAY(wiping, count, struct tar_entry);
    struct buf manifest = {.arena = wiping};
    manifest_write(&manifest, begin, txid);
    entries[0] = (struct tar_entry){str_from(manifest_name), buf_str(&manifest)};
    for (size_t i = 0; i < begin->target_count; i++)
        entries[i + 1] = (struct tar_entry){entry_name(wiping, begin->targets[i].path), images[i]};
    return tar_write(entries, count, begin->time, wiping, bytes, err);
}

const char *backup_name(struct arena *a, const struct begin *begin, const char *txid)
{
    char utc[UTC_TEXT];
    char *folder, *first;
    file_split(a, arena_text(a, begin->targets[0].path), &folder, &first);
    return arena_printf(a, "%s.%s.%s", first, utc_compact(begin->time, utc), txid);
}

static const char *temporary_name(struct arena *a, const char *name)
{
    return arena_printf(a, ".%s.tmp", name);
}

/* Synced whether it was there or not: an earlier sweep may have been killed before it was durable.
 */
bool backup_sweep(const struct begin *begin, const char *txid, struct arena *a, struct err *err)
{
    const char *name = temporary_name(a, backup_name(a, begin, txid));
    const char *folder = arena_text(a, begin->backup_folder);
    int fd = sys->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return true;
    bool done =
        fd >= 0 && (sys->unlinkat(fd, name, 0) == 0 || errno == ENOENT) && sys->fsync(fd) == 0;
    if (!done)
        err_sys(err, ERR_SYSTEM, 806, errno, "remove the unfinished backup %s/%s", folder, name);
    if (fd >= 0)
        (void)sys->close(fd); /* read-only */
    return done;
}

/* Temporary name, fsync, rename, fsync of the folder. */
static bool store(struct state *state, const char *name, struct str bytes, struct arena *a,
                  struct err *err)
{
    const char *temporary = temporary_name(a, name);
    int fd = sys->openat(state->backup_dir, temporary,
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 806, errno, "create the backup %s", name);
        return false;
    }
    bool done = file_write_all(fd, bytes, arena_printf(a, "the backup %s", name), err);
    if (done && sys->fsync(fd) != 0) {
        err_sys(err, ERR_SYSTEM, 806, errno, "fsync the backup %s", name);
        done = false;
    }
    if (sys->close(fd) != 0 && done) {
        err_sys(err, ERR_SYSTEM, 806, errno, "close the backup %s", name);
        done = false;
    }
    if (done && sys->renameat2(state->backup_dir, temporary, state->backup_dir, name,
                               SYS_RENAME_NOREPLACE) != 0) {
        err_sys(err, ERR_SYSTEM, 806, errno, "rename the backup to %s", name);
        done = false;
    }
    if (!done)
        (void)sys->unlinkat(state->backup_dir, temporary, 0); /* the cause is in err */
    if (done && sys->fsync(state->backup_dir) != 0) {
        err_sys(err, ERR_SYSTEM, 806, errno, "fsync the backup folder %s", state->backup_path);
        done = false;
    }
    return done;
}

/* What is on the disk is the images that were read from the files, and nothing else will do. */
static bool prove(struct state *state, const struct begin *begin, const struct str *images,
                  struct str once, struct arena *wiping, struct backup *made, struct err *err)
{
    const char *name = made->name;
    if (!read_back(state, name, once, wiping, made, err))
        return false;
    bool same = made->target_count == begin->target_count;
    for (size_t i = 0; same && i < begin->target_count; i++)
        same = str_eq(made->targets[i].path, begin->targets[i].path) &&
               sha256_eq(&made->targets[i].digest, &begin->targets[i].before) &&
               str_eq(made->targets[i].image, images[i]);
    if (!same)
        err_set(err, ERR_SYSTEM, 807, "the backup %s does not read back as it was written", name);
    return same;
}

bool backup_write(struct state *state, const struct begin *begin, const char *txid,
                  const struct str *images, struct str recipients, struct arena *wiping,
                  struct backup *made, struct err *err)
{
    struct arena sealing = {.wipe = true}; /* the one-time identity is wiped here, not at END */
    struct str bytes;
    struct str once = STR("");
    *made = (struct backup){0};
    made->name = backup_name(wiping, begin, txid);
    bool done =
        state_backups(state, err) && make_archive(begin, txid, images, wiping, &bytes, err) &&
        (recipients.len == 0 || seal_close(&sealing, recipients, bytes, &bytes, &once, err)) &&
        store(state, made->name, bytes, wiping, err) &&
        prove(state, begin, images, once, wiping, made, err);
    arena_free(&sealing);
    return done;
}
