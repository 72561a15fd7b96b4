/*
 * Any answers of ssh-keygen to the questions about a signature, and any bytes as one.
 *
 * A signature counts only when all three answers are yes; whom it counts for is a name of one
 * person and a fingerprint. The bytes: for each answer its status, the length of what it says on
 * standard output (two bytes, the low one first) and that; the rest is the signature.
 */
#include "applier/approval.h"
#include "common/sys.h"
#include "tests/fuzz/answers.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_good(const struct approval *p, const struct answers *given)
{
    must(given->asked == 3);
    for (size_t i = 0; i < 3; i++)
        must(given->at[i].status == 0);
    must(p->principal_count > 0 && p->principal_count <= APPROVAL_PRINCIPALS_MAX && !p->why);
    must(str_starts(p->key, STR("SHA256:")) && str_find(p->key, ' ') == p->key.len &&
         str_find(p->key, '\n') == p->key.len);
    for (size_t i = 0; i < p->principal_count; i++) {
        struct str name = p->principals[i];
        must(name.len > 0);
        for (size_t k = 0; k < name.len; k++)
            must(name.at[k] > ' ' && name.at[k] != '*' && name.at[k] != '?' && name.at[k] != '!');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err err = {0};
    struct approval p = {0};
    struct answers given = {0};
    const struct approval_lists lists = {
        .signers = STR("x"), .revoked = STR("y"), .has_revoked = size % 2 == 0};
    struct str signature = answers_take(&given, str_make(data, size));
    answers_install(&given);
    must(approval_verify(&a, &lists, STR("plan"), signature, &p, &err) && !err_is(&err));
    must(p.verdict == APPROVAL_GOOD || p.why);
    if (p.verdict == APPROVAL_GOOD)
        check_good(&p, &given);
    if (given.asked == 0)
        must(p.verdict == APPROVAL_BAD);
    must(approval_people(&p, 1) == (p.verdict == APPROVAL_GOOD));
    sys = &sys_linux;
    arena_free(&a);
    return 0;
}
