/* backup: what is written reads back, by tar too; anything else is refused. */
#define _GNU_SOURCE
#include "applier/backup.h"
#include "applier/backup_tar.h"
#include "common/sys.h"
#include "tests/crash/fault.h"
#include "tests/crash/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct world w;
static struct state state;
static struct err err;

static int make(void **unused)
{
    (void)unused;
    world_make(&w, 3);
    err = (struct err){0};
    fault = (struct fault){0};
    assert_int_equal(world_apply(&w, &err), 0);
    assert_true(state_open(&state, &w.options, STATE_READ, &w.a, &err));
    return 0;
}

static int clean(void **unused)
{
    (void)unused;
    sys = &sys_linux;
    state_close(&state);
    world_free(&w);
    return 0;
}

static void the_old_images_come_back(void **unused)
{
    (void)unused;
    struct backup b;
    assert_true(backup_read(&state, w.result.txid, &w.images, &b, &err));
    assert_int_equal(b.target_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(str_eq(b.targets[i].image, w.old[i]));
        assert_true(str_eq(b.targets[i].path, str_from(w.targets[i].path)));
        assert_true(sha256_eq(&b.targets[i].digest, &w.targets[i].before));
    }
    assert_string_equal(b.txid, w.result.txid);
    assert_string_equal(b.path, w.result.backup_file);
    assert_int_equal(b.time, w.result.started);
    assert_true(b.has_plan && sha256_eq(&b.plan, &w.request.plan));
    assert_true(str_eq(b.targets[0].form, STR("python-dotenv")));
    assert_true(str_eq(b.versions[0], STR("v1")));
}

static void it_is_found_by_prefix_name_and_path(void **unused)
{
    (void)unused;
    struct backup b;
    struct str *names;
    size_t count;
    char prefix[6] = "";
    memcpy(prefix, w.result.txid, 5);
    assert_true(backup_names(&state, &w.a, &names, &count, &err));
    assert_int_equal(count, 1);
    assert_true(backup_read(&state, prefix, &w.images, &b, &err));
    assert_true(backup_read(&state, arena_text(&w.a, names[0]), &w.images, &b, &err));
    assert_true(backup_read(&state, w.result.backup_file, &w.images, &b, &err));
    assert_false(backup_read(&state, "ffffffffffffffff", &w.images, &b, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    err = (struct err){0};
    assert_false(backup_read(&state, "../../etc/passwd", &w.images, &b, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void its_name_says_file_time_and_transaction(void **unused)
{
    (void)unused;
    struct stat st;
    char utc[UTC_TEXT];
    const char *name = strrchr(w.result.backup_file, '/') + 1;
    assert_string_equal(
        name, arena_printf(&w.a, ".env0.%s.%s", utc_compact(w.result.started, utc), w.result.txid));
    assert_int_equal(stat(w.result.backup_file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(world_path(&w, "state/backups"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

/* tar(1) is another implementation: it lists and gives back the same. */
static void tar_reads_it(void **unused)
{
    (void)unused;
    char line[512];
    const char *inside = w.targets[2].path + 1;
    FILE *p = popen(arena_printf(&w.a, "tar -tf '%s'", w.result.backup_file), "r");
    assert_non_null(p);
    assert_non_null(fgets(line, sizeof line, p));
    assert_string_equal(line, "MANIFEST\n");
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(fgets(line, sizeof line, p));
        assert_string_equal(line, arena_printf(&w.a, "%s\n", w.targets[i].path + 1));
    }
    assert_int_equal(pclose(p), 0);
    p = popen(arena_printf(&w.a, "tar -xOf '%s' '%s'", w.result.backup_file, inside), "r");
    assert_non_null(p);
    size_t n = fread(line, 1, sizeof line, p);
    assert_int_equal(pclose(p), 0);
    assert_true(str_eq(str_make(line, n), w.old[2]));
}

static void verify_compares_with_the_journal(void **unused)
{
    (void)unused;
    struct backup b;
    struct txn_notes notes = {0};
    assert_true(backup_read(&state, w.result.txid, &w.images, &b, &err));
    assert_true(backup_verify(&state, &b, &w.a, &notes, &err));
    assert_int_equal(notes.count, 0);
    b.digest.bytes[0] ^= 1;
    assert_false(backup_verify(&state, &b, &w.a, &notes, &err));
    assert_int_equal(err.id, 815);
    err = (struct err){0};
    memcpy(b.txid, "0123456789abcdef", TXID_HEX);
    assert_true(backup_verify(&state, &b, &w.a, &notes, &err));
    assert_int_equal(notes.count, 1); /* a copy from another machine */
}

/* The bytes of the archive on the disk. */
static struct str archive(void)
{
    static unsigned char room[1 << 16];
    FILE *f = fopen(w.result.backup_file, "r");
    assert_non_null(f);
    size_t n = fread(room, 1, sizeof room, f);
    fclose(f);
    assert_true(n > 1024 && n < sizeof room);
    return str_make(room, n);
}

/* No byte may change anything that is given back without being seen. */
static void any_changed_byte_is_refused_or_harmless(void **unused)
{
    (void)unused;
    struct str good = archive();
    unsigned char *bytes = arena_alloc(&w.images, good.len);
    unsigned refused = 0;
    for (size_t i = 0; i < good.len; i++) {
        struct arena wiping = {.wipe = true};
        struct backup b;
        err = (struct err){0};
        memcpy(bytes, good.at, good.len);
        bytes[i] ^= 0x21;
        if (!backup_parse(str_make(bytes, good.len), &wiping, &b, &err)) {
            refused++;
            assert_true(err.kind == ERR_CORRUPT);
            assert_null(strstr(err.text, CANARY));
        } else { /* padding, or a field of the manifest that has no twin in it */
            assert_int_equal(b.target_count, 3);
            for (size_t t = 0; t < 3; t++)
                assert_true(str_eq(b.targets[t].image, w.old[t]));
        }
        arena_free(&wiping);
    }
    assert_true(refused > 1000);
}

static void every_cut_is_refused_until_the_last_content(void **unused)
{
    (void)unused;
    struct str good = archive();
    struct backup b;
    size_t content_end = str_search(good, w.old[2]) + w.old[2].len;
    assert_true(content_end < good.len);
    for (size_t n = 0; n < content_end; n += 7) {
        struct arena wiping = {.wipe = true};
        err = (struct err){0};
        assert_false(backup_parse(str_slice(good, 0, n), &wiping, &b, &err));
        assert_int_equal(err.kind, ERR_CORRUPT);
        arena_free(&wiping);
    }
}

static bool parses(const struct tar_entry *entries, size_t count)
{
    struct str bytes;
    struct backup b;
    err = (struct err){0};
    struct err unused = {0};
    assert_true(tar_write(entries, count, 0, &w.images, &bytes, &unused));
    return backup_parse(bytes, &w.images, &b, &err);
}

static void entries_must_be_the_manifests(void **unused)
{
    (void)unused;
    struct tar_entry *found;
    size_t count;
    struct tar_entry e[5];
    assert_true(tar_read(archive(), &w.images, &found, &count, &err));
    assert_int_equal(count, 4);
    memcpy(e, found, 4 * sizeof e[0]);
    assert_true(parses(e, 4));
    assert_false(parses(e, 3)); /* one is missing */
    e[4] = (struct tar_entry){STR("extra"), STR("x")};
    assert_false(parses(e, 5)); /* one too many */
    struct tar_entry swapped[4] = {e[0], e[2], e[1], e[3]};
    assert_false(parses(swapped, 4)); /* another order */
    struct tar_entry no_manifest[3] = {e[1], e[2], e[3]};
    assert_false(parses(no_manifest, 3));
    e[3].name = STR("../../etc/cron.d/x");
    assert_false(parses(e, 4));
    e[3].name = STR("etc/cron.d/x"); /* plain, but another file's */
    assert_false(parses(e, 4));
    assert_int_equal(err.id, 814);
    e[3].name = found[3].name;
    e[3].content = STR("another content");
    assert_false(parses(e, 4));
}

/* Archives that tar(1) makes: links, folders and devices are nothing of ours. */
static void links_and_folders_are_refused(void **unused)
{
    (void)unused;
    static const char *const made[] = {"ln -s /etc/passwd MANIFEST", "mkdir MANIFEST",
                                       "echo x >m; ln m MANIFEST", "mkfifo MANIFEST"};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        static unsigned char room[1 << 16];
        struct tar_entry *entries;
        size_t count;
        const char *command =
            arena_printf(&w.a, "mkdir '%s/t%zu' && cd '%s/t%zu' && %s && tar -cf - *", w.root, i,
                         w.root, i, made[i]);
        FILE *p = popen(command, "r");
        assert_non_null(p);
        size_t n = fread(room, 1, sizeof room, p);
        assert_int_equal(pclose(p), 0);
        err = (struct err){0};
        struct backup b;
        assert_false(backup_parse(str_make(room, n), &w.images, &b, &err));
        assert_int_equal(err.kind, ERR_CORRUPT);
        err = (struct err){0};
        if (i < 2 || i == 3)
            assert_false(tar_read(str_make(room, n), &w.images, &entries, &count, &err));
    }
}

static void an_archive_that_does_not_read_back_stops_the_transaction(void **unused)
{
    (void)unused;
    bool seen = false;
    bool reached = true;
    for (unsigned long n = 1; reached && !seen; n++) { /* one of the opens reads it back */
        struct world other;
        world_make(&other, 2);
        fault_install();
        fault = (struct fault){.call = "openat", .at = n, .errnum = EIO};
        err = (struct err){0};
        (void)world_apply(&other, &err);
        reached = fault.seen >= n;
        fault = (struct fault){0};
        sys = &sys_linux;
        seen = err.id == 803;
        if (seen) {
            assert_int_equal(err.kind, ERR_RESTORED);
            assert_true(world_all(&other, WORLD_OLD));
        }
        world_free(&other);
    }
    assert_true(seen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_old_images_come_back),
        TEST(it_is_found_by_prefix_name_and_path),
        TEST(its_name_says_file_time_and_transaction),
        TEST(tar_reads_it),
        TEST(verify_compares_with_the_journal),
        TEST(any_changed_byte_is_refused_or_harmless),
        TEST(every_cut_is_refused_until_the_last_content),
        TEST(entries_must_be_the_manifests),
        TEST(links_and_folders_are_refused),
        TEST(an_archive_that_does_not_read_back_stops_the_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
