/*
 * spool: the removal of a key as a request in a file, for a host without network.
 *
 *     struct spool_request q;
 *     spool_request_make(&q, name, hash, now, err)
 *     spool_request_write(&q, &text)                 signed: text.sig beside it (approval.h)
 *     spool_request_read(&run, text, &q, err)        on the host that has a network
 *     spool_request_valid(&q, now, err)
 *     spool_answer_write(&answer, &text)             what became of it, carried back
 *     spool_answer_read(&run, text, &answer, err)
 *
 * A request says what is to be sent, line by line, and there is one thing it can say: look at one
 * key, disable it, delete it. Whoever reads it accepts these three lines, of one well-formed hash,
 * and nothing else:
 *
 *     lean_vault spool request 1
 *     id 0123456789abcdef0123456789abcdef
 *     created 2026-11-22T02:00:00Z
 *     expires 2026-11-29T02:00:00Z
 *     send GET /keys/HASH
 *     send PATCH /keys/HASH {"disabled":true}
 *     send DELETE /keys/HASH
 *     name my-key
 *
 * It holds no key and nothing that opens one. It is used once: its id is on record where it was
 * carried out, before anything is sent.
 *
 * Pure but for the id's chance. Ownership: texts in the arena. Errors: ERR_CORRUPT 1150 for what
 * is no request, 1151 for no answer; ERR_STALE 1152 for one that has expired or is of the future.
 * Limits: SPOOL_TEXT_MAX bytes, SPOOL_DAYS of life.
 */
#ifndef APPLIER_VAULT_SPOOL_H
#define APPLIER_VAULT_SPOOL_H

#include "common/buf.h"
#include "common/err.h"
#include "common/utc.h"

#define SPOOL_NAMESPACE "lean_vault-spool@v1" /* of the signature */

enum {
    SPOOL_ID_HEX = 32,
    SPOOL_DAYS = 7,
    SPOOL_SKEW_S = 300,    /* that two hosts' clocks may differ */
    SPOOL_TEXT_MAX = 8192, /* bytes of a request or an answer */
    SPOOL_SAID_MAX = 512   /* bytes of a name or a reason */
};

struct spool_request {
    char id[SPOOL_ID_HEX + 1];
    int64_t created, expires;
    struct str hash;
    struct str name; /* fit to be shown */
};

enum spool_result {
    SPOOL_DELETED, /* at OpenRouter now */
    SPOOL_GONE,    /* it had been before */
    SPOOL_DISABLED /* but not deleted: `why` */
};
const char *spool_result_name(enum spool_result r);

struct spool_answer {
    char id[SPOOL_ID_HEX + 1];
    struct str hash;
    int64_t time;
    enum spool_result result;
    struct str why; /* fit to be shown; may be empty */
};

bool spool_request_make(struct spool_request *q, struct str name, struct str hash, int64_t now,
                        struct err *err);
void spool_request_write(const struct spool_request *q, struct buf *text);
bool spool_request_read(struct arena *a, struct str text, struct spool_request *q, struct err *err);
bool spool_request_valid(const struct spool_request *q, int64_t now, struct err *err);

void spool_answer_write(const struct spool_answer *w, struct buf *text);
bool spool_answer_read(struct arena *a, struct str text, struct spool_answer *w, struct err *err);

/* Whether a file's name is that of a request ("ID.request"), and its id. */
bool spool_is_request(const char *name, char id[SPOOL_ID_HEX + 1]);

#endif
