/*
 * remarks: what a reviewer should know of a configuration file beside its versions.
 *
 * The one idea: a removal takes versions out of the files that were named, and out of nothing else.
 * So it is said where else the same keys were seen: in comments and other values of the file, in
 * copies that lie beside it, in git; and, of several places that hold a version, which one the
 * application reads.
 *
 *     struct remarks r = {.a = &run};
 *     remarks_of_places(&r, &keyring);
 *     remarks_of_text(&r, &keyring);
 *     remarks_of_folder(&r, path, &keyring);
 *     remarks_of_git(&r, path);
 *     ...r.at[0 .. r.count)...
 *
 * Remarks name lines, files and versions, never a byte of a value (S15). What cannot be read is no
 * error: it is said.
 *
 * Ownership: texts are in the arena. Copies are read into an arena that is wiped.
 * Limits: REMARKS_* below.
 */
#ifndef APPLIER_REMARKS_H
#define APPLIER_REMARKS_H

#include "formats/keyring/keyring.h"

enum {
    REMARKS_COPIES_MAX = 64,               /* files beside it that are looked into */
    REMARKS_COPY_BYTES = 16 * 1024 * 1024, /* of one of them */
    REMARKS_LINES_MAX = 16,                /* lines of one file that are named */
    REMARKS_KEY_LEAST = 8                  /* a shorter key can stand anywhere by chance */
};

struct remarks {
    struct arena *a;
    struct str *at;
    size_t count, room;
};

void remarks_add(struct remarks *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Where in the file versions live, when that is in several places, and which place wins. */
void remarks_of_places(struct remarks *r, const struct keyring *kr);
/* Keys outside their own entries: remarks_text.c. */
void remarks_of_text(struct remarks *r, const struct keyring *kr);
/* Copies beside the file that hold its keys: NAME~, NAME.bak, .NAME.swp and so on. */
void remarks_of_folder(struct remarks *r, const char *path, const struct keyring *kr);
/* Whether git tracks the file. */
void remarks_of_git(struct remarks *r, const char *path);

#endif
