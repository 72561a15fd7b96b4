/*
 * spend_report: what keys spent, from a keycensus report of activity exports.
 *
 *     struct spend_report r;
 *     spend_report_read("activity.db", &run, &r, err)
 *     struct usage u = spend_report_of(&r, name);
 *
 * An export names a key by its name only. Its figures are as of the time of its data, and of the
 * day and month of that time; a key that does not stand in it spent nothing there, which the report
 * says only as far as it is complete.
 *
 * Ownership: in the arena. Errors: those of report_read; ERR_NOT_FOUND 1127 for a report without
 * any spend. Source: common/report.h, spend_daily.
 */
#ifndef APPLIER_VAULT_SPEND_REPORT_H
#define APPLIER_VAULT_SPEND_REPORT_H

#include "applier/vault/limits.h"
#include "common/report.h"

struct spend_report {
    struct report report;
    bool complete;
    int64_t as_of;
};

bool spend_report_read(const char *path, struct arena *a, struct spend_report *r, struct err *err);
struct usage spend_report_of(const struct spend_report *r, struct str key_name);

#endif
