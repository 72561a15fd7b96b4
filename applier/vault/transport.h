/*
 * transport: the way a request goes to OpenRouter and its answer comes back.
 *
 * The one idea: what is asked (openrouter.h) knows nothing of how it travels. http.h sends it over
 * the network; tests, and a host without a network, put another transport in its place.
 *
 *     const struct transport_request q = {.method = "GET", .path = path};
 *     switch (t->ops->send(t, &wiping, &q, &answer, err)) {
 *     case TRANSPORT_ANSWERED:  ...answer.status, answer.body...
 *     case TRANSPORT_NOT_SENT:  ...err; nobody has acted on it: it may be sent again...
 *     case TRANSPORT_LOST:      ...err; it may have been acted on, and a later try can help...
 *     case TRANSPORT_REFUSED:   ...err; a later try cannot help...
 *     }
 *
 * Ownership: the answer's body lives in the arena of the call, which wipes: a new key stands in it.
 * Errors: set unless it is ANSWERED, kinds ERR_REMOTE and ERR_REMOTE_REFUSED; ERR_SIGNAL + n when
 * we were asked to stop, as LOST. No error holds a header or a body. Threads: one.
 */
#ifndef APPLIER_VAULT_TRANSPORT_H
#define APPLIER_VAULT_TRANSPORT_H

#include "common/arena.h"
#include "common/err.h"

#include <signal.h>

enum { TRANSPORT_ANSWER_MAX = 8 * 1024 * 1024 /* bytes; a page of keys has less than 100,000 */ };

enum transport_result { TRANSPORT_ANSWERED, TRANSPORT_NOT_SENT, TRANSPORT_LOST, TRANSPORT_REFUSED };

struct transport_request {
    const char *method; /* "GET", "POST", "PATCH", "DELETE" */
    const char *path;   /* behind the endpoint, escaped: "/keys?offset=0" */
    struct str body;    /* JSON, or empty */
};

struct transport_answer {
    unsigned status;      /* of HTTP */
    uint64_t retry_after; /* seconds; 0: not said */
    struct str body;
};

struct transport;

struct transport_ops {
    enum transport_result (*send)(struct transport *t, struct arena *a,
                                  const struct transport_request *q,
                                  struct transport_answer *answer, struct err *err);
    void (*close)(struct transport *t);
};

struct transport {
    const struct transport_ops *ops;
    const volatile sig_atomic_t *stop; /* not 0: a signal asks to stop; NULL: none is heeded */
};

#endif
