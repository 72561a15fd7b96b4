/*
 * spool_folder: the files of a spool, and the record of requests that were used.
 *
 *     SPOOL/ID.request  SPOOL/ID.request.sig  SPOOL/ID.answer
 *     VAULT/spool.used                        a line for each request that was carried out here
 *
 * Ownership: in the arena. Errors: those of file; ERR_SYSTEM 1154; ERR_REFUSED 1155 for a request
 * that was used; ERR_CORRUPT 1156 where the record of them is damaged.
 * Limits: SPOOL_REQUESTS_MAX in a folder.
 */
#ifndef APPLIER_VAULT_SPOOL_FOLDER_H
#define APPLIER_VAULT_SPOOL_FOLDER_H

#include "applier/vault/spool.h"

enum { SPOOL_REQUESTS_MAX = 1000 };

enum spool_file { SPOOL_REQUEST, SPOOL_SIGNATURE, SPOOL_ANSWER };
const char *spool_path(struct arena *a, const char *spool, const char *id, enum spool_file file);

/* The ids of all requests, sorted. */
bool spool_requests(struct arena *a, const char *spool, struct str **ids, size_t *count,
                    struct err *err);
/* One file, at most SPOOL_TEXT_MAX bytes; ERR_NOT_FOUND where it is missing. */
bool spool_load(struct arena *a, const char *spool, const char *id, enum spool_file file,
                struct str *bytes, struct err *err);

/* Writes down, durably, that the request is used; ERR_REFUSED 1155 when it was. */
bool spool_use(struct arena *a, const char *vault_dir, const char *id, struct err *err);

#endif
