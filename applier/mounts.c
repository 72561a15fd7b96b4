/* mounts: mountinfo read, and the path of a file inside its file system worked out. */
#include "applier/mounts.h"
#include "common/buf.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <sys/sysmacros.h>

enum { MOUNTS_TEXT_MAX = 16 * 1024 * 1024 }; /* bytes of mountinfo, all processes together */

struct mount {
    uint64_t major, minor;
    struct str root; /* unescaped */
    struct str point;
};

static struct str unescape(struct arena *a, struct str s)
{
    unsigned char *into = arena_alloc(a, s.len);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool octal = s.at[i] == '\\' && s.len - i >= 4;
        for (size_t k = 1; octal && k < 4; k++)
            octal = s.at[i + k] >= '0' && s.at[i + k] <= '7';
        if (octal) {
            into[n++] = (unsigned char)((s.at[i + 1] - '0') << 6 | (s.at[i + 2] - '0') << 3 |
                                        (s.at[i + 3] - '0'));
            i += 3;
        } else {
            into[n++] = s.at[i];
        }
    }
    return str_make(into, n);
}

static bool mount_read(struct arena *a, struct str line, struct mount *m)
{
    struct str id, parent, device, root, point, major, minor;
    if (!str_cut(line, ' ', &id, &line) || !str_cut(line, ' ', &parent, &line) ||
        !str_cut(line, ' ', &device, &line) || !str_cut(line, ' ', &root, &line) ||
        !str_cut(line, ' ', &point, &line) || !str_cut(device, ':', &major, &minor))
        return false;
    m->root = unescape(a, root);
    m->point = unescape(a, point);
    return str_to_u64(major, &m->major) && str_to_u64(minor, &m->minor);
}

/* "/srv" holds "/srv" and "/srv/x", not "/srvx"; *rest is "" or "/x". */
static bool path_within(struct str path, struct str folder, struct str *rest)
{
    if (str_eq(folder, STR("/")))
        folder.len = 0;
    if (!str_starts(path, folder))
        return false;
    *rest = str_slice(path, folder.len, path.len);
    return rest->len == 0 || rest->at[0] == '/';
}

/* The path as the file system itself knows it, from the deepest mount that holds it. */
static bool path_inside(struct arena *a, struct str path, struct str ours, struct str *inside)
{
    struct str line;
    size_t deepest = 0;
    bool found = false;
    while (str_line(&ours, &line)) {
        struct mount m;
        struct str rest;
        /* The last of equal mount points is the one on top. */
        if (!mount_read(a, line, &m) || m.point.len < deepest || !path_within(path, m.point, &rest))
            continue;
        deepest = m.point.len;
        found = true;
        struct buf whole = {.arena = a};
        if (!str_eq(m.root, STR("/")))
            buf_add(&whole, m.root);
        buf_add(&whole, rest);
        *inside = buf_str(&whole);
    }
    return found;
}

static bool refuse(struct arena *a, const char *what, struct str path, struct str point,
                   struct err *err)
{
    err_set(err, ERR_REFUSED, 734, "%s %s (mounted at %s)", text_shown(a, path), what,
            text_shown(a, point));
    err_hint(err, "a mount keeps the old file: change the file where it is mounted from, mount its "
                  "folder instead, and restart what has it mounted");
    return false;
}

bool mounts_check_text(const char *path, dev_t device, struct str ours, struct str all,
                       struct arena *a, struct err *err)
{
    struct str target = str_from(path);
    struct str inside, line;
    struct str rest = ours;
    while (str_line(&rest, &line)) {
        struct mount m;
        if (mount_read(a, line, &m) && str_eq(m.point, target))
            return refuse(a, "is a mount point", target, m.point, err);
    }
    if (!path_inside(a, target, ours, &inside))
        return true; /* a mountinfo that does not hold our own path tells nothing */
    const struct str texts[] = {ours, all};
    for (size_t t = 0; t < 2; t++) {
        rest = texts[t];
        while (str_line(&rest, &line)) {
            struct mount m;
            if (mount_read(a, line, &m) && str_eq(m.root, inside) && m.major == major(device) &&
                m.minor == minor(device))
                return refuse(a, "is bind-mounted elsewhere", target, m.point, err);
        }
    }
    return true;
}

/* A process may be gone or not ours to look at: what cannot be read is not looked at. */
static void read_all(struct arena *a, struct buf *all)
{
    const char *name;
    int fd = sys->openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    struct sys_dir *list = fd < 0 ? NULL : sys->opendir_fd(fd);
    if (!list) {
        if (fd >= 0)
            (void)sys->close(fd);
        return;
    }
    while ((name = sys->readdir(list)) != NULL && all->len < MOUNTS_TEXT_MAX) {
        struct err unread = {0};
        struct str text;
        if (!ascii_digit((unsigned char)name[0]))
            continue;
        struct arena scratch = {0};
        if (file_read(&scratch, arena_printf(a, "/proc/%s/mountinfo", name), &text, &unread))
            buf_add(all, text);
        arena_free(&scratch);
    }
    (void)sys->closedir(list);
}

bool mounts_check(const char *path, dev_t device, enum mounts_scope scope, struct arena *a,
                  struct err *err)
{
    struct err unread = {0};
    struct str ours;
    struct buf all = {.arena = a};
    if (!file_read(a, "/proc/self/mountinfo", &ours, &unread)) {
        if (unread.kind == ERR_NOT_FOUND)
            return true; /* no /proc: the exchange itself still refuses a mount point */
        *err = unread;
        return false;
    }
    if (scope == MOUNTS_ALL)
        read_all(a, &all);
    return mounts_check_text(path, device, ours, buf_str(&all), a, err);
}
