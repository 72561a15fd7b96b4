/* http: one easy handle of libcurl, set up anew for each request. */
#include "applier/vault/http.h"
#include "applier/vault/wiped_heap.h"
#include "common/text.h"

#include <curl/curl.h>

/* With what we say in it this is the limit of a header line, too. */
enum { HTTP_KEY_MAX = 4096, HTTP_CONNECT_SECONDS = 15, HTTP_URL_MAX = 2048 };

struct http {
    struct transport base;
    CURL *curl;
    const char *endpoint; /* normal form, without a slash at its end */
    const char *protocol; /* "https" or "http" */
    const char *ca_file;
    const char *authorization; /* the header line */
    unsigned timeout_s;
};

/* What libcurl's callbacks work on. */
struct exchange {
    const struct http *http;
    struct buf body;
    bool too_much;
};

/* ---- the endpoint ---- */

static bool bad_endpoint(const char *given, const char *why, struct err *err)
{
    unsigned char room[256];
    struct str shown = str_slice(str_from(given), 0, sizeof room);
    bool printable = true;
    for (size_t i = 0; i < shown.len; i++)
        printable &= shown.at[i] > ' ' && shown.at[i] < 0x7f;
    if (printable && !memchr(shown.at, '@', shown.len))
        err_set(err, ERR_USAGE, 1050, "--endpoint %.*s: %s", STR_ARG(shown), why);
    else
        err_set(err, ERR_USAGE, 1050, "--endpoint: %s", why);
    err_hint(err, "it is " HTTP_ENDPOINT " unless you know better");
    return false;
}

/* 127.0.0.0/8 and ::1; `localhost` may be any address, so it is none. */
static bool is_loopback(const char *host)
{
    struct str h = str_from(host);
    if (str_eq(h, STR("[::1]")))
        return true;
    if (!str_starts(h, STR("127.")))
        return false;
    size_t points = 0;
    for (size_t i = 0; i < h.len; i++) {
        if (h.at[i] != '.' && !ascii_digit(h.at[i]))
            return false;
        points += h.at[i] == '.';
    }
    return points == 3;
}

static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

/* NULL when it is good. */
static const char *endpoint_fault(CURLU *url)
{
    char *scheme = url_part(url, CURLUPART_SCHEME);
    char *host = url_part(url, CURLUPART_HOST);
    char *path = url_part(url, CURLUPART_PATH);
    char *user = url_part(url, CURLUPART_USER);
    char *query = url_part(url, CURLUPART_QUERY);
    char *fragment = url_part(url, CURLUPART_FRAGMENT);
    const char *fault = NULL;
    if (!scheme || !host || !path || user || query || fragment)
        fault = "this is no plain address";
    else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        fault = "only https:// is spoken";
    else if (scheme[4] != 's' && !is_loopback(host))
        fault = "http:// is for loopback addresses only: the key would travel in clear";
    else if (!str_ends(str_from(path), STR("/api/v1")))
        fault = "it has to end in /api/v1";
    curl_free(scheme);
    curl_free(host);
    curl_free(path);
    curl_free(user);
    curl_free(query);
    curl_free(fragment);
    return fault;
}

/* The endpoint as libcurl understood it; NULL with err set. */
static const char *normal_endpoint(const char *given, struct arena *a, struct err *err)
{
    CURLU *url = curl_url();
    char *text = NULL;
    const char *fault = "this is no address";
    const char *normal = NULL;
    struct str trimmed = str_from(given);
    if (str_ends(trimmed, STR("/")))
        trimmed.len--;
    if (url && trimmed.len < HTTP_URL_MAX &&
        curl_url_set(url, CURLUPART_URL, arena_text(a, trimmed), CURLU_NON_SUPPORT_SCHEME) ==
            CURLUE_OK)
        fault = endpoint_fault(url);
    if (!fault && curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK)
        normal = arena_text(a, str_from(text));
    curl_free(text);
    curl_url_cleanup(url);
    if (!normal)
        bad_endpoint(given, fault ? fault : "this is no address", err);
    return normal;
}

/* ---- libcurl ---- */

static bool library_ready(struct err *err)
{
    static bool ready;
    if (!ready && curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiped_malloc, wiped_free, wiped_realloc,
                                       wiped_strdup, wiped_calloc) != CURLE_OK) {
        err_set(err, ERR_INTERNAL, 1056, "libcurl could not be set up");
        return false;
    }
    ready = true;
    return true;
}

static size_t take_body(char *from, size_t size, size_t count, void *context)
{
    struct exchange *x = context;
    size_t n = size * count; /* libcurl: size is 1 */
    if (n > TRANSPORT_ANSWER_MAX - x->body.len) {
        x->too_much = true;
        return 0;
    }
    buf_add(&x->body, str_make(from, n));
    return n;
}

static int look_around(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct exchange *x = context;
    (void)a, (void)b, (void)c, (void)d;
    return x->http->base.stop && *x->http->base.stop != 0;
}

static struct curl_slist *headers_of(const struct http *h)
{
    static const char *const lines[] = {"Accept: application/json",
                                        "Content-Type: application/json", "Expect:"};
    struct curl_slist *all = curl_slist_append(NULL, h->authorization);
    for (size_t i = 0; all && i < sizeof lines / sizeof *lines; i++) {
        struct curl_slist *more = curl_slist_append(all, lines[i]);
        if (!more)
            curl_slist_free_all(all);
        all = more;
    }
    return all;
}

/* libcurl copies texts, but the body and the headers, which outlive the request. */
static bool set_up(struct http *h, struct exchange *x, const char *url,
                   const struct transport_request *q, struct curl_slist *headers)
{
    CURL *c = h->curl;
    CURLcode bad = CURLE_OK;
    curl_easy_reset(c);
#define SET(option, value) (bad = bad != CURLE_OK ? bad : curl_easy_setopt(c, (option), (value)))
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, h->protocol);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (h->ca_file) {
        SET(CURLOPT_CAINFO, h->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, "lean_vault/" KEYRETIRE_VERSION);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT,
        (long)(h->timeout_s < HTTP_CONNECT_SECONDS ? h->timeout_s : HTTP_CONNECT_SECONDS));
    SET(CURLOPT_TIMEOUT, (long)h->timeout_s);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, look_around);
    SET(CURLOPT_XFERINFODATA, x);
    if (q->body.len) {
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_POSTFIELDSIZE, (long)q->body.len);
        SET(CURLOPT_POSTFIELDS, (const char *)q->body.at);
    }
    SET(CURLOPT_CUSTOMREQUEST, q->method);
#undef SET
    return bad == CURLE_OK;
}

/* What a failure of libcurl's says of the request. */
static enum transport_result failed(const struct http *h, const struct exchange *x, CURLcode code,
                                    struct err *err)
{
    if (h->base.stop && *h->base.stop) {
        err_set(err, ERR_SIGNAL + (int)*h->base.stop, 1053, "stopped by signal %d",
                (int)*h->base.stop);
        return TRANSPORT_LOST;
    }
    if (x->too_much) {
        err_set(err, ERR_REMOTE_REFUSED, 1055, "the answer is longer than %d bytes",
                TRANSPORT_ANSWER_MAX);
        err_hint(err, "a retry does not help; look at what --endpoint names");
        return TRANSPORT_REFUSED;
    }
    const char *why = curl_easy_strerror(code);
    long connected = 0; /* bytes of the request that left */
    if (curl_easy_getinfo(h->curl, CURLINFO_REQUEST_SIZE, &connected) != CURLE_OK)
        connected = 1;
    switch ((int)code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:
        err_set(err, ERR_REMOTE_REFUSED, 1054, "the server is not trusted: %s", why);
        err_hint(err, "nothing was sent; a retry does not help. --ca-file names the certificates "
                      "to trust");
        return TRANSPORT_REFUSED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        connected = 0;
        break;
    default:
        break;
    }
    if (connected == 0) {
        err_set(err, ERR_REMOTE, 1052, "OpenRouter could not be reached: %s", why);
        return TRANSPORT_NOT_SENT;
    }
    err_set(err, ERR_REMOTE, 1053, "no answer came: %s", why);
    return TRANSPORT_LOST;
}

static enum transport_result http_send(struct transport *t, struct arena *a,
                                       const struct transport_request *q,
                                       struct transport_answer *answer, struct err *err)
{
    struct http *h = (struct http *)t;
    struct exchange x = {.http = h, .body = {.arena = a}};
    const char *url = arena_printf(a, "%s%s", h->endpoint, q->path);
    struct curl_slist *headers = headers_of(h);
    enum transport_result result = TRANSPORT_ANSWERED;
    if (!headers || !set_up(h, &x, url, q, headers)) {
        err_set(err, ERR_INTERNAL, 1056, "libcurl lacks what a request needs");
        result = TRANSPORT_REFUSED;
    } else {
        CURLcode code = curl_easy_perform(h->curl);
        long status = 0;
        curl_off_t wait = 0;
        if (code == CURLE_OK)
            code = curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
        if (code == CURLE_OK)
            code = curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &wait);
        if (code == CURLE_OK)
            *answer = (struct transport_answer){.status = (unsigned)status,
                                                .retry_after = wait > 0 ? (uint64_t)wait : 0,
                                                .body = buf_str(&x.body)};
        else
            result = failed(h, &x, code, err);
    }
    curl_slist_free_all(headers);
    return result;
}

static void http_close(struct transport *t)
{
    struct http *h = (struct http *)t;
    curl_easy_cleanup(h->curl);
    h->curl = NULL;
}

/* ---- opening ---- */

bool http_endpoint_check(const char *endpoint, struct err *err)
{
    struct arena a = {0};
    bool good = library_ready(err) && normal_endpoint(endpoint, &a, err) != NULL;
    arena_free(&a);
    return good;
}

static bool key_fits(struct str key, struct err *err)
{
    bool good = key.len > 0 && key.len <= HTTP_KEY_MAX;
    for (size_t i = 0; good && i < key.len; i++)
        good = key.at[i] > ' ' && key.at[i] < 0x7f;
    if (!good) {
        err_set(err, ERR_CORRUPT, 1051, "the management key is empty or holds what no key holds");
        err_hint(err, "it is one line of printable characters; see it in the settings of "
                      "openrouter.ai");
    }
    return good;
}

struct transport *http_open(const struct http_options *options, struct arena *a, struct err *err)
{
    static const struct transport_ops ops = {.send = http_send, .close = http_close};
    struct http *h = ARENA_NEW(a, struct http);
    if (!key_fits(options->key, err) || !library_ready(err))
        return NULL;
    h->base.ops = &ops;
    h->endpoint = normal_endpoint(options->endpoint, a, err);
    if (!h->endpoint)
        return NULL;
    h->protocol = str_starts(str_from(h->endpoint), STR("https:")) ? "https" : "http";
    h->ca_file = options->ca_file;
    h->authorization = arena_printf(a, "Authorization: Bearer %.*s", STR_ARG(options->key));
    h->timeout_s = options->timeout_s;
    h->curl = curl_easy_init();
    if (!h->curl) {
        err_set(err, ERR_INTERNAL, 1056, "libcurl could not be set up");
        return NULL;
    }
    return &h->base;
}
