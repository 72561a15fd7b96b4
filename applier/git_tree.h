/*
 * git_tree: whether a path lies in a git work tree, which is shared, pushed and cleaned by habit.
 *
 *     const char *root = git_tree_of(&run, "/srv/app/.env");    "/srv/app", or NULL
 *
 * Only names are looked at: a folder .git, or the file that a work tree of a submodule has.
 */
#ifndef APPLIER_GIT_TREE_H
#define APPLIER_GIT_TREE_H

#include "common/arena.h"

/* The folder at or above an absolute path that holds .git; NULL when there is none. */
const char *git_tree_of(struct arena *a, const char *path);

#endif
