/* input: sniff a layer, put the next source over it, visit what is at the bottom. */
#include "analyzer/input.h"
#include "common/sys.h"
#include "common/text.h"
#include "common/utc.h"
#include "formats/dump/archive_file.h"
#include "formats/stream/container.h"

#include <errno.h>
#include <stdlib.h>

static const char FOLDER[] = "folder"; /* as a packing */

/* Only the folder of an archive; the descriptor is not needed. */
static bool open_folder(struct input *in, int fd, struct err *err)
{
    static const char *const names[] = {"toc.dat", "toc.dat.gz", "toc.dat.lz4", "toc.dat.zst"};
    struct stat st;
    (void)sys->close(fd);
    in->folder = in->container = true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (sys->fstatat(AT_FDCWD, arena_printf(in->arena, "%s/%s", in->path, names[i]), &st, 0) ==
            0) {
            in->mtime = st.st_mtime;
            return true;
        }
    err_set(err, ERR_CORRUPT, 106, "%s: is a folder", in->path);
    err_hint(err, "name the files in it; a folder is read when pg_dump -Fd made it");
    return false;
}

static bool open_file(struct input *in, int *fd, struct err *err)
{
    struct stat st;
    *fd = sys->openat(AT_FDCWD, in->path, O_RDONLY | O_CLOEXEC, 0);
    if (*fd < 0) {
        err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, 103, errno, "open %s", in->path);
        return false;
    }
    if (sys->fstat(*fd, &st) != 0)
        err_sys(err, ERR_SYSTEM, 102, errno, "stat %s", in->path);
    else if (S_ISDIR(st.st_mode))
        return open_folder(in, *fd, err);
    if (err_is(err)) {
        (void)sys->close(*fd);
        return false;
    }
    if (S_ISREG(st.st_mode)) {
        in->size = (uint64_t)st.st_size;
        in->mtime = st.st_mtime;
    }
    return true;
}

bool input_open(struct input *in, const char *path, const struct input_limits *limits,
                struct arena *arena, struct err *err)
{
    *in = (struct input){
        .arena = arena, .path = path, .limits = *limits, .file = -1, .mtime = UTC_NONE};
    in->stored.kind = limits->digest;
    in->texts = (struct stream_budget){limits->max_decoded_bytes, limits->max_decoded_bytes};
    for (size_t i = 0; i < sizeof in->layers / sizeof in->layers[0]; i++)
        in->layers[i] = in->texts;
    int fd = 0;
    in->standard = strcmp(path, "-") == 0;
    if (in->standard)
        in->path = "standard input";
    else if (!open_file(in, &fd, err))
        return false;
    in->packing = in->folder ? FOLDER : "";
    if (in->folder)
        return true;
    bool plain = in->mtime != UTC_NONE;
    struct source *file = plain ? source_file(fd, in->path, err) : source_fd(fd, in->path, err);
    if (!file) {
        (void)sys->close(fd);
        return false;
    }
    in->bottom = source_metered(file, &in->stored, err);
    if (!in->bottom)
        source_close(file);
    else if (plain)
        in->file = fd;
    return in->bottom != NULL;
}

void input_close(struct input *in)
{
    source_close(in->bottom);
    in->bottom = NULL;
}

bool input_is_plain(const struct input *in, const struct input_text *text)
{
    return !text->member && !in->standard && in->mtime != UTC_NONE && *text->packing == 0;
}

struct stream_limits input_text_limits(struct input *in)
{
    return (struct stream_limits){.max_window = in->limits.max_window,
                                  .budget = in->limits.max_decoded_bytes ? &in->texts : NULL};
}

/* The same for a layer; the outermost has depth 0. */
static struct stream_limits layer_limits(struct input *in, unsigned depth)
{
    struct stream_limits limits = input_text_limits(in);
    if (limits.budget)
        limits.budget = &in->layers[depth];
    return limits;
}

struct walk {
    struct input *in;
    input_visitor visit;
};

static const char *packed_in(struct arena *a, const char *packing, enum stream_kind kind)
{
    return arena_printf(a, "%s%s%s", packing, *packing ? "+" : "", stream_name(kind));
}

static bool walk_layer(struct walk *w, struct source *src, struct input_text *text, unsigned depth,
                       struct err *err);

enum { DECOY_HEAD = 8 };

/* Where macOS's tar and zip put what they add beside each file. */
static bool has_decoy_name(struct str path)
{
    struct str rest = path;
    struct str part;
    do {
        bool more = str_cut(rest, '/', &part, &rest);
        if (str_eq(part, STR("__MACOSX")) || str_starts(part, STR("._")) ||
            str_eq(part, STR(".DS_Store")))
            return true;
        if (!more)
            return false;
    } while (rest.len);
    return false;
}

/* The name proves nothing: the bytes of an AppleDouble or a .DS_Store do, and there being none. */
static bool is_decoy(struct str head)
{
    return head.len == 0 || str_starts(head, STR("\0\5\x16\7")) ||
           str_starts(head, STR("\0\0\0\1Bud1"));
}

/* Up to the next dot behind the first byte. */
static struct str first_part(struct str name)
{
    size_t dot = 1 + str_find(str_slice(name, 1, name.len), '.');
    return str_slice(name, 0, dot < name.len ? dot : name.len);
}

struct str input_folder(const struct input_text *text)
{
    struct str path = str_from(text->path);
    struct arena scratch = {0};
    size_t name = strlen(text_shown(&scratch, text->name));
    arena_free(&scratch);
    return str_slice(path, 0, path.len > name ? path.len - name : 0);
}

/* A name as SQL takes it without quotes: neither a date nor a number of a part. */
static bool is_plain_name(struct str part)
{
    bool plain = part.len > 0 && !ascii_digit(part.at[0]);
    for (size_t i = 0; plain && i < part.len; i++)
        plain = ascii_alpha(part.at[i]) || ascii_digit(part.at[i]) || part.at[i] == '_' ||
                part.at[i] >= 0x80;
    return plain;
}

/* Of a kind of file that holds one table. */
static bool is_extension(struct str part)
{
    static const char *const list[] = {"csv", "tsv",   "tab",    "txt",  "copy",
                                       "bin", "jsonl", "ndjson", "json", "data"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (str_eq_nocase(part, str_from(list[i])))
            return true;
    return false;
}

struct input_table input_table(struct str name)
{
    struct str first = first_part(name);
    struct str rest = str_slice(name, first.len + 1, name.len);
    struct str second = first_part(rest);
    struct str third = first_part(str_slice(rest, second.len + 1, rest.len));
    bool two = is_plain_name(first) && is_plain_name(second) && !is_extension(second) &&
               is_extension(third);
    return two ? (struct input_table){first, second} : (struct input_table){STR(""), first};
}

static struct str last_part(struct str path)
{
    struct str part = path;
    for (size_t at = str_find(part, '/'); at < part.len; at = str_find(part, '/'))
        part = str_slice(part, at + 1, part.len);
    return part;
}

/* `src` is taken over. */
static bool visit_bottom(struct walk *w, struct source *src, struct input_text *text,
                         struct err *err)
{
    struct stream_limits limits = input_text_limits(w->in);
    bool packed = text->packing[0] && strcmp(text->packing, FOLDER) != 0;
    text->source = bounded_source(src, packed ? limits.budget : NULL, err);
    if (!text->source)
        return false;
    bool done = w->visit(w->in->context, text, err);
    source_close(text->source);
    return done;
}

/* By the suffix of its name. */
static bool walk_claimed(struct walk *w, struct source *src, struct input_text *text,
                         unsigned depth, struct err *err)
{
    struct stream_limits limits = layer_limits(w->in, depth);
    enum stream_kind kind = archive_file_named(text->name).packing;
    text->claimed = true;
    if (kind != STREAM_NONE) {
        text->packing = packed_in(w->in->arena, text->packing, kind);
        src = stream_source(kind, src, &limits, err);
    }
    return src && visit_bottom(w, src, text, err);
}

/* The bytes of a file of a container or folder; `src` is taken over. */
static bool walk_file(struct walk *w, struct source *src, struct str name,
                      const struct input_text *outer, const char *path, uint64_t size,
                      unsigned depth, struct err *err)
{
    struct meter meter = {.kind = w->in->limits.digest};
    struct input_text text = *outer;
    text.path = path;
    text.name = arena_copy(w->in->arena, last_part(name));
    text.member = true;
    text.size = size;
    text.stored = &meter;
    struct source *metered = source_metered(src, &meter, err);
    if (!metered) {
        source_close(src);
        return false;
    }
    struct stream_limits limits = layer_limits(w->in, depth - 1);
    if (!w->in->folder) /* the files of a folder are there as they are */
        metered = bounded_source(metered, limits.budget, err);
    if (has_decoy_name(name)) {
        struct str head;
        metered = source_peeked(metered, DECOY_HEAD, &head, err);
        if (metered && is_decoy(head)) {
            source_close(metered);
            return true;
        }
    }
    if (!metered)
        return false;
    bool claimed = w->in->claim && w->in->claim(w->in->context, &text) == INPUT_AS_IT_IS;
    bool done = claimed ? walk_claimed(w, metered, &text, depth, err)
                        : walk_layer(w, metered, &text, depth, err);
    if (w->in->folder)
        w->in->stored.bytes += meter.bytes;
    return done;
}

static bool walk_member(struct walk *w, struct container *c, const struct container_entry *entry,
                        const struct input_text *outer, unsigned depth, struct err *err)
{
    struct arena *a = w->in->arena;
    struct source *src = container_entry_source(c, err);
    return src && walk_file(w, src, entry->path, outer,
                            arena_printf(a, "%s:%s", outer->path, text_shown(a, entry->path)),
                            entry->size_known ? entry->size : 0, depth, err);
}

static bool walk_container(struct walk *w, struct source *src, enum stream_kind kind,
                           const struct input_text *outer, unsigned depth, struct err *err)
{
    bool done = false;
    struct container_entry entry;
    struct container *c = container_open(src, kind, err);
    if (!c)
        return false;
    if (depth == 0 || !outer->member)
        w->in->container = true;
    for (;;) {
        enum pull p = container_next(c, &entry, err);
        if (p != PULL_OK) {
            done = p == PULL_END;
            break;
        }
        if (++w->in->entries > INPUT_ENTRIES) {
            err_set(err, ERR_CORRUPT, 421, "%s: more than %d members", outer->path, INPUT_ENTRIES);
            break;
        }
        if (entry.kind != CONTAINER_FILE) {
            if (entry.kind == CONTAINER_LINK && !w->in->link)
                w->in->link = arena_printf(w->in->arena, "%s:%s", outer->path,
                                           text_shown(w->in->arena, entry.path));
            continue;
        }
        if (!walk_member(w, c, &entry, outer, depth + 1, err))
            break;
    }
    container_close(c);
    return done;
}

/* Takes `src` over: it is closed on every path. */
static bool walk_layer(struct walk *w, struct source *src, struct input_text *text, unsigned depth,
                       struct err *err)
{
    struct str head;
    if (depth > INPUT_LAYERS) {
        err_set(err, ERR_CORRUPT, 422, "%s: more than %d layers of compression and containers",
                text->path, INPUT_LAYERS);
        source_close(src);
        return false;
    }
    src = source_peeked(src, STREAM_SNIFF, &head, err);
    if (!src)
        return false;
    enum stream_kind kind = stream_sniff(head);
    if (kind != STREAM_NONE) {
        text->packing = packed_in(w->in->arena, text->packing, kind);
        if (!text->member)
            w->in->packing = text->packing;
        if (!stream_is_compression(kind))
            return walk_container(w, src, kind, text, depth, err);
        struct stream_limits limits = layer_limits(w->in, depth);
        src = stream_source(kind, src, &limits, err);
        return src && walk_layer(w, src, text, depth + 1, err);
    }
    return visit_bottom(w, src, text, err);
}

/* ---- a folder ---- */

struct names {
    const char **at;
    size_t count, room;
};

static int by_name(const void *left, const void *right)
{
    const char *l = *(const char *const *)left;
    const char *r = *(const char *const *)right;
    bool l_first = archive_file_named(str_from(l)).role == ARCHIVE_ROLE_TOC;
    bool r_first = archive_file_named(str_from(r)).role == ARCHIVE_ROLE_TOC;
    return l_first != r_first ? r_first - l_first : strcmp(l, r);
}

static bool list_folder(struct input *in, struct names *names, struct err *err)
{
    int fd = sys->openat(AT_FDCWD, in->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    struct sys_dir *dir = fd < 0 ? NULL : sys->opendir_fd(fd);
    const char *name = NULL;
    if (!dir) {
        err_sys(err, ERR_SYSTEM, 103, errno, "open %s", in->path);
        return false;
    }
    while (names->count < INPUT_ENTRIES && (name = sys->readdir(dir)) != NULL) {
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        names->at = arena_grow(in->arena, names->at, names->count, &names->room, sizeof *names->at);
        names->at[names->count++] = arena_text(in->arena, str_from(name));
    }
    if (name)
        err_set(err, ERR_CORRUPT, 421, "%s: more than %d members", in->path, INPUT_ENTRIES);
    else if (errno)
        err_sys(err, ERR_SYSTEM, 102, errno, "list %s", in->path);
    (void)sys->closedir(dir);
    if (names->count)
        qsort(names->at, names->count, sizeof *names->at, by_name);
    return !err_is(err);
}

/* `src` is taken over. */
static struct source *watched(const struct input *in, struct source *src, struct err *err)
{
    if (!in->watch || !src)
        return src;
    struct source *s = source_watched(src, in->watch, in->context, err);
    if (!s)
        source_close(src);
    return s;
}

struct source *input_open_file(const char *path, uint64_t *size, struct err *err)
{
    struct stat st = {0};
    int fd = sys->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    bool known = fd >= 0 && sys->fstat(fd, &st) == 0;
    if (!known)
        err_sys(err, ERR_SYSTEM, 103, errno, "open %s", path);
    struct source *src = known && S_ISREG(st.st_mode) ? source_fd(fd, path, err) : NULL;
    if (!src && fd >= 0)
        (void)sys->close(fd);
    if (size)
        *size = (uint64_t)st.st_size;
    return src;
}

static bool walk_folder_file(struct walk *w, const char *name, const struct input_text *outer,
                             struct err *err)
{
    struct input *in = w->in;
    uint64_t size = 0;
    size_t len = strlen(in->path);
    const char *slash = len && in->path[len - 1] == '/' ? "" : "/";
    const char *path = arena_printf(in->arena, "%s%s%s", in->path, slash, name);
    struct source *src = watched(in, input_open_file(path, &size, err), err);
    if (!src)
        return !err_is(err);
    const char *told =
        arena_printf(in->arena, "%s%s%s", in->path, slash, text_shown(in->arena, str_from(name)));
    return walk_file(w, src, str_from(name), outer, told, size, 1, err);
}

static bool walk_folder(struct walk *w, const struct input_text *outer, struct err *err)
{
    struct names names = {0};
    if (!list_folder(w->in, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++)
        if (!walk_folder_file(w, names.at[i], outer, err))
            return false;
    return true;
}

bool input_walk(struct input *in, input_visitor visit, struct err *err)
{
    struct walk w = {in, visit};
    const char *slash = strrchr(in->path, '/');
    struct input_text text = {
        .path = in->path, .packing = in->packing, .size = in->size, .stored = &in->stored};
    text.name = in->standard ? STR("stdin") : str_from(slash ? slash + 1 : in->path);
    if (in->folder)
        return walk_folder(&w, &text, err);
    struct source *src = watched(in, in->bottom, err);
    in->bottom = NULL;
    return src && walk_layer(&w, src, &text, 0, err);
}
