/* remarks_text: keys that stand where a removal does not reach, in the file and in its copies. */
#include "applier/remarks.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"
#include "formats/keyring/key_list.h"

#include <errno.h>
#include <stdlib.h>

/* ---- in the file ---- */

/* Whether the byte stands in the value of an entry that holds this version's key by right. */
static bool is_own_value(const struct keyring *kr, size_t at, struct str version)
{
    if (kr->syntax->list)
        return key_list_holds(kr, at, version);
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        if (b->kind == BINDING_ENTRY && !b->within && b->value_raw.start <= at &&
            at < b->value_raw.end && keyring_belongs(b->key, &version, 1))
            return true;
    }
    return false;
}

static size_t line_of(struct str content, size_t at)
{
    size_t line = 1;
    for (size_t i = 0; i < at; i++)
        line += content.at[i] == '\n' || (content.at[i] == '\r' && content.at[i + 1] != '\n');
    return line;
}

/* Values of entries that hold many versions, as one JSON object, are searched part by part. */
static bool is_in_whole(const struct keyring *kr, size_t at)
{
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        struct str version;
        enum entry_role role =
            b->kind == BINDING_ENTRY ? keyring_role(b->key, &version) : ROLE_NONE;
        if (role == ROLE_WHOLE && b->value_raw.start <= at && at < b->value_raw.end)
            return true;
    }
    return false;
}

static void find_key(struct remarks *r, const struct keyring *kr, const struct key_version *v,
                     size_t *lines)
{
    struct str key = v->key->value;
    struct str rest = kr->content;
    if (key.len < REMARKS_KEY_LEAST)
        return;
    for (size_t base = 0; *lines < REMARKS_LINES_MAX;) {
        size_t at = str_search(rest, key);
        if (at == rest.len)
            return;
        if (!is_own_value(kr, base + at, v->name) && !is_in_whole(kr, base + at)) {
            remarks_add(r, "line %zu holds the key of %.*s outside its entry; it stays there",
                        line_of(kr->content, base + at), STR_ARG(v->name));
            ++*lines;
        }
        base += at + key.len;
        rest = str_slice(kr->content, base, kr->content.len);
    }
}

/* An entry that somebody commented out, whose key no entry has any more. */
static bool is_old_entry(const struct keyring *kr, struct str comment)
{
    const struct key_list *list = kr->syntax->list;
    size_t at = list ? comment.len : str_search(comment, STR("ENCRYPTION_KEYS__"));
    for (size_t i = 0; list && i < list->variable_count && at == comment.len; i++)
        at = str_search(comment, list->variables[i]);
    struct str rest = str_slice(comment, at, comment.len);
    size_t sign = str_find(rest, '=');
    size_t colon = str_find(rest, ':');
    return (sign < colon ? sign : colon) + 1 < rest.len;
}

void remarks_of_text(struct remarks *r, const struct keyring *kr)
{
    size_t lines = 0;
    for (size_t v = 0; v < kr->version_count; v++)
        find_key(r, kr, &kr->versions[v], &lines);
    for (size_t i = 0; i < kr->bindings.count && lines < REMARKS_LINES_MAX; i++) {
        const struct binding *b = &kr->bindings.items[i];
        struct str text = str_slice(binding_base(kr->content, b), b->entry.start, b->entry.end);
        if (b->kind != BINDING_COMMENT || !is_old_entry(kr, text))
            continue;
        remarks_add(r, "the comment on line %zu looks like an entry of the keyring; it stays there",
                    b->line);
        lines++;
    }
    if (lines == REMARKS_LINES_MAX)
        remarks_add(r, "more such lines may follow; %d are named", REMARKS_LINES_MAX);
}

/* ---- beside it ---- */

/* NAME~, NAME.bak, .NAME.swp, #NAME#; and STEM.bak of STEM.py. */
static bool is_copy_name(struct str name, struct str file)
{
    static const char *const endings[] = {"~",    ".bak", ".old", ".orig",  ".save",
                                          ".tmp", ".swp", ".swo", ".backup"};
    size_t dot = file.len;
    if (str_eq(name, file))
        return false;
    if (str_search(name, file) < name.len)
        return true;
    while (dot > 1 && file.at[dot - 1] != '.')
        dot--;
    if (dot <= 1 || !str_starts(name, str_slice(file, 0, dot - 1)))
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (str_ends(name, str_from(endings[i])))
            return true;
    return false;
}

/* The versions whose keys stand in a copy. False: it could not be read. */
static bool keys_in_copy(struct remarks *r, int folder, const char *name, const struct keyring *kr,
                         struct buf *found)
{
    struct arena wiped = {.wipe = true};
    struct err unread = {0};
    struct str content;
    struct stat st;
    int fd = sys->openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0)
        return errno == ELOOP || errno == ENOENT;
    bool regular = sys->fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    bool done = !regular || (st.st_size <= REMARKS_COPY_BYTES &&
                             file_read_fd(&wiped, fd, name, &content, &unread));
    (void)sys->close(fd); /* read-only */
    found->arena = r->a;
    for (size_t v = 0; regular && done && v < kr->version_count; v++) {
        const struct key_version *version = &kr->versions[v];
        struct str key = version->key->value;
        if (key.len >= REMARKS_KEY_LEAST && str_search(content, key) < content.len)
            buf_printf(found, "%s%.*s", found->len ? ", " : "", STR_ARG(version->name));
    }
    arena_free(&wiped);
    return done;
}

static int by_name(const void *a, const void *b)
{
    const struct str *one = a;
    const struct str *other = b;
    return str_cmp(*one, *other);
}

/* The names beside a file that look like copies of it, sorted; false: the folder cannot be read. */
static bool list_copies(struct remarks *r, int folder, struct str file, struct str **names,
                        size_t *count)
{
    const char *entry;
    size_t room = 0;
    int fd = sys->openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    struct sys_dir *list = fd < 0 ? NULL : sys->opendir_fd(fd);
    if (!list) {
        if (fd >= 0)
            (void)sys->close(fd); /* read-only */
        return false;
    }
    while ((entry = sys->readdir(list)) != NULL) {
        if (!is_copy_name(str_from(entry), file))
            continue;
        *names = arena_grow(r->a, *names, *count, &room, sizeof **names);
        (*names)[(*count)++] = str_from(arena_text(r->a, str_from(entry)));
    }
    (void)sys->closedir(list);
    if (*count)
        qsort(*names, *count, sizeof **names, by_name);
    return true;
}

void remarks_of_folder(struct remarks *r, const char *path, const struct keyring *kr)
{
    char *folder, *file;
    struct str *names = NULL;
    size_t count = 0;
    file_split(r->a, path, &folder, &file);
    int fd = sys->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0 || !list_copies(r, fd, str_from(file), &names, &count))
        remarks_add(r, "whether copies of it lie beside it is not known: the folder is not read");
    for (size_t i = 0; i < count && i < REMARKS_COPIES_MAX; i++) {
        struct buf found = {.arena = r->a};
        const char *shown = text_shown(r->a, names[i]);
        if (!keys_in_copy(r, fd, (const char *)names[i].at, kr, &found))
            remarks_add(r, "%s beside it looks like a copy and could not be read", shown);
        else if (found.len)
            remarks_add(r, "%s beside it holds the key of %.*s, and keeps it", shown,
                        STR_ARG(buf_str(&found)));
    }
    if (count > REMARKS_COPIES_MAX)
        remarks_add(r, "of %zu files beside it that look like copies, %d were read", count,
                    REMARKS_COPIES_MAX);
    if (fd >= 0)
        (void)sys->close(fd); /* read-only */
}
