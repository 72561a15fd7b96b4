/* backup_tar: libarchive behind two functions over memory. */
#include "applier/backup_tar.h"
#include "common/buf.h"
#include "common/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

enum { TAR_NAME_MAX = 16 * 1024 }; /* bytes; an escaped path is at most three times 4,096 */

/* ---- write ---- */

static la_ssize_t to_buffer(struct archive *archive, void *into, const void *bytes, size_t n)
{
    (void)archive;
    buf_add(into, str_make(bytes, n));
    return (la_ssize_t)n;
}

static bool library(struct archive *archive, const char *what, struct err *err)
{
    const char *why = archive_error_string(archive);
    err_set(err, ERR_SYSTEM, 812, "%s the backup: %s", what, why ? why : "libarchive failed");
    return false;
}

static bool write_entry(struct archive *archive, const struct tar_entry *e, int64_t time,
                        struct err *err)
{
    struct arena scratch = {0};
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        return library(archive, "write", err);
    archive_entry_set_pathname(entry, arena_text(&scratch, e->name));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, (la_int64_t)e->content.len);
    archive_entry_set_mtime(entry, (time_t)time, 0);
    bool done =
        archive_write_header(archive, entry) == ARCHIVE_OK &&
        (e->content.len == 0 ||
         archive_write_data(archive, e->content.at, e->content.len) == (la_ssize_t)e->content.len);
    if (!done)
        (void)library(archive, "write", err);
    archive_entry_free(entry);
    arena_free(&scratch);
    return done;
}

bool tar_write(const struct tar_entry *entries, size_t count, int64_t time, struct arena *wiping,
               struct str *bytes, struct err *err)
{
    struct buf out = {.arena = wiping};
    struct archive *archive = archive_write_new();
    if (!archive) {
        err_set(err, ERR_SYSTEM, 812, "write the backup: no memory");
        return false;
    }
    bool done = archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK &&
                archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK &&
                archive_write_open(archive, &out, NULL, to_buffer, NULL) == ARCHIVE_OK;
    if (!done)
        (void)library(archive, "write", err);
    for (size_t i = 0; done && i < count; i++)
        done = write_entry(archive, &entries[i], time, err);
    if (done && archive_write_close(archive) != ARCHIVE_OK)
        done = library(archive, "write", err);
    (void)archive_write_free(archive); /* after close nothing is left to lose */
    *bytes = buf_str(&out);
    return done;
}

/* ---- read ---- */

static bool refuse(const char *what, size_t entry, struct err *err)
{
    err_set(err, ERR_CORRUPT, 811, "the backup is not one of ours: entry %zu %s", entry, what);
    return false;
}

/* Relative, printable, and no part that is empty, "." or "..". */
static bool name_is_plain(struct str name)
{
    struct str part;
    if (name.len == 0 || name.len > TAR_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= ' ' || name.at[i] >= 0x7F)
            return false;
    for (struct str rest = name; rest.len;) {
        bool more = str_cut(rest, '/', &part, &rest);
        if (part.len == 0 || str_eq(part, STR(".")) || str_eq(part, STR("..")) ||
            (more && rest.len == 0))
            return false;
    }
    return true;
}

static bool read_content(struct archive *archive, uint64_t size, struct arena *wiping,
                         struct str *content, struct err *err)
{
    unsigned char *at = arena_alloc(wiping, (size_t)size);
    size_t have = 0;
    while (have < size) {
        la_ssize_t n = archive_read_data(archive, at + have, (size_t)size - have);
        if (n <= 0) {
            err_set(err, ERR_CORRUPT, 811, "the backup is cut off inside an entry");
            return false;
        }
        have += (size_t)n;
    }
    *content = str_make(at, have);
    return true;
}

static bool read_entry(struct archive *archive, struct archive_entry *entry, size_t index,
                       size_t most, struct arena *wiping, struct tar_entry *into, struct err *err)
{
    const char *name = archive_entry_pathname(entry);
    la_int64_t size = archive_entry_size(entry);
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
        archive_entry_symlink(entry))
        return refuse("is no regular file", index, err);
    if (archive_entry_sparse_count(entry) > 0)
        return refuse("is sparse", index, err);
    if (!name || !name_is_plain(str_from(name)))
        return refuse("has no plain relative name", index, err);
    /* Its bytes are in the archive, so none can be larger than it. */
    if (!archive_entry_size_is_set(entry) || size < 0 || (uint64_t)size > most || size > FILE_MAX)
        return refuse("has no believable size", index, err);
    into->name = arena_copy(wiping, str_from(name));
    return read_content(archive, (uint64_t)size, wiping, &into->content, err);
}

bool tar_read(struct str bytes, struct arena *wiping, struct tar_entry **entries, size_t *count,
              struct err *err)
{
    size_t room = 0;
    struct archive_entry *entry;
    struct archive *archive = archive_read_new();
    *entries = NULL;
    *count = 0;
    if (!archive) {
        err_set(err, ERR_SYSTEM, 812, "read the backup: no memory");
        return false;
    }
    bool done = archive_read_support_format_tar(archive) == ARCHIVE_OK &&
                archive_read_open_memory(archive, bytes.at, bytes.len) == ARCHIVE_OK;
    if (!done)
        err_set(err, ERR_CORRUPT, 811, "the backup is no tar archive");
    while (done) {
        int answer = archive_read_next_header(archive, &entry);
        if (answer == ARCHIVE_EOF)
            break;
        if (answer != ARCHIVE_OK) {
            err_set(err, ERR_CORRUPT, 811, "the backup is damaged at entry %zu", *count);
            done = false;
        } else if (*count == TAR_ENTRIES_MAX) {
            done = refuse("is one too many", *count, err);
        } else {
            *entries = arena_grow(wiping, *entries, *count, &room, sizeof **entries);
            done = read_entry(archive, entry, *count, bytes.len, wiping, &(*entries)[*count], err);
            *count += done;
        }
    }
    (void)archive_read_free(archive);
    return done;
}
