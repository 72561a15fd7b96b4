/*
 * alerts: crossing, coalescing, and the state file.
 *
 * The file has a first line, "lean_vault alerts 1", and a line for each alert, its words parted by
 * one space, "-" for what is not known:
 *
 *     KEY day|month START THRESHOLD SPENT CAP AS-OF RAISED DELIVERED ACKNOWLEDGED NAME
 *
 * NAME is last and is the rest of the line. Times are YYYY-MM-DDTHH:MM:SSZ, amounts dollars.
 */
#include "applier/vault/alerts.h"
#include "common/hash.h"
#include "common/text.h"

#include <stdio.h>

static const char head[] = "lean_vault alerts 1";

enum { DAY_SECONDS = 86400, PERCENT = 100 };

/* ---- which ---- */

static bool same_window(const struct alert *a, const struct alert *b)
{
    return a->window == b->window && a->start == b->start && str_eq(a->key, b->key);
}

static void set_id(struct alert *a)
{
    uint64_t numbers[] = {(uint64_t)a->window, (uint64_t)a->start, a->threshold};
    uint64_t seed = hash_xxh3_64(a->key, 0);
    uint64_t sum = hash_xxh3_64(str_make(numbers, sizeof numbers), seed);
    (void)snprintf(a->id, sizeof a->id, "%08llx", (unsigned long long)(sum >> 32));
}

int64_t threshold_amount(int64_t cap, uint32_t threshold)
{
    int64_t whole = cap / THRESHOLD_WHOLE * threshold;
    int64_t rest = cap % THRESHOLD_WHOLE * threshold;
    return whole + (rest + THRESHOLD_WHOLE - 1) / THRESHOLD_WHOLE;
}

static bool is_known(const struct alerts *list, const struct alert *a)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].threshold == a->threshold && same_window(&list->at[i], a))
            return true;
    return false;
}

/* Keeps its own texts. */
static bool add(struct alerts *list, const struct alert *a, struct err *err)
{
    struct alert own = *a;
    if (list->count == ALERTS_MAX) {
        err_set(err, ERR_REFUSED, 1111, "there are %d alerts already", ALERTS_MAX);
        err_hint(err, "see that they can be delivered (lean_vault alerts test), or acknowledge "
                      "them: lean_vault alerts ack");
        return false;
    }
    list->at = arena_grow(list->arena, list->at, list->count, &list->room, sizeof *list->at);
    own.key = arena_copy(list->arena, a->key);
    own.name = arena_copy(list->arena, a->name);
    set_id(&own);
    list->at[list->count++] = own;
    return true;
}

/* What stands in the file as a word. */
static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] > '~')
            return false;
    return s.len > 0 && s.len <= ALERT_WORD_MAX;
}

/* The thresholds of one window. */
static bool judge_window(struct alerts *list, const struct alert_subject *s, enum window w,
                         int64_t now, size_t *added, struct err *err)
{
    uint32_t thresholds[THRESHOLDS_MAX];
    size_t count = limits_thresholds(s->limits, thresholds);
    int64_t cap = limits_cap(s->limits, w);
    struct usage seen = usage_at(s->usage, now);
    struct str name = str_from(text_shown(list->arena, s->name));
    for (size_t i = 0; i < count && cap != MONEY_NONE && seen.as_of != UTC_NONE; i++) {
        struct alert a = {.key = s->hash,
                          .name = name,
                          .window = w,
                          .start = window_start(w, now),
                          .threshold = thresholds[i],
                          .spent = usage_spent(&seen, w),
                          .cap = cap,
                          .as_of = seen.as_of,
                          .raised = now,
                          .delivered = UTC_NONE,
                          .acknowledged = UTC_NONE};
        if (a.spent < threshold_amount(cap, thresholds[i]) || is_known(list, &a))
            continue;
        if (!add(list, &a, err))
            return false;
        (*added)++;
    }
    return true;
}

bool alerts_judge(struct alerts *list, const struct alert_subject *s, int64_t now, size_t *added,
                  struct err *err)
{
    *added = 0;
    for (int w = 0; is_word(s->hash) && w < WINDOW_COUNT; w++)
        if (!judge_window(list, s, (enum window)w, now, added, err))
            return false;
    return true;
}

/* ---- who was told ---- */

static bool is_due(const struct alert *a)
{
    return a->delivered == UTC_NONE && a->acknowledged == UTC_NONE;
}

/* Whether a higher threshold of the same key and window is due as well. */
static bool is_covered(const struct alerts *list, const struct alert *a)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_due(&list->at[i]) && list->at[i].threshold > a->threshold &&
            same_window(&list->at[i], a))
            return true;
    return false;
}

size_t alerts_due(const struct alerts *list, struct arena *arena, const struct alert ***due)
{
    size_t count = 0;
    *due = ARENA_ARRAY(arena, list->count, const struct alert *);
    for (size_t i = 0; i < list->count; i++)
        if (is_due(&list->at[i]) && !is_covered(list, &list->at[i]))
            (*due)[count++] = &list->at[i];
    return count;
}

void alerts_delivered(struct alerts *list, int64_t now)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_due(&list->at[i]))
            list->at[i].delivered = now;
}

size_t alerts_acknowledge(struct alerts *list, struct str which, int64_t now)
{
    size_t news = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct alert *a = &list->at[i];
        if (a->acknowledged != UTC_NONE ||
            (which.len && !str_eq(which, str_from(a->id)) && !str_eq(which, a->name)))
            continue;
        a->acknowledged = now;
        news++;
    }
    return news;
}

void alerts_prune(struct alerts *list, int64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct alert *a = &list->at[i];
        int64_t end = window_end(a->window, a->start);
        if (is_due(a) || now <= end || now - end < (int64_t)ALERTS_KEPT_DAYS * DAY_SECONDS)
            list->at[kept++] = *a;
    }
    list->count = kept;
}

/* ---- the state file ---- */

static void add_time(struct buf *b, int64_t t)
{
    char text[UTC_TEXT];
    buf_printf(b, "%s ", t == UTC_NONE ? "-" : utc_text(t, text));
}

static void add_money(struct buf *b, int64_t micros)
{
    char text[MONEY_TEXT];
    buf_printf(b, "%s ", money_text(micros, text));
}

void alerts_write(const struct alerts *list, struct buf *text)
{
    buf_printf(text, "%s\n", head);
    for (size_t i = 0; i < list->count; i++) {
        const struct alert *a = &list->at[i];
        buf_add(text, a->key);
        buf_printf(text, " %s ", window_name(a->window));
        add_time(text, a->start);
        add_money(text, (int64_t)a->threshold);
        add_money(text, a->spent);
        add_money(text, a->cap);
        add_time(text, a->as_of);
        add_time(text, a->raised);
        add_time(text, a->delivered);
        add_time(text, a->acknowledged);
        buf_add(text, a->name);
        buf_byte(text, '\n');
    }
}

static bool take_word(struct str *rest, struct str *word)
{
    struct str all = *rest;
    return str_cut(all, ' ', word, rest) && word->len > 0 && word->len <= ALERT_WORD_MAX;
}

static bool take_window(struct str *rest, enum window *w)
{
    struct str word;
    if (!take_word(rest, &word))
        return false;
    *w = str_eq(word, STR("month")) ? WINDOW_MONTH : WINDOW_DAY;
    return str_eq(word, str_from(window_name(*w)));
}

static bool take_time(struct str *rest, int64_t *t)
{
    struct str word;
    return take_word(rest, &word) && utc_parse(word, t);
}

static bool take_time_or_none(struct str *rest, int64_t *t)
{
    struct str word;
    if (!take_word(rest, &word))
        return false;
    *t = UTC_NONE;
    return str_eq(word, STR("-")) || utc_parse(word, t);
}

static bool take_money(struct str *rest, int64_t *micros)
{
    struct str word;
    return take_word(rest, &word) && money_parse(word, micros);
}

static bool take_alert(struct str line, struct alert *a)
{
    int64_t threshold = 0;
    if (!take_word(&line, &a->key) || !take_window(&line, &a->window) ||
        !take_time(&line, &a->start) || !take_money(&line, &threshold) ||
        !take_money(&line, &a->spent) || !take_money(&line, &a->cap) ||
        !take_time(&line, &a->as_of) || !take_time(&line, &a->raised) ||
        !take_time_or_none(&line, &a->delivered) || !take_time_or_none(&line, &a->acknowledged))
        return false;
    a->name = line;
    a->threshold = (uint32_t)threshold;
    return threshold > 0 && threshold <= THRESHOLD_WHOLE && line.len > 0 &&
           line.len <= ALERT_WORD_MAX && a->start == window_start(a->window, a->start);
}

bool alerts_read(struct alerts *list, struct str text, struct err *err)
{
    struct str rest = text, line;
    size_t number = 1;
    bool good = str_line(&rest, &line) && str_eq(line, str_from(head));
    while (good && rest.len > 0) {
        struct alert a = {0};
        number++;
        good = str_line(&rest, &line) && take_alert(line, &a);
        if (good && !add(list, &a, err))
            return false;
    }
    /* A line without its end was cut off. */
    if (good && text.at[text.len - 1] == '\n')
        return true;
    err_set(err, ERR_CORRUPT, 1110, "the record of alerts is damaged: line %zu", number);
    err_hint(err, "move the file away: alerts of the windows that run now are then told again");
    return false;
}

/* ---- shown ---- */

const char *alert_state(const struct alert *a)
{
    return a->acknowledged != UTC_NONE ? "acknowledged"
           : a->delivered != UTC_NONE  ? "delivered"
                                       : "pending";
}

/* Of the cap, in whole percent, rounded down. */
static uint64_t percent_of(const struct alert *a)
{
    if (a->cap <= 0)
        return PERCENT;
    uint64_t spent = (uint64_t)a->spent;
    uint64_t cap = (uint64_t)a->cap;
    return spent > UINT64_MAX / PERCENT ? spent / cap * PERCENT : spent * PERCENT / cap;
}

void alert_text(const struct alert *a, struct buf *b)
{
    char spent[MONEY_TEXT], cap[MONEY_TEXT], threshold[MONEY_TEXT], label[WINDOW_LABEL];
    char as_of[UTC_TEXT];
    buf_add(b, a->name);
    buf_printf(b, ": %s of %s dollars in the %s %s (%llu %%), at or above %s; as of %s",
               money_text(a->spent, spent), money_text(a->cap, cap), window_name(a->window),
               window_label(a->window, a->start, label), (unsigned long long)percent_of(a),
               threshold_text(a->threshold, threshold), utc_text(a->as_of, as_of));
}

static void json_time(struct buf *b, const char *name, int64_t t)
{
    char text[UTC_TEXT];
    if (t == UTC_NONE)
        buf_printf(b, ",\"%s\":null", name);
    else
        buf_printf(b, ",\"%s\":\"%s\"", name, utc_text(t, text));
}

void alert_json(const struct alert *a, struct buf *b)
{
    char amount[MONEY_TEXT], label[WINDOW_LABEL];
    struct buf text = {.arena = b->arena};
    alert_text(a, &text);
    buf_printf(b, "{\"alert\":\"%s\",\"key\":", a->id);
    text_json(b, a->name);
    buf_printf(b, ",\"window\":\"%s\",\"start\":\"%s\"", window_name(a->window),
               window_label(a->window, a->start, label));
    buf_printf(b, ",\"threshold\":%s", threshold_text(a->threshold, amount));
    buf_printf(b, ",\"spent\":%s", money_text(a->spent, amount));
    buf_printf(b, ",\"limit\":%s", money_text(a->cap, amount));
    json_time(b, "as_of", a->as_of);
    json_time(b, "raised", a->raised);
    json_time(b, "delivered", a->delivered);
    json_time(b, "acknowledged", a->acknowledged);
    buf_printf(b, ",\"state\":\"%s\",\"text\":", alert_state(a));
    text_json(b, buf_str(&text));
    buf_byte(b, '}');
}
