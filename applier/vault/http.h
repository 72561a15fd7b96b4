/*
 * http: the transport over the network, on libcurl.
 *
 * The one idea: a request goes to the host that the endpoint names and to nobody else. Certificates
 * are verified; http:// is for loopback addresses only; redirects are not followed; proxies,
 * .netrc and cookies are not looked at; a request with a body never travels over a connection that
 * was used before, because libcurl would send it again when that one turns out to be dead.
 *
 *     const struct http_options options = {.endpoint = HTTP_ENDPOINT, .key = key, .timeout_s = 30};
 *     struct transport *t = http_open(&options, &wiping, err);
 *     ...
 *     t->ops->close(t);
 *
 * Ownership: the transport and its copy of the key live in the arena, which must wipe; libcurl's
 * own memory is wiped when it is freed.
 * Errors: ERR_USAGE 1050 for the endpoint, ERR_CORRUPT 1051 for a key that fits into no header,
 * ERR_REMOTE 1052 and 1053, ERR_REMOTE_REFUSED 1054 and 1055. Threads: one transport at a time.
 * Limits: TRANSPORT_ANSWER_MAX bytes of an answer.
 * Source: https://curl.se/libcurl/c/, version 7.85 and later.
 */
#ifndef APPLIER_VAULT_HTTP_H
#define APPLIER_VAULT_HTTP_H

#include "applier/vault/transport.h"

#define HTTP_ENDPOINT "https://openrouter.ai/api/v1"

struct http_options {
    const char *endpoint; /* ends in /api/v1 */
    struct str key;       /* the management key */
    unsigned timeout_s;   /* of one request, from its first byte to its last */
    const char *ca_file;  /* certificates to trust in place of the system's, or NULL */
};

struct transport *http_open(const struct http_options *options, struct arena *a, struct err *err);

/* Whether this can be an endpoint, without opening it. ERR_USAGE 1050. */
bool http_endpoint_check(const char *endpoint, struct err *err);

#endif
