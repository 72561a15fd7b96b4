/* input: sniff a layer, put the next source over it, visit what is at the bottom. */
#include "analyzer/input.h"
#include "common/sys.h"
#include "common/text.h"
#include "common/utc.h"
#include "formats/stream/container.h"

#include <errno.h>

static void refuse_folder(const char *path, struct err *err)
{
    struct stat st;
    struct arena scratch = {0};
    char *toc = arena_printf(&scratch, "%s/toc.dat", path);
    if (sys->fstatat(AT_FDCWD, toc, &st, 0) == 0) {
        err_set(err, ERR_CORRUPT, 420, "%s: a pg_dump folder is not read in this version", path);
        err_hint(err, "pg_restore -f dump.sql %s makes a plain dump of it", path);
    } else {
        err_set(err, ERR_CORRUPT, 106, "%s: is a folder", path);
        err_hint(err, "name the files in it");
    }
    arena_free(&scratch);
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
        refuse_folder(in->path, err);
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

bool input_open(struct input *in, const char *path, const struct stream_limits *limits,
                struct arena *arena, struct err *err)
{
    *in = (struct input){.arena = arena, .path = path, .limits = *limits, .mtime = UTC_NONE};
    int fd = 0;
    in->standard = strcmp(path, "-") == 0;
    if (in->standard)
        in->path = "standard input";
    else if (!open_file(in, &fd, err))
        return false;
    in->packing = "";
    struct source *file = source_fd(fd, in->path, err);
    if (!file) {
        (void)sys->close(fd);
        return false;
    }
    in->bottom = source_metered(file, &in->stored, err);
    if (!in->bottom)
        source_close(file);
    return in->bottom != NULL;
}

void input_close(struct input *in)
{
    source_close(in->bottom);
    in->bottom = NULL;
}

struct walk {
    struct input *in;
    input_visitor visit;
    void *context;
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

struct str input_stem(struct str name)
{
    size_t dot = 1 + str_find(str_slice(name, 1, name.len), '.');
    return str_slice(name, 0, dot < name.len ? dot : name.len);
}

static struct str last_part(struct str path)
{
    struct str part = path;
    for (size_t at = str_find(part, '/'); at < part.len; at = str_find(part, '/'))
        part = str_slice(part, at + 1, part.len);
    return part;
}

static bool walk_member(struct walk *w, struct container *c, const struct container_entry *entry,
                        const struct input_text *outer, unsigned depth, struct err *err)
{
    struct arena *a = w->in->arena;
    struct meter meter;
    struct input_text text = *outer;
    text.path = arena_printf(a, "%s:%s", outer->path, text_shown(a, entry->path));
    text.name = arena_copy(a, last_part(entry->path));
    text.member = true;
    text.size = entry->size_known ? entry->size : 0;
    text.stored = &meter;
    struct source *src = container_entry_source(c, err);
    if (!src)
        return false;
    struct source *metered = source_metered(src, &meter, err);
    if (!metered) {
        source_close(src);
        return false;
    }
    if (w->in->limits.max_decoded_bytes)
        metered = bounded_source(metered, w->in->limits.max_decoded_bytes, err);
    if (has_decoy_name(entry->path)) {
        struct str head;
        metered = source_peeked(metered, DECOY_HEAD, &head, err);
        if (metered && is_decoy(head)) {
            source_close(metered);
            return true;
        }
    }
    return metered && walk_layer(w, metered, &text, depth, err);
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
        src = stream_source(kind, src, &w->in->limits, err);
        return src && walk_layer(w, src, text, depth + 1, err);
    }
    text->source = src;
    bool done = w->visit(w->context, text, err);
    source_close(src);
    return done;
}

bool input_walk(struct input *in, input_visitor visit, void *context, struct err *err)
{
    struct walk w = {in, visit, context};
    const char *slash = strrchr(in->path, '/');
    struct input_text text = {
        .path = in->path, .packing = "", .size = in->size, .stored = &in->stored};
    text.name = in->standard ? STR("stdin") : str_from(slash ? slash + 1 : in->path);
    struct source *src = in->bottom;
    in->bottom = NULL;
    return walk_layer(&w, src, &text, 0, err);
}
