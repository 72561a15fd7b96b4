/* plan_codes: the blockers of safety.md S16, for `explain` and for --accept. */
#include "applier/plan.h"

static const struct plan_code codes[] = {
    {"active-unseen", "the active version was not seen",
     "No value in any report names the active version. Either the reports are of another database, "
     "or nothing was written since the rotation. Scan the right dump, or accept it."},
    {"incomplete-report", "a report is incomplete",
     "The scan could not read its input to the end, so a version that seems unused may be in use. "
     "Make a whole dump and scan it again."},
    {"malformed", "values that are no valid token",
     "A value begins like a version of the keyring and what follows is no token, or a token stands "
     "behind another prefix. The application cannot read it as it is. Look at the rows, repair "
     "them, or accept them by number."},
    {"orphan", "values of a version that no file has",
     "A value names a key version that is in none of the configuration files. The application "
     "fails on it. Find the key, or, once values of the active version are proven by a verified "
     "scan, accept the loss by number."},
    {"partial-input", "the input is not the whole database",
     "A table has no data in the dump, a database has no report, or the input does not say what it "
     "leaves out. Give --tables with the inventory of the database, add a report, or accept the "
     "gap."},
    {"plaintext", "plain text in an encrypted column",
     "A column that was declared as encrypted holds values that are not. No key is needed for "
     "them, "
     "but the application may have stored them by mistake. Encrypt them, or accept them by "
     "number."},
    {"stale-writer", "somebody writes with an old version",
     "A version that would be removed was written with after the active version came into use: a "
     "process still has the old configuration. Restart it, make a new dump, or accept it."},
    {"truncated", "values that were cut off",
     "A token was cut, usually by a column that is too short. It cannot be read any more; what is "
     "left names no key for certain. Repair the rows, or accept them by number."},
    {"undeclared-missing", "a declared column is not there",
     "A column that was declared as encrypted, now or in the last applied plan, has no data in any "
     "report. Scan a dump that holds it, or accept that it is gone."},
    {"unversioned", "values without a version name",
     "A value is a token without a version before it; any key may be the one it needs. Encrypt the "
     "rows anew, or accept them by number."},
};

const struct plan_code *plan_code_lookup(struct str code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (str_eq(str_from(codes[i].code), code))
            return &codes[i];
    return NULL;
}

size_t plan_code_names(struct str names[PLAN_CODE_MAX])
{
    size_t n = 0;
    for (; n < sizeof codes / sizeof codes[0]; n++)
        names[n] = str_from(codes[n].code);
    return n;
}
