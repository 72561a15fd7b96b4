/* model_source: the Python files below a folder, in a fixed order, through sys. */
#include "analyzer/model_index.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>
#include <stdlib.h>

/* A folder still to be read; its path is relative to the source folder, "" for that itself. */
struct pending {
    struct str path;
    size_t depth;
};

struct walk {
    struct model_index *ix;
    const char *folder;
    int root;
    struct arena names; /* until the walk is over */
    struct pending *pending;
    size_t count, room;
    size_t files;
};

void model_add_note(struct model_index *ix, struct str file, uint32_t line, const char *text)
{
    ix->notes = arena_grow(ix->arena, ix->notes, ix->note_count, &ix->note_room, sizeof *ix->notes);
    ix->notes[ix->note_count++] =
        (struct model_note){.file = arena_copy(ix->arena, file),
                            .line = line,
                            .text = arena_copy(ix->arena, str_from(text))};
}

static void note(struct walk *w, struct str path, const char *text)
{
    const char *full = w->folder;
    if (path.len)
        full = arena_printf(&w->names, "%s/%.*s", w->folder, STR_ARG(path));
    model_add_note(w->ix, str_from(full), 0, text);
}

static bool is_passed_over(const char *name)
{
    return name[0] == '.' || strcmp(name, "node_modules") == 0 || strcmp(name, "venv") == 0 ||
           strcmp(name, "__pycache__") == 0 || strcmp(name, "site-packages") == 0;
}

static int by_text(const void *left, const void *right)
{
    return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

static struct str join(struct arena *a, struct str folder, struct str name)
{
    if (folder.len == 0)
        return arena_copy(a, name);
    return str_from(arena_printf(a, "%.*s/%.*s", STR_ARG(folder), STR_ARG(name)));
}

/* app/models/user.py -> app.models.user; app/__init__.py -> app; the top __init__.py -> "". */
static void name_module(struct walk *w, struct py_module *m, struct str path)
{
    struct arena *a = w->ix->arena;
    char *text = arena_text(a, str_slice(path, 0, path.len - 3));
    for (char *c = text; *c; c++)
        if (*c == '/')
            *c = '.';
    struct str dotted = str_from(text);
    size_t last = dotted.len;
    while (last > 0 && dotted.at[last - 1] != '.')
        last--;
    m->package = str_slice(dotted, 0, last ? last - 1 : 0);
    m->dotted = dotted;
    if (!str_eq(str_slice(dotted, last, dotted.len), STR("__init__")))
        return;
    m->dotted = m->package;
    if (m->dotted.len == 0) { /* the folder is the package: it has the folder's name */
        char full[4096];
        const char *real = sys->realpath(w->folder, full);
        const char *slash = real ? strrchr(real, '/') : NULL;
        m->dotted = arena_copy(a, slash ? str_from(slash + 1) : STR(""));
    }
}

static bool too_much(struct walk *w, const char *what, int limit, struct err *err)
{
    err_set(err, ERR_USAGE, 409, "%s: more than %d %s", w->folder, limit, what);
    err_hint(err, "name the folder of the application's package");
    return false;
}

/* An open regular file's content. False with a note made, or with an error. */
static bool read_python(struct walk *w, int fd, struct str path, struct arena *scratch,
                        struct str *content, struct err *err)
{
    struct stat st;
    struct err why = {0};
    if (sys->fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        note(w, path, "not a regular file; not read");
        return false;
    }
    if (st.st_size > MODEL_FILE_BYTES) {
        note(w, path, "larger than 4 MiB; not read");
        return false;
    }
    if (!file_read_fd(scratch, fd, "", content, &why)) {
        note(w, path, "could not be read");
        return false;
    }
    w->ix->source_bytes += content->len;
    if (w->ix->source_bytes > MODEL_TOTAL_BYTES)
        return too_much(w, "bytes of Python", MODEL_TOTAL_BYTES, err);
    return true;
}

static bool add_file(struct walk *w, struct str path, struct err *err)
{
    struct model_index *ix = w->ix;
    struct arena scratch = {0};
    struct str content;
    if (ix->module_count >= MODEL_FILES_MAX)
        return too_much(w, "Python files", MODEL_FILES_MAX, err);
    const char *text = arena_text(&scratch, path);
    int fd = sys->openat(w->root, text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    w->files++;
    if (fd < 0) {
        note(w, path, errno == ELOOP ? "a symbolic link; not followed" : "could not be opened");
    } else if (read_python(w, fd, path, &scratch, &content, err)) {
        struct str shown = str_from(arena_printf(&scratch, "%s/%.*s", w->folder, STR_ARG(path)));
        struct py_module *m = py_scan(ix->arena, shown, content);
        name_module(w, m, path);
        ix->modules = arena_grow(ix->arena, ix->modules, ix->module_count, &ix->module_room,
                                 sizeof *ix->modules);
        ix->modules[ix->module_count++] = m;
    }
    if (fd >= 0)
        (void)sys->close(fd); /* read-only: nothing can be lost here */
    arena_free(&scratch);
    return !err_is(err);
}

static void add_folder(struct walk *w, struct str path, size_t depth)
{
    if (depth > MODEL_DEPTH_MAX) {
        note(w, path, "nested too deep; not read");
        return;
    }
    w->pending = arena_grow(&w->names, w->pending, w->count, &w->room, sizeof *w->pending);
    w->pending[w->count++] = (struct pending){path, depth};
}

static bool visit(struct walk *w, struct pending at, struct str name, struct err *err)
{
    struct stat st;
    struct str path = join(&w->names, at.path, name);
    const char *text = arena_text(&w->names, path);
    bool python = str_ends(name, STR(".py")) && name.len > 3;
    if (sys->fstatat(w->root, text, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return true; /* gone since the folder was listed */
    if (S_ISDIR(st.st_mode)) {
        struct stat unused;
        const char *marker = arena_printf(&w->names, "%s/pyvenv.cfg", text);
        if (sys->fstatat(w->root, marker, &unused, AT_SYMLINK_NOFOLLOW) != 0)
            add_folder(w, path, at.depth + 1);
    } else if (python && S_ISLNK(st.st_mode)) {
        note(w, path, "a symbolic link; not followed");
    } else if (python) {
        return add_file(w, path, err);
    }
    return true;
}

/* The names in a folder, sorted. An unreadable one is a note. */
static bool list_folder(struct walk *w, struct pending at, struct str **names, size_t *count,
                        struct err *err)
{
    size_t room = 0;
    *names = NULL;
    *count = 0;
    const char *text = at.path.len ? arena_text(&w->names, at.path) : ".";
    int fd = sys->openat(w->root, text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    struct sys_dir *dir = fd < 0 ? NULL : sys->opendir_fd(fd);
    if (!dir) {
        note(w, at.path, "a folder that could not be opened");
        if (fd >= 0)
            (void)sys->close(fd); /* read-only */
        return true;
    }
    const char *name;
    errno = 0;
    while ((name = sys->readdir(dir)) != NULL && *count < MODEL_ENTRIES_MAX) {
        if (is_passed_over(name))
            continue;
        *names = arena_grow(&w->names, *names, *count, &room, sizeof **names);
        (*names)[(*count)++] = arena_copy(&w->names, str_from(name));
    }
    if (!name && errno)
        note(w, at.path, "a folder that could not be read to its end");
    bool over = name != NULL;
    (void)sys->closedir(dir); /* read-only */
    if (over)
        return too_much(w, "names in one folder", MODEL_ENTRIES_MAX, err);
    if (*count)
        qsort(*names, *count, sizeof **names, by_text);
    return true;
}

static bool walk_folders(struct walk *w, struct err *err)
{
    add_folder(w, STR(""), 0);
    while (w->count > 0) {
        struct pending at = w->pending[--w->count];
        struct str *names;
        size_t count;
        if (!list_folder(w, at, &names, &count, err))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!visit(w, at, names[i], err))
                return false;
    }
    return true;
}

bool model_index_source(struct model_index *ix, const char *folder, struct err *err)
{
    struct walk w = {.ix = ix, .folder = folder};
    w.root = sys->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (w.root < 0) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        err_sys(err, missing ? ERR_NOT_FOUND : ERR_SYSTEM, 403, errno, "open the source folder %s",
                folder);
        return false;
    }
    size_t before = ix->module_count;
    bool done = walk_folders(&w, err);
    (void)sys->close(w.root); /* read-only */
    if (done && w.files == 0) {
        err_set(err, ERR_NOT_FOUND, 403, "%s holds no Python file", folder);
        err_hint(err, "name the folder of the application's package");
        done = false;
    }
    for (size_t i = before; done && i < ix->module_count; i++)
        for (const struct py_note *n = ix->modules[i]->notes; n; n = n->next) {
            struct str text = n->text;
            model_add_note(ix, ix->modules[i]->path, n->line, arena_text(&w.names, text));
        }
    arena_free(&w.names);
    ix->has_source = true;
    ix->folder = arena_copy(ix->arena, str_from(folder));
    model_sort_modules(ix);
    return done;
}
