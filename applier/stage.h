/*
 * stage: a new image made beside a file, with everything of the file but its bytes.
 *
 *     stage_write(folder, "x.conf.TXID.new", like_fd, image, err)      O_EXCL, durable
 *     stage_matches(folder, "x.conf.TXID.new", like_fd, &digest, &fd, err)
 *
 * Order: created 0600, bytes, owner, extended attributes that are too many, mode, attributes and
 * ACLs (system.posix_acl_access is one of them), so that at no moment more people can read it than
 * the original. What cannot be copied is an error: a file that lost its ACL is not the same file.
 * A default ACL of the folder puts an ACL on every new file; it is removed where the original has
 * none.
 *
 * Errors: ERR_SYSTEM 739-741, 746.
 */
#ifndef APPLIER_STAGE_H
#define APPLIER_STAGE_H

#include "common/crypto.h"

/* Makes it, fills it, syncs it; the folder is the caller's to sync. */
bool stage_write(int folder, const char *name, int like, struct str image, struct err *err);
/*
 * Opens it again, compares digest, owner, mode and attributes with what they must be; *fd is the
 * new descriptor, the only one.
 */
bool stage_matches(int folder, const char *name, int like, const struct sha256 *digest, int *fd,
                   struct err *err);
/* Owner, group, mode and every attribute. A difference is an error of the kind given. */
bool stage_same_metadata(int a, int b, const char *name, int if_not, struct err *err);

/* SHA-256 of an open file from its first byte; its offset stays. */
bool digest_fd(int fd, const char *name, struct sha256 *digest, struct err *err);

#endif
