/*
 * plan_read: a plan's text back to the plan, and nothing that plan_write would not have written.
 *
 * The reader of lines is simple and lenient; strictness comes from writing the outcome again and
 * comparing byte for byte. So every order, spacing, spelling and derived sentence is checked
 * without a second description of it, and the line that differs is the one that is named.
 */
#include "applier/plan_entry.h"
#include "applier/plan_parts.h"
#include "applier/plan_prose.h"
#include "applier/plan_word.h"

/* What follows from the rest is not read but compared afterwards. */
static bool is_derived(struct str line)
{
    return line.len == 0 || line.at[0] == '#' || str_eq(line, STR(PLAN_LABELS_ONLY)) ||
           str_starts(line, STR(PLAN_PROVEN)) || str_starts(line, STR("verdict: ")) ||
           str_starts(line, STR("expires: ")) || str_eq(line, STR("end"));
}

static bool read_line(struct plan_reading *r, struct str line)
{
    if (is_derived(line))
        return true;
    if (line.at[0] == ' ')
        return plan_entry(r, line);
    if (plan_section(r, line))
        return true;
    struct word_reader w = {.rest = line, .arena = r->arena};
    return word_is(&w, "active:") && word_read(&w, &r->plan->active) && word_end(&w);
}

static bool corrupt(struct err *err, size_t line, const char *what)
{
    err_set(err, ERR_CORRUPT, 650, "line %zu of the plan %s", line, what);
    err_hint(err, "the text was changed after it was written; make a new plan");
    return false;
}

static bool too_long(struct err *err, size_t line, size_t limit)
{
    err_set(err, ERR_CORRUPT, 655, "line %zu of the plan: a list has more than %zu entries", line,
            limit);
    return false;
}

static size_t first_difference(struct str a, struct str b)
{
    size_t line = 1, most = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < most && a.at[i] == b.at[i]; i++)
        line += a.at[i] == '\n';
    return line;
}

static bool check_head(struct str text, struct err *err)
{
    if (text.len > PLAN_TEXT_MAX)
        return err_set(err, ERR_CORRUPT, 652, "the plan is larger than %d bytes", PLAN_TEXT_MAX),
               false;
    if (str_starts(text, STR("keyretire plan 1\n")))
        return true;
    if (!str_starts(text, STR("keyretire plan "))) {
        err_set(err, ERR_CORRUPT, 653, "this is not a plan of keyretire");
        err_hint(err, "keyretire plan --report R.db --env-file F -o plan.txt makes one");
        return false;
    }
    err_set(err, ERR_CORRUPT, 651, "the plan is of a kind that this version does not know");
    err_hint(err, "use the version of keyretire that made it, or a newer one");
    return false;
}

bool plan_read(struct str text, struct arena *a, struct plan *p, struct err *err)
{
    *p = (struct plan){.arena = a, .data_time = UTC_NONE, .expires = UTC_NONE};
    if (!check_head(text, err))
        return false;
    struct plan_reading r = {.plan = p, .arena = a};
    size_t number = 1;
    struct str rest = text, line;
    (void)str_line(&rest, &line);
    while (rest.len) {
        size_t end = str_find(rest, '\n'); /* not str_line: a CR is no line end here */
        number++;
        if (!read_line(&r, str_slice(rest, 0, end)))
            return r.limit ? too_long(err, number, r.limit)
                           : corrupt(err, number, "cannot be read");
        rest = str_slice(rest, end + 1, rest.len);
    }
    struct err sorted = {0};
    const char *broken = plan_sort(p, &sorted) ? plan_contradiction(p) : sorted.text;
    if (broken) {
        err_set(err, ERR_CORRUPT, 654, "the plan contradicts itself: %s", broken);
        return false;
    }
    struct buf again = {.arena = a};
    plan_write(p, &again);
    if (!str_eq(buf_str(&again), text))
        return corrupt(err, first_difference(buf_str(&again), text),
                       "is not as keyretire writes it");
    return true;
}
