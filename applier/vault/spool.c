/* spool: requests and answers as text; what is read is what would have been written. */
#include "applier/vault/spool.h"
#include "applier/vault/answer.h"
#include "common/sys.h"
#include "common/text.h"

#include <stdio.h>

enum { DAY_SECONDS = 86400 };

static const char request_head[] = "lean_vault spool request 1";
static const char answer_head[] = "lean_vault spool answer 1";
static const char request_end[] = ".request";

const char *spool_result_name(enum spool_result r)
{
    static const char *const names[] = {
        [SPOOL_DELETED] = "deleted", [SPOOL_GONE] = "gone", [SPOOL_DISABLED] = "disabled"};
    return names[r];
}

bool spool_request_make(struct spool_request *q, struct str name, struct str hash, int64_t now,
                        struct err *err)
{
    unsigned char chance[SPOOL_ID_HEX / 2];
    *q = (struct spool_request){.name = name,
                                .hash = hash,
                                .created = now,
                                .expires = now + (int64_t)SPOOL_DAYS * DAY_SECONDS};
    if (sys->random(chance, sizeof chance) != 0) {
        err_set(err, ERR_SYSTEM, 1153, "the system gives no random numbers");
        return false;
    }
    for (size_t i = 0; i < sizeof chance; i++)
        (void)snprintf(q->id + 2 * i, 3, "%02x", chance[i]);
    return true;
}

void spool_request_write(const struct spool_request *q, struct buf *text)
{
    char created[UTC_TEXT], expires[UTC_TEXT];
    buf_printf(text, "%s\nid %s\ncreated %s\nexpires %s\n", request_head, q->id,
               utc_text(q->created, created), utc_text(q->expires, expires));
    buf_printf(text, "send GET /keys/%.*s\n", STR_ARG(q->hash));
    buf_printf(text, "send PATCH /keys/%.*s {\"disabled\":true}\n", STR_ARG(q->hash));
    buf_printf(text, "send DELETE /keys/%.*s\nname ", STR_ARG(q->hash));
    text_visible(text, q->name);
    buf_byte(text, '\n');
}

void spool_answer_write(const struct spool_answer *w, struct buf *text)
{
    char time[UTC_TEXT];
    buf_printf(text, "%s\nid %s\nhash %.*s\ntime %s\nresult %s\nwhy ", answer_head, w->id,
               STR_ARG(w->hash), utc_text(w->time, time), spool_result_name(w->result));
    text_visible(text, w->why);
    buf_byte(text, '\n');
}

/* ---- reading ---- */

/* The value of a line "WORD VALUE", taken off *rest. */
static bool take(struct str *rest, const char *word, struct str *value)
{
    struct str line, found;
    return str_line(rest, &line) && str_cut(line, ' ', &found, value) &&
           str_eq(found, str_from(word)) && value->len <= SPOOL_SAID_MAX;
}

static bool take_id(struct str *rest, char id[SPOOL_ID_HEX + 1])
{
    struct str value;
    if (!take(rest, "id", &value) || value.len != SPOOL_ID_HEX)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (ascii_hex(value.at[i]) < 0)
            return false;
    memcpy(id, value.at, SPOOL_ID_HEX);
    id[SPOOL_ID_HEX] = 0;
    return true;
}

static bool take_time(struct str *rest, const char *word, int64_t *time)
{
    struct str value;
    return take(rest, word, &value) && utc_parse(value, time);
}

static bool take_head(struct str *rest, const char *head)
{
    struct str line;
    return str_line(rest, &line) && str_eq(line, str_from(head));
}

/* The fields by their places; then the whole must be what these fields write. */
static bool parse_request(struct str text, struct spool_request *q)
{
    static const char get[] = "GET /keys/";
    struct str rest = text, value, ignored;
    if (!take_head(&rest, request_head) || !take_id(&rest, q->id) ||
        !take_time(&rest, "created", &q->created) || !take_time(&rest, "expires", &q->expires) ||
        !take(&rest, "send", &value) || !str_starts(value, str_from(get)))
        return false;
    q->hash = str_slice(value, sizeof get - 1, value.len);
    for (int line = 0; line < 2; line++) /* PATCH and DELETE, of the same hash or refused below */
        if (!take(&rest, "send", &ignored))
            return false;
    return take(&rest, "name", &q->name) && rest.len == 0 && remote_hash_is(q->hash);
}

bool spool_request_read(struct arena *a, struct str text, struct spool_request *q, struct err *err)
{
    struct buf again = {.arena = a};
    *q = (struct spool_request){0};
    if (text.len <= SPOOL_TEXT_MAX && parse_request(text, q)) {
        spool_request_write(q, &again);
        if (str_eq(buf_str(&again), text)) {
            q->hash = arena_copy(a, q->hash);
            q->name = arena_copy(a, q->name);
            return true;
        }
    }
    err_set(err, ERR_CORRUPT, 1150, "it is no request that lean_vault writes");
    err_hint(err, "a request looks at one key, disables it and deletes it, and can say nothing "
                  "else; nothing was sent");
    return false;
}

static bool parse_answer(struct str text, struct spool_answer *w)
{
    struct str rest = text, result;
    if (!take_head(&rest, answer_head) || !take_id(&rest, w->id) ||
        !take(&rest, "hash", &w->hash) || !remote_hash_is(w->hash) ||
        !take_time(&rest, "time", &w->time) || !take(&rest, "result", &result))
        return false;
    for (int r = SPOOL_DELETED; r <= SPOOL_DISABLED; r++) {
        w->result = (enum spool_result)r;
        if (str_eq(result, str_from(spool_result_name(w->result))))
            return take(&rest, "why", &w->why) && rest.len == 0;
    }
    return false;
}

bool spool_answer_read(struct arena *a, struct str text, struct spool_answer *w, struct err *err)
{
    struct buf again = {.arena = a};
    *w = (struct spool_answer){0};
    if (text.len <= SPOOL_TEXT_MAX && parse_answer(text, w)) {
        spool_answer_write(w, &again);
        if (str_eq(buf_str(&again), text)) {
            w->hash = arena_copy(a, w->hash);
            w->why = arena_copy(a, w->why);
            return true;
        }
    }
    err_set(err, ERR_CORRUPT, 1151, "it is no answer that lean_vault writes");
    return false;
}

bool spool_request_valid(const struct spool_request *q, int64_t now, struct err *err)
{
    char text[UTC_TEXT];
    bool sane =
        q->expires > q->created && q->expires - q->created <= (int64_t)SPOOL_DAYS * DAY_SECONDS;
    if (sane && now < q->expires && q->created <= now + SPOOL_SKEW_S)
        return true;
    if (!sane || now < q->expires)
        err_set(err, ERR_STALE, 1152, "the request was made at %s, which is yet to come",
                utc_text(q->created, text));
    else
        err_set(err, ERR_STALE, 1152, "the request expired at %s", utc_text(q->expires, text));
    err_hint(err, "nothing was sent; lean_vault remove KEY --spool DIR makes a new one");
    return false;
}

bool spool_is_request(const char *name, char id[SPOOL_ID_HEX + 1])
{
    size_t len = strlen(name);
    if (len != SPOOL_ID_HEX + sizeof request_end - 1 ||
        strcmp(name + SPOOL_ID_HEX, request_end) != 0)
        return false;
    for (size_t i = 0; i < SPOOL_ID_HEX; i++)
        if (ascii_hex((unsigned char)name[i]) < 0)
            return false;
    memcpy(id, name, SPOOL_ID_HEX);
    id[SPOOL_ID_HEX] = 0;
    return true;
}
