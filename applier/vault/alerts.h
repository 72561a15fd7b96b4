/*
 * alerts: which thresholds of spending were crossed, and who has been told.
 *
 * An alert is one key, one window (a day or a month, UTC) and one threshold, and there is one of
 * each: crossing is noticed once. It is written down before anybody is told and marked as
 * delivered only after somebody was, so a delivery that fails, or a machine that dies in between,
 * tells it later or twice, never not at all.
 *
 *     struct alerts list = {.arena = &run};
 *     alerts_read(&list, text, err)                      the state file VAULT/alerts
 *     alerts_judge(&list, &subject, now)                 for each key: new ones are added
 *     alerts_write(&list, &text)                         durable before...
 *     size_t n = alerts_due(&list, due)                  ...what is to be told is told...
 *     alerts_delivered(&list, now)                       ...and durable again after it
 *
 * Coalesced: of one key and window only the highest threshold that is due is told; the lower ones
 * go with it. All that is due goes out as one message (deliver.h).
 *
 * Ownership: texts and list in the arena. Units: micro-dollars, unix seconds, millionths.
 * Errors: ERR_CORRUPT 1110 for a state file that is damaged, with its line; ERR_REFUSED 1111 for
 * more than ALERTS_MAX. Threads: one arena, one thread.
 * Format: text, a line each; alerts.c says which words.
 */
#ifndef APPLIER_VAULT_ALERTS_H
#define APPLIER_VAULT_ALERTS_H

#include "applier/vault/limits.h"
#include "common/buf.h"

enum {
    ALERTS_MAX = 20000,
    ALERT_ID_HEX = 8,
    ALERT_WORD_MAX = 1024, /* bytes of a key's name or hash */
    ALERTS_KEPT_DAYS = 40  /* after its window, once it is delivered or acknowledged */
};

struct alert {
    char id[ALERT_ID_HEX + 1]; /* of key, window and threshold */
    struct str key;            /* the key's hash: after a rotation the new key counts anew */
    struct str name;           /* as it was called then, fit to be shown */
    enum window window;
    int64_t start;      /* of the window */
    uint32_t threshold; /* that was crossed */
    int64_t spent, cap; /* when it was noticed */
    int64_t as_of;      /* of the figures */
    int64_t raised;
    int64_t delivered;    /* UTC_NONE: nobody was told yet */
    int64_t acknowledged; /* UTC_NONE: nobody said so */
};

struct alerts {
    struct arena *arena;
    struct alert *at; /* in the order in which they were raised */
    size_t count, room;
};

/* What is looked at: a key with its limits and the latest figures. */
struct alert_subject {
    struct str name;
    struct str hash; /* letters, digits and the like; without one nothing is known of a key */
    const struct limits *limits;
    const struct usage *usage;
};

bool alerts_read(struct alerts *list, struct str text, struct err *err);
void alerts_write(const struct alerts *list, struct buf *text);

/* Adds what is newly crossed; how many that were. ERR_REFUSED 1111 gives false. */
bool alerts_judge(struct alerts *list, const struct alert_subject *s, int64_t now, size_t *added,
                  struct err *err);
/* The smallest spend that reaches a threshold of a cap. */
int64_t threshold_amount(int64_t cap, uint32_t threshold);

/* Neither delivered nor acknowledged: the highest of each key and window, in order of raising. */
size_t alerts_due(const struct alerts *list, struct arena *arena, const struct alert ***due);
/* All that is due was told now. */
void alerts_delivered(struct alerts *list, int64_t now);
/* Those of this alert id or this key name; every one for an empty word. How many it is news to. */
size_t alerts_acknowledge(struct alerts *list, struct str which, int64_t now);
/* Forgets what is over and was told; the file does not grow for ever. */
void alerts_prune(struct alerts *list, int64_t now);

/* "pending", "delivered", "acknowledged". */
const char *alert_state(const struct alert *a);
/* "my-key: 8.10 of 10.00 dollars today (2026-11-22), 81 %: above 0.80; as of ..." */
void alert_text(const struct alert *a, struct buf *b);
/* One JSON object, without a line's end. */
void alert_json(const struct alert *a, struct buf *b);

#endif
