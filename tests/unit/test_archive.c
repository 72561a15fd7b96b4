/*
 * archive_toc, archive_blocks, archive_file: archives made by hand from the description of the
 * format, whole, cut off and damaged.
 */
#include "formats/dump/archive_blocks.h"
#include "formats/dump/archive_file.h"
#include "tests/unit/archive_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct archive_writer writer_of(unsigned minor, enum archive_compression compression)
{
    return (struct archive_writer){.out = {.arena = &arena},
                                   .minor = minor,
                                   .int_size = 4,
                                   .offset_size = 8,
                                   .compression = compression};
}

/* Everything an archive says, as text; blocks with their decoded bytes. */
struct reading_of {
    struct buf text;
    struct err err;
};

static void read_stream(struct reading_of *r, struct archive_blocks *blocks)
{
    struct source *s = archive_block_source(blocks, &r->err);
    enum pull p = PULL_OK;
    assert_non_null(s);
    while (p == PULL_OK) {
        unsigned char bytes[97];
        size_t got = 0;
        p = source_read(s, bytes, sizeof bytes, &got, &r->err);
        if (p == PULL_OK) {
            assert_in_range(got, 1, sizeof bytes);
            buf_add(&r->text, str_make(bytes, got));
        }
    }
    assert_true((p == PULL_FAILED) == err_is(&r->err));
    source_close(s);
}

static void read_blocks(struct reading_of *r, const struct archive_toc *toc)
{
    struct stream_limits limits = stream_limits_default();
    struct archive_blocks blocks = archive_blocks_behind(toc, &limits);
    struct archive_block block;
    int64_t oid = 0;
    while (!err_is(&r->err) && archive_block_next(&blocks, &block, &r->err) == PULL_OK) {
        buf_printf(&r->text, "\nblock %d %lld: ", (int)block.kind, (long long)block.id);
        if (block.kind == ARCHIVE_DATA)
            read_stream(r, &blocks);
        else
            while (!err_is(&r->err) && archive_object_next(&blocks, &oid, &r->err) == PULL_OK) {
                buf_printf(&r->text, "[%lld] ", (long long)oid);
                read_stream(r, &blocks);
            }
    }
}

static struct reading_of read_archive(struct str bytes, size_t piece)
{
    struct reading_of r = {.text = {.arena = &arena}};
    struct window w;
    struct archive_toc toc;
    struct archive_entry e;
    struct source *s = source_memory(bytes, piece, &r.err);
    assert_true(window_open(&w, s, 0, &r.err));
    if (piece)
        w.piece = piece;
    archive_toc_open(&toc, &w);
    if (archive_toc_header(&toc, &r.err)) {
        const struct archive_header *h = &toc.header;
        buf_printf(&r.text, "%lld %.*s %.*s %.*s", (long long)h->local_time, STR_ARG(h->database),
                   STR_ARG(h->server_version), STR_ARG(h->dump_version));
        while (archive_toc_next(&toc, &e, &r.err))
            buf_printf(&r.text, "\n%lld %d %.*s|%.*s|%.*s|%.*s|%.*s|%.*s", (long long)e.id,
                       e.has_data, STR_ARG(e.tag), STR_ARG(e.desc), STR_ARG(e.schema),
                       STR_ARG(e.defn), STR_ARG(e.copy), STR_ARG(e.file));
        if (!err_is(&r.err) && h->format == ARCHIVE_CUSTOM)
            read_blocks(&r, &toc);
    }
    archive_toc_close(&toc);
    window_close(&w);
    source_close(s);
    return r;
}

/* date -u -d '2026-05-04 03:02:01' +%s */
#define HEADER "1777863721 app 15.3 (Debian) 16.1"
#define ROWS   "1\tone\n2\ttwo\n\\.\n\n\n"

static struct str sample(struct archive_writer *w)
{
    writer_header(w, 4);
    writer_entry(w, 5, false, "users", "TABLE", "CREATE TABLE public.users (a int);\n", NULL);
    writer_entry(w, 9, false, "f", "FUNCTION", "CREATE FUNCTION f();\n", NULL);
    writer_entry(w, 7, true, "users", "TABLE DATA", NULL, "COPY users (a) FROM stdin;\n");
    writer_entry(w, 6, true, "t", "TABLE DATA", NULL, NULL);
    if (w->format != ARCHIVE_FILES) {
        writer_block(w, 1, 7, STR(ROWS), 5);
        writer_block(w, 1, 6, STR("INSERT INTO t VALUES (1);\n\n\n"), 4096);
    }
    return buf_str(&w->out);
}

static const char sample_text[] =
    HEADER "\n5 0 users|TABLE|public|CREATE TABLE public.users (a int);\n||"
           "\n9 0 f|FUNCTION|public|||"
           "\n7 1 users|TABLE DATA|public||COPY users (a) FROM stdin;\n|"
           "\n6 1 t|TABLE DATA|public|||"
           "\nblock 1 7: " ROWS "\nblock 1 6: INSERT INTO t VALUES (1);\n\n\n";

static void says(struct str bytes, size_t piece, const char *wanted)
{
    struct reading_of r = read_archive(bytes, piece);
    assert_string_equal(r.err.text, "");
    assert_string_equal(arena_text(&arena, buf_str(&r.text)), wanted);
}

static void every_version_is_read_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (unsigned minor = 10; minor <= 16; minor++)
        for (unsigned size = 2; size <= 8; size += 2) {
            struct archive_writer w = writer_of(minor, ARCHIVE_ZLIB);
            w.int_size = size;
            w.offset_size = size;
            struct str bytes = sample(&w);
            says(bytes, 0, sample_text);
            says(bytes, 1, sample_text);
            says(bytes, 7, sample_text);
        }
}

static void every_compression_is_decoded(void **state)
{
    (void)state;
    for (int c = ARCHIVE_NONE; c <= ARCHIVE_ZSTD; c++) {
        struct archive_writer w = writer_of(16, (enum archive_compression)c);
        says(sample(&w), 0, sample_text);
    }
    struct archive_writer w = writer_of(14, ARCHIVE_NONE);
    says(sample(&w), 1, sample_text);
}

static void entries_of_a_directory_name_their_files(void **state)
{
    (void)state;
    struct archive_writer w = writer_of(15, ARCHIVE_ZLIB);
    w.format = ARCHIVE_FILES;
    says(sample(&w), 0,
         HEADER "\n5 0 users|TABLE|public|CREATE TABLE public.users (a int);\n||"
                "\n9 0 f|FUNCTION|public|||"
                "\n7 1 users|TABLE DATA|public||COPY users (a) FROM stdin;\n|7.dat"
                "\n6 1 t|TABLE DATA|public|||6.dat");
}

static void large_objects_come_one_by_one_with_any_oid(void **state)
{
    (void)state;
    struct archive_writer w = writer_of(14, ARCHIVE_ZLIB);
    writer_header(&w, 1);
    writer_entry(&w, 3, true, "BLOBS", "BLOBS", NULL, NULL);
    buf_byte(&w.out, 3);
    writer_int(&w, 3);
    writer_int(&w, 16403);
    writer_chunks(&w, STR("first"), 3);
    writer_int(&w, INT32_MIN); /* oid 2147483648 */
    writer_chunks(&w, STR(""), 3);
    writer_int(&w, 0);
    says(buf_str(&w.out), 0,
         HEADER "\n3 1 BLOBS|BLOBS|public|||\nblock 3 3: [16403] first[-2147483648] ");
}

static void a_block_that_is_not_wanted_is_never_decoded(void **state)
{
    (void)state;
    struct err err = {0};
    struct window window;
    struct archive_toc toc;
    struct archive_entry e;
    struct archive_block block;
    struct stream_limits limits = stream_limits_default();
    struct archive_writer w = writer_of(14, ARCHIVE_NONE);
    writer_header(&w, 1);
    writer_entry(&w, 7, true, "t", "TABLE DATA", NULL, NULL);
    writer_block(&w, 1, 7, STR("this is no zlib stream at all"), 3);
    writer_block(&w, 3, 8, STR(""), 3); /* large objects, and none */
    writer_block(&w, 1, 9, STR("nor this"), 100);
    struct source *s = source_memory(buf_str(&w.out), 0, &err);
    assert_true(window_open(&window, s, 0, &err));
    archive_toc_open(&toc, &window);
    assert_true(archive_toc_header(&toc, &err));
    while (archive_toc_next(&toc, &e, &err))
        ;
    toc.header.compression = ARCHIVE_ZLIB;
    struct archive_blocks blocks = archive_blocks_behind(&toc, &limits);
    for (int64_t id = 7; id <= 9; id++) {
        assert_int_equal(archive_block_next(&blocks, &block, &err), PULL_OK);
        assert_int_equal(block.id, id);
    }
    assert_int_equal(archive_block_next(&blocks, &block, &err), PULL_END);
    assert_false(err_is(&err));
    archive_toc_close(&toc);
    window_close(&window);
    source_close(s);
}

/* Blocks from a window of their own, and what a broken chunk leaves of the bytes before it. */
static void a_block_is_read_from_its_offset_up_to_where_the_archive_breaks(void **state)
{
    (void)state;
    struct archive_writer w = writer_of(14, ARCHIVE_NONE);
    writer_header(&w, 1);
    writer_entry(&w, 7, true, "t", "TABLE DATA", NULL, NULL);
    size_t offset = w.out.len;
    buf_byte(&w.out, 1);
    writer_int(&w, 7);
    writer_int(&w, 3);
    buf_text(&w.out, "abc");
    writer_int(&w, 2);
    buf_text(&w.out, "de");
    writer_int(&w, -5); /* no chunk has such a length */
    buf_text(&w.out, "fgh");
    struct str bytes = buf_str(&w.out);
    for (size_t piece = 1; piece < 30; piece++) {
        struct err err = {0};
        struct window window;
        struct archive_block block;
        unsigned char into[64];
        size_t got = 0;
        const struct archive_blocks from = {.int_size = w.int_size};
        struct source *s = source_memory(str_slice(bytes, offset, bytes.len), piece, &err);
        assert_true(window_open(&window, s, 0, &err));
        window.offset = offset;
        struct archive_blocks blocks = archive_blocks_at(&from, &window);
        assert_int_equal(archive_block_next(&blocks, &block, &err), PULL_OK);
        assert_int_equal(block.offset, offset);
        assert_int_equal(block.id, 7);
        struct source *text = archive_block_source(&blocks, &err);
        assert_int_equal(source_read_full(text, into, sizeof into, &got, &err), PULL_FAILED);
        assert_true(str_eq(str_make(into, got), STR("abcde")));
        assert_int_equal(err.id, 381);
        source_close(text);
        err = (struct err){0};
        assert_int_equal(archive_block_next(&blocks, &block, &err), PULL_FAILED);
        assert_int_equal(err.id, 381);
        window_close(&window);
        source_close(s);
    }
}

static void a_chunk_longer_than_every_buffer_is_read(void **state)
{
    (void)state;
    enum { LONG = 700000 };
    struct archive_writer w = writer_of(14, ARCHIVE_NONE);
    unsigned char *row = arena_alloc(&arena, LONG);
    memset(row, 'x', LONG);
    writer_header(&w, 1);
    writer_entry(&w, 7, true, "t", "TABLE DATA", NULL, NULL);
    writer_block(&w, 1, 7, str_make(row, LONG), LONG);
    struct reading_of r = read_archive(buf_str(&w.out), 0);
    assert_false(err_is(&r.err));
    struct str text = buf_str(&r.text);
    assert_true(str_eq(str_slice(text, text.len - LONG, text.len), str_make(row, LONG)));
}

static void cut_off_anywhere_it_is_incomplete_or_lacks_a_block(void **state)
{
    (void)state;
    for (int c = ARCHIVE_NONE; c <= ARCHIVE_ZSTD; c++) {
        struct archive_writer w = writer_of(16, (enum archive_compression)c);
        struct str whole = sample(&w);
        unsigned ends = 0;
        for (size_t n = 0; n < whole.len; n++) {
            struct reading_of r = read_archive(str_slice(whole, 0, n), 0);
            if (err_is(&r.err)) {
                assert_int_equal(r.err.kind, ERR_INCOMPLETE);
            } else {
                ends++;
                assert_true(str_search(buf_str(&r.text), STR("block 1 6")) == r.text.len);
            }
        }
        assert_int_equal(ends, 2); /* behind the table of contents, and behind the first block */
    }
}

/* zlib has a checksum; pg_dump writes lz4 and zstd without one. No input crashes. */
static void a_flipped_bit_never_changes_the_text_of_a_block(void **state)
{
    (void)state;
    for (int c = ARCHIVE_ZLIB; c <= ARCHIVE_ZSTD; c++) {
        struct archive_writer w = writer_of(16, (enum archive_compression)c);
        struct str whole = sample(&w);
        size_t head = 1 + 5; /* kind and number of a block; who has the entry sees those */
        size_t first = str_search(whole, STR("COPY users")) + 100;
        unsigned char *bytes = arena_alloc(&arena, whole.len);
        while (first < whole.len &&
               !str_starts(str_slice(whole, first, whole.len), STR("\1\0\7\0\0\0\0\5\0\0\0")))
            first++;
        assert_true(c != ARCHIVE_ZLIB || first < whole.len);
        for (size_t bit = 0; bit < whole.len * 8; bit++) {
            struct arena_mark mark = arena_mark(&arena);
            memcpy(bytes, whole.at, whole.len);
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            struct reading_of r = read_archive(str_make(bytes, whole.len), 0);
            if (!err_is(&r.err) && c == ARCHIVE_ZLIB && bit / 8 >= first + head)
                assert_true(str_search(buf_str(&r.text), STR(ROWS)) < r.text.len);
            arena_reset(&arena, mark);
        }
    }
}

static void damaged(struct archive_writer *w, int kind, int id, const char *words)
{
    struct reading_of r = read_archive(buf_str(&w->out), 0);
    assert_int_equal(r.err.kind, kind);
    assert_int_equal(r.err.id, id);
    assert_non_null(strstr(r.err.text, words));
}

/* The header with one byte replaced. */
static void header_with(size_t at, unsigned char byte, unsigned minor, int id, const char *words)
{
    struct archive_writer w = writer_of(minor, ARCHIVE_NONE);
    writer_header(&w, 0);
    w.out.at[at] = byte;
    damaged(&w, ERR_CORRUPT, id, words);
}

static void other_versions_and_strange_headers_are_refused(void **state)
{
    (void)state;
    header_with(5, 2, 14, 382, "version 2.14");
    header_with(6, 9, 14, 382, "version 1.9");
    header_with(6, 17, 14, 382, "version 1.17");
    header_with(8, 0, 14, 381, "byte 8: numbers of a size");
    header_with(8, 33, 14, 381, "numbers of a size");
    header_with(9, 9, 14, 381, "numbers of a size");
    header_with(10, 5, 14, 381, "byte 10: a format");
    header_with(11, 4, 15, 381, "byte 11: a compression");
    header_with(12, 10, 14, 381, "a compression");
    header_with(0, 'p', 14, 381, "PGDMP");
}

static void lengths_that_lie_cost_no_memory_and_are_errors(void **state)
{
    (void)state;
    struct archive_writer w = writer_of(14, ARCHIVE_NONE);
    writer_header(&w, INT32_MAX);
    damaged(&w, ERR_INCOMPLETE, 380, "entry 1 of the table of contents");
    writer_int(&w, 1);
    writer_int(&w, 1);
    size_t before = w.out.len;
    writer_int(&w, INT32_MAX); /* a string that is passed over */
    damaged(&w, ERR_INCOMPLETE, 380, "cut off");
    w.out.len = before;
    writer_int(&w, -2);
    damaged(&w, ERR_CORRUPT, 381, "a length that no string has");
    w.out.len = before;
    writer_str(&w, "1");
    writer_str(&w, "1");
    writer_int(&w, ARCHIVE_NAME_MAX + 1); /* a name that is kept */
    damaged(&w, ERR_CORRUPT, 381, "longer than any");
    w.out.len = before;
    buf_byte(&w.out, 2);
    buf_text(&w.out, "....");
    damaged(&w, ERR_CORRUPT, 381, "a number that pg_dump does not write");
}

static void entries_that_contradict_themselves_are_damage(void **state)
{
    (void)state;
    static const struct {
        int64_t id, data;
        const char *words;
    } cases[] = {{0, 0, "an entry's number"}, {-3, 0, "an entry's number"}, {4, 2, "neither has"}};
    for (size_t i = 0; i < 3; i++) {
        struct archive_writer w = writer_of(14, ARCHIVE_NONE);
        writer_header(&w, 1);
        writer_int(&w, cases[i].id);
        writer_int(&w, cases[i].data);
        damaged(&w, ERR_CORRUPT, 381, cases[i].words);
    }
    for (int data = 0; data < 2; data++) {
        struct archive_writer w = writer_of(14, ARCHIVE_NONE);
        writer_header(&w, 1);
        writer_entry(&w, 4, data, "t", "TABLE DATA", NULL, NULL);
        w.out.at[w.out.len - 9] = data ? 3 : 1;
        damaged(&w, ERR_CORRUPT, 381, "that has data and has none");
        w.out.at[w.out.len - 9] = 4;
        damaged(&w, ERR_CORRUPT, 381, "a mark of an offset");
    }
}

static void blocks_of_no_kind_and_chunks_of_no_length_are_damage(void **state)
{
    (void)state;
    struct archive_writer w = writer_of(14, ARCHIVE_NONE);
    writer_header(&w, 0);
    size_t before = w.out.len;
    writer_block(&w, 2, 1, STR("x"), 1);
    damaged(&w, ERR_CORRUPT, 381, "a block of an unknown kind");
    w.out.len = before;
    buf_byte(&w.out, 1);
    writer_int(&w, 1);
    writer_int(&w, -1);
    damaged(&w, ERR_CORRUPT, 381, "a length that no chunk has");
    w.out.len = before;
    buf_byte(&w.out, 1);
    writer_int(&w, 1);
    writer_int(&w, INT32_MAX);
    buf_text(&w.out, "few");
    damaged(&w, ERR_INCOMPLETE, 380, "cut off");
}

static void role_is(const char *name, enum archive_role role, enum stream_kind packing,
                    const char *stem)
{
    struct archive_file f = archive_file_named(str_from(name));
    assert_int_equal(f.role, role);
    assert_int_equal(f.packing, packing);
    assert_true(str_eq(f.name, str_from(stem)));
}

static void files_are_told_by_their_names(void **state)
{
    (void)state;
    role_is("toc.dat", ARCHIVE_ROLE_TOC, STREAM_NONE, "toc.dat");
    role_is("toc.dat.zst", ARCHIVE_ROLE_TOC, STREAM_ZSTD, "toc.dat");
    role_is("4012.dat.gz", ARCHIVE_ROLE_DATA, STREAM_GZIP, "4012.dat");
    role_is("4012.dat.lz4", ARCHIVE_ROLE_DATA, STREAM_LZ4, "4012.dat");
    role_is("blob_16403.dat", ARCHIVE_ROLE_OBJECT, STREAM_NONE, "blob_16403.dat");
    role_is("blobs.toc", ARCHIVE_ROLE_OBJECT_LIST, STREAM_NONE, "blobs.toc");
    role_is("blobs_3370.toc", ARCHIVE_ROLE_OBJECT_LIST, STREAM_NONE, "blobs_3370.toc");
    role_is("restore.sql", ARCHIVE_ROLE_SCRIPT, STREAM_NONE, "restore.sql");
    role_is(".dat", ARCHIVE_ROLE_NONE, STREAM_NONE, ".dat");
    role_is("x1.dat", ARCHIVE_ROLE_NONE, STREAM_NONE, "x1.dat");
    role_is("blob_.dat", ARCHIVE_ROLE_NONE, STREAM_NONE, "blob_.dat");
    role_is("blobs_.toc", ARCHIVE_ROLE_NONE, STREAM_NONE, "blobs_.toc");
    role_is("users.csv.gz", ARCHIVE_ROLE_NONE, STREAM_GZIP, "users.csv");
    struct str file;
    assert_true(archive_object_line(STR("16403 blob_16403.dat"), &file));
    assert_true(str_eq(file, STR("blob_16403.dat")));
    assert_false(archive_object_line(STR("16403 ../etc/passwd"), &file));
    assert_false(archive_object_line(STR("blob_16403.dat"), &file));
    uint64_t id = 0;
    assert_true(archive_list_number(STR("blobs_3370.toc"), &id));
    assert_int_equal(id, 3370);
    assert_false(archive_list_number(STR("blobs.toc"), &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_is_read_in_pieces_of_any_size),
        cmocka_unit_test(every_compression_is_decoded),
        cmocka_unit_test(entries_of_a_directory_name_their_files),
        cmocka_unit_test(large_objects_come_one_by_one_with_any_oid),
        cmocka_unit_test(a_block_that_is_not_wanted_is_never_decoded),
        cmocka_unit_test(a_block_is_read_from_its_offset_up_to_where_the_archive_breaks),
        cmocka_unit_test(a_chunk_longer_than_every_buffer_is_read),
        cmocka_unit_test(cut_off_anywhere_it_is_incomplete_or_lacks_a_block),
        cmocka_unit_test(a_flipped_bit_never_changes_the_text_of_a_block),
        cmocka_unit_test(other_versions_and_strange_headers_are_refused),
        cmocka_unit_test(lengths_that_lie_cost_no_memory_and_are_errors),
        cmocka_unit_test(entries_that_contradict_themselves_are_damage),
        cmocka_unit_test(blocks_of_no_kind_and_chunks_of_no_length_are_damage),
        cmocka_unit_test(files_are_told_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
