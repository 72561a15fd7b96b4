/* activity: columns by name, amounts and times by hand. */
#include "formats/dump/activity.h"
#include "common/utc.h"

enum { DECIMALS = 6, MICROS = 1000000, SECONDS_A_DAY = 86400, TIME_LEN = 19 };

static const struct str column_names[ACTIVITY_FIELDS] = {
    [ACTIVITY_GENERATION_ID] = {(const unsigned char *)"generation_id", 13},
    [ACTIVITY_CREATED_AT] = {(const unsigned char *)"created_at", 10},
    [ACTIVITY_COST_TOTAL] = {(const unsigned char *)"cost_total", 10},
    [ACTIVITY_API_KEY_NAME] = {(const unsigned char *)"api_key_name", 12},
    [ACTIVITY_BYOK_USAGE] = {(const unsigned char *)"byok_usage_inference", 20},
};

bool activity_columns(const struct str *names, size_t count, struct activity_columns *c)
{
    for (size_t f = 0; f < ACTIVITY_FIELDS; f++) {
        c->index[f] = SIZE_MAX;
        for (size_t i = 0; i < count && c->index[f] == SIZE_MAX; i++)
            if (str_eq(names[i], column_names[f]))
                c->index[f] = i;
        if (c->index[f] == SIZE_MAX && f != ACTIVITY_BYOK_USAGE)
            return false;
    }
    return true;
}

bool activity_amount(struct str text, int64_t *micros)
{
    struct str whole;
    struct str fraction;
    uint64_t dollars = 0;
    uint64_t millionths = 0;
    (void)str_cut(text, '.', &whole, &fraction);
    if (!str_to_u64(whole, &dollars) || dollars > (uint64_t)INT64_MAX / MICROS - 1)
        return false;
    for (size_t i = 0; i < DECIMALS || i < fraction.len; i++) {
        unsigned char digit = i < fraction.len ? fraction.at[i] : '0';
        if (!ascii_digit(digit) || (i >= DECIMALS && digit != '0'))
            return false;
        if (i < DECIMALS)
            millionths = millionths * 10 + (uint64_t)(digit - '0');
    }
    *micros = (int64_t)(dollars * MICROS + millionths);
    return true;
}

/* Two digits. */
static bool two(struct str text, size_t at, int *value)
{
    if (!ascii_digit(text.at[at]) || !ascii_digit(text.at[at + 1]))
        return false;
    *value = (text.at[at] - '0') * 10 + (text.at[at + 1] - '0');
    return true;
}

/* What may stand behind the seconds: a fraction, and a zone that is UTC. */
static bool is_utc_tail(struct str tail)
{
    static const char *const zones[] = {"", "Z", "+00", "+0000", "+00:00", " UTC", " +0000 UTC"};
    size_t digits = 0;
    if (tail.len && tail.at[0] == '.') {
        while (digits + 1 < tail.len && ascii_digit(tail.at[digits + 1]))
            digits++;
        if (digits == 0)
            return false;
        tail = str_slice(tail, digits + 1, tail.len);
    }
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (str_eq(tail, str_from(zones[i])))
            return true;
    return false;
}

bool activity_day(struct str text, int64_t *day)
{
    struct utc_parts p = {0};
    int century = 0;
    int64_t time = 0;
    if (text.len < TIME_LEN || text.at[4] != '-' || text.at[7] != '-' ||
        (text.at[10] != ' ' && text.at[10] != 'T') || text.at[13] != ':' || text.at[16] != ':' ||
        !is_utc_tail(str_slice(text, TIME_LEN, text.len)))
        return false;
    if (!two(text, 0, &century) || !two(text, 2, &p.year) || !two(text, 5, &p.month) ||
        !two(text, 8, &p.day) || !two(text, 11, &p.hour) || !two(text, 14, &p.minute) ||
        !two(text, 17, &p.second))
        return false;
    p.year += century * 100;
    if (p.year < 1970 || !utc_from_parts(&p, &time))
        return false;
    *day = time - time % SECONDS_A_DAY;
    return true;
}

static struct str field_of(const struct activity_columns *c, enum activity_field f,
                           const struct str *fields, size_t count)
{
    return c->index[f] < count ? fields[c->index[f]] : STR("");
}

enum activity_verdict activity_read(const struct activity_columns *c, const struct str *fields,
                                    size_t count, struct activity_record *r)
{
    *r = (struct activity_record){.generation_id =
                                      field_of(c, ACTIVITY_GENERATION_ID, fields, count),
                                  .key_name = field_of(c, ACTIVITY_API_KEY_NAME, fields, count)};
    struct str byok = field_of(c, ACTIVITY_BYOK_USAGE, fields, count);
    if (r->generation_id.len == 0 || r->generation_id.len > ACTIVITY_ID_MAX)
        return ACTIVITY_NO_ID;
    if (!activity_day(field_of(c, ACTIVITY_CREATED_AT, fields, count), &r->day))
        return ACTIVITY_BAD_TIME;
    if (!activity_amount(field_of(c, ACTIVITY_COST_TOTAL, fields, count), &r->micros))
        return ACTIVITY_BAD_COST;
    if (byok.len > 0 && !activity_amount(byok, &r->byok_micros))
        return ACTIVITY_BAD_BYOK;
    return r->key_name.len > ACTIVITY_KEY_NAME_MAX ? ACTIVITY_LONG_KEY : ACTIVITY_READ;
}

const char *activity_problem(enum activity_verdict verdict)
{
    static const char *const problems[ACTIVITY_VERDICTS] = {
        [ACTIVITY_READ] = "",
        [ACTIVITY_NO_ID] = "without a generation_id",
        [ACTIVITY_BAD_TIME] = "whose created_at is no time in UTC",
        [ACTIVITY_BAD_COST] = "whose cost_total is no amount of dollars",
        [ACTIVITY_BAD_BYOK] = "whose byok_usage_inference is no amount of dollars",
        [ACTIVITY_LONG_KEY] = "whose api_key_name is longer than 256 bytes",
    };
    return problems[verdict];
}
