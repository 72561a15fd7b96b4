/* git_tree: up from the path to the root, one folder after the other. */
#include "applier/git_tree.h"
#include "common/file.h"
#include "common/sys.h"

const char *git_tree_of(struct arena *a, const char *path)
{
    struct str folder = str_from(path);
    for (;;) {
        struct stat st;
        const char *git = arena_printf(a, "%.*s/.git", STR_ARG(folder));
        if (sys->fstatat(AT_FDCWD, git, &st, AT_SYMLINK_NOFOLLOW) == 0)
            return folder.len ? arena_text(a, folder) : "/";
        if (folder.len == 0)
            return NULL;
        do
            folder.len--;
        while (folder.len && folder.at[folder.len] != '/');
    }
}

/* A name stands behind its flags, whose lowest 12 bits are its length, and before a zero byte. */
static bool is_entry_at(struct str index, size_t at, struct str name)
{
    enum { LENGTH_MAX = 0xFFF, EXTENDED = 0x4000 };
    size_t wanted = name.len < LENGTH_MAX ? name.len : LENGTH_MAX;
    for (size_t back = 2; back <= 4; back += 2) {
        if (at < back || at + name.len >= index.len || index.at[at + name.len] != 0)
            continue;
        unsigned flags = (unsigned)index.at[at - back] << 8 | index.at[at - back + 1];
        if ((flags & LENGTH_MAX) == wanted && ((flags & EXTENDED) != 0) == (back == 4))
            return true;
    }
    return false;
}

enum git_tracking git_tracks(struct arena *a, const char *root, const char *path)
{
    static const unsigned char head[] = {'D', 'I', 'R', 'C', 0, 0, 0};
    struct str index;
    struct err unread = {0};
    size_t skip = strcmp(root, "/") == 0 ? 1 : strlen(root) + 1;
    struct str name = str_from(path + skip);
    if (!file_read(a, arena_printf(a, "%s/.git/index", skip == 1 ? "" : root), &index, &unread))
        return GIT_UNKNOWN;
    if (index.len < 12 || !str_starts(index, str_make(head, sizeof head)) ||
        (index.at[7] != 2 && index.at[7] != 3))
        return GIT_UNKNOWN;
    for (size_t from = 12;;) {
        size_t at = from + str_search(str_slice(index, from, index.len), name);
        if (at >= index.len)
            break;
        if (is_entry_at(index, at, name))
            return GIT_TRACKED;
        from = at + 1;
    }
    /* A split index has most of its names in another file. */
    return str_search(index, STR("link")) < index.len ? GIT_UNKNOWN : GIT_UNTRACKED;
}
