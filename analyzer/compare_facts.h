/* compare_facts: a report as a sorted list of facts. Only compare*.c need it. */
#ifndef ANALYZER_COMPARE_FACTS_H
#define ANALYZER_COMPARE_FACTS_H

#include "analyzer/compare.h"

/* Properties that mean something to compare.c. */
#define FACT_STATE   "state"
#define FACT_RECORDS "records"
#define FACT_NEWEST  "newest"
#define FACT_HOLDS   "holds"
#define FACT_NOTHING "no ciphertext"

struct fact {
    enum change_subject subject;
    struct str database, schema, table, column, name;
    const char *property;
    struct cell value;
    bool is_plain; /* of a column in which nothing was recognised and that nobody declared */
};

struct fact_list {
    struct arena *arena;
    struct fact *at;
    size_t count, room;
};

/* The one database of all tables, '' unnamed; false: there are several. */
bool facts_database(const struct report *r, struct str *database);
/* Sorted by fact_order; counts of one key are added up. What has no database is of this one. */
void facts_of(const struct report *r, struct str database, struct arena *a, struct fact_list *into);
/* By everything but the value. */
int fact_order(const struct fact *a, const struct fact *b);
bool fact_same_value(const struct fact *a, const struct fact *b);
/* Whether the list has the table that a fact stands in. */
bool facts_have_table(const struct fact_list *list, const struct fact *f);

#endif
