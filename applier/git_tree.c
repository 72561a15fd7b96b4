/* git_tree: up from the path to the root, one folder after the other. */
#include "applier/git_tree.h"
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
