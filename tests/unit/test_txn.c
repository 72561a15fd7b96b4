/* txn: refusals, foreign edits, writers that stay, metadata, locks, signals, recovery's decisions.
 */
#define _GNU_SOURCE
#include "applier/audit.h"
#include "applier/begin.h"
#include "applier/mounts.h"
#include "applier/part_file.h"
#include "applier/txn.h"
#include "common/sys.h"
#include "tests/crash/fault.h"
#include "tests/crash/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

static struct world w;
static struct err err;

static int make(void **unused)
{
    (void)unused;
    world_make(&w, 3);
    err = (struct err){0};
    fault = (struct fault){0};
    return 0;
}

static int clean(void **unused)
{
    (void)unused;
    sys = &sys_linux;
    fault = (struct fault){0};
    txn_interrupted = 0;
    world_free(&w);
    return 0;
}

static const char *beside(size_t file, const char *ending)
{
    return arena_printf(&w.a, "%s.%s.%s", w.targets[file].path, w.result.txid, ending);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* ---- the plain way ---- */

static void all_files_change_and_nothing_is_left(void **unused)
{
    (void)unused;
    assert_int_equal(world_apply(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
    assert_int_equal(w.result.outcome, TXN_COMMITTED);
    assert_int_equal(strlen(w.result.txid), TXID_HEX);
    assert_int_equal(w.result.versions_before, 3);
    assert_int_equal(w.result.versions_after, 1);
    assert_true(exists(w.result.backup_file));
    assert_int_equal(world_names(&w, ".new"), 0);
    assert_int_equal(world_names(&w, ".journal"), 1);
}

static void the_id_is_the_digest_of_the_begin_record(void **unused)
{
    (void)unused;
    struct state state;
    struct txn_info info;
    assert_int_equal(world_apply(&w, &err), 0);
    assert_true(state_open(&state, &w.options, STATE_READ, &w.a, &err));
    char prefix[5] = "";
    memcpy(prefix, w.result.txid, 4);
    assert_true(txn_find(&state, &w.a, prefix, &info, &err));
    assert_string_equal(info.txid, w.result.txid);
    assert_string_equal(info.step, "END");
    assert_int_equal(info.target_count, 3);
    assert_string_equal(info.targets[1].path, w.targets[1].path);
    assert_true(sha256_eq(&info.targets[2].after, &w.targets[2].after));
    assert_true(str_eq(info.versions[1], STR("v2")));
    assert_string_equal(info.backup_file, w.result.backup_file);
    assert_int_equal(info.started, w.result.started);
    assert_false(txn_find(&state, &w.a, "abc", &info, &err)); /* three digits are no prefix */
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    state_close(&state);
}

static void a_committed_plan_is_spent_and_an_aborted_one_is_not(void **unused)
{
    (void)unused;
    struct state state;
    world_write(w.targets[0].path, "edited\n");
    assert_int_equal(world_apply(&w, &err), ERR_STALE);
    err = (struct err){0};
    world_write(w.targets[0].path, arena_text(&w.images, w.old[0]));
    assert_int_equal(world_apply(&w, &err), 0);
    assert_true(state_open(&state, &w.options, STATE_READ, &w.a, &err));
    assert_false(txn_not_spent(&state, &w.a, &w.request.plan, &err));
    assert_int_equal(err.kind, ERR_STALE);
    assert_non_null(strstr(err.text, w.result.txid));
    err = (struct err){0};
    struct sha256 other = {{9}};
    assert_true(txn_not_spent(&state, &w.a, &other, &err));
    state_close(&state);
}

static void owner_mode_and_attributes_are_kept(void **unused)
{
    (void)unused;
    struct stat before, after;
    char value[32] = "";
    bool attributes = setxattr(w.targets[0].path, "user.note", "kept", 4, 0) == 0;
    assert_int_equal(chmod(w.targets[0].path, 0604), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(w.targets[0].path, 12345, 23456), 0);
    assert_int_equal(stat(w.targets[0].path, &before), 0);
    assert_int_equal(world_apply(&w, &err), 0);
    assert_int_equal(stat(w.targets[0].path, &after), 0);
    assert_int_equal(before.st_mode, after.st_mode);
    assert_int_equal(before.st_uid, after.st_uid);
    assert_int_equal(before.st_gid, after.st_gid);
    assert_true(before.st_ino != after.st_ino);
    if (attributes) {
        assert_int_equal(getxattr(w.targets[0].path, "user.note", value, sizeof value), 4);
        assert_string_equal(value, "kept");
    }
}

static void an_attribute_that_cannot_be_copied_aborts(void **unused)
{
    (void)unused;
    if (setxattr(w.targets[0].path, "user.note", "kept", 4, 0) != 0)
        return; /* no attributes on this file system: nothing to lose */
    fault_install();
    fault = (struct fault){.call = "fsetxattr", .at = 1, .errnum = EPERM};
    assert_int_equal(world_apply(&w, &err), ERR_RESTORED);
    assert_int_equal(err.id, 740);
    assert_true(world_all(&w, WORLD_OLD));
    assert_int_equal(world_names(&w, ".new"), 0);
}

/* getfacl(1) and setfacl(1) are another implementation; without ACLs here there is nothing to keep.
 */
static void access_lists_are_kept_and_none_is_inherited(void **unused)
{
    (void)unused;
    const char *first = w.targets[0].path;
    const char *second = w.targets[1].path;
    if (system(arena_printf(&w.a, "setfacl -m u:12345:r '%s' 2>/dev/null", first)) != 0)
        return;
    /* From now on every new file in the folder gets an entry that the second file does not have. */
    assert_int_equal(system(arena_printf(&w.a, "setfacl -d -m u:54321:rw '%s/a'", w.root)), 0);
    const char *list =
        arena_printf(&w.a, "getfacl -cpn '%s' '%s' >'%s/b/acl", first, second, w.root);
    assert_int_equal(system(arena_printf(&w.a, "%s.before'", list)), 0);
    assert_int_equal(world_apply(&w, &err), 0);
    assert_int_equal(system(arena_printf(&w.a, "%s.after'", list)), 0);
    assert_int_equal(
        system(arena_printf(&w.a, "cmp '%s/b/acl.before' '%s/b/acl.after'", w.root, w.root)), 0);
    assert_int_equal(getxattr(second, "system.posix_acl_access", NULL, 0), -1);
}

/* ---- refusals ---- */

static void assert_refused(int kind, int id)
{
    assert_int_equal(world_apply(&w, &err), kind);
    assert_int_equal(err.id, id);
    assert_string_equal(w.result.txid, "");
    assert_int_equal(world_names(&w, ".journal"), 0);
    assert_int_equal(world_names(&w, ".new"), 0);
}

static void a_changed_file_is_stale(void **unused)
{
    (void)unused;
    world_write(w.targets[1].path, "edited\n");
    assert_refused(ERR_STALE, 738);
    assert_int_equal(world_look(&w, 1), WORLD_OTHER);
}

static void a_missing_file_is_not_found(void **unused)
{
    (void)unused;
    assert_int_equal(unlink(w.targets[1].path), 0);
    assert_refused(ERR_NOT_FOUND, 730);
}

static void a_hard_link_is_refused(void **unused)
{
    (void)unused;
    assert_int_equal(link(w.targets[1].path, world_path(&w, "a/other-name")), 0);
    assert_refused(ERR_REFUSED, 732);
}

static void a_symbolic_link_is_refused(void **unused)
{
    (void)unused;
    assert_int_equal(rename(w.targets[1].path, world_path(&w, "a/real")), 0);
    assert_int_equal(symlink("real", w.targets[1].path), 0);
    assert_refused(ERR_REFUSED, 731);
}

static void an_immutable_file_is_refused(void **unused)
{
    (void)unused;
    const char *path = w.targets[1].path;
    if (system(arena_printf(&w.a, "chattr +i '%s' 2>/dev/null", path)) != 0)
        return; /* neither root nor a file system that knows it */
    int code = world_apply(&w, &err);
    assert_int_equal(system(arena_printf(&w.a, "chattr -i '%s'", path)), 0);
    assert_int_equal(code, ERR_REFUSED);
    assert_int_equal(err.id, 737);
    assert_string_equal(w.result.txid, "");
}

static void a_folder_that_everybody_may_write_to_is_refused(void **unused)
{
    (void)unused;
    assert_int_equal(chmod(world_path(&w, "b"), 01777), 0);
    assert_refused(ERR_REFUSED, 736);
}

static void a_folder_that_a_group_may_write_to_is_a_warning(void **unused)
{
    (void)unused;
    assert_int_equal(chmod(world_path(&w, "b"), 0775), 0);
    assert_int_equal(world_apply(&w, &err), 0);
    bool named = false;
    for (size_t i = 0; i < w.result.warnings.count; i++)
        named |=
            strstr(w.result.warnings.at[i], "group ") && strstr(w.result.warnings.at[i], "/b ");
    assert_true(named);
}

static void an_unknown_staging_name_is_refused(void **unused)
{
    (void)unused;
    char *name = arena_printf(&w.a, "%s.0123456789abcdef.new", w.targets[0].path);
    world_write(name, "somebody else's\n");
    assert_int_equal(world_apply(&w, &err), ERR_REFUSED);
    assert_int_equal(err.id, 735);
    assert_true(exists(name));
}

static void a_file_system_without_exchange_is_refused(void **unused)
{
    (void)unused;
    fault_install();
    fault = (struct fault){.call = "renameat2", .at = 2, .errnum = EINVAL}; /* 1 is the backup's */
    assert_int_equal(world_apply(&w, &err), ERR_RESTORED);
    assert_int_equal(err.id, 742);
    assert_true(world_all(&w, WORLD_OLD));
}

static void one_file_named_twice_is_refused(void **unused)
{
    (void)unused;
    w.targets[1].path = w.targets[0].path;
    w.targets[1].before = w.targets[0].before;
    assert_refused(ERR_REFUSED, 766);
}

static void an_image_that_is_not_the_planned_one_is_an_error(void **unused)
{
    (void)unused;
    w.targets[1].image = STR("something else\n");
    assert_refused(ERR_INTERNAL, 760);
}

static void an_unsafe_state_folder_is_refused(void **unused)
{
    (void)unused;
    assert_int_equal(mkdir(world_path(&w, "state"), 0700), 0);
    assert_int_equal(chmod(world_path(&w, "state"), 0777), 0);
    assert_refused(ERR_REFUSED, 724);
    if (geteuid() != 0)
        return;
    err = (struct err){0};
    assert_int_equal(chmod(world_path(&w, "state"), 0700), 0);
    assert_int_equal(chown(world_path(&w, "state"), 12345, 0), 0);
    assert_refused(ERR_REFUSED, 724);
}

static void backups_inside_a_git_work_tree_are_refused(void **unused)
{
    (void)unused;
    assert_int_equal(mkdir(world_path(&w, "b/.git"), 0700), 0);
    w.options.backup_dir = world_path(&w, "b/deep/backups");
    assert_refused(ERR_REFUSED, 802);
    assert_true(world_all(&w, WORLD_OLD));
}

static void mounts_at_or_of_the_target_are_seen(void **unused)
{
    (void)unused;
    static const char ours[] = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                               "22 21 8:2 /data /srv rw - ext4 /dev/sdb1 rw\n"
                               "23 22 8:2 /elsewhere/x /srv/app/mounted rw - ext4 /dev/sdb1 rw\n";
    static const char theirs[] = "99 98 8:2 /data/app/a\\040b /app/.env rw - ext4 /dev/sdb1 rw\n";
    struct str none = STR("");
    dev_t sdb = (dev_t)(8 << 8 | 2);
    assert_true(mounts_check_text("/srv/app/a b", sdb, str_from(ours), none, &w.a, &err));
    assert_false(
        mounts_check_text("/srv/app/a b", sdb, str_from(ours), str_from(theirs), &w.a, &err));
    assert_int_equal(err.id, 734);
    err = (struct err){0};
    assert_false(mounts_check_text("/srv/app/mounted", sdb, str_from(ours), none, &w.a, &err));
    err = (struct err){0};
    assert_true(mounts_check_text("/srv/app/a", sdb, str_from(ours), str_from(theirs), &w.a, &err));
    assert_true(
        mounts_check_text("/srvx/app/a b", sdb, str_from(ours), str_from(theirs), &w.a, &err));
}

static void the_check_for_plans_changes_nothing_and_finds_the_same(void **unused)
{
    (void)unused;
    struct txn_notes notes = {0};
    uint64_t before = world_fingerprint(&w);
    assert_true(txn_target_check(w.targets[0].path, &w.a, &notes, &err));
    assert_int_equal(world_fingerprint(&w), before);
    assert_int_equal(link(w.targets[0].path, world_path(&w, "a/second")), 0);
    assert_false(txn_target_check(w.targets[0].path, &w.a, &notes, &err));
    assert_int_equal(err.id, 732);
}

/* ---- conditions and signals ---- */

static bool window_closed(const void *context, struct err *e)
{
    err_set(e, ERR_WINDOW, *(const int *)context, "the window closed");
    return false;
}

static void a_window_that_closes_before_commit_aborts(void **unused)
{
    (void)unused;
    static const int id = 601;
    w.request.still_allowed = window_closed;
    w.request.context = &id;
    assert_int_equal(world_apply(&w, &err), ERR_WINDOW);
    assert_true(world_all(&w, WORLD_OLD));
    assert_int_equal(w.result.outcome, TXN_ABORTED);
    assert_int_equal(world_names(&w, ".new"), 0);
    err = (struct err){0};
    w.request.still_allowed = NULL; /* an aborted plan may be applied again */
    assert_int_equal(world_apply(&w, &err), 0);
}

static void interrupt_at_exchange(const char *call, unsigned long number)
{
    (void)number;
    if (strcmp(call, "renameat2") == 0)
        txn_interrupted = 15;
}

static void interrupt_at_staging(const char *call, unsigned long number)
{
    (void)number;
    if (strcmp(call, "fchown") == 0)
        txn_interrupted = 15;
}

static void a_signal_before_commit_aborts(void **unused)
{
    (void)unused;
    fault_install();
    fault.before = interrupt_at_staging;
    assert_int_equal(world_apply(&w, &err), ERR_SIGNAL + 15);
    assert_true(world_all(&w, WORLD_OLD));
    assert_int_equal(world_names(&w, ".new"), 0);
}

static unsigned long renames;
static void interrupt_at_second_rename(const char *call, unsigned long number)
{
    if (strcmp(call, "renameat2") == 0 && ++renames == 2) /* the first is the backup's */
        interrupt_at_exchange(call, number);
}

static void a_signal_after_commit_waits_for_the_end(void **unused)
{
    (void)unused;
    renames = 0;
    fault_install();
    fault.before = interrupt_at_second_rename;
    assert_int_equal(world_apply(&w, &err), 0);
    assert_int_equal(txn_interrupted, 15);
    assert_true(world_all(&w, WORLD_NEW));
    assert_int_equal(w.result.outcome, TXN_COMMITTED);
}

/* ---- locks ---- */

static void a_held_state_folder_is_locked_and_names_the_holder(void **unused)
{
    (void)unused;
    struct state state;
    char pid[32];
    assert_true(state_open(&state, &w.options, STATE_CHANGE, &w.a, &err));
    assert_int_equal(world_apply(&w, &err), ERR_LOCKED);
    (void)snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_non_null(strstr(err.text, pid));
    state_close(&state);
    err = (struct err){0};
    assert_int_equal(world_apply(&w, &err), 0);
}

static void a_target_or_folder_that_another_locks_is_locked(void **unused)
{
    (void)unused;
    const char *const paths[] = {w.targets[1].path, world_path(&w, "b")};
    for (size_t i = 0; i < 2; i++) {
        int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
        assert_int_equal(flock(fd, LOCK_EX), 0);
        err = (struct err){0};
        assert_int_equal(world_apply(&w, &err), ERR_LOCKED);
        assert_string_equal(w.result.txid, "");
        close(fd);
    }
    assert_true(world_all(&w, WORLD_OLD));
}

static void reading_takes_no_lock_and_makes_nothing(void **unused)
{
    (void)unused;
    struct state state;
    struct txn_list list;
    assert_true(state_open(&state, &w.options, STATE_READ, &w.a, &err));
    assert_true(txn_list_read(&state, &w.a, &list, &err));
    assert_int_equal(list.count, 0);
    state_close(&state);
    assert_false(exists(world_path(&w, "state")));
}

/* ---- foreign edits ---- */

static size_t edited;
static unsigned long exchange_number;
static bool by_rename;

/* Edits a file right before its exchange, when no check is left but the one after it. */
static void edit_before_exchange(const char *call, unsigned long number)
{
    (void)number;
    if (strcmp(call, "renameat2") != 0 || ++renames != exchange_number)
        return;
    if (by_rename) {
        world_write(world_path(&w, "edited"), "edited\n");
        assert_int_equal(rename(world_path(&w, "edited"), w.targets[edited].path), 0);
    } else {
        world_write(w.targets[edited].path, "edited\n");
    }
}

static void assert_edit_survives(size_t file, bool rename_it)
{
    edited = file;
    by_rename = rename_it;
    exchange_number = 2 + file; /* 1 is the backup's */
    renames = 0;
    fault_install();
    fault.before = edit_before_exchange;
    assert_int_equal(world_apply(&w, &err), ERR_RESTORED);
    fault.before = NULL;
    assert_int_equal(err.id, 743);
    for (size_t i = 0; i < w.count; i++)
        assert_int_equal(world_look(&w, i), i == file ? WORLD_OTHER : WORLD_OLD);
    assert_int_equal(w.result.outcome, TXN_ABORTED);
    assert_int_equal(world_names(&w, ".new"), 0);
    assert_int_equal(world_names(&w, ".conflict"), 0);
}

static void an_edit_that_races_the_exchange_is_put_back(void **unused)
{
    (void)unused;
    assert_edit_survives(0, false);
}

static void an_edit_of_the_last_file_takes_all_back(void **unused)
{
    (void)unused;
    assert_edit_survives(2, false);
}

static void an_edit_by_rename_is_put_back(void **unused)
{
    (void)unused;
    assert_edit_survives(1, true);
}

/* Bytes that are not what was written: a disk that lies, or a hand in the folder. */
static void spoil_staged(const char *call, unsigned long number)
{
    (void)number;
    if (strcmp(call, "fchown") == 0 && ++renames == 1)
        world_write(beside(0, "new"), "spoiled\n");
}

static void a_staged_file_that_does_not_read_back_aborts(void **unused)
{
    (void)unused;
    renames = 0;
    fault_install();
    fault.before = spoil_staged;
    assert_int_equal(world_apply(&w, &err), ERR_RESTORED);
    assert_int_equal(err.id, 741);
    assert_true(world_all(&w, WORLD_OLD));
    assert_int_equal(world_names(&w, ".new"), 0);
}

/* Edits the first file when it is staged and the last one is being staged. */
static void edit_while_staging(const char *call, unsigned long number)
{
    (void)number;
    if (strcmp(call, "fchown") != 0 || ++renames != 3)
        return;
    world_write(by_rename ? world_path(&w, "edited") : w.targets[0].path, "edited\n");
    if (by_rename)
        assert_int_equal(rename(world_path(&w, "edited"), w.targets[0].path), 0);
}

static void assert_stale_before_the_decision(void)
{
    renames = 0;
    fault_install();
    fault.before = edit_while_staging;
    assert_int_equal(world_apply(&w, &err), ERR_STALE);
    assert_int_equal(err.id, 738);
    assert_int_equal(world_look(&w, 0), WORLD_OTHER);
    assert_int_equal(world_look(&w, 1), WORLD_OLD);
    assert_int_equal(w.result.outcome, TXN_ABORTED);
    assert_int_equal(world_names(&w, ".new"), 0);
}

static void an_edit_before_the_decision_is_stale_and_nothing_was_exchanged(void **unused)
{
    (void)unused;
    by_rename = false;
    assert_stale_before_the_decision();
}

/* The descriptor still holds what was planned; the name does not. */
static void a_file_replaced_before_the_decision_is_stale_too(void **unused)
{
    (void)unused;
    by_rename = true;
    assert_stale_before_the_decision();
}

static const char *attribute;       /* its name */
static const char *attribute_value; /* NULL: it is removed */

/* On tmpfs older kernels take those of root alone. False: none at all. */
static bool find_attribute(void)
{
    static const char *const names[] = {"user.note", "trusted.note"};
    for (size_t i = 0; i < 2; i++) {
        attribute = names[i];
        if (setxattr(w.targets[0].path, attribute, "one", 3, 0) == 0)
            return true;
    }
    return false;
}

static void change_attribute_while_staging(const char *call, unsigned long number)
{
    const char *path = w.targets[0].path;
    (void)number;
    if (strcmp(call, "fchown") != 0 || ++renames != 3)
        return;
    if (attribute_value)
        assert_int_equal(setxattr(path, attribute, attribute_value, 3, 0), 0);
    else
        assert_int_equal(removexattr(path, attribute), 0);
}

static void an_attribute_changed_before_the_decision_is_stale(void **unused)
{
    static const char *const values[] = {"two", NULL};
    (void)unused;
    for (size_t i = 0; i < 2 && find_attribute(); i++) {
        attribute_value = values[i];
        renames = 0;
        fault_install();
        fault.before = change_attribute_while_staging;
        err = (struct err){0};
        assert_int_equal(world_apply(&w, &err), ERR_STALE);
        assert_int_equal(err.id, 740);
        assert_true(world_all(&w, WORLD_OLD));
        assert_int_equal(world_names(&w, ".new"), 0);
    }
}

static void link_while_staging(const char *call, unsigned long number)
{
    (void)number;
    if (strcmp(call, "fchown") == 0 && ++renames == 3)
        assert_int_equal(link(w.targets[0].path, world_path(&w, "other-name")), 0);
}

static void a_hard_link_made_before_the_decision_is_refused(void **unused)
{
    (void)unused;
    renames = 0;
    fault_install();
    fault.before = link_while_staging;
    assert_int_equal(world_apply(&w, &err), ERR_REFUSED);
    assert_int_equal(err.id, 732);
    assert_true(world_all(&w, WORLD_OLD));
    assert_int_equal(world_names(&w, ".new"), 0);
}

/* Nothing of the bytes changes, only who may read them; right before an exchange or the last one.
 */
static void chmod_before_exchange(const char *call, unsigned long number)
{
    (void)number;
    if (strcmp(call, "renameat2") == 0 && ++renames == exchange_number)
        assert_int_equal(chmod(w.targets[edited].path, 0604), 0);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void a_change_of_mode_that_races_the_exchange_is_put_back(void **unused)
{
    (void)unused;
    for (size_t file = 0; file < w.count; file++) {
        edited = file;
        exchange_number = 2 + file; /* 1 is the backup's */
        renames = 0;
        fault_install();
        fault.before = chmod_before_exchange;
        err = (struct err){0};
        assert_int_equal(world_apply(&w, &err), ERR_RESTORED);
        fault.before = NULL;
        assert_int_equal(err.id, 740);
        assert_true(world_all(&w, WORLD_OLD));
        assert_int_equal(mode_of(w.targets[file].path), 0604);
        assert_int_equal(world_names(&w, ".new"), 0);
        assert_int_equal(world_names(&w, ".conflict"), 0);
        assert_int_equal(chmod(w.targets[file].path, 0640), 0);
    }
}

/* Killed at every call after such an edit: recovery keeps it, or says STUCK and touches nothing. */
static void an_edit_is_never_lost_when_the_undo_is_killed(void **unused)
{
    (void)unused;
    unsigned stuck = 0, kept = 0;
    bool killed = true;
    world_free(&w);
    for (unsigned long n = 150; killed; n++) {
        int status;
        world_make(&w, 2);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            renames = 0;
            edited = 1;
            by_rename = false;
            exchange_number = 3;
            fault_install();
            fault = (struct fault){.at = n, .die = true, .before = edit_before_exchange};
            _exit(world_apply(&w, &err));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        killed = WIFSIGNALED(status);
        err = (struct err){0};
        int code = world_recover(&w, &err);
        bool edit_lives = world_look(&w, 1) == WORLD_OTHER;
        if (code == ERR_STUCK) {
            stuck++;
            assert_true(edit_lives);
        } else {
            assert_int_equal(code, 0);
            kept += edit_lives;
            assert_true(edit_lives ? world_look(&w, 0) == WORLD_OLD
                                   : world_all(&w, WORLD_OLD) || world_all(&w, WORLD_NEW));
            assert_int_equal(world_names(&w, ".new"), 0);
        }
        if (killed)
            world_free(&w);
    }
    assert_true(kept > 20);
    assert_true(stuck > 0); /* killed between edit and exchange: nobody can tell who is right */
}

/* ---- S14: a writer that opened before the exchange ---- */

static void a_writer_that_stays_loses_nothing(void **unused)
{
    (void)unused;
    int fd = open(w.targets[1].path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(world_apply(&w, &err), ERR_STUCK);
    assert_int_equal(err.id, 744);
    assert_true(world_all(&w, WORLD_NEW));
    const char *conflict = beside(1, "conflict");
    struct stat st;
    assert_int_equal(stat(conflict, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(write(fd, "late\n", 5), 5);
    close(fd);
    err = (struct err){0};
    assert_int_equal(world_recover(&w, &err), ERR_STUCK); /* what was written is in the conflict */
    assert_true(exists(conflict));
    assert_true(w.recovery.notes.count >= 3);
    assert_int_equal(unlink(conflict), 0); /* a person took it over */
    err = (struct err){0};
    assert_int_equal(world_recover(&w, &err), 0);
    assert_int_equal(w.recovery.at[0].how, TXN_FINISHED);
    assert_int_equal(world_names(&w, ".journal"), 1);
}

static void a_reader_that_closes_lets_recovery_finish(void **unused)
{
    (void)unused;
    int fd = open(w.targets[1].path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(world_apply(&w, &err), ERR_STUCK);
    close(fd);
    err = (struct err){0};
    assert_int_equal(world_recover(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
    assert_int_equal(world_names(&w, ".conflict"), 0);
}

static int late_writer = -1;
static void write_after_second_exchange(const char *call, unsigned long number)
{
    (void)number;
    if (strcmp(call, "renameat2") == 0 && ++renames == 3)
        assert_int_equal(write(late_writer, "late\n", 5), 5);
}

static void a_write_between_exchange_and_swapped_takes_all_back(void **unused)
{
    (void)unused;
    late_writer = open(w.targets[0].path, O_WRONLY | O_APPEND | O_CLOEXEC);
    renames = 0;
    fault_install();
    fault.before = write_after_second_exchange;
    assert_int_equal(world_apply(&w, &err), ERR_RESTORED);
    assert_int_equal(world_look(&w, 0), WORLD_OTHER); /* the old file, with what was written */
    assert_int_equal(world_look(&w, 1), WORLD_OLD);
    close(late_writer);
}

/* Somebody takes the staging name for a file of their own, right before it would be removed. */
static void take_staging_name(const char *call, unsigned long number)
{
    (void)number;
    if (strcmp(call, "lease") != 0 || ++renames != 1)
        return;
    world_write(world_path(&w, "foreign"), "foreign\n");
    assert_int_equal(rename(world_path(&w, "foreign"), beside(0, "new")), 0);
}

static void a_foreign_file_under_the_staging_name_is_not_removed(void **unused)
{
    (void)unused;
    renames = 0;
    fault_install();
    fault.before = take_staging_name;
    assert_int_equal(world_apply(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
    assert_true(exists(beside(0, "new")));
    assert_int_equal(world_names(&w, ".new"), 1);
    bool said = false;
    for (size_t i = 0; i < w.result.warnings.count; i++)
        said |= strstr(w.result.warnings.at[i], "run keyretire recover") != NULL;
    assert_true(said);
}

static void without_leases_the_last_digest_decides_and_that_is_said(void **unused)
{
    (void)unused;
    fault_install();
    fault = (struct fault){.call = "lease", .at = 1, .errnum = EINVAL, .forever = true};
    assert_int_equal(world_apply(&w, &err), 0);
    bool said = false;
    for (size_t i = 0; i < w.result.warnings.count; i++)
        said |= strstr(w.result.warnings.at[i], "no write lease") != NULL;
    assert_true(said);
    assert_int_equal(world_names(&w, ".new"), 0);
}

/* ---- recovery ---- */

/* Applies in a child that dies at the k-th such call. */
static void interrupted_at(const char *call, unsigned long k)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        fault_install();
        fault = (struct fault){.call = call, .at = k, .die = true};
        _exit(world_apply(&w, &err));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void a_changed_live_file_after_the_decision_is_stuck_and_untouched(void **unused)
{
    (void)unused;
    interrupted_at("renameat2", 3); /* one file is exchanged */
    world_write(w.targets[1].path, "edited\n");
    uint64_t before = world_fingerprint(&w);
    assert_int_equal(world_recover(&w, &err), ERR_STUCK);
    assert_int_equal(world_fingerprint(&w), before);
    assert_int_equal(w.recovery.at[0].how, TXN_STUCK);
    /* Both digests and the choices are said. */
    char old[SHA256_HEX + 1];
    sha256_hex(&w.targets[1].before, old);
    bool digest = false, choices = false;
    for (size_t i = 0; i < w.recovery.notes.count; i++) {
        digest |= strstr(w.recovery.notes.at[i], old) != NULL;
        choices |= strstr(w.recovery.notes.at[i], "choices") != NULL;
    }
    assert_true(digest && choices);
    /* First choice: the old content back. Then it goes on as it was decided. */
    world_write(w.targets[1].path, arena_text(&w.images, w.old[1]));
    err = (struct err){0};
    assert_int_equal(world_recover(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
}

static void a_staging_name_that_is_longer_than_the_image_is_not_ours_to_remove(void **unused)
{
    (void)unused;
    interrupted_at("fchown", 2); /* staging the second file */
    assert_int_equal(system(arena_printf(&w.a,
                                         "for f in %s/a/.env1.*.new; do "
                                         "head -c 99 /dev/zero >>$f; done",
                                         w.root)),
                     0);
    assert_int_equal(world_recover(&w, &err), ERR_STUCK);
    assert_int_equal(err.id, 745);
    assert_true(world_names(&w, ".new") > 0);
    assert_true(world_all(&w, WORLD_OLD));
}

static void a_missing_live_file_is_stuck_and_nothing_is_touched(void **unused)
{
    (void)unused;
    interrupted_at("renameat2", 3); /* one file is exchanged, two are not */
    assert_int_equal(unlink(w.targets[1].path), 0);
    uint64_t before = world_fingerprint(&w);
    assert_int_equal(world_recover(&w, &err), ERR_STUCK);
    assert_int_equal(err.id, 768);
    assert_int_equal(world_fingerprint(&w), before);
    world_write(w.targets[1].path, arena_text(&w.images, w.old[1]));
    assert_int_equal(chmod(w.targets[1].path, 0640), 0);
    err = (struct err){0};
    assert_int_equal(world_recover(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
}

static void a_change_of_mode_before_recovery_takes_all_back(void **unused)
{
    (void)unused;
    interrupted_at("renameat2", 3); /* decided; one file is exchanged */
    assert_int_equal(chmod(w.targets[1].path, 0604), 0);
    assert_int_equal(world_recover(&w, &err), 0);
    assert_int_equal(w.recovery.at[0].how, TXN_TAKEN_BACK);
    assert_true(world_all(&w, WORLD_OLD));
    assert_int_equal(mode_of(w.targets[1].path), 0604);
    assert_int_equal(world_names(&w, ".new"), 0);
}

static void a_mode_given_to_the_new_file_stays_and_is_said(void **unused)
{
    (void)unused;
    interrupted_at("renameat2", 3);
    assert_int_equal(chmod(w.targets[0].path, 0604), 0); /* the file that is exchanged */
    assert_int_equal(world_recover(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
    assert_int_equal(mode_of(w.targets[0].path), 0604);
    bool said = false;
    for (size_t i = 0; i < w.recovery.notes.count; i++)
        said |= strstr(w.recovery.notes.at[i], "differ from those of the file it replaced") != NULL;
    assert_true(said);
}

static void removing_the_staged_file_of_a_stuck_one_takes_the_rest_back(void **unused)
{
    (void)unused;
    interrupted_at("renameat2", 3);
    world_write(w.targets[1].path, "edited\n");
    assert_int_equal(world_recover(&w, &err), ERR_STUCK);
    memcpy(w.result.txid, w.recovery.at[0].txid, sizeof w.result.txid);
    assert_int_equal(unlink(beside(1, "new")), 0);
    err = (struct err){0};
    assert_int_equal(world_recover(&w, &err), 0);
    assert_int_equal(w.recovery.at[0].how, TXN_TAKEN_BACK);
    assert_int_equal(world_look(&w, 0), WORLD_OLD);
    assert_int_equal(world_look(&w, 1), WORLD_OTHER);
    assert_int_equal(world_look(&w, 2), WORLD_OLD);
}

static void an_edit_before_the_decision_is_none_of_ours(void **unused)
{
    (void)unused;
    interrupted_at("fchown", 2); /* staging the second file */
    world_write(w.targets[0].path, "edited\n");
    assert_int_equal(world_recover(&w, &err), 0);
    assert_int_equal(world_look(&w, 0), WORLD_OTHER);
    assert_int_equal(world_names(&w, ".new"), 0);
}

static void a_torn_record_is_ignored_and_nothing_is_appended_to_it(void **unused)
{
    (void)unused;
    interrupted_at("renameat2", 2); /* COMMIT is the last record */
    struct state state;
    struct txn_list list;
    assert_true(state_open(&state, &w.options, STATE_READ, &w.a, &err));
    assert_true(txn_list_read(&state, &w.a, &list, &err));
    state_close(&state);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.at[0].step, "COMMIT");
    int fd = open(list.at[0].journal, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "KRj1\5\0\0\0half", 12), 12);
    close(fd);
    assert_int_equal(world_recover(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
    assert_int_equal(world_recover(&w, &err), 0);
    assert_int_equal(w.recovery.count, 0);
}

static void a_journal_of_another_name_is_refused(void **unused)
{
    (void)unused;
    interrupted_at("renameat2", 2);
    assert_int_equal(system(arena_printf(&w.a,
                                         "mv %s/state/txn/*.journal "
                                         "%s/state/txn/0123456789abcdef.journal",
                                         w.root, w.root)),
                     0);
    uint64_t before = world_fingerprint(&w);
    assert_int_equal(world_recover(&w, &err), ERR_CORRUPT);
    assert_int_equal(err.id, 704);
    assert_int_equal(world_fingerprint(&w), before);
}

static void an_open_transaction_of_another_state_folder_is_seen(void **unused)
{
    (void)unused;
    interrupted_at("renameat2", 3);
    const char *first = w.options.state_dir;
    w.options.state_dir = world_path(&w, "another-state");
    assert_true(world_apply(&w, &err) != 0);
    assert_int_equal(world_names(&w, ".journal"), 1);
    w.options.state_dir = first;
    err = (struct err){0};
    assert_int_equal(world_recover(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
}

static void the_next_change_recovers_first(void **unused)
{
    (void)unused;
    interrupted_at("fchown", 1);
    assert_int_equal(world_apply(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
    assert_int_equal(world_names(&w, ".journal"), 2);
    struct state state;
    struct txn_list list;
    assert_true(state_open(&state, &w.options, STATE_READ, &w.a, &err));
    assert_true(txn_list_read(&state, &w.a, &list, &err));
    state_close(&state);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.at[0].outcome + list.at[1].outcome, TXN_ABORTED + TXN_COMMITTED);
}

static void a_rollback_brings_every_byte_and_mode_back(void **unused)
{
    (void)unused;
    char txid[TXID_HEX + 1];
    assert_int_equal(world_apply(&w, &err), 0);
    memcpy(txid, w.result.txid, sizeof txid);
    for (size_t i = 0; i < w.count; i++) {
        struct sha256 before = w.targets[i].before;
        w.targets[i].before = w.targets[i].after;
        w.targets[i].after = before;
        struct str image = w.targets[i].image;
        w.targets[i].image = w.old[i];
        w.old[i] = image;
    }
    w.request.operation = TXN_ROLLBACK;
    w.request.reverses = txid;
    assert_int_equal(world_apply(&w, &err), 0);
    assert_true(world_all(&w, WORLD_NEW));
    assert_int_equal(w.result.versions_before, 1);
    assert_int_equal(w.result.versions_after, 3);
    struct state state;
    struct txn_info info;
    assert_true(state_open(&state, &w.options, STATE_READ, &w.a, &err));
    assert_true(txn_find(&state, &w.a, w.result.txid, &info, &err));
    assert_string_equal(info.reverses, txid);
    state_close(&state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_files_change_and_nothing_is_left),
        TEST(the_id_is_the_digest_of_the_begin_record),
        TEST(a_committed_plan_is_spent_and_an_aborted_one_is_not),
        TEST(owner_mode_and_attributes_are_kept),
        TEST(an_attribute_that_cannot_be_copied_aborts),
        TEST(access_lists_are_kept_and_none_is_inherited),
        TEST(a_changed_file_is_stale),
        TEST(a_missing_file_is_not_found),
        TEST(a_hard_link_is_refused),
        TEST(a_symbolic_link_is_refused),
        TEST(an_immutable_file_is_refused),
        TEST(a_folder_that_everybody_may_write_to_is_refused),
        TEST(a_folder_that_a_group_may_write_to_is_a_warning),
        TEST(an_unknown_staging_name_is_refused),
        TEST(a_file_system_without_exchange_is_refused),
        TEST(one_file_named_twice_is_refused),
        TEST(an_image_that_is_not_the_planned_one_is_an_error),
        TEST(an_unsafe_state_folder_is_refused),
        TEST(backups_inside_a_git_work_tree_are_refused),
        TEST(mounts_at_or_of_the_target_are_seen),
        TEST(the_check_for_plans_changes_nothing_and_finds_the_same),
        TEST(a_window_that_closes_before_commit_aborts),
        TEST(a_signal_before_commit_aborts),
        TEST(a_signal_after_commit_waits_for_the_end),
        TEST(a_held_state_folder_is_locked_and_names_the_holder),
        TEST(a_target_or_folder_that_another_locks_is_locked),
        TEST(reading_takes_no_lock_and_makes_nothing),
        TEST(an_edit_that_races_the_exchange_is_put_back),
        TEST(an_edit_of_the_last_file_takes_all_back),
        TEST(an_edit_by_rename_is_put_back),
        TEST(a_staged_file_that_does_not_read_back_aborts),
        TEST(an_edit_before_the_decision_is_stale_and_nothing_was_exchanged),
        TEST(a_file_replaced_before_the_decision_is_stale_too),
        TEST(an_attribute_changed_before_the_decision_is_stale),
        TEST(a_hard_link_made_before_the_decision_is_refused),
        TEST(a_change_of_mode_that_races_the_exchange_is_put_back),
        TEST(an_edit_is_never_lost_when_the_undo_is_killed),
        TEST(a_writer_that_stays_loses_nothing),
        TEST(a_reader_that_closes_lets_recovery_finish),
        TEST(a_write_between_exchange_and_swapped_takes_all_back),
        TEST(a_foreign_file_under_the_staging_name_is_not_removed),
        TEST(without_leases_the_last_digest_decides_and_that_is_said),
        TEST(a_changed_live_file_after_the_decision_is_stuck_and_untouched),
        TEST(a_staging_name_that_is_longer_than_the_image_is_not_ours_to_remove),
        TEST(a_missing_live_file_is_stuck_and_nothing_is_touched),
        TEST(a_change_of_mode_before_recovery_takes_all_back),
        TEST(a_mode_given_to_the_new_file_stays_and_is_said),
        TEST(removing_the_staged_file_of_a_stuck_one_takes_the_rest_back),
        TEST(an_edit_before_the_decision_is_none_of_ours),
        TEST(a_torn_record_is_ignored_and_nothing_is_appended_to_it),
        TEST(a_journal_of_another_name_is_refused),
        TEST(an_open_transaction_of_another_state_folder_is_seen),
        TEST(the_next_change_recovers_first),
        TEST(a_rollback_brings_every_byte_and_mode_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
