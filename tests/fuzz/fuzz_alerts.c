/*
 * fuzz_alerts: the record of alerts, alerts.conf and amounts, on any bytes.
 *
 * The first line is an amount, the rest is read as a record and as alerts.conf. An amount that is
 * read is printed and read again as the same; rounding up is rounding down or one more. A record
 * that is read is written as text that reads the same again, and telling, acknowledging and
 * forgetting keep it readable. What is refused is refused with its id.
 */
#include "applier/vault/alerts.h"
#include "applier/vault/deliver.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_amount(struct str line)
{
    int64_t typed = 0, up = 0, down = 0, again = 0;
    char text[MONEY_TEXT];
    bool read = money_read(line, MONEY_DOWN, &down);
    if (read && money_read(line, MONEY_UP, &up))
        must(up == down || up == down + 1);
    if (money_parse(line, &typed)) {
        must(typed >= 0 && typed <= MONEY_MAX);
        must(!read || typed == down); /* leading zeros are no JSON */
        must(money_parse(str_from(money_text(typed, text)), &again) && again == typed);
    }
    if (read) {
        must(money_read(str_from(money_text(down, text)), MONEY_UP, &again) && again == down);
        must(down >= -MONEY_MAX && down <= MONEY_MAX);
    }
}

/* Written, read, and written again: the same bytes. */
static void check_stable(const struct alerts *list, struct arena *a)
{
    struct buf once = {.arena = a}, twice = {.arena = a}, shown = {.arena = a};
    struct alerts again = {.arena = a};
    struct err err = {0};
    alerts_write(list, &once);
    must(alerts_read(&again, buf_str(&once), &err) && again.count == list->count);
    alerts_write(&again, &twice);
    must(str_eq(buf_str(&once), buf_str(&twice)));
    for (size_t i = 0; i < again.count; i++) {
        must(strcmp(again.at[i].id, list->at[i].id) == 0);
        alert_text(&again.at[i], &shown);
        alert_json(&again.at[i], &shown);
    }
}

static void check_record(struct str text, struct arena *a)
{
    struct alerts list = {.arena = a};
    struct err err = {0};
    const struct alert **due;
    if (!alerts_read(&list, text, &err)) {
        must((err.kind == ERR_CORRUPT && err.id == 1110) ||
             (err.kind == ERR_REFUSED && err.id == 1111));
        return;
    }
    check_stable(&list, a);
    size_t count = list.count;
    size_t told = alerts_due(&list, a, &due);
    must(told <= count);
    alerts_delivered(&list, 0);
    must(alerts_due(&list, a, &due) == 0);
    (void)alerts_acknowledge(&list, STR(""), 0);
    must(alerts_acknowledge(&list, STR(""), 1) == 0);
    check_stable(&list, a);
    alerts_prune(&list, INT64_C(400000000000));
    must(list.count <= count);
}

static void check_places(struct str text, struct arena *a)
{
    struct places p;
    struct err err = {0};
    if (!deliver_read(a, text, &p, &err)) {
        must(err.kind == ERR_USAGE && err.id == 1115);
        return;
    }
    must(p.count <= PLACES_MAX);
    for (size_t i = 0; i < p.count; i++)
        must(p.at[i].kind == PLACE_SYSLOG ? p.at[i].word_count == 0 : p.at[i].words[0][0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct str line = {0}, rest = str_make(data, size);
    if (str_line(&rest, &line))
        check_amount(line);
    check_record(rest, &a);
    check_places(rest, &a);
    arena_free(&a);
    return 0;
}
