/* columns: merge and findings. */
#include "analyzer/columns.h"

#include "formats/envelope/envelope.h"

#include <stdlib.h>

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == UTC_NONE || b == UTC_NONE)
        return a == UTC_NONE ? b : a;
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* UTC_NONE is the least of all */
}

static void usage_add(struct report_usage *into, const struct report_usage *from)
{
    into->records += from->records;
    into->oldest = earlier(into->oldest, from->oldest);
    into->newest = later(into->newest, from->newest);
}

static int by_version(const void *left, const void *right)
{
    const struct report_usage *a = left;
    const struct report_usage *b = right;
    int order = str_cmp(a->version, b->version);
    return order ? order : (int)a->basis - (int)b->basis;
}

static bool is_unknown(const struct report_usage *u, const struct key_names *known)
{
    return u->version.len && !str_eq(u->version, STR(VERSION_OTHER)) &&
           !str_eq(u->version, STR(VERSION_MORE)) &&
           key_names_find(known, u->version) == known->count;
}

static struct report_usage *find_usage(struct report_usage *list, size_t count,
                                       const struct report_usage *like)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].basis == like->basis && str_eq(list[i].version, like->version))
            return &list[i];
    return NULL;
}

static void merge_usages(struct arena *a, struct report_column *into,
                         const struct report_column *found, const struct key_names *known)
{
    struct report_usage *all =
        ARENA_ARRAY(a, into->usage_count + found->usage_count + 1, struct report_usage);
    size_t count = 0;
    size_t unknown = 0;
    struct report_usage more = {
        .version = STR(VERSION_MORE), .oldest = UTC_NONE, .newest = UTC_NONE};
    for (size_t i = 0; i < into->usage_count; i++)
        all[count++] = into->usages[i];
    for (size_t i = 0; i < found->usage_count; i++) {
        struct report_usage *same = find_usage(all, count, &found->usages[i]);
        if (same)
            usage_add(same, &found->usages[i]);
        else
            all[count++] = found->usages[i];
    }
    qsort(all, count, sizeof *all, by_version);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_unknown(&all[i], known) && ++unknown > USAGE_UNKNOWN_MAX)
            usage_add(&more, &all[i]);
        else
            all[kept++] = all[i];
    }
    if (more.records) {
        struct report_usage *same = find_usage(all, kept, &more);
        if (same)
            usage_add(same, &more);
        else
            all[kept++] = more;
    }
    into->usages = all;
    into->usage_count = into->usage_room = kept;
}

void column_merge(struct arena *a, struct report_column *into, const struct report_column *found,
                  const struct key_names *known)
{
    into->records += found->records;
    into->nulls += found->nulls;
    into->declared |= found->declared;
    into->has_classes |= found->has_classes;
    if (into->envelope.len == 0)
        into->envelope = found->envelope;
    for (size_t i = 0; i < CLASS_COUNT; i++)
        into->classes[i] += found->classes[i];
    into->future_times += found->future_times;
    into->key_records += found->key_records;
    if (found->usage_count)
        merge_usages(a, into, found, known);
}

static void find(struct report *r, enum severity severity, const char *code,
                 const struct report_table *t, const struct report_column *c, const char *message,
                 uint64_t count)
{
    if (count == 0)
        return;
    struct report_finding *f = report_add_finding(r, severity, str_from(code), t, c->name);
    f->message = str_from(message);
    f->record_count = count;
}

static uint64_t counted(const struct report_column *c)
{
    uint64_t total = 0;
    for (int i = 0; i < CLASS_COUNT; i++)
        if (i != CLASS_PLAINTEXT && i != CLASS_NULL && i != CLASS_EMPTY)
            total += c->classes[i];
    return total;
}

/* Ordinary data has no classes; parts of the column had them in case that another has. */
void column_settle(struct report_column *c)
{
    if (!c->has_classes)
        memset(c->classes, 0, sizeof c->classes);
}

void column_findings(struct report *r, const struct report_table *t, const struct report_column *c,
                     const struct key_names *known)
{
    if (!c->has_classes)
        return;
    if (!c->declared && r->declared_count)
        find(r, SEVERITY_WARNING, "undeclared-column", t, c,
             "holds ciphertext and was not declared; its versions are in use", counted(c));
    if (c->declared)
        find(r, SEVERITY_ERROR, "plaintext", t, c, "plain text in a column declared as encrypted",
             c->classes[CLASS_PLAINTEXT]);
    find(r, SEVERITY_ERROR, "unversioned", t, c, "values without a version name",
         c->classes[CLASS_UNVERSIONED] + c->classes[CLASS_UNVERSIONED_EMBEDDED]);
    find(r, SEVERITY_ERROR, "truncated", t, c,
         "values that are cut off; nobody can decrypt them as they are",
         c->classes[CLASS_TRUNCATED] + c->classes[CLASS_TRUNCATED_EMBEDDED]);
    find(r, SEVERITY_ERROR, "malformed", t, c, "values that look like ciphertext and are none",
         c->classes[CLASS_MALFORMED]);
    find(r, SEVERITY_WARNING, "future-time", t, c,
         "tokens dated later than the data; their times are used for nothing", c->future_times);
    find(r, SEVERITY_WARNING, "mislabelled", t, c,
         "values that another key made than the one they name; both are in use",
         c->classes[CLASS_MISLABELLED] + c->classes[CLASS_MISLABELLED_EMBEDDED]);
    find(r, SEVERITY_ERROR, "orphan", t, c,
         "values that no key of the keyring made, or whose label it lacks", report_orphans(c));
    uint64_t unknown = 0;
    uint64_t foreign = 0;
    for (size_t i = 0; i < c->usage_count; i++)
        foreign += envelope_is_foreign(c->usages[i].version) ? c->usages[i].records : 0;
    find(r, SEVERITY_INFO, "other-envelope", t, c,
         "values of another form of ciphertext, which name keys of another keyring", foreign);
    for (size_t i = 0; r->version_count && i < c->usage_count; i++)
        if (envelope_is_foreign(c->usages[i].version))
            continue;
        else if (is_unknown(&c->usages[i], known) ||
                 str_eq(c->usages[i].version, STR(VERSION_OTHER)) ||
                 str_eq(c->usages[i].version, STR(VERSION_MORE)))
            unknown += c->usages[i].records;
    find(r, SEVERITY_ERROR, "unknown-version", t, c, "values of versions that the env file lacks",
         unknown);
}
