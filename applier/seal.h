/*
 * seal: an archive closed to all but its recipients, through the age tool.
 *
 * The one idea: whoever makes the archive need not be able to read it later. It is encrypted to the
 * recipients, who are named by their public keys, and to a one-time identity that lives in memory
 * alone: with that one it is opened again and compared before anything is decided, and then the
 * identity is wiped. What this does not prove is that the recipients' own keys open it; that is
 * said.
 *
 *     seal_recipients(&run, given, count, &recipients, err)     the values of --encrypt-to
 *     seal_try(recipients, err)                                 age is here and takes them
 *     seal_close(&wiping, recipients, archive, &sealed, &once, err)
 *     seal_open(&wiping, once, sealed, &archive, err)           or with the text of --identity
 *
 * A recipient is age1..., the text of an SSH public key (ssh-ed25519 or ssh-rsa), or a file of such
 * lines. The format is https://age-encryption.org/v1, of which only the first line is looked at
 * here. age reads and writes files in memory (child.h): no plaintext and no identity is ever in a
 * file with a name, an argument or the environment. /usr/bin/age and /usr/bin/age-keygen: a PATH of
 * the requester's would choose who encrypts.
 *
 * Ownership: identities and plain bytes in the wiping arena given.
 * Errors: ids 830-834. Limits: SYS_CHILD_FILE_MAX bytes of archive.
 */
#ifndef APPLIER_SEAL_H
#define APPLIER_SEAL_H

#include "common/arena.h"
#include "common/err.h"

enum { SEAL_RECIPIENTS_MAX = 64 };

/* The lines of a recipients file; '' for none given. */
bool seal_recipients(struct arena *a, const char *const *given, size_t count,
                     struct str *recipients, struct err *err);
/* Closes and opens a few bytes: before anything is begun. */
bool seal_try(struct str recipients, struct err *err);

/* The rule for the keeper of children: the three questions of this module, word for word. */
struct child;
bool seal_may_ask(const struct child *c);

/* Whether these are the bytes of a sealed archive. */
bool seal_is(struct str bytes);
bool seal_close(struct arena *wiping, struct str recipients, struct str plain, struct str *sealed,
                struct str *once, struct err *err);
/* ERR_REFUSED 833: the identity does not open it. */
bool seal_open(struct arena *wiping, struct str identity, struct str sealed, struct str *plain,
               struct err *err);

#endif
