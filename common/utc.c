/* utc: civil dates to unix seconds and back, after Howard Hinnant's days_from_civil. */
#include "common/utc.h"

#include <limits.h>
#include <stdio.h>

static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return era * 146097 + day_of_era - 719468;
}

struct utc_parts utc_to_parts(int64_t t)
{
    bool before = t % 86400 < 0;
    int64_t days = t / 86400 - before + 719468;
    int64_t rest = t % 86400 + (before ? 86400 : 0);
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    int64_t year = of_era + era * 400 + (month <= 2);
    return (struct utc_parts){
        .year = year > INT_MAX   ? INT_MAX
                : year < INT_MIN ? INT_MIN
                                 : (int)year,
        .month = month,
        .day = (int)(of_year - (153 * shifted + 2) / 5 + 1),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
    };
}

bool utc_from_parts(const struct utc_parts *p, int64_t *t)
{
    if (p->month < 1 || p->month > 12 || p->day < 1 || p->day > 31 || p->hour < 0 || p->hour > 23 ||
        p->minute < 0 || p->minute > 59 || p->second < 0 || p->second > 60)
        return false;
    int64_t days = days_from_civil(p->year, p->month, p->day);
    struct utc_parts back = utc_to_parts(days * 86400);
    if (back.month != p->month || back.day != p->day)
        return false;
    *t = days * 86400 + (int64_t)p->hour * 3600 + (int64_t)p->minute * 60 + p->second;
    return true;
}

const char *utc_text(int64_t t, char into[UTC_TEXT])
{
    into[0] = 0;
    if (t == UTC_NONE)
        return into;
    struct utc_parts p = utc_to_parts(t);
    unsigned year = p.year < 0 ? 0 : p.year > 9999 ? 9999 : (unsigned)p.year;
    char wide[96]; /* the compiler cannot know that the parts are small */
    (void)snprintf(wide, sizeof wide, "%04u-%02d-%02dT%02d:%02d:%02dZ", year, p.month, p.day,
                   p.hour, p.minute, p.second);
    memcpy(into, wide, UTC_TEXT - 1);
    into[UTC_TEXT - 1] = 0;
    return into;
}

const char *utc_compact(int64_t t, char into[UTC_TEXT])
{
    size_t kept = 0;
    (void)utc_text(t, into);
    for (size_t i = 0; into[i]; i++)
        if (into[i] != '-' && into[i] != ':')
            into[kept++] = into[i];
    into[kept] = 0;
    return into;
}

bool utc_parse(struct str s, int64_t *t)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    int field[6] = {0};
    if (s.len != sizeof shape - 1)
        return false;
    size_t f = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (shape[i] == 'd') {
            if (!ascii_digit(s.at[i]))
                return false;
            field[f] = field[f] * 10 + (s.at[i] - '0');
        } else {
            if (s.at[i] != (unsigned char)shape[i])
                return false;
            f++;
        }
    }
    struct utc_parts p = {field[0], field[1], field[2], field[3], field[4], field[5]};
    return p.second < 60 && utc_from_parts(&p, t);
}

bool utc_parse_date(struct str s, int64_t *t)
{
    static const char midnight[] = "T00:00:00Z";
    enum { DAY = 10 };
    unsigned char whole[DAY + sizeof midnight];
    if (s.len != DAY)
        return utc_parse(s, t);
    memcpy(whole, s.at, DAY);
    memcpy(whole + DAY, midnight, sizeof midnight);
    return utc_parse(str_make(whole, sizeof whole - 1), t);
}

bool utc_parse_duration(struct str s, int64_t *seconds)
{
    static const struct {
        unsigned char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    uint64_t n;
    if (s.len < 2 || !str_to_u64(str_slice(s, 0, s.len - 1), &n) || n > 1000000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (s.at[s.len - 1] == units[i].unit) {
            *seconds = (int64_t)n * units[i].seconds;
            return true;
        }
    }
    return false;
}

const char *utc_age(int64_t seconds, char into[32])
{
    long long s = seconds < 0 ? 0 : (long long)seconds;
    if (s >= 86400)
        (void)snprintf(into, 32, "%lld d %lld h", s / 86400, s / 3600 % 24);
    else if (s >= 3600)
        (void)snprintf(into, 32, "%lld h %lld min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        (void)snprintf(into, 32, "%lld min", s / 60);
    else
        (void)snprintf(into, 32, "%lld s", s);
    return into;
}
