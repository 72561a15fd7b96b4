/* spool_folder: names, listing, and the record of used requests. */
#include "applier/vault/spool_folder.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>
#include <stdlib.h>

const char *spool_path(struct arena *a, const char *spool, const char *id, enum spool_file file)
{
    static const char *const ends[] = {
        [SPOOL_REQUEST] = "request", [SPOOL_SIGNATURE] = "request.sig", [SPOOL_ANSWER] = "answer"};
    return arena_printf(a, "%s/%s.%s", spool, id, ends[file]);
}

static int by_id(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool list(struct arena *a, struct sys_dir *dir, struct str **ids, size_t *count)
{
    const char *name;
    char id[SPOOL_ID_HEX + 1];
    *ids = ARENA_ARRAY(a, SPOOL_REQUESTS_MAX, struct str);
    *count = 0;
    errno = 0;
    while ((name = sys->readdir(dir)) != NULL) {
        if (spool_is_request(name, id) && *count < SPOOL_REQUESTS_MAX)
            (*ids)[(*count)++] = arena_copy(a, str_from(id));
        errno = 0;
    }
    return errno == 0;
}

bool spool_requests(struct arena *a, const char *spool, struct str **ids, size_t *count,
                    struct err *err)
{
    int fd = sys->openat(AT_FDCWD, spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    struct sys_dir *dir = fd < 0 ? NULL : sys->opendir_fd(fd);
    bool done = dir && list(a, dir, ids, count);
    if (!done)
        err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, 1154, errno, "read the spool %s",
                text_shown(a, str_from(spool)));
    if (dir)
        (void)sys->closedir(dir);
    else if (fd >= 0)
        (void)sys->close(fd);
    if (done && *count > 1)
        qsort(*ids, *count, sizeof **ids, by_id);
    return done;
}

bool spool_load(struct arena *a, const char *spool, const char *id, enum spool_file file,
                struct str *bytes, struct err *err)
{
    const char *path = spool_path(a, spool, id, file);
    if (!file_read(a, path, bytes, err))
        return false;
    if (bytes->len <= SPOOL_TEXT_MAX)
        return true;
    err_set(err, ERR_CORRUPT, 1150, "%s is longer than any request", path);
    return false;
}

bool spool_use(struct arena *a, const char *vault_dir, const char *id, struct err *err)
{
    const char *path = arena_printf(a, "%s/spool.used", vault_dir);
    struct buf text = {.arena = a};
    struct str used = {0}, rest, line;
    struct err missing = {0};
    if (!file_read(a, path, &used, &missing) && missing.kind != ERR_NOT_FOUND) {
        *err = missing;
        return false;
    }
    rest = used;
    while (str_line(&rest, &line)) {
        if (line.len != SPOOL_ID_HEX) {
            err_set(err, ERR_CORRUPT, 1156, "%s is damaged", path);
            err_hint(err, "nothing was sent: without it nobody knows which requests were used");
            return false;
        }
        if (str_eq(line, str_from(id))) {
            err_set(err, ERR_REFUSED, 1155, "the request %s was used before", id);
            err_hint(err, "nothing was sent; lean_vault remove KEY --spool DIR makes a new one");
            return false;
        }
    }
    buf_add(&text, used);
    buf_printf(&text, "%s\n", id);
    return file_replace(path, buf_str(&text), 0600, FILE_OVERWRITE, err);
}
