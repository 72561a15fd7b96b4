/*
 * report_store: a sealed report into the tables of an open database, in one transaction. Shared by
 * the file that report_write makes and the database in memory behind report_view.
 */
#ifndef COMMON_REPORT_STORE_H
#define COMMON_REPORT_STORE_H

#include "common/db.h"
#include "common/report.h"

bool report_store(struct db *db, const struct report *r, struct err *err);

#endif
