/* Tests of reading a report back: whole, damaged, edited, foreign, and made to harm. */
#include "common/report_form.h"
#include "common/sys.h"
#include "tests/unit/report_sample.h"
#include "tests/unit/report_shell.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct err err;
    char folder[64];
    char path[96];
    char other[96];
    struct report sample; /* sealed, and written to path */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    shell_folder(f->folder);
    (void)snprintf(f->path, sizeof f->path, "%s/report.db", f->folder);
    (void)snprintf(f->other, sizeof f->other, "%s/other.db", f->folder);
    f->sample = sample_report(&f->arena);
    *state = f;
    return report_seal(&f->sample, &f->err) && report_write(f->path, &f->sample, FILE_KEEP, &f->err)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sys = &sys_linux;
    shell_remove(f->folder);
    arena_free(&f->arena);
    free(f);
    return 0;
}

static struct str whole_form(struct fixture *f, const struct report *r)
{
    struct buf b = {.arena = &f->arena};
    assert_true(report_form(r, FORM_EVERYTHING, &b, &f->err));
    return buf_str(&b);
}

static void assert_read_fails(struct fixture *f, const char *path, int kind, int id)
{
    struct report back;
    f->err = (struct err){0};
    assert_false(report_read(path, &f->arena, &back, &f->err));
    if (f->err.kind != kind || f->err.id != id)
        print_message("%s (%d, %d)\n", f->err.text, f->err.kind, f->err.id);
    assert_int_equal(f->err.kind, kind);
    assert_int_equal(f->err.id, id);
    if (kind == ERR_CORRUPT && id != 106)
        assert_true(f->err.hint[0] != 0);
}

static struct str read_bytes(struct fixture *f, const char *path)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    unsigned char *bytes = arena_alloc(&f->arena, 1024 * 1024);
    size_t n = fread(bytes, 1, 1024 * 1024, in);
    assert_int_equal(fclose(in), 0);
    return str_make(bytes, n);
}

static void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

/* ---- whole ---- */

static void what_was_written_is_read_back(void **state)
{
    struct fixture *f = *state;
    struct report back;
    assert_true(report_read(f->path, &f->arena, &back, &f->err));
    assert_int_equal(f->err.kind, ERR_NONE);
    assert_true(str_eq(whole_form(f, &back), whole_form(f, &f->sample)));
    assert_true(str_eq(back.content_digest, f->sample.content_digest));
    assert_int_equal(back.table_count, 5);
    const struct report_table *users = &back.tables[4];
    assert_true(str_eq(users->name, STR("users")));
    assert_true(str_eq(users->columns[0].name, STR("totp"))); /* the data's order, not the names' */
    assert_int_equal(users->columns[0].classes[CLASS_UNVERSIONED], 5);
    assert_int_equal(users->columns[0].usage_count, 4);
    assert_int_equal(users->columns[0].usages[2].records, 60);
    assert_int_equal(users->columns[0].usages[3].basis, BASIS_PROVEN);
    assert_true(users->columns[0].usages[3].newest == UTC_NONE);
    assert_int_equal(back.jobs[0].errors, 2);
    assert_true(back.inputs[0].data_time == UTC_NONE);
    assert_int_equal(back.created, T_2026_11_20 + 3600);
}

static void report_of_many_tables_is_read_back(void **state)
{
    struct fixture *f = *state;
    struct report r = {.arena = &f->arena, .data_time = UTC_NONE};
    for (int t = 0; t < 300; t++) {
        struct report_table *table =
            sample_table(&r, STR("db"), STR("s"), str_from(arena_printf(&f->arena, "t%d", t)),
                         COVERAGE_DATA, 10);
        for (int c = 0; c < t % 20; c++) {
            struct report_column *column = report_add_column(
                &r, table, str_from(arena_printf(&f->arena, "c%d", (c * 7) % 20)));
            column->records = (uint64_t)t;
            for (int u = 0; u < c; u++)
                sample_usage(&r, column, str_from(arena_printf(&f->arena, "v%d", u)), BASIS_HINT,
                             (uint64_t)u, t, t + c);
        }
        struct report_finding *g =
            report_add_finding(&r, SEVERITY_INFO, STR("note"), table, STR(""));
        g->record_count = (uint64_t)t;
    }
    assert_true(report_seal(&r, &f->err));
    assert_true(report_write(f->other, &r, FILE_KEEP, &f->err));
    struct report back;
    assert_true(report_read(f->other, &f->arena, &back, &f->err));
    assert_true(str_eq(whole_form(f, &back), whole_form(f, &r)));
}

static void additions_of_a_user_do_no_harm(void **state)
{
    struct fixture *f = *state;
    struct report back;
    (void)SQL(f->path, "CREATE TABLE notes(x); INSERT INTO notes VALUES('seen'); CREATE VIEW mine "
                       "AS SELECT * FROM key_usage; CREATE INDEX fast ON _usage(version); VACUUM;");
    assert_string_equal(SQL(f->path, "SELECT count(*) FROM mine"), "6");
    assert_true(report_read(f->path, &f->arena, &back, &f->err));
    assert_true(str_eq(whole_form(f, &back), whole_form(f, &f->sample)));
}

static void report_turned_to_wal_is_still_read(void **state)
{
    struct fixture *f = *state;
    struct report back;
    assert_string_equal(SQL(f->path, "PRAGMA journal_mode=WAL"), "wal");
    assert_true(report_read(f->path, &f->arena, &back, &f->err));
    assert_true(str_eq(whole_form(f, &back), whole_form(f, &f->sample)));
    assert_string_equal(shell("ls -A '%s'", f->folder), "report.db");
}

static void read_only_folder_and_link_are_no_hindrance(void **state)
{
    struct fixture *f = *state;
    struct report back;
    (void)shell("ln -s report.db '%s' && chmod 500 '%s'", f->other, f->folder);
    assert_true(report_read(f->other, &f->arena, &back, &f->err));
    (void)shell("chmod 700 '%s'", f->folder);
    assert_string_equal(shell("ls '%s'", f->folder), "other.db\nreport.db");
}

/* ---- not a report ---- */

static void what_is_no_report_is_said_to_be_none(void **state)
{
    struct fixture *f = *state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/none.db", f->folder);
    assert_read_fails(f, path, ERR_NOT_FOUND, 103);
    (void)snprintf(path, sizeof path, "%s/x", f->path);
    assert_read_fails(f, path, ERR_NOT_FOUND, 103);
    assert_read_fails(f, f->folder, ERR_CORRUPT, 106);
    assert_read_fails(f, "/dev/null", ERR_CORRUPT, 106);
    write_bytes(f->other, "", 0);
    assert_read_fails(f, f->other, ERR_CORRUPT, 451);
    assert_non_null(strstr(f->err.text, "empty"));
    write_bytes(f->other, "-- PostgreSQL database dump\n", 28);
    assert_read_fails(f, f->other, ERR_CORRUPT, 451);
    (void)unlink(f->other);
    (void)SQL(f->other, "CREATE TABLE t(x)");
    assert_read_fails(f, f->other, ERR_CORRUPT, 451);
    assert_non_null(strstr(f->err.text, "not a report of keycensus"));
}

static void fifo_does_not_block(void **state)
{
    struct fixture *f = *state;
    (void)shell("mkfifo '%s'", f->other);
    assert_read_fails(f, f->other, ERR_CORRUPT, 106);
}

static void newer_layout_says_so(void **state)
{
    struct fixture *f = *state;
    (void)SQL(f->path, "PRAGMA user_version=3");
    assert_read_fails(f, f->path, ERR_CORRUPT, 452);
    assert_non_null(strstr(f->err.text, "layout 3"));
    (void)SQL(f->path, "PRAGMA user_version=0");
    assert_read_fails(f, f->path, ERR_CORRUPT, 453);
    (void)SQL(f->path, "PRAGMA user_version=2");
    struct report back;
    f->err = (struct err){0};
    assert_true(report_read(f->path, &f->arena, &back, &f->err));
}

/* ---- damaged ---- */

/* Either the damage is noticed, or it was where nothing of the report stands. */
static bool read_or_noticed(struct fixture *f, struct str expected)
{
    struct arena_mark mark = arena_mark(&f->arena);
    struct report back;
    struct err err = {0};
    bool read = report_read(f->other, &f->arena, &back, &err);
    if (read)
        assert_true(str_eq(whole_form(f, &back), expected));
    else
        assert_int_equal(err.kind, ERR_CORRUPT);
    arena_reset(&f->arena, mark);
    return read;
}

static void flipped_bytes_never_give_another_report(void **state)
{
    struct fixture *f = *state;
    struct str good = read_bytes(f, f->path);
    struct str expected = whole_form(f, &f->sample);
    unsigned char *bytes = arena_alloc(&f->arena, good.len);
    memcpy(bytes, good.at, good.len);
    size_t noticed = 0;
    size_t tried = 0;
    for (size_t i = 0; i < good.len; i += good.at[i] ? 17 : 97) { /* most zeros are free space */
        static const unsigned char masks[] = {0x01, 0x80, 0xFF};
        bytes[i] = good.at[i] ^ masks[tried % 3];
        write_bytes(f->other, bytes, good.len);
        noticed += !read_or_noticed(f, expected);
        tried++;
        bytes[i] = good.at[i];
    }
    assert_true(tried > 1000);
    assert_true(noticed > tried / 10); /* _doc and the views take most of a small file */
}

static void cut_file_is_never_a_report(void **state)
{
    struct fixture *f = *state;
    struct str good = read_bytes(f, f->path);
    for (size_t len = 0; len < good.len; len += 511) {
        write_bytes(f->other, good.at, len);
        assert_read_fails(f, f->other, ERR_CORRUPT, len < 100 ? 451 : 453);
    }
}

#define ENDLESS_VIEW                                                                               \
    "CREATE VIEW _job AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) "           \
    "SELECT i,i,i,i,i,i,i,i,i,i,i,i FROM n"

static const char *const edits[] = {
    "UPDATE _usage SET records=records+1 WHERE id=3",
    "UPDATE _usage SET version='v9' WHERE id=2",
    "UPDATE _usage SET newest=newest+1 WHERE id=5",
    "DELETE FROM _usage WHERE id=6",
    "DELETE FROM _usage WHERE id=2",
    "UPDATE _usage SET column_id=2 WHERE id=1",
    "UPDATE _usage SET column_id=99 WHERE id=1",
    "UPDATE _usage SET records='many' WHERE id=1",
    "UPDATE _usage SET records=-1 WHERE id=1",
    "UPDATE _usage SET records=1.5 WHERE id=1",
    "UPDATE _usage SET basis='guess' WHERE id=1",
    "UPDATE _usage SET oldest='2026-01-01' WHERE id=2",
    "INSERT INTO _usage VALUES(7,1,'v4','hint',1,NULL,NULL)",
    "INSERT INTO _usage VALUES(-1,1,'v4','hint',1,NULL,NULL)",
    "UPDATE _class SET records=1 WHERE id=1",
    "UPDATE _class SET class='nothing' WHERE id=1",
    "INSERT INTO _class SELECT max(id)+1,3,'empty',0 FROM _class",
    "UPDATE _column SET records=0 WHERE id=1",
    "UPDATE _column SET declared=1-declared WHERE id=1",
    "UPDATE _column SET declared=2 WHERE id=1",
    "UPDATE _column SET table_id=6 WHERE id=3",
    "UPDATE _column SET table_id=0 WHERE id=3",
    "UPDATE _column SET table_id=1 WHERE id=3",
    "UPDATE _column SET key_records=1 WHERE id=1",
    "UPDATE _table SET state='data' WHERE id=3",
    "UPDATE _table SET state='lost' WHERE id=3",
    "UPDATE _table SET table_name=x'ff' WHERE id=3",
    "UPDATE _table SET table_name=cast(x'ff' AS text) WHERE id=3",
    "UPDATE _table SET table_name='users' WHERE id=3",
    "UPDATE _table SET note='all is well' WHERE id=3",
    "UPDATE _report SET complete=0",
    "UPDATE _report SET partial=0",
    "UPDATE _report SET data_time=data_time+86400",
    "UPDATE _report SET data_time=NULL",
    "UPDATE _report SET data_time_source='option'",
    "UPDATE _report SET active_version='v1'",
    "UPDATE _report SET total_rows=1",
    "UPDATE _report SET created=0",
    "UPDATE _report SET program_version='x'",
    "UPDATE _report SET content_digest='sha256:'||hex(zeroblob(32))",
    "UPDATE _report SET record_digest='sha256:'||hex(zeroblob(32))",
    "DELETE FROM _report",
    "INSERT INTO _report SELECT * FROM _report",
    "DELETE FROM _job",
    "UPDATE _job SET status='done'",
    "DELETE FROM _finding WHERE id=2",
    "UPDATE _finding SET message='never mind' WHERE id=1",
    "UPDATE _finding SET severity='info' WHERE id=1",
    "DELETE FROM _declared",
    "UPDATE _input SET data_time=data_time+1 WHERE id=2",
    "UPDATE _input SET complete=1 WHERE id=1",
    "UPDATE _version SET fingerprint='0123456789abcdef' WHERE id=1",
    "UPDATE _version SET fingerprint='0123' WHERE id=1",
    "DELETE FROM _version WHERE id=4",
    "DROP TABLE _job",
    "ALTER TABLE _job ADD COLUMN more TEXT",
    "ALTER TABLE _job RENAME TO was; CREATE VIEW _job AS SELECT * FROM was",
    "ALTER TABLE _job RENAME TO was; CREATE TABLE _job AS SELECT * FROM was",
    "ALTER TABLE _job RENAME TO was; CREATE VIRTUAL TABLE _job USING fts5(x)",
    "ALTER TABLE _job RENAME TO was; " ENDLESS_VIEW,
};

static void edited_report_is_refused(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        (void)shell("cp '%s' '%s'", f->path, f->other);
        assert_string_equal(SQL(f->other, edits[i]), "");
        struct report back;
        struct err err = {0};
        if (report_read(f->other, &f->arena, &back, &err))
            fail_msg("accepted after: %s", edits[i]);
        assert_int_equal(err.kind, ERR_CORRUPT);
        assert_true(err.hint[0] != 0);
    }
}

static void cell_longer_than_any_of_ours_is_refused(void **state)
{
    struct fixture *f = *state;
    (void)SQL(f->path, "UPDATE _table SET note=hex(zeroblob(4000000)) WHERE id=1");
    assert_read_fails(f, f->path, ERR_CORRUPT, 453);
}

static ssize_t failing_pread(int fd, void *into, size_t n, off_t at)
{
    (void)fd;
    (void)into;
    (void)n;
    (void)at;
    errno = EIO;
    return -1;
}

static void disk_error_is_the_systems_not_the_reports(void **state)
{
    struct fixture *f = *state;
    struct sys_ops failing = sys_linux;
    failing.pread = failing_pread;
    sys = &failing;
    assert_read_fails(f, f->path, ERR_SYSTEM, 102);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read_back),
        TEST(report_of_many_tables_is_read_back),
        TEST(additions_of_a_user_do_no_harm),
        TEST(report_turned_to_wal_is_still_read),
        TEST(read_only_folder_and_link_are_no_hindrance),
        TEST(what_is_no_report_is_said_to_be_none),
        TEST(fifo_does_not_block),
        TEST(newer_layout_says_so),
        TEST(flipped_bytes_never_give_another_report),
        TEST(cut_file_is_never_a_report),
        TEST(edited_report_is_refused),
        TEST(cell_longer_than_any_of_ours_is_refused),
        TEST(disk_error_is_the_systems_not_the_reports),
    };
    return cmocka_run_group_tests_name("report_read", tests, NULL, NULL);
}
