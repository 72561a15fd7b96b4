/*
 * load: reads what a plan is made of: reports, configuration files, the last applied plan.
 *
 * All input of the planner is done here, so that plan.c can stay pure. Configuration files are read
 * into a wiping arena; what goes on into the plan is digests, names and fingerprints.
 *
 *     struct load in = {.run = &run, .keys = {.wipe = true}};
 *     if (load_reports(&in, paths, n, retained, m, err) &&
 *         load_files(&in, names, k, iterations, err)) ...
 *     load_free(&in);
 *
 * Errors: those of report_read and keyring_load; 921 for a file that cannot be used.
 */
#ifndef APPLIER_LOAD_H
#define APPLIER_LOAD_H

#include "applier/plan.h"
#include "applier/txn.h"
#include "formats/keyring/keyring.h"

enum { LOAD_REPORTS_MAX = 1000, LOAD_FILES_MAX = PLAN_TARGETS_MAX };
_Static_assert((int)PLAN_TARGETS_MAX <= (int)TXN_TARGETS_MAX, "what is planned can be applied");

/* One configuration file, read and checked. */
struct loaded_file {
    const char *given; /* as the user named it */
    const char *path;  /* real, absolute */
    struct str content;
    struct sha256 digest;
    struct keyring keyring;
};

struct load {
    struct arena *run;
    struct arena keys; /* .wipe */
    struct plan_source *reports, *retained;
    size_t report_count, retained_count;
    struct loaded_file *files;
    struct plan_file *plan_files; /* the same, for the plan */
    size_t file_count;
};

/* A retained report may name the end of its backup: "old.db:UNTIL=2027-01-01T00:00:00Z"; 936. */
bool load_reports(struct load *in, const char *const *reports, size_t report_count,
                  const char *const *retained, size_t retained_count, struct err *err);
/* A configuration file as the user named it. */
struct load_name {
    const char *path;
    const struct keyring_syntax *syntax; /* NULL: what config_form says */
};
bool load_files(struct load *in, const struct load_name *names, size_t count, unsigned iterations,
                struct err *err);
/*
 * What the last committed plan of each of these files had seen (S2, S7: remembered per target,
 * whichever files were planned together); zeroed when there was none. A kept plan that is not the
 * one that was applied is ERR_CORRUPT 935.
 */
bool load_previous(struct load *in, const struct state *state, struct plan_previous *previous,
                   struct err *err);
/* The kept plan of a committed transaction; *plan is NULL when its text is gone. */
bool load_applied_plan(struct arena *a, const struct state *state, const struct txn_info *info,
                       struct plan **plan, struct err *err);
/* Keeps the text of a plan that is about to be applied, for load_previous and for the record. */
bool load_keep_plan(const struct state *state, const struct plan_id *id, struct str text,
                    struct err *err);
void load_free(struct load *in);

/* The file of one path: real, regular, readable. From the keys' arena. */
bool load_file(struct load *in, struct load_name name, struct loaded_file *file, struct err *err);
/* Of a file that a plan or an archive names: they say which form it has. */
bool load_named(struct load *in, const char *path, struct str form, struct loaded_file *file,
                struct err *err);

#endif
