/*
 * report_form: the canonical form of a report, which its digests are over. Only report*.c need it.
 *
 * Lines of words separated by one space, each line with a fixed number of words:
 *
 *     keycensus-content 1
 *     status complete 1 0 1 0            partial, jobs_known, verified, row_security
 *     active 2:v3,
 *     version 2:v3,16:0123456789abcdef,
 *     table 4:shop,6:public,5:users, table data 1200
 *     column 4:totp,16:versioned-fernet, 1200 3 1 1 1197 0
 *                                        records, nulls, declared, has_classes, key_records, future
 *     class hinted 1197
 *     usage 2:v3,hint 1197 1700000000 1700086400
 *     job ...   spend ...   declared ...   finding ...
 *     end
 *
 * Text is a netstring (cr.yp.to/proto/netstrings.txt), so no name can look like another line;
 * numbers are decimal; an unknown time is `-`. Tables, columns, usages and the rest stand in the
 * order of report_seal, the columns of a table by name. What was found is in it; who found it,
 * where and when is not: no path, size or digest of an input, no data time, no creation time, no
 * program version, no words meant for people. A change of what stands here is a new version number:
 * it is 2 where there is spend, and 1 elsewhere, as in reports made before there was any.
 *
 * FORM_EVERYTHING goes on with all that is left, so that no damage to a file goes unseen.
 * Errors: a number above INT64_MAX, which no SQLite integer holds, is ERR_CORRUPT 456.
 */
#ifndef COMMON_REPORT_FORM_H
#define COMMON_REPORT_FORM_H

#include "common/buf.h"
#include "common/report.h"

enum form_scope { FORM_CONTENT, FORM_EVERYTHING };

/* The columns of a table in the order of their names, in the arena. */
const struct report_column **report_columns_by_name(struct arena *a, const struct report_table *t);

/* r is sorted and has valid text. */
bool report_digest(const struct report *r, enum form_scope scope, struct sha256 *digest,
                   struct err *err);
/* The form itself, for tests and for comparing two reports by eye. */
bool report_form(const struct report *r, enum form_scope scope, struct buf *b, struct err *err);

#endif
