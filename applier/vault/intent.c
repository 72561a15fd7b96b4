/* intent: one small file a creation, replaced as a whole and synced with its folder. */
#include "applier/vault/intent.h"
#include "applier/begin.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

enum { ID_BYTES = INTENT_ID / 2, NOTE_MAX = 4096 };

static const struct str mark = {(const unsigned char *)" lv-", 4};

static bool hex_is(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (ascii_hex(s.at[i]) < 0)
            return false;
    return s.len == INTENT_ID;
}

bool remote_name_key(struct str remote_name, struct str *key)
{
    size_t tail = mark.len + INTENT_ID;
    *key = remote_name;
    if (remote_name.len <= tail)
        return false;
    struct str end = str_slice(remote_name, remote_name.len - tail, remote_name.len);
    if (!str_starts(end, mark) || !hex_is(str_slice(end, mark.len, end.len)))
        return false;
    *key = str_slice(remote_name, 0, remote_name.len - tail);
    return true;
}

static const char *folder_of(const struct vault_file *f)
{
    return arena_printf(f->run, "%s/" VAULT_INTENTS, f->dir);
}

static const char *path_of(const struct vault_file *f, const struct intent *it)
{
    return arena_printf(f->run, "%s/%s", folder_of(f), it->id);
}

static void add_line(struct buf *b, const char *word, struct str value)
{
    buf_printf(b, "%s ", word);
    line_escape(b, value);
    buf_byte(b, '\n');
}

static bool write_note(struct vault_file *f, const struct intent *it, enum file_existing existing,
                       struct err *err)
{
    struct buf b = {.arena = f->run};
    char utc[UTC_TEXT];
    add_line(&b, "key", it->key);
    add_line(&b, "name", it->remote_name);
    add_line(&b, "begun", str_from(utc_text(it->begun, utc)));
    if (it->hash.len)
        add_line(&b, "hash", it->hash);
    return file_replace(path_of(f, it), buf_str(&b), 0600, existing, err);
}

/* Made durable with its name: the note in it has to be found again. */
static bool make_folder(struct vault_file *f, struct err *err)
{
    if (sys->mkdirat(f->state.dir, VAULT_INTENTS, 0700) != 0 && errno != EEXIST) {
        err_sys(err, ERR_SYSTEM, 1071, errno, "make the folder %s", folder_of(f));
        return false;
    }
    if (sys->fsync(f->state.dir) != 0) {
        err_sys(err, ERR_SYSTEM, 1071, errno, "fsync %s", f->dir);
        return false;
    }
    return true;
}

bool intent_begin(struct vault_file *f, struct str key, struct intent *it, struct err *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[ID_BYTES];
    *it = (struct intent){.key = key, .begun = sys->now()};
    if (sys->random(bytes, sizeof bytes) != 0) {
        err_set(err, ERR_SYSTEM, 767, "the system gave no random bytes");
        return false;
    }
    for (size_t i = 0; i < ID_BYTES; i++) {
        it->id[2 * i] = digits[bytes[i] >> 4];
        it->id[2 * i + 1] = digits[bytes[i] & 15];
    }
    it->remote_name =
        str_from(arena_printf(f->run, "%.*s%.*s%s", STR_ARG(key), STR_ARG(mark), it->id));
    return make_folder(f, err) && write_note(f, it, FILE_KEEP, err);
}

bool intent_made(struct vault_file *f, struct intent *it, struct str hash, struct err *err)
{
    it->hash = hash;
    return write_note(f, it, FILE_OVERWRITE, err);
}

static int open_folder(const struct vault_file *f)
{
    return sys->openat(f->state.dir, VAULT_INTENTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                       0);
}

bool intent_end(struct vault_file *f, const struct intent *it, struct err *err)
{
    int dir = open_folder(f);
    bool done =
        dir >= 0 && (sys->unlinkat(dir, it->id, 0) == 0 || errno == ENOENT) && sys->fsync(dir) == 0;
    if (!done)
        err_sys(err, ERR_SYSTEM, 1071, errno, "remove %s", path_of(f, it));
    if (dir >= 0)
        (void)sys->close(dir); /* synced */
    return done;
}

/* ---- reading ---- */

static bool take_line(struct arena *a, struct str *rest, const char *word, struct str *value)
{
    struct str escaped;
    return line_word(rest, word, &escaped) && line_unescape(a, escaped, value);
}

static bool read_note(struct vault_file *f, const char *id, struct intent *it, struct err *err)
{
    struct str text, begun;
    memcpy(it->id, id, INTENT_ID);
    if (!file_read(f->run, path_of(f, it), &text, err))
        return false;
    if (text.len <= NOTE_MAX && take_line(f->run, &text, "key", &it->key) &&
        take_line(f->run, &text, "name", &it->remote_name) &&
        take_line(f->run, &text, "begun", &begun) && utc_parse(begun, &it->begun) &&
        (text.len == 0 || take_line(f->run, &text, "hash", &it->hash)) && text.len == 0)
        return true;
    err_set(err, ERR_CORRUPT, 1072, "%s is no note of a creation", path_of(f, it));
    err_hint(err, "its key may live at OpenRouter under a name that ends in \" lv-%s\"", it->id);
    return false;
}

/*
 * ".ID.PID.tmp": what file_replace had not named yet was never acted on, and under the lock nobody
 * else writes there.
 */
static void sweep(const struct vault_file *f, int dir, const char *name)
{
    struct str s = str_from(name);
    if (f->state.use == STATE_CHANGE && str_starts(s, STR(".")) && str_ends(s, STR(".tmp")) &&
        hex_is(str_slice(s, 1, 1 + INTENT_ID)))
        (void)sys->unlinkat(dir, name, 0);
}

bool intents_read(struct vault_file *f, struct intent **list, size_t *count, struct err *err)
{
    size_t room = 0;
    const char *name;
    bool done = true;
    *list = NULL;
    *count = 0;
    int fd = open_folder(f);
    if (fd < 0 && errno == ENOENT)
        return true;
    struct sys_dir *dir = fd < 0 ? NULL : sys->opendir_fd(fd);
    if (!dir) {
        err_sys(err, ERR_SYSTEM, 1071, errno, "open the folder %s", folder_of(f));
        return false;
    }
    while (done && *count < INTENTS_MAX && (name = sys->readdir(dir)) != NULL) {
        if (!hex_is(str_from(name))) {
            sweep(f, fd, name);
            continue;
        }
        *list = arena_grow(f->run, *list, *count, &room, sizeof **list);
        (*list)[*count] = (struct intent){0};
        done = read_note(f, name, &(*list)[*count], err);
        (*count)++;
    }
    (void)sys->closedir(dir);
    return done;
}
