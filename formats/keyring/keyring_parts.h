/* keyring_parts: what the files of the keyring share among themselves; others take keyring.h. */
#ifndef FORMATS_KEYRING_KEYRING_PARTS_H
#define FORMATS_KEYRING_KEYRING_PARTS_H

#include "formats/keyring/keyring.h"

/* Gives the error the place of this binding (NULL: of the file) and a hint, each unless it has one,
 * and returns false. */
bool keyring_at(const struct keyring *kr, const struct binding *b, struct err *err);

/*
 * The name of an entry where it may be shown, else "". A name that is not ours is shown only when
 * it looks like a name and no line of the file is broken: else it may be a piece of a value (S15).
 */
const char *keyring_shown(struct arena *a, const struct keyring *kr, const struct binding *b);

/* From entries in their slots to versions: complete, active, with right hashes and checksums. */
bool keyring_check(struct arena *a, struct keyring *kr, struct err *err);

/* Which of the keyrings of a file a binding belongs to: twice its place, 1 more with FLASK_. */
size_t keyring_place(const struct binding *b);

/* "v1, v2, v3", for hints. */
const char *keyring_names(struct arena *a, const struct keyring *kr);

/* "ENCRYPTION_KEYS__" and so on. */
const char *keyring_prefix(enum entry_role role);

/* Whatever is wrong with an edited image is a refusal of the edit (523); its file is sound. */
bool keyring_load_edited(struct arena *a, const struct keyring_syntax *syntax, const char *name,
                         struct str content, struct keyring *kr, struct err *err);

/* The masked diff, from a mark for each binding of kr. */
void keyring_edit_lines(struct arena *a, const struct keyring *kr, const enum edit_mark *marks,
                        struct keyring_edit *edit);

#endif
