/*
 * file: whole small files, through sys.
 *
 * For configuration files, plans, maps and lists, never for dumps. Reading has a limit; writing is
 * atomic: a temporary name in the same folder, fsync, rename, fsync of the folder.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include "common/arena.h"
#include "common/err.h"

#include <sys/types.h>

enum { FILE_MAX = 64 * 1024 * 1024 }; /* bytes; a larger small file is a mistake */

/* The whole of a regular file (or, for "-", of standard input). Memory from the arena. */
bool file_read(struct arena *a, const char *path, struct str *content, struct err *err);
/* The same from an open descriptor that stays open; `name` is for errors. */
bool file_read_fd(struct arena *a, int fd, const char *name, struct str *content, struct err *err);
/* All of it, or an error. */
bool file_write_all(int fd, struct str bytes, const char *name, struct err *err);

/*
 * For a program that makes everything else for its user alone: what it is told to write, with
 * rights for others (0666), gets those that this mask leaves, whatever the mask of the process is.
 */
void file_share_by(mode_t umask);

enum file_existing { FILE_KEEP, FILE_OVERWRITE };
/* Atomically. An existing file with FILE_KEEP is ERR_USAGE 105. */
bool file_replace(const char *path, struct str bytes, mode_t mode, enum file_existing existing,
                  struct err *err);
/*
 * The last step of the above: a file that is written and synced gets its name, and the folder is
 * synced. `path` is what errors call it.
 */
bool file_give_name(int dir, const char *temporary, const char *name, enum file_existing existing,
                    const char *path, struct err *err);
/* Sets that error 105, with what resolves it, and gives false. */
bool file_in_the_way(const char *path, struct err *err);
/* Folder and last part of a path: "a/b" -> "a", "b"; "b" -> ".", "b"; "/b" -> "/", "b". */
void file_split(struct arena *a, const char *path, char **folder, char **name);

#endif
