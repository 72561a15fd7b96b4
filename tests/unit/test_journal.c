/* journal, record, begin: frames, torn tails, damage, the texts inside. */
#define _GNU_SOURCE
#include "applier/journal.h"
#include "common/hash.h"
#include "common/sys.h"
#include "tests/crash/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const uint64_t seed = UINT64_C(0x0123456789abcdef);
static struct arena a;
static struct err err;

static int make(void **unused)
{
    (void)unused;
    err = (struct err){0};
    fault = (struct fault){0};
    return 0;
}

static int clean(void **unused)
{
    (void)unused;
    sys = &sys_linux;
    arena_free(&a);
    return 0;
}

static const enum record_type whole_life[] = {RECORD_BEGIN, RECORD_BACKUP, RECORD_COMMIT,
                                              RECORD_SWAPPED, RECORD_END};

/* The first `count` records of a good transaction; ends[i] is where record i ends. */
static struct str journal_of(size_t count, size_t ends[])
{
    struct buf b = {.arena = &a};
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct str body = str_from(arena_printf(&a, "body of record %zu\n", i));
        sum = record_add(&b, seed, whole_life[i], (uint32_t)i, sum, body);
        if (ends)
            ends[i] = b.len;
    }
    return buf_str(&b);
}

static void a_record_is_laid_out_as_its_header_says(void **unused)
{
    (void)unused;
    struct buf b = {.arena = &a};
    uint64_t sum = record_add(&b, 7, RECORD_COMMIT, 2, UINT64_C(0x1122334455667788), STR("abc"));
    static const unsigned char head[] = {'K',  'R',  'j',  '1',  3,    0,    0,   0,    2,
                                         0,    0,    0,    3,    0,    0,    0,   0x88, 0x77,
                                         0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 'a', 'b',  'c'};
    assert_int_equal(b.len, sizeof head + 8);
    assert_memory_equal(b.at, head, sizeof head);
    assert_true(sum == hash_xxh3_64(str_make(head, sizeof head), 7));
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(b.at[sizeof head + i], (unsigned char)(sum >> (8 * i)));
}

static void whole_records_read_back(void **unused)
{
    (void)unused;
    struct history h;
    struct str journal = journal_of(5, NULL);
    assert_true(record_read(journal, seed, &h, &err));
    assert_int_equal(h.count, 5);
    assert_false(h.torn);
    assert_int_equal(h.whole, journal.len);
    assert_true(str_eq(h.at[2].body, STR("body of record 2\n")));
    assert_non_null(history_find(&h, RECORD_SWAPPED));
    assert_null(history_find(&h, RECORD_UNDO));
}

static void every_cut_of_an_open_journal_is_a_torn_tail(void **unused)
{
    (void)unused;
    size_t ends[5];
    struct str journal = journal_of(4, ends);
    for (size_t n = 0; n <= journal.len; n++) {
        struct history h;
        size_t whole = 0;
        while (whole < 4 && ends[whole] <= n)
            whole++;
        assert_true(record_read(str_slice(journal, 0, n), seed, &h, &err));
        assert_int_equal(h.count, whole);
        assert_int_equal(h.torn, n != (whole ? ends[whole - 1] : 0));
    }
}

static void zeros_in_place_of_the_last_record_are_a_torn_tail(void **unused)
{
    (void)unused;
    size_t ends[5];
    struct history h;
    struct str journal = journal_of(4, ends);
    unsigned char *bytes = arena_alloc(&a, journal.len);
    memcpy(bytes, journal.at, journal.len);
    memset(bytes + ends[2], 0, journal.len - ends[2]);
    assert_true(record_read(str_make(bytes, journal.len), seed, &h, &err));
    assert_int_equal(h.count, 3);
    assert_true(h.torn);
}

static void a_bad_record_before_a_valid_one_is_damage(void **unused)
{
    (void)unused;
    size_t ends[5];
    struct str journal = journal_of(4, ends);
    unsigned char *bytes = arena_alloc(&a, journal.len);
    for (size_t i = 0; i < ends[2]; i++) { /* every byte before the last record */
        struct history h;
        err = (struct err){0};
        memcpy(bytes, journal.at, journal.len);
        bytes[i] ^= 0x40;
        assert_false(record_read(str_make(bytes, journal.len), seed, &h, &err));
        assert_int_equal(err.kind, ERR_CORRUPT);
    }
}

static void a_changed_byte_of_the_last_record_never_makes_it_valid(void **unused)
{
    (void)unused;
    size_t ends[5];
    struct str journal = journal_of(4, ends);
    unsigned char *bytes = arena_alloc(&a, journal.len);
    for (size_t i = ends[2]; i < journal.len; i++) {
        struct history h;
        memcpy(bytes, journal.at, journal.len);
        bytes[i] ^= 1;
        assert_true(record_read(str_make(bytes, journal.len), seed, &h, &err));
        assert_int_equal(h.count, 3);
        assert_true(h.torn);
    }
}

static void bytes_behind_end_are_damage(void **unused)
{
    (void)unused;
    struct history h;
    struct buf b = {.arena = &a};
    buf_add(&b, journal_of(5, NULL));
    buf_byte(&b, 0);
    assert_false(record_read(buf_str(&b), seed, &h, &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
}

static void records_out_of_order_make_no_transaction(void **unused)
{
    (void)unused;
    static const enum record_type orders[][3] = {{RECORD_COMMIT, RECORD_END, RECORD_END},
                                                 {RECORD_BEGIN, RECORD_COMMIT, RECORD_END},
                                                 {RECORD_BEGIN, RECORD_BACKUP, RECORD_SWAPPED},
                                                 {RECORD_BEGIN, RECORD_BACKUP, RECORD_UNDO},
                                                 {RECORD_BEGIN, RECORD_BEGIN, RECORD_END}};
    for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++) {
        struct buf b = {.arena = &a};
        struct history h;
        uint64_t sum = 0;
        err = (struct err){0};
        for (uint32_t i = 0; i < 3; i++)
            sum = record_add(&b, seed, orders[o][i], i, sum, STR("x"));
        assert_false(record_read(buf_str(&b), seed, &h, &err));
        assert_int_equal(err.id, 702);
    }
}

static void a_record_that_does_not_chain_is_refused(void **unused)
{
    (void)unused;
    struct buf b = {.arena = &a};
    struct history h;
    (void)record_add(&b, seed, RECORD_BEGIN, 0, 0, STR("x"));
    (void)record_add(&b, seed, RECORD_BACKUP, 1, 12345, STR("x"));
    assert_false(record_read(buf_str(&b), seed, &h, &err));
    assert_int_equal(err.id, 702);
}

static void a_hostile_length_is_bounded(void **unused)
{
    (void)unused;
    struct history h;
    unsigned char bytes[64] = "KRj1\1\0\0\0\0\0\0\0\xff\xff\xff\xff";
    assert_true(record_read(str_make(bytes, sizeof bytes), seed, &h, &err));
    assert_int_equal(h.count, 0);
    assert_true(h.torn);
}

/* ---- BEGIN ---- */

static struct begin sample(void)
{
    static struct begin_target targets[2];
    static struct str versions[] = {{(const unsigned char *)"v1", 2},
                                    {(const unsigned char *)"v 2%", 4}};
    targets[0].path = STR("/srv/app/.env");
    targets[1].path = STR("/srv/a b/\n\xc3\xa9%");
    memset(targets[0].before.bytes, 1, SHA256_BYTES);
    memset(targets[1].after.bytes, 0xab, SHA256_BYTES);
    targets[1].size_after = 42;
    struct begin b = {.operation = TXN_RESTORE,
                      .has_plan = true,
                      .reverses = "00112233445566ff",
                      .time = 1800000000,
                      .audit_head = "",
                      .who = {.user = "ana",
                              .real_user = "ana",
                              .sudo_user = "",
                              .host = "h\n1",
                              .program = "keyretire 0.1.0",
                              .uid = 1000,
                              .real_uid = 1000,
                              .process = 77},
                      .backup_folder = STR("/var/lib/keyretire/backups"),
                      .targets = targets,
                      .target_count = 2,
                      .versions = versions,
                      .version_count = 2,
                      .approvals = STR("ana SHA256:x\nrui SHA256:y\n"),
                      .has_policy = true,
                      .policy = {{[31] = 0x7e}},
                      .window = {.given = STR("x"), .start = 1800000000, .end = 1800003600},
                      .has_retain_until = true,
                      .retain_until = 1900000000};
    memset(b.random, 0x5a, sizeof b.random);
    return b;
}

static void a_begin_text_reads_back_as_it_was(void **unused)
{
    (void)unused;
    struct begin b = sample();
    struct begin back;
    struct buf text = {.arena = &a};
    struct buf again = {.arena = &a};
    begin_write(&text, &b);
    assert_true(begin_read(&a, buf_str(&text), &back, &err));
    begin_write(&again, &back);
    assert_true(str_eq(buf_str(&text), buf_str(&again)));
    assert_true(str_eq(back.targets[1].path, b.targets[1].path));
    assert_true(str_eq(back.versions[1], STR("v 2%")));
    assert_true(str_eq(back.approvals, b.approvals));
    assert_true(back.has_policy);
    assert_int_equal(back.policy.bytes[31], 0x7e);
    assert_true(change_window_is(&back.window));
    assert_int_equal(back.window.start, 1800000000);
    assert_int_equal(back.window.end, 1800003600);
    assert_true(back.has_retain_until);
    assert_int_equal(back.retain_until, 1900000000);
    assert_string_equal(back.reverses, "00112233445566ff");
    assert_string_equal(back.who.host, "h\n1");
    assert_int_equal(back.who.uid, 1000);
    assert_int_equal(back.time, 1800000000);
    /* A newline in a path is no newline in the text. */
    assert_true(str_search(buf_str(&text), STR("/srv/a%20b/%0a%c3%a9%25\n")) < text.len);
}

static void a_begin_text_without_a_window_reads_too(void **unused)
{
    (void)unused;
    struct begin b = sample();
    struct begin back;
    struct buf text = {.arena = &a};
    b.window = (struct change_window){0};
    begin_write(&text, &b);
    assert_true(str_search(buf_str(&text), STR("window")) == text.len);
    assert_true(begin_read(&a, buf_str(&text), &back, &err));
    assert_false(change_window_is(&back.window));
}

static void every_cut_of_a_begin_text_is_refused(void **unused)
{
    (void)unused;
    struct begin b = sample();
    struct begin back;
    struct buf text = {.arena = &a};
    begin_write(&text, &b);
    for (size_t n = 0; n < text.len; n++) {
        err = (struct err){0};
        assert_false(begin_read(&a, str_slice(buf_str(&text), 0, n), &back, &err));
        assert_int_equal(err.kind, ERR_CORRUPT);
    }
}

static void begin_refuses_paths_that_lead_elsewhere(void **unused)
{
    (void)unused;
    static const char *const paths[] = {"relative", "/", "/ends/", "/nul%00byte", "/bad%zz", ""};
    struct begin b = sample();
    struct buf text = {.arena = &a};
    begin_write(&text, &b);
    size_t at = str_search(buf_str(&text), STR("/srv/app/.env"));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct buf changed = {.arena = &a};
        struct begin back;
        err = (struct err){0};
        buf_add(&changed, str_slice(buf_str(&text), 0, at));
        buf_text(&changed, paths[i]);
        buf_add(&changed, str_slice(buf_str(&text), at + 13, text.len));
        assert_false(begin_read(&a, buf_str(&changed), &back, &err));
    }
}

static void escapes_go_both_ways(void **unused)
{
    (void)unused;
    for (unsigned n = 0; n < 256; n++) {
        unsigned char bytes[3] = {'x', (unsigned char)n, 'y'};
        struct buf b = {.arena = &a};
        struct str plain;
        line_escape(&b, str_make(bytes, 3));
        assert_true(line_unescape(&a, buf_str(&b), &plain));
        assert_true(str_eq(plain, str_make(bytes, 3)));
        for (size_t i = 0; i < b.len; i++)
            assert_true(b.at[i] > ' ' && b.at[i] < 0x7f);
    }
}

/* ---- the file ---- */

static int folder(char path[32])
{
    memcpy(path, "/tmp/keyretire-j-XXXXXX", 24);
    assert_non_null(mkdtemp(path));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void remove_folder(const char *path, int fd)
{
    (void)unlinkat(fd, "0123456789abcdef.journal", 0);
    (void)unlinkat(fd, "0123456789abcdef.end", 0);
    close(fd);
    assert_int_equal(rmdir(path), 0); /* nothing else is left in it */
}

static void a_journal_is_written_closed_and_read(void **unused)
{
    (void)unused;
    char path[32];
    struct journal j, back;
    struct str *ids;
    size_t count;
    int dir = folder(path);
    assert_true(journal_create(&j, dir, "0123456789abcdef", STR("begin\n"), &a, &err));
    assert_true(journal_add(&j, RECORD_BACKUP, STR("backup\n"), &err));
    assert_false(journal_add(&j, RECORD_SWAPPED, STR(""), &err)); /* not without COMMIT */
    err = (struct err){0};
    j.broken = false;
    assert_true(journal_add(&j, RECORD_COMMIT, STR("time\n"), &err));
    assert_true(journal_open(&back, dir, "0123456789abcdef", &a, &err));
    assert_int_equal(back.history.count, 3);
    journal_release(&back);
    assert_true(journal_close(&j, STR("end\n"), &err));
    journal_release(&j);
    assert_true(journal_open(&back, dir, "0123456789abcdef", &a, &err));
    assert_true(journal_has(&back, RECORD_END));
    journal_release(&back);
    assert_true(journal_names(dir, &a, &ids, &count, &err));
    assert_int_equal(count, 1);
    remove_folder(path, dir);
}

static void after_a_failed_fsync_only_closing_works(void **unused)
{
    (void)unused;
    char path[32];
    struct journal j, back;
    int dir = folder(path);
    assert_true(journal_create(&j, dir, "0123456789abcdef", STR("begin\n"), &a, &err));
    assert_true(journal_add(&j, RECORD_BACKUP, STR("backup\n"), &err));
    fault_install();
    fault = (struct fault){.call = "fsync", .at = 1, .errnum = EIO};
    assert_false(journal_add(&j, RECORD_COMMIT, STR("time\n"), &err));
    assert_true(j.broken);
    unsigned long calls = fault.total;
    err = (struct err){0};
    assert_false(journal_add(&j, RECORD_COMMIT, STR("time\n"), &err)); /* without trying */
    assert_int_equal(fault.total, calls);
    err = (struct err){0};
    assert_true(journal_close(&j, STR("end\n"), &err));
    journal_release(&j);
    assert_true(journal_open(&back, dir, "0123456789abcdef", &a, &err));
    assert_int_equal(back.history.count, 3); /* BEGIN, BACKUP, END: no COMMIT */
    assert_false(journal_has(&back, RECORD_COMMIT));
    journal_release(&back);
    remove_folder(path, dir);
}

static void a_torn_tail_is_written_anew_before_anything_is_added(void **unused)
{
    (void)unused;
    char path[32];
    struct journal j;
    int dir = folder(path);
    assert_true(journal_create(&j, dir, "0123456789abcdef", STR("begin\n"), &a, &err));
    assert_int_equal(write(j.fd, "KRj1 torn", 9), 9);
    journal_release(&j);
    assert_true(journal_open(&j, dir, "0123456789abcdef", &a, &err));
    assert_true(j.history.torn);
    assert_true(journal_add(&j, RECORD_BACKUP, STR("backup\n"), &err));
    assert_true(journal_add(&j, RECORD_COMMIT, STR("time\n"), &err));
    journal_release(&j);
    assert_true(journal_open(&j, dir, "0123456789abcdef", &a, &err));
    assert_int_equal(j.history.count, 3);
    assert_false(j.history.torn);
    journal_release(&j);
    remove_folder(path, dir);
}

static void what_a_killed_close_left_is_swept(void **unused)
{
    (void)unused;
    char path[32];
    struct str *ids;
    size_t count;
    int dir = folder(path);
    int fd = openat(dir, "0123456789abcdef.end", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    close(fd);
    assert_true(journal_sweep(dir, &a, &err));
    assert_true(journal_names(dir, &a, &ids, &count, &err));
    assert_int_equal(count, 0);
    assert_int_equal(faccessat(dir, "0123456789abcdef.end", F_OK, 0), -1);
    remove_folder(path, dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

/* Of "target" or "version", as many as are allowed and one more. */
static void assert_most(const char *word, size_t most)
{
    struct begin b = sample(), back;
    b.targets = ARENA_ARRAY(&a, most + 1, struct begin_target);
    b.versions = ARENA_ARRAY(&a, most + 1, struct str);
    for (size_t i = 0; i <= most; i++) {
        b.targets[i].path = STR("/e");
        b.versions[i] = STR("v1");
    }
    bool targets = strcmp(word, "target") == 0;
    for (size_t n = most; n <= most + 1; n++) {
        struct buf text = {.arena = &a};
        err = (struct err){0};
        b.target_count = targets ? n : 1;
        b.version_count = targets ? 1 : n;
        begin_write(&text, &b);
        assert_int_equal(begin_read(&a, buf_str(&text), &back, &err), n == most);
        assert_int_equal(err.id, n == most ? 0 : 703);
    }
}

static void a_begin_has_so_many_targets_and_names_and_no_more(void **unused)
{
    (void)unused;
    assert_most("target", TXN_TARGETS_MAX);
    assert_most("version", TXN_NAMES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_laid_out_as_its_header_says),
        TEST(whole_records_read_back),
        TEST(every_cut_of_an_open_journal_is_a_torn_tail),
        TEST(zeros_in_place_of_the_last_record_are_a_torn_tail),
        TEST(a_bad_record_before_a_valid_one_is_damage),
        TEST(a_changed_byte_of_the_last_record_never_makes_it_valid),
        TEST(bytes_behind_end_are_damage),
        TEST(records_out_of_order_make_no_transaction),
        TEST(a_record_that_does_not_chain_is_refused),
        TEST(a_hostile_length_is_bounded),
        TEST(a_begin_text_reads_back_as_it_was),
        TEST(a_begin_text_without_a_window_reads_too),
        TEST(every_cut_of_a_begin_text_is_refused),
        TEST(begin_refuses_paths_that_lead_elsewhere),
        TEST(a_begin_has_so_many_targets_and_names_and_no_more),
        TEST(escapes_go_both_ways),
        TEST(a_journal_is_written_closed_and_read),
        TEST(after_a_failed_fsync_only_closing_works),
        TEST(a_torn_tail_is_written_anew_before_anything_is_added),
        TEST(what_a_killed_close_left_is_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
