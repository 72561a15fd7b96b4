/*
 * git_tree: whether a path lies in a git work tree, which is shared, pushed and cleaned by habit.
 *
 *     const char *root = git_tree_of(&run, "/srv/app/.env");    "/srv/app", or NULL
 *     git_tracks(&run, root, "/srv/app/.env")                    what the index says of it
 *
 * A work tree has a folder .git, or, of a submodule, a file; the index of the latter is not looked
 * for.
 * Source: git, Documentation/gitformat-index.txt, versions 2 and 3. In 4 names are not whole.
 */
#ifndef APPLIER_GIT_TREE_H
#define APPLIER_GIT_TREE_H

#include "common/arena.h"

/* The folder at or above an absolute path that holds .git; NULL when there is none. */
const char *git_tree_of(struct arena *a, const char *path);

enum git_tracking { GIT_UNTRACKED, GIT_TRACKED, GIT_UNKNOWN };

enum git_tracking git_tracks(struct arena *a, const char *root, const char *path);

#endif
