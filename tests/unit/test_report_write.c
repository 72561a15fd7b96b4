/* Tests of where a report may be written, and of what is left when it cannot be. */
#include "tests/unit/report_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- the file's place ---- */

static void existing_file_is_kept_unless_told(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    (void)shell("echo mine > '%s'", f->path);
    assert_false(report_check_target(f->path, FILE_KEEP, &f->err));
    assert_int_equal(f->err.kind, ERR_USAGE);
    assert_int_equal(f->err.id, 105);
    f->err = (struct err){0};
    assert_false(report_write(f->path, &r, FILE_KEEP, &f->err));
    assert_int_equal(f->err.id, 105);
    assert_string_equal(shell("cat '%s'", f->path), "mine");
    f->err = (struct err){0};
    assert_fine(&f->err, report_check_target(f->path, FILE_OVERWRITE, &f->err));
    assert_string_equal(shell("cat '%s'", f->path), "mine");
    assert_fine(&f->err, report_write(f->path, &r, FILE_OVERWRITE, &f->err));
    ASSERT_SQL(f, "SELECT value FROM summary WHERE item='rows'", "150");
    assert_string_equal(shell("ls -A '%s'", f->folder), "report.db");
}

/* Between the check and the rename somebody else may make the file. */
static int (*real_random)(void *into, size_t n);
static const char *appears;
static int random_while_a_file_appears(void *into, size_t n)
{
    (void)shell("echo theirs > '%s'", appears);
    return real_random(into, n);
}

static void file_that_appears_meanwhile_is_kept(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    struct sys_ops late = sys_linux;
    real_random = late.random;
    appears = f->path;
    late.random = random_while_a_file_appears;
    sys = &late;
    assert_false(report_write(f->path, &r, FILE_KEEP, &f->err));
    sys = &sys_linux;
    assert_int_equal(f->err.id, 105);
    assert_string_equal(shell("cat '%s'", f->path), "theirs");
    assert_string_equal(shell("ls -A '%s'", f->folder), "report.db");
}

static void assert_refused(struct fixture *f, const char *path, enum file_existing existing,
                           int kind, int id)
{
    struct report r = sample_report(&f->arena);
    f->err = (struct err){0};
    assert_fine(&f->err, report_seal(&r, &f->err));
    assert_false(report_check_target(path, existing, &f->err));
    assert_int_equal(f->err.kind, kind);
    assert_int_equal(f->err.id, id);
    f->err = (struct err){0};
    assert_false(report_write(path, &r, existing, &f->err));
    assert_int_equal(f->err.kind, kind);
    assert_int_equal(f->err.id, id);
}

static void places_that_hold_no_report_are_refused(void **state)
{
    struct fixture *f = *state;
    char path[128];
    assert_refused(f, "-", FILE_OVERWRITE, ERR_USAGE, 457);
    assert_refused(f, "", FILE_OVERWRITE, ERR_USAGE, 457);
    assert_refused(f, f->folder, FILE_OVERWRITE, ERR_USAGE, 106);
    assert_refused(f, f->folder, FILE_KEEP, ERR_USAGE, 105);
    (void)snprintf(path, sizeof path, "%s/none/report.db", f->folder);
    assert_refused(f, path, FILE_KEEP, ERR_SYSTEM, 103);
    assert_string_equal(shell("ls -A '%s'", f->folder), "");
}

static void mode_follows_the_umask(void **state)
{
    struct fixture *f = *state;
    mode_t before = umask(027);
    write_sample(f);
    (void)umask(before);
    assert_string_equal(shell("stat -c %%a '%s'", f->path), "640");
}

static void path_with_signs_of_uris_is_only_a_path(void **state)
{
    struct fixture *f = *state;
    (void)snprintf(f->path, sizeof f->path, "%s/a?mode=rw#b%%41 c.db", f->folder);
    write_sample(f);
    struct report back;
    assert_fine(&f->err, report_read(f->path, &f->arena, &back, &f->err));
    assert_int_equal(back.rows, 150);
    assert_string_equal(shell("ls -A '%s'", f->folder), "a?mode=rw#b%41 c.db");
}

static void relative_path_is_one_of_the_working_folder(void **state)
{
    struct fixture *f = *state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(f->folder), 0);
    struct report r = sample_report(&f->arena);
    struct report back;
    bool done = report_seal(&r, &f->err) && report_write(":memory:", &r, FILE_KEEP, &f->err) &&
                report_read(":memory:", &f->arena, &back, &f->err);
    assert_int_equal(chdir(before), 0);
    assert_fine(&f->err, done);
    assert_string_equal(shell("ls -A '%s'", f->folder), ":memory:");
}

/* ---- failures ---- */

static int calls_left; /* the call that brings this to 0 fails */
static bool fails_now(void)
{
    if (--calls_left != 0)
        return false;
    errno = EIO;
    return true;
}
static int failing_openat(int dir, const char *path, int flags, mode_t mode)
{
    return fails_now() ? -1 : sys_linux.openat(dir, path, flags, mode);
}
static int failing_fsync(int fd)
{
    return fails_now() ? -1 : sys_linux.fsync(fd);
}
static int failing_rename(int from_dir, const char *from, int to_dir, const char *to,
                          unsigned flags)
{
    return fails_now() ? -1 : sys_linux.renameat2(from_dir, from, to_dir, to, flags);
}
static int failing_random(void *into, size_t n)
{
    return fails_now() ? -1 : sys_linux.random(into, n);
}
static int failing_stat(int dir, const char *path, struct stat *st, int flags)
{
    return fails_now() ? -1 : sys_linux.fstatat(dir, path, st, flags);
}

static void every_failing_call_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    struct sys_ops failing = sys_linux;
    failing.openat = failing_openat;
    failing.fsync = failing_fsync;
    failing.renameat2 = failing_rename;
    failing.random = failing_random;
    failing.fstatat = failing_stat;
    sys = &failing;
    int call = 1;
    for (;; call++) {
        f->err = (struct err){0};
        calls_left = call;
        bool done = report_write(f->path, &r, FILE_KEEP, &f->err);
        if (calls_left > 0)
            break; /* there was no such call: all of them have failed once */
        assert_false(done);
        assert_int_equal(f->err.kind, ERR_SYSTEM);
        /* the last one, fsync of the folder, comes after the rename */
        const char *left = shell("ls -A '%s'", f->folder);
        assert_true(left[0] == 0 || strcmp(left, "report.db") == 0);
        if (left[0])
            (void)unlink(f->path);
    }
    sys = &sys_linux;
    assert_int_equal(call, 9); /* folder, stat, random, create, open, fsync, rename, fsync: 8 */
}

static void full_disk_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_fine(&f->err, report_seal(&r, &f->err));
    (void)shell("echo old > '%s'", f->path);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 0; limit < 40000; limit += 5000) {
        f->err = (struct err){0};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, before.rlim_max}), 0);
        bool done = report_write(f->path, &r, FILE_OVERWRITE, &f->err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_false(done);
        assert_int_equal(f->err.kind, ERR_SYSTEM);
        assert_int_equal(f->err.id, 450);
        assert_string_equal(shell("ls -A '%s'", f->folder), "report.db");
        assert_string_equal(shell("cat '%s'", f->path), "old");
    }
}

static void report_that_is_not_sealed_is_not_written(void **state)
{
    struct fixture *f = *state;
    struct report r = sample_report(&f->arena);
    assert_false(report_write(f->path, &r, FILE_KEEP, &f->err));
    assert_int_equal(f->err.id, 458);
    assert_string_equal(shell("ls -A '%s'", f->folder), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(existing_file_is_kept_unless_told),
        TEST(file_that_appears_meanwhile_is_kept),
        TEST(places_that_hold_no_report_are_refused),
        TEST(mode_follows_the_umask),
        TEST(path_with_signs_of_uris_is_only_a_path),
        TEST(relative_path_is_one_of_the_working_folder),
        TEST(every_failing_call_leaves_nothing_behind),
        TEST(full_disk_leaves_nothing_behind),
        TEST(report_that_is_not_sealed_is_not_written),
    };
    return cmocka_run_group_tests_name("report_write", tests, NULL, NULL);
}
