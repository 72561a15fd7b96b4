/* txn: an act besides the files: its order, its way back, and what recovery makes of it. */
#define _GNU_SOURCE
#include "applier/participant.h"
#include "common/sys.h"
#include "tests/crash/fault.h"
#include "tests/crash/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct world w;
static struct err err;

/* An act that writes down what it was asked, with what the files were then, and fails on demand. */
static struct {
    char log[1024];
    const char *fails; /* at this operation */
    int kind;
    char note[64]; /* with which recovery made it */
} seen;

static bool asked(const char *operation, struct err *e)
{
    size_t n = strlen(seen.log);
    (void)snprintf(seen.log + n, sizeof seen.log - n, "%s%s:%s", n ? " " : "", operation,
                   world_all(&w, WORLD_OLD)   ? "old"
                   : world_all(&w, WORLD_NEW) ? "new"
                                              : "mixed");
    if (!seen.fails || strcmp(seen.fails, operation) != 0)
        return true;
    err_set(e, seen.kind, 1052, "no answer");
    return false;
}

static bool act_prepare(struct participant *p, struct err *e)
{
    (void)p;
    return asked("prepare", e);
}

static bool act_unchanged(struct participant *p, struct err *e)
{
    (void)p;
    return asked("unchanged", e);
}

static bool act_commit(struct participant *p, struct err *e)
{
    (void)p;
    return asked("commit", e);
}

static bool act_rollback(struct participant *p, struct err *e)
{
    (void)p;
    return asked("rollback", e);
}

static bool act_finish(struct participant *p, struct txn_notes *notes, struct err *e)
{
    (void)p, (void)notes;
    return asked("finish", e);
}

static bool act_unstage(struct participant *p, struct err *e)
{
    (void)p;
    return asked("unstage", e);
}

static bool act_discard(struct participant *p, struct txn_notes *notes, struct err *e)
{
    (void)p, (void)notes;
    return asked("discard", e);
}

static void act_release(struct participant *p)
{
    (void)p;
}

static const struct participant_ops ops = {.prepare = act_prepare,
                                           .unchanged = act_unchanged,
                                           .commit = act_commit,
                                           .rollback = act_rollback,
                                           .finish = act_finish,
                                           .unstage = act_unstage,
                                           .discard = act_discard,
                                           .release = act_release};
static struct participant the_act = {.ops = &ops, .name = "key"};

static bool open_act(void *context, struct str note, struct participant **act, struct err *e)
{
    (void)context, (void)e;
    (void)snprintf(seen.note, sizeof seen.note, "%.*s", STR_ARG(note));
    *act = &the_act;
    return true;
}

static int make(void **unused)
{
    (void)unused;
    world_make(&w, 2);
    w.request.act = &the_act;
    w.request.act_note = STR("remove f01d 100%\n");
    err = (struct err){0};
    memset(&seen, 0, sizeof seen);
    fault = (struct fault){0};
    return 0;
}

static int clean(void **unused)
{
    (void)unused;
    sys = &sys_linux;
    fault = (struct fault){0};
    world_free(&w);
    return 0;
}

static void fail_at(const char *operation, int kind)
{
    seen.fails = operation;
    seen.kind = kind;
}

/* A recovery that can make the act again, by another process as it were. */
static int recover(struct txn_recovery *recovery)
{
    struct state state;
    memset(seen.log, 0, sizeof seen.log);
    err = (struct err){0};
    if (!state_open(&state, &w.options, STATE_CHANGE, &w.a, &err))
        return err.kind;
    state.act_open = open_act;
    bool done = txn_recover(&state, &w.a, recovery, &err);
    assert_int_equal(state.recovered, done);
    state_close(&state);
    return done ? 0 : err.kind;
}

static void the_act_is_reversible_before_the_files_and_final_behind_them(void **unused)
{
    (void)unused;
    assert_int_equal(world_apply(&w, &err), 0);
    assert_string_equal(seen.log, "prepare:old unchanged:old commit:old finish:new");
    assert_int_equal(w.result.outcome, TXN_COMMITTED);
}

static void an_act_that_cannot_be_prepared_leaves_all_as_it_was(void **unused)
{
    (void)unused;
    fail_at("prepare", ERR_REMOTE);
    assert_int_equal(world_apply(&w, &err), ERR_REMOTE);
    assert_string_equal(seen.log, "prepare:old unstage:old");
    assert_true(world_all(&w, WORLD_OLD));
    assert_int_equal(w.result.outcome, TXN_ABORTED);
    assert_int_equal(world_names(&w, ".new"), 0);
}

static void an_act_that_changed_meanwhile_stops_before_the_decision(void **unused)
{
    (void)unused;
    fail_at("unchanged", ERR_STALE);
    assert_int_equal(world_apply(&w, &err), ERR_STALE);
    assert_string_equal(seen.log, "prepare:old unchanged:old unstage:old");
    assert_true(world_all(&w, WORLD_OLD));
}

static void an_act_that_fails_is_taken_back_with_its_own_exit_code(void **unused)
{
    (void)unused;
    fail_at("commit", ERR_REMOTE_LIMIT);
    assert_int_equal(world_apply(&w, &err), ERR_REMOTE_LIMIT);
    assert_string_equal(seen.log, "prepare:old unchanged:old commit:old rollback:old discard:old");
    assert_true(world_all(&w, WORLD_OLD));
    assert_int_equal(w.result.outcome, TXN_ABORTED);
}

static void files_that_fail_take_the_act_back(void **unused)
{
    (void)unused;
    fault_install();
    fault = (struct fault){.call = "renameat2", .at = 3, .errnum = EIO}; /* 1 is the backup's */
    assert_int_equal(world_apply(&w, &err), ERR_RESTORED);
    assert_non_null(strstr(seen.log, "rollback:old"));
    assert_null(strstr(seen.log, "finish"));
    assert_true(world_all(&w, WORLD_OLD));
}

static void an_act_that_cannot_be_taken_back_is_said_and_tried_again(void **unused)
{
    (void)unused;
    struct txn_recovery recovery;
    fault_install();
    fault = (struct fault){.call = "renameat2", .at = 3, .errnum = EIO}; /* 1 is the backup's */
    fail_at("rollback", ERR_REMOTE);
    assert_int_equal(world_apply(&w, &err), ERR_DISAGREE);
    assert_int_equal(w.result.outcome, TXN_OPEN);
    sys = &sys_linux;
    assert_int_equal(recover(&recovery), ERR_REMOTE);
    seen.fails = NULL;
    assert_int_equal(recover(&recovery), 0);
    assert_string_equal(seen.log, "rollback:old discard:old");
    assert_string_equal(seen.note, "remove f01d 100%\n");
    assert_int_equal(recovery.at[0].how, TXN_TAKEN_BACK);
    assert_true(world_all(&w, WORLD_OLD));
}

static void an_act_that_is_not_final_is_pending_and_stands_in_no_way(void **unused)
{
    (void)unused;
    struct txn_recovery recovery;
    fail_at("finish", ERR_REMOTE);
    assert_int_equal(world_apply(&w, &err), ERR_REMOTE);
    assert_true(world_all(&w, WORLD_NEW));
    assert_int_equal(w.result.outcome, TXN_OPEN);
    assert_int_equal(recover(&recovery), 0);
    assert_string_equal(seen.log, "finish:new");
    assert_int_equal(recovery.at[0].how, TXN_ACT_PENDING);
    assert_int_equal(recovery.act_failed.kind, ERR_REMOTE);
    world_write(w.targets[0].path, "a later change\n"); /* nobody waited for it */
    seen.fails = NULL;
    assert_int_equal(recover(&recovery), 0);
    assert_string_equal(seen.log, "finish:mixed");
    assert_int_equal(recovery.at[0].how, TXN_FINISHED);
    assert_int_equal(world_look(&w, 0), WORLD_OTHER);
    assert_int_equal(recover(&recovery), 0);
    assert_string_equal(seen.log, "");
    assert_int_equal(recovery.count, 0);
}

static void who_cannot_do_the_rest_of_an_act_leaves_it_pending(void **unused)
{
    (void)unused;
    fail_at("finish", ERR_REMOTE);
    assert_int_equal(world_apply(&w, &err), ERR_REMOTE);
    err = (struct err){0};
    assert_int_equal(world_recover(&w, &err), 0);
    assert_int_equal(w.recovery.at[0].how, TXN_ACT_PENDING);
    assert_int_equal(w.recovery.act_failed.id, 1000);
    assert_true(world_all(&w, WORLD_NEW));
}

static void who_cannot_do_an_act_that_is_not_decided_touches_nothing(void **unused)
{
    (void)unused;
    fault_install();
    fault = (struct fault){.call = "renameat2", .at = 3, .errnum = EIO};
    fail_at("rollback", ERR_REMOTE);
    assert_int_equal(world_apply(&w, &err), ERR_DISAGREE);
    sys = &sys_linux;
    err = (struct err){0};
    uint64_t before = world_fingerprint(&w);
    assert_int_equal(world_recover(&w, &err), ERR_STUCK);
    assert_int_equal(err.id, 1000);
    assert_int_equal(world_fingerprint(&w), before);
}

static void a_target_may_stay_out_of_the_backup_but_not_the_first(void **unused)
{
    (void)unused;
    w.targets[1].keeping = TXN_NOT_ARCHIVED;
    assert_int_equal(world_apply(&w, &err), 0);
    char command[512];
    (void)snprintf(command, sizeof command, "tar -tf '%s'", w.result.backup_file);
    FILE *list = popen(command, "r");
    char names[1024] = "";
    assert_non_null(list);
    size_t n = fread(names, 1, sizeof names - 1, list);
    assert_true(n > 0);
    assert_int_equal(pclose(list), 0);
    assert_non_null(strstr(names, ".env0"));
    assert_null(strstr(names, ".env1"));
}

static void the_first_target_has_to_be_in_the_backup(void **unused)
{
    (void)unused;
    w.targets[0].keeping = TXN_NOT_ARCHIVED;
    assert_int_equal(world_apply(&w, &err), ERR_INTERNAL);
    assert_true(world_all(&w, WORLD_OLD));
    assert_string_equal(seen.log, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_act_is_reversible_before_the_files_and_final_behind_them),
        TEST(an_act_that_cannot_be_prepared_leaves_all_as_it_was),
        TEST(an_act_that_changed_meanwhile_stops_before_the_decision),
        TEST(an_act_that_fails_is_taken_back_with_its_own_exit_code),
        TEST(files_that_fail_take_the_act_back),
        TEST(an_act_that_cannot_be_taken_back_is_said_and_tried_again),
        TEST(an_act_that_is_not_final_is_pending_and_stands_in_no_way),
        TEST(who_cannot_do_the_rest_of_an_act_leaves_it_pending),
        TEST(who_cannot_do_an_act_that_is_not_decided_touches_nothing),
        TEST(a_target_may_stay_out_of_the_backup_but_not_the_first),
        TEST(the_first_target_has_to_be_in_the_backup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
