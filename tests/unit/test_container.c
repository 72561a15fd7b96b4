/* tar and zip: every member of archives that real programs made, and the proof of their end. */
#include "formats/stream/container.h"
#include "tests/unit/pulled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { FILE_MOST = 1 << 16, LIST_MOST = 1 << 16, TAR_BLOCK = 512 };

struct file {
    unsigned char bytes[FILE_MOST];
    size_t len;
};

/* What a container told: a line for each member, its bytes behind it, and the verdict. */
struct listing {
    enum pull verdict;
    struct err err;
    char text[LIST_MOST];
    size_t len;
};

enum reading { READ_NOTHING, READ_ALL, READ_A_BYTE };

static struct file *load(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "tests/data/stream/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is missing; run the test in the folder of the Makefile", path);
    struct file *file = calloc(1, sizeof *file);
    assert_non_null(file);
    file->len = fread(file->bytes, 1, FILE_MOST - 1024, f);
    assert_int_equal(fclose(f), 0);
    assert_true(file->len > 0);
    return file;
}

static void add_text(struct listing *l, const void *at, size_t len)
{
    assert_true(l->len + len < LIST_MOST);
    memcpy(l->text + l->len, at, len);
    l->len += len;
}

static void add_number(struct listing *l, uint64_t n)
{
    char digits[32];
    add_text(l, digits, (size_t)snprintf(digits, sizeof digits, " %llu", (unsigned long long)n));
}

static void add_entry(struct listing *l, const struct container_entry *e)
{
    static const char *const kinds[] = {[CONTAINER_FILE] = "file",
                                        [CONTAINER_FOLDER] = "folder",
                                        [CONTAINER_LINK] = "link",
                                        [CONTAINER_OTHER] = "other"};
    add_text(l, "[", 1);
    add_text(l, e->path.at, e->path.len);
    add_text(l, "] ", 2);
    add_text(l, kinds[e->kind], strlen(kinds[e->kind]));
    if (e->size_known)
        add_number(l, e->size);
    if (e->unreadable) {
        add_text(l, " (", 2);
        add_text(l, e->unreadable, strlen(e->unreadable));
        add_text(l, ")", 1);
    }
    add_text(l, "\n", 1);
}

static enum pull add_member(struct listing *l, struct container *c, size_t room, enum reading how)
{
    unsigned char bytes[4096];
    struct source *member = container_entry_source(c, &l->err);
    assert_non_null(member);
    enum pull p;
    do {
        size_t got = 0;
        p = source_read(member, bytes, room, &got, &l->err);
        if (p == PULL_OK) {
            assert_true(got > 0 && got <= room);
            add_text(l, bytes, got);
        }
    } while (p == PULL_OK && how == READ_ALL);
    source_close(member);
    return p;
}

static struct listing *list(struct str bytes, enum stream_kind kind, size_t piece, size_t room,
                            enum reading how)
{
    struct listing *l = calloc(1, sizeof *l);
    assert_non_null(l);
    struct container *c = container_open(source_memory(bytes, piece, &l->err), kind, &l->err);
    l->verdict = PULL_FAILED;
    while (c) {
        struct container_entry e;
        l->verdict = container_next(c, &e, &l->err);
        if (l->verdict != PULL_OK)
            break;
        add_entry(l, &e);
        if (how != READ_NOTHING && !e.unreadable && add_member(l, c, room, how) == PULL_FAILED) {
            l->verdict = PULL_FAILED;
            break;
        }
    }
    if (c) {
        struct container_entry e;
        struct err again = {0};
        assert_int_equal(container_next(c, &e, &again), l->verdict);
        assert_int_equal(again.id, l->err.id);
    }
    assert_int_equal(l->verdict == PULL_FAILED, err_is(&l->err));
    container_close(c);
    return l;
}

static enum stream_kind kind_of(const struct file *f)
{
    return stream_sniff(str_make(f->bytes, f->len));
}

static struct listing *list_file(const char *name, enum reading how)
{
    struct file *f = load(name);
    struct listing *l = list(str_make(f->bytes, f->len), kind_of(f), 0, 4096, how);
    free(f);
    return l;
}

static const char *seq(unsigned last)
{
    static char text[1024];
    size_t len = 0;
    for (unsigned i = 1; i <= last; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%u\n", i);
    return text;
}

/* Joins the parts and compares; a listing that ended is expected. */
static void assert_lists(const char *name, const char *const *parts)
{
    struct listing *l = list_file(name, READ_ALL);
    char *want = calloc(1, LIST_MOST);
    assert_non_null(want);
    for (size_t i = 0; parts[i]; i++)
        (void)strncat(want, parts[i], LIST_MOST - 1 - strlen(want));
    assert_int_equal(l->verdict, PULL_END);
    assert_string_equal(l->text, want);
    free(want);
    free(l);
}

#define HELLO3 "hello\nhello\nhello\n"

static void tars_of_every_format_are_listed(void **state)
{
    (void)state;
    const char *const b = "[b.txt] file 692\n";
    const char *const lines = seq(200);
    const char *const a = "[a.txt] file 18\n" HELLO3;
    const char *const c = "[d/c.txt] file 21\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
    assert_lists("gnu.tar", (const char *[]){a, b, lines, "[d/] folder 0\n", c, NULL});
    assert_lists("v7.tar", (const char *[]){a, b, lines, c, NULL});
    assert_lists("ustar.tar", (const char *[]){a, b, lines, NULL});
    assert_lists("pax.tar", (const char *[]){a, "[d/] folder 0\n", c, NULL});
}

static void zips_of_every_shape_are_listed(void **state)
{
    (void)state;
    const char *const b = "[b.txt] file 692\n";
    const char *const lines = seq(200);
    const char *const a = "[a.txt] file 18\n" HELLO3;
    const char *const c = "[d/c.txt] file 21\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
    assert_lists("plain.zip", (const char *[]){a, b, lines, "[d/] folder 0\n", c, NULL});
    assert_lists("stored.zip", (const char *[]){a, b, lines, NULL});
    assert_lists("zip64.zip", (const char *[]){a, b, lines, NULL});
    assert_lists("descriptor.zip", (const char *[]){a, b, lines, c, NULL});
    assert_lists("bzip2_method.zip", (const char *[]){a, b, lines, NULL});
    assert_lists("comment.zip", (const char *[]){a, NULL});
    assert_lists("empty.zip", (const char *[]){"", NULL});
    assert_lists("pipe.zip", (const char *[]){"[-] file 692\n", lines, NULL});
    assert_lists("pipe_stored.zip", (const char *[]){"[-] file 692\n", lines, NULL});
}

static void zip_without_sizes_is_read_to_its_descriptors(void **state)
{
    (void)state;
    char want[8192];
    int n = snprintf(want, sizeof want, "[b.txt] file\n%s[x.txt] file\nPK\x07\x08", seq(200));
    for (int i = 0; i < 10; i++)
        n += snprintf(want + n, sizeof want - (size_t)n, "hello");
    n += snprintf(want + n, sizeof want - (size_t)n, "[d\xc3\xa9/\xc3\xa7.txt] file\n");
    for (int i = 0; i < 300; i++)
        n += snprintf(want + n, sizeof want - (size_t)n, "some");
    assert_lists("py_deflated.zip", (const char *[]){want, NULL});
    assert_lists("py_stored.zip", (const char *[]){want, NULL});
}

static void links_have_no_bytes_and_long_names_are_whole(void **state)
{
    (void)state;
    assert_lists("links.tar", (const char *[]){"[a.txt] file 18\n" HELLO3,
                                               "[hl.txt] other 0\n[sl] link 0\n", NULL});
    char name[200] = "[";
    memset(name + 1, 'n', 150);
    assert_lists("longname.tar", (const char *[]){name, "] file 2\nz\n", NULL});
}

static void hostile_name_is_given_as_it_is_stored(void **state)
{
    (void)state;
    assert_lists(
        "names.tar",
        (const char *[]){"[d\xc3\xa9/] folder 0\n[d\xc3\xa9/bad\xff\x1b[2J] file 1\nx", NULL});
}

/* What cannot be read is said for the member; the others are read. */
static void unreadable_member_is_named_and_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *why;
        size_t members;
    } cases[] = {{"encrypted.zip", "encrypted", 2},
                 {"py_bzip2.zip", "rare method", 3},
                 {"sparse_gnu.tar", "sparse", 2},
                 {"sparse_pax.tar", "sparse", 2},
                 {"sparse_pax01.tar", "sparse", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct file *f = load(cases[i].file);
        struct err err = {0};
        struct container *c =
            container_open(source_memory(str_make(f->bytes, f->len), 0, &err), kind_of(f), &err);
        assert_non_null(c);
        struct container_entry e;
        size_t refused = 0;
        enum pull p;
        while ((p = container_next(c, &e, &err)) == PULL_OK) {
            if (!e.unreadable)
                continue;
            struct err why = {0};
            assert_non_null(strstr(e.unreadable, cases[i].why));
            assert_null(container_entry_source(c, &why));
            assert_int_equal(why.kind, ERR_CORRUPT);
            assert_int_equal(why.id, 213);
            assert_non_null(strstr(why.text, cases[i].why));
            refused++;
        }
        assert_int_equal(p, PULL_END);
        assert_int_equal(refused, cases[i].members);
        container_close(c);
        free(f);
    }
}

static const char *const all_files[] = {
    "plain.zip",      "stored.zip",    "zip64.zip",        "pipe.zip",     "pipe_stored.zip",
    "descriptor.zip", "encrypted.zip", "bzip2_method.zip", "comment.zip",  "py_deflated.zip",
    "py_stored.zip",  "py_bzip2.zip",  "empty.zip",        "gnu.tar",      "ustar.tar",
    "v7.tar",         "pax.tar",       "links.tar",        "longname.tar", "names.tar",
    "sparse_pax.tar", "zeros.tar"};
enum { ALL_FILES = sizeof all_files / sizeof all_files[0] };

static void sizes_of_pieces_and_of_room_change_nothing(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 3, 511, 512, 1000};
    for (size_t i = 0; i < ALL_FILES; i++) {
        struct file *f = load(all_files[i]);
        struct str bytes = str_make(f->bytes, f->len);
        struct listing *whole = list(bytes, kind_of(f), 0, 4096, READ_ALL);
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            struct listing *l = list(bytes, kind_of(f), sizes[j], sizes[j], READ_ALL);
            assert_int_equal(l->verdict, PULL_END);
            assert_string_equal(l->text, whole->text);
            free(l);
        }
        free(whole);
        free(f);
    }
}

static void skipping_members_sees_the_same_names_and_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALL_FILES; i++) {
        struct listing *all = list_file(all_files[i], READ_ALL);
        struct listing *none = list_file(all_files[i], READ_NOTHING);
        struct listing *some = list_file(all_files[i], READ_A_BYTE);
        assert_int_equal(none->verdict, PULL_END);
        assert_int_equal(some->verdict, PULL_END);
        for (const char *line = none->text; *line; line = strchr(line, '\n') + 1) {
            char name[512];
            (void)snprintf(name, sizeof name, "%.*s", (int)(strchr(line, '\n') + 1 - line), line);
            assert_non_null(strstr(all->text, name));
        }
        free(all);
        free(none);
        free(some);
    }
}

/* Where the first of the two zero blocks of a tar stands. */
static size_t tar_end_mark(const struct file *f)
{
    size_t at = f->len;
    while (at >= TAR_BLOCK) {
        size_t zeros = 0;
        while (zeros < TAR_BLOCK && f->bytes[at - TAR_BLOCK + zeros] == 0)
            zeros++;
        if (zeros < TAR_BLOCK)
            break;
        at -= TAR_BLOCK;
    }
    return at;
}

/* A zip at every byte; a tar around its blocks and now and then between. */
static size_t cut_step(enum stream_kind kind, size_t cut)
{
    size_t in_block = cut % TAR_BLOCK;
    if (kind == STREAM_ZIP || in_block < 2 || in_block > TAR_BLOCK - 3)
        return 1;
    return in_block + 101 < TAR_BLOCK - 2 ? 101 : TAR_BLOCK - 2 - in_block;
}

static void truncated_archive_is_never_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALL_FILES; i++) {
        struct file *f = load(all_files[i]);
        enum stream_kind kind = kind_of(f);
        size_t whole = kind == STREAM_TAR ? tar_end_mark(f) + (size_t)2 * TAR_BLOCK : f->len;
        if (str_eq(str_from(all_files[i]), STR("zeros.tar")))
            whole = TAR_BLOCK + 2048 + 2 * TAR_BLOCK; /* its member looks like end marks */
        for (size_t cut = 0; cut < f->len; cut += cut_step(kind, cut))
            for (enum reading how = READ_NOTHING; how <= READ_ALL; how++) {
                struct listing *l = list(str_make(f->bytes, cut), kind, 0, 4096, how);
                if (cut >= whole)
                    assert_int_equal(l->verdict, PULL_END);
                else if (l->verdict != PULL_FAILED || l->err.kind != ERR_INCOMPLETE)
                    fail_msg("%s cut at %zu, reading %d: verdict %d, kind %d: %s", all_files[i],
                             cut, (int)how, (int)l->verdict, l->err.kind, l->err.text);
                free(l);
            }
        free(f);
    }
}

/* zip has a checksum for every byte of data and, with the directory, a second copy of every name.
 */
static void flipped_bit_of_a_zip_never_ends_with_other_members(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALL_FILES; i++) {
        struct file *f = load(all_files[i]);
        if (kind_of(f) != STREAM_ZIP || str_eq(str_from(all_files[i]), STR("encrypted.zip"))) {
            free(f);
            continue;
        }
        struct str bytes = str_make(f->bytes, f->len);
        struct listing *whole = list(bytes, STREAM_ZIP, 0, 4096, READ_ALL);
        size_t step = f->len > 800 ? 9 : 1; /* one bit of each byte of the larger ones */
        for (size_t bit = 0; bit < f->len * 8; bit += step) {
            f->bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
            struct listing *l = list(bytes, STREAM_ZIP, 0, 4096, READ_ALL);
            if (l->verdict == PULL_END && strstr(l->text, " (") == NULL &&
                strcmp(l->text, whole->text) != 0)
                fail_msg("%s, bit %zu of byte %zu:\n%.300s\nnot:\n%.300s", all_files[i], bit % 8,
                         bit / 8, l->text, whole->text);
            free(l);
            f->bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
        }
        free(whole);
        free(f);
    }
}

/* tar sums its headers only; a zero block of the end must not become a header either. */
static void flipped_bit_of_a_tar_header_or_end_is_noticed(void **state)
{
    (void)state;
    struct file *f = load("ustar.tar");
    struct str bytes = str_make(f->bytes, f->len);
    struct listing *whole = list(bytes, STREAM_TAR, 0, 4096, READ_ALL);
    static const size_t blocks[] = {0, 2, 5, 6, 7}; /* two headers, two end blocks, padding */
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++)
        for (size_t bit = 0; bit < TAR_BLOCK * 8; bit += b < 2 ? 1 : 9) {
            unsigned char *byte = &f->bytes[blocks[b] * TAR_BLOCK + bit / 8];
            *byte ^= (unsigned char)(1U << bit % 8);
            struct listing *l = list(bytes, STREAM_TAR, 0, 4096, READ_ALL);
            if (l->verdict == PULL_END) /* the checksum's own spaces */
                assert_string_equal(l->text, whole->text);
            if (b >= 2)
                assert_int_equal(l->err.kind, ERR_CORRUPT);
            free(l);
            *byte ^= (unsigned char)(1U << bit % 8);
        }
    free(whole);
    free(f);
}

static void bytes_behind_the_end_are_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALL_FILES; i++) {
        struct file *f = load(all_files[i]);
        f->bytes[f->len] = 'x';
        struct listing *l = list(str_make(f->bytes, f->len + 1), kind_of(f), 0, 4096, READ_ALL);
        assert_int_equal(l->verdict, PULL_FAILED);
        assert_int_equal(l->err.kind, ERR_CORRUPT);
        assert_int_equal(l->err.id, 212);
        free(l);
        free(f);
    }
}

static void zero_bytes_behind_a_tar_are_padding_and_behind_a_zip_are_not(void **state)
{
    (void)state;
    struct file *f = load("gnu.tar");
    struct listing *l = list(str_make(f->bytes, f->len + 700), STREAM_TAR, 0, 4096, READ_ALL);
    assert_int_equal(l->verdict, PULL_END);
    free(l);
    free(f);
    f = load("plain.zip");
    l = list(str_make(f->bytes, f->len + 700), STREAM_ZIP, 0, 4096, READ_ALL);
    assert_int_equal(l->err.kind, ERR_CORRUPT);
    free(l);
    free(f);
}

static void second_archive_behind_the_first_is_an_error(void **state)
{
    (void)state;
    static const char *const names[] = {"gnu.tar", "plain.zip"};
    for (size_t i = 0; i < 2; i++) {
        struct file *f = load(names[i]);
        memcpy(f->bytes + f->len, f->bytes, f->len);
        struct listing *l = list(str_make(f->bytes, f->len * 2), kind_of(f), 0, 4096, READ_ALL);
        assert_int_equal(l->verdict, PULL_FAILED);
        assert_int_equal(l->err.id, 212);
        free(l);
        free(f);
    }
}

/* One zero block and then another archive: libarchive alone takes it for the end. */
static void lone_zero_block_is_no_end(void **state)
{
    (void)state;
    struct file *f = load("ustar.tar");
    size_t end = tar_end_mark(f);
    memcpy(f->bytes + end + TAR_BLOCK, f->bytes, TAR_BLOCK);
    struct listing *l = list(str_make(f->bytes, f->len), STREAM_TAR, 0, 4096, READ_ALL);
    assert_int_equal(l->verdict, PULL_FAILED);
    assert_int_equal(l->err.kind, ERR_CORRUPT);
    free(l);
    free(f);
}

/* A member taken out of the middle, directory and all other members untouched. */
static void member_lost_from_the_middle_of_a_zip_is_noticed(void **state)
{
    (void)state;
    struct file *f = load("stored.zip");
    size_t second = 1;
    while (memcmp(f->bytes + second, "PK\x03\x04", 4) != 0)
        second++;
    memmove(f->bytes, f->bytes + second, f->len - second);
    struct listing *l = list(str_make(f->bytes, f->len - second), STREAM_ZIP, 0, 4096, READ_ALL);
    assert_int_equal(l->verdict, PULL_FAILED);
    assert_int_equal(l->err.kind, ERR_CORRUPT);
    free(l);
    free(f);
}

/* libarchive passes over bytes between records; where its blocks end must not matter. */
static void bytes_before_the_directory_of_a_zip_are_noticed(void **state)
{
    (void)state;
    static const size_t pieces[] = {0, 1, 100};
    struct file *f = load("plain.zip");
    size_t directory = 0;
    while (memcmp(f->bytes + directory, "PK\x01\x02", 4) != 0)
        directory++;
    memmove(f->bytes + directory + 100, f->bytes + directory, f->len - directory);
    memset(f->bytes + directory, 'x', 100);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct listing *l =
            list(str_make(f->bytes, f->len + 100), STREAM_ZIP, pieces[i], 4096, READ_ALL);
        assert_int_equal(l->verdict, PULL_FAILED);
        assert_int_equal(l->err.kind, ERR_CORRUPT);
        assert_int_equal(l->err.id, 211);
        free(l);
    }
    free(f);
}

/* libarchive only warns of it, and would go on with the wrong name. */
static void extended_attributes_that_do_not_read_are_damage(void **state)
{
    (void)state;
    struct file *f = load("names.tar");
    assert_memory_equal(f->bytes + 512, "13 path=", 8);
    f->bytes[512] = 'z';
    struct listing *l = list(str_make(f->bytes, f->len), STREAM_TAR, 0, 4096, READ_ALL);
    assert_int_equal(l->verdict, PULL_FAILED);
    assert_int_equal(l->err.kind, ERR_CORRUPT);
    assert_int_equal(l->err.id, 211);
    free(l);
    free(f);
}

static void failure_below_is_passed_on_as_it_is(void **state)
{
    (void)state;
    struct file *f = load("gnu.tar");
    struct err err = {0};
    struct source *below = source_memory(str_make(f->bytes, f->len), 100, &err);
    struct stream_budget budget = {3000, 3000};
    struct container *c = container_open(bounded_source(below, &budget, &err), STREAM_TAR, &err);
    assert_non_null(c);
    struct container_entry e;
    enum pull p;
    while ((p = container_next(c, &e, &err)) == PULL_OK)
        continue;
    assert_int_equal(p, PULL_FAILED);
    assert_int_equal(err.id, 204);
    container_close(c);
    free(f);
}

static void member_is_given_once_and_ends_with_its_turn(void **state)
{
    (void)state;
    struct file *f = load("gnu.tar");
    struct err err = {0};
    struct container *c =
        container_open(source_memory(str_make(f->bytes, f->len), 0, &err), STREAM_TAR, &err);
    struct container_entry e;
    struct err early = {0};
    assert_null(container_entry_source(c, &early));
    assert_int_equal(early.id, 214);
    assert_int_equal(container_next(c, &e, &err), PULL_OK);
    struct source *first = container_entry_source(c, &err);
    assert_non_null(first);
    struct err twice = {0};
    assert_null(container_entry_source(c, &twice));
    assert_int_equal(twice.id, 214);
    assert_int_equal(container_next(c, &e, &err), PULL_OK);
    unsigned char byte;
    size_t got = 0;
    assert_int_equal(source_read(first, &byte, 1, &got, &err), PULL_FAILED);
    assert_int_equal(err.id, 214);
    source_close(first);
    container_close(c);
    free(f);
}

static void other_bytes_are_no_archive(void **state)
{
    (void)state;
    static const enum stream_kind kinds[] = {STREAM_TAR, STREAM_ZIP};
    char text[2000];
    memset(text, 'x', sizeof text);
    for (size_t k = 0; k < 2; k++) {
        struct listing *l = list(str_make(text, sizeof text), kinds[k], 0, 4096, READ_ALL);
        assert_int_equal(l->verdict, PULL_FAILED);
        assert_int_equal(l->err.kind, ERR_CORRUPT);
        free(l);
        l = list(STR(""), kinds[k], 0, 4096, READ_ALL);
        assert_int_equal(l->err.kind, ERR_INCOMPLETE);
        free(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tars_of_every_format_are_listed),
        cmocka_unit_test(zips_of_every_shape_are_listed),
        cmocka_unit_test(zip_without_sizes_is_read_to_its_descriptors),
        cmocka_unit_test(links_have_no_bytes_and_long_names_are_whole),
        cmocka_unit_test(hostile_name_is_given_as_it_is_stored),
        cmocka_unit_test(unreadable_member_is_named_and_refused),
        cmocka_unit_test(sizes_of_pieces_and_of_room_change_nothing),
        cmocka_unit_test(skipping_members_sees_the_same_names_and_the_end),
        cmocka_unit_test(truncated_archive_is_never_the_end),
        cmocka_unit_test(flipped_bit_of_a_zip_never_ends_with_other_members),
        cmocka_unit_test(flipped_bit_of_a_tar_header_or_end_is_noticed),
        cmocka_unit_test(bytes_behind_the_end_are_an_error),
        cmocka_unit_test(zero_bytes_behind_a_tar_are_padding_and_behind_a_zip_are_not),
        cmocka_unit_test(second_archive_behind_the_first_is_an_error),
        cmocka_unit_test(lone_zero_block_is_no_end),
        cmocka_unit_test(member_lost_from_the_middle_of_a_zip_is_noticed),
        cmocka_unit_test(bytes_before_the_directory_of_a_zip_are_noticed),
        cmocka_unit_test(extended_attributes_that_do_not_read_are_damage),
        cmocka_unit_test(failure_below_is_passed_on_as_it_is),
        cmocka_unit_test(member_is_given_once_and_ends_with_its_turn),
        cmocka_unit_test(other_bytes_are_no_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
