/*
 * damage: one small sample, damaged in every way, read by the census in this process.
 *
 *     damage CUT CHANGE APPEND INPUT [FILE]         FILE: a file of INPUT, when that is a folder
 *     damage -c CASE CUT CHANGE APPEND INPUT [FILE] one case, as a failure names it; FILE stays
 * damaged
 *
 * The cases: cut N leaves the first N bytes; flip N.B flips bit B of byte N; edit N is a random
 * edit of several bytes with seed N; append N puts something behind the end. Of all cases every
 * DAMAGE_STEP-th is tried; unset, the step is such that about CASES_WANTED are.
 *
 * The whole sample gives one content digest with 1 to 8 threads and blocks of 1 byte to 1 MiB, and
 * so do the damaged ones that are told complete. Always: no crash, no hang, an error or a report
 * whose counts add up; a report that is not complete says why and where, and one that is says
 * nothing of the kind. What a *complete* report of a damaged file may say depends on what the
 * format carries; one word each for cuts, changes (flips and edits) and bytes behind the end:
 *
 *     same      what the whole file said: its checksum, or its end mark, would have shown it
 *     numbers   as many rows, cells, classes and versions; names have no checksum
 *     records   the changed byte is text: as many records, unless the byte separates something
 *     accounts  nothing more: nothing in the format tells damage from data
 *
 * CUT:N promises it from N bytes on. A second copy behind the end may also be read as what it is:
 * twice the rows.
 */
#include "analyzer/analyze.h"
#include "common/hash.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CASES_WANTED = 1200,
    EDITS = 400,
    EDIT_BYTES_MAX = 16,
    APPENDS = 12,
    FAILURES_SHOWN = 8,
    HANG_SECONDS = 20,
    REPORT_EVERY = 97, /* of the cases, a report is also written and read again */
    AGAIN_EVERY = 19,  /* the census is made again with other threads and blocks */
    SAMPLE_MAX = 1 << 20
};

enum guarantee { SAME, NUMBERS, RECORDS, ACCOUNTS };
enum kind { CUT, FLIP, EDIT, APPEND, WHOLE };

struct settings {
    unsigned threads;
    size_t block_size; /* bytes; 0: the default */
};

static const struct settings usual = {1, 0};
static const char *const guarantee_names[] = {"same", "numbers", "records", "accounts"};
static const char *const kind_names[] = {"cut", "flip", "edit", "append", "whole"};

/* What a report says, without names. */
struct numbers {
    uint64_t rows, cells, classes[CLASS_COUNT], versions, spent;
};

struct outcome {
    bool reported, complete;
    struct numbers numbers;
    char digest[80];
};

struct damage {
    enum guarantee promised[WHOLE]; /* by kind */
    uint64_t cut_from;              /* fewer bytes do not tell the format from a word of text */
    const char *input;
    const char *file;
    unsigned char *sound; /* the file's bytes */
    size_t len;
    unsigned char *bytes; /* damaged */
    size_t damaged_len;
    struct outcome whole;
    unsigned long cases, refused, incomplete, complete, other_rows;
    unsigned failures;
};

static char case_name[256] = "before the first case"; /* for a signal handler */

static void fail(struct damage *d, const char *why, const char *detail)
{
    if (d->failures++ < FAILURES_SHOWN)
        printf("# %s: %s: %s\n", case_name, why, detail);
}

static void die(const char *why)
{
    printf("# damage: %s\n", why);
    exit(2);
}

static void on_signal(int number)
{
    const char *what = number == SIGALRM ? "# it hangs: " : "# it dies: ";
    (void)!write(1, what, strlen(what));
    (void)!write(1, case_name, strlen(case_name));
    (void)!write(1, "\n", 1);
    _exit(3);
}

/* ---- what a report says ---- */

/* In JSON a record may have a key twice, and both values count. */
static bool keys_repeat(const struct report *r)
{
    for (size_t i = 0; i < r->input_count; i++)
        if (str_ends(r->inputs[i].kind, STR("json-lines")))
            return true;
    return false;
}

static void count_column(struct damage *d, const struct report *r, const struct report_table *t,
                         const struct report_column *c, struct numbers *n)
{
    uint64_t of_class = 0;
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        of_class += c->classes[i];
        n->classes[i] += c->classes[i];
    }
    for (size_t i = 0; i < c->usage_count; i++)
        n->versions +=
            (hash_xxh3_64(c->usages[i].version, c->usages[i].basis) | 1) * c->usages[i].records;
    n->cells += c->records;
    if (c->has_classes && of_class != c->records)
        fail(d, "the classes of a column do not add up to its records", case_name);
    if (c->has_classes && c->classes[CLASS_NULL] != c->nulls)
        fail(d, "NULLs are counted twice, and differ", case_name);
    if (c->nulls > c->records)
        fail(d, "a column has more NULLs than records", case_name);
    if (r->complete && c->key_records > c->records) /* fields too many count in the last column */
        fail(d, "a column has more values that use a key than records", case_name);
    if (r->complete && c->records > t->records && !keys_repeat(r))
        fail(d, "a column has more records than its table", case_name);
}

static struct numbers count_report(struct damage *d, const struct report *r)
{
    struct numbers n = {0};
    uint64_t of_inputs = 0;
    for (size_t t = 0; t < r->table_count; t++) {
        n.rows += r->tables[t].records;
        for (size_t c = 0; c < r->tables[t].column_count; c++)
            count_column(d, r, &r->tables[t], &r->tables[t].columns[c], &n);
    }
    for (size_t i = 0; i < r->spend_count; i++)
        n.spent += (uint64_t)r->spends[i].micros + r->spends[i].generations;
    for (size_t i = 0; i < r->input_count; i++)
        if (str_eq(r->inputs[i].path, str_from(d->input)))
            of_inputs += r->inputs[i].records;
    if (n.rows != r->rows || n.cells != r->cells)
        fail(d, "the sums of the report are not those of its tables", case_name);
    if (of_inputs != n.rows)
        fail(d, "the input has another number of records than its tables", case_name);
    return n;
}

/* Where it is: the file, and in it a byte, line, record, entry, member or table. */
static bool names_place(const struct damage *d, const char *text, const char *place)
{
    return strstr(text, d->input) || strstr(place, d->input);
}

static void check_error(struct damage *d, const struct err *err)
{
    if (err->kind != ERR_INCOMPLETE && err->kind != ERR_CORRUPT)
        fail(d, "an error of another kind than damage", err->text);
    if (!err_lookup(err->id))
        fail(d, "an error without a meaning", err->text);
    if (!names_place(d, err->text, err->place))
        fail(d, "an error without a place", err->text);
}

static void check_outcome(struct damage *d, const struct report *r, const struct analyze_outcome *o)
{
    size_t said = 0;
    int worst = 0;
    for (size_t i = 0; i < o->problem_count; i++) {
        check_error(d, &o->problems[i]);
        worst = o->problems[i].kind > worst ? o->problems[i].kind : worst;
    }
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct report_finding *f = &r->findings[i];
        if (!str_eq(f->code, STR("incomplete")) && !str_eq(f->code, STR("unread")))
            continue;
        said++;
        if (f->severity != SEVERITY_ERROR || f->message.len == 0)
            fail(d, "a finding of what is missing says nothing", case_name);
    }
    if (o->status != worst || r->complete != (worst == 0))
        fail(d, "status, problems and completeness disagree", case_name);
    if (r->complete != (said == 0))
        fail(d, "the report is incomplete without a finding, or complete with one", case_name);
    for (size_t i = 0; i < r->input_count; i++)
        if (r->complete && !r->inputs[i].complete)
            fail(d, "the report is complete and its input is not",
                 r->inputs[i].path.len ? d->input : "");
}

static void check_file(struct damage *d, const struct report *r)
{
    struct err err = {0};
    struct arena arena = {0};
    struct report back = {.arena = &arena};
    char path[4096];
    (void)snprintf(path, sizeof path, "%s.report", d->input);
    if (!report_write(path, r, FILE_OVERWRITE, &err) || !report_read(path, &arena, &back, &err))
        fail(d, "the report does not read back", err.text);
    else if (!str_eq(back.content_digest, r->content_digest))
        fail(d, "the report reads back as another", case_name);
    (void)unlink(path);
    arena_free(&arena);
}

static struct outcome census(struct damage *d, struct settings how)
{
    struct arena arena = {0};
    struct report r = {.arena = &arena};
    struct analyze_outcome outcome;
    struct err err = {0};
    struct outcome v = {0};
    struct analyze_options o = {.inputs = &d->input,
                                .input_count = 1,
                                .threads = how.threads,
                                .block_size = how.block_size,
                                .limits.max_window = stream_limits_default().max_window,
                                .dump_time = 1800000000};
    report_add_version(&r, STR("v1"));
    report_add_version(&r, STR("v2"));
    report_add_version(&r, STR("v3"));
    r.active_version = STR("v3");
    envelope_options_open(&o.envelopes, &arena);
    (void)alarm(HANG_SECONDS);
    v.reported = analyze(&o, &r, &outcome, &err);
    if (v.reported && !report_seal(&r, &err)) {
        fail(d, "the report cannot be sealed", err.text);
    } else if (v.reported) {
        v.complete = r.complete;
        v.numbers = count_report(d, &r);
        (void)snprintf(v.digest, sizeof v.digest, "%.*s", STR_ARG(r.content_digest));
        check_outcome(d, &r, &outcome);
        if (d->cases % REPORT_EVERY == 0)
            check_file(d, &r);
    } else {
        check_error(d, &err);
    }
    (void)alarm(0);
    arena_free(&arena);
    return v;
}

/* Threads and blocks change nothing; how much is counted of what stands before a damage, they may.
 */
static void check_again(struct damage *d, const struct outcome *v, struct settings how)
{
    struct outcome again = census(d, how);
    char text[64];
    (void)snprintf(text, sizeof text, "%u threads, blocks of %zu", how.threads, how.block_size);
    if (again.reported != v->reported || again.complete != v->complete)
        fail(d, "another verdict", text);
    else if (v->complete && strcmp(again.digest, v->digest) != 0)
        fail(d, "another content digest", text);
}

static void check_settings(struct damage *d)
{
    static const unsigned threads[] = {1, 2, 3, 8};
    static const size_t blocks[] = {1, 7, 4096, 1 << 20};
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++)
        for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++)
            check_again(d, &d->whole, (struct settings){threads[t], blocks[b]});
}

/* ---- damage ---- */

static uint64_t chance(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Bytes are overwritten, taken out, put in, said twice, or exchanged with others. */
static void edit(struct damage *d, uint64_t seed)
{
    uint64_t state = seed;
    size_t n = 2 + chance(&state) % (EDIT_BYTES_MAX - 1);
    n = n > d->len / 2 ? d->len / 2 : n;
    size_t at = chance(&state) % (d->len - n + 1);
    size_t to = chance(&state) % (d->len - n + 1);
    unsigned char *b = d->bytes;
    switch (chance(&state) % 5) {
    case 0:
        for (size_t i = 0; i < n; i++)
            b[at + i] = (unsigned char)chance(&state);
        break;
    case 1:
        memmove(b + at, b + at + n, d->len - at - n);
        d->damaged_len -= n;
        break;
    case 2:
        memmove(b + at + n, b + at, d->len - at);
        for (size_t i = 0; i < n; i++)
            b[at + i] = (unsigned char)chance(&state);
        d->damaged_len += n;
        break;
    case 3:
        memmove(b + at + n, b + at, d->len - at);
        d->damaged_len += n;
        break;
    default:
        memcpy(b + to, d->sound + at, n);
        break;
    }
}

static void append(struct damage *d, uint64_t which)
{
    static const size_t lengths[] = {1, 4, 511, 1024, 1, 2, 5, 64, 1500};
    uint64_t state = which;
    unsigned char *end = d->bytes + d->len;
    size_t n = d->len;
    if (which < sizeof lengths / sizeof lengths[0]) {
        n = lengths[which];
        for (size_t i = 0; i < n; i++)
            end[i] = which < 4 ? 0 : (unsigned char)chance(&state);
    } else if (which == APPENDS - 1) {
        memcpy(end, d->sound, n);
    } else {
        n = which == APPENDS - 2 ? 6 : 1;
        memcpy(end, which == APPENDS - 2 ? "9\tend\n" : "\n", n);
    }
    d->damaged_len = d->len + n;
}

static void put(const char *path, const unsigned char *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
        die(strerror(errno));
}

/* Was it a letter, and is it one; or a digit? Everything else may separate something. */
static bool is_text(const struct damage *d, size_t at)
{
    return (ascii_alpha(d->sound[at]) && ascii_alpha(d->bytes[at])) ||
           (ascii_digit(d->sound[at]) && ascii_digit(d->bytes[at]));
}

static void compare(struct damage *d, enum kind kind, uint64_t which, const struct outcome *v)
{
    enum guarantee promised = d->promised[kind];
    const struct numbers *was = &d->whole.numbers;
    bool twice = kind == APPEND && which == APPENDS - 1 &&
                 v->numbers.versions == 2 * was->versions && v->numbers.rows >= 2 * was->rows &&
                 v->numbers.rows <= 2 * was->rows + 1; /* the header of a second CSV is a row */
    if (!v->complete || twice || (kind == CUT && which < d->cut_from))
        return;
    if (kind == CUT && v->numbers.rows > was->rows)
        fail(d, "complete, and a part has more rows than the whole", case_name);
    if (promised == SAME && strcmp(v->digest, d->whole.digest) != 0)
        fail(d, "complete, and not what the whole file said", v->digest);
    if (promised == NUMBERS && memcmp(&v->numbers, was, sizeof *was) != 0)
        fail(d, "complete, with other numbers", v->digest);
    if (promised == RECORDS && kind == FLIP && is_text(d, which / 8) &&
        v->numbers.rows != was->rows)
        fail(d, "complete, with another number of records", v->digest);
}

static void try_case(struct damage *d, enum kind kind, uint64_t which)
{
    if (kind == FLIP)
        (void)snprintf(case_name, sizeof case_name, "flip %llu.%u", (unsigned long long)which / 8,
                       (unsigned)(which % 8));
    else
        (void)snprintf(case_name, sizeof case_name, "%s %llu", kind_names[kind],
                       (unsigned long long)which);
    memcpy(d->bytes, d->sound, d->len);
    d->damaged_len = d->len;
    if (kind == CUT)
        d->damaged_len = which;
    else if (kind == FLIP)
        d->bytes[which / 8] ^= (unsigned char)(1u << which % 8);
    else if (kind == EDIT)
        edit(d, which);
    else if (kind == APPEND)
        append(d, which);
    put(d->file, d->bytes, d->damaged_len);
    struct outcome v = census(d, usual);
    if (d->cases % AGAIN_EVERY == 0)
        check_again(d, &v, (struct settings){3, 7});
    d->cases++;
    d->refused += !v.reported;
    d->incomplete += v.reported && !v.complete;
    d->complete += v.complete;
    d->other_rows += v.complete && v.numbers.rows != d->whole.numbers.rows;
    compare(d, kind, which, &v);
}

/* ---- all of it ---- */

static void load(struct damage *d)
{
    FILE *f = fopen(d->file, "rb");
    d->sound = malloc(SAMPLE_MAX);
    d->bytes = malloc((size_t)2 * SAMPLE_MAX + 4096);
    if (!f || !d->sound || !d->bytes)
        die("no such sample");
    d->len = fread(d->sound, 1, SAMPLE_MAX, f);
    (void)fclose(f);
    if (d->len < 2 || d->len == SAMPLE_MAX)
        die("the sample is empty, or not small");
}

/* An odd step, so that every bit of a byte is met. */
static uint64_t step_for(const struct damage *d)
{
    const char *given = getenv("DAMAGE_STEP");
    uint64_t step = given ? strtoull(given, NULL, 10) : d->len * 9 / CASES_WANTED;
    return step ? step | 1 : 1;
}

static void try_all(struct damage *d)
{
    const uint64_t counts[] = {d->len, 8 * (uint64_t)d->len, EDITS, APPENDS};
    uint64_t step = step_for(d);
    for (enum kind kind = CUT; kind < WHOLE; kind++) {
        uint64_t stride = kind == APPEND ? 1 : kind == CUT ? (step + 2) / 3 : step;
        for (uint64_t which = 0; which < counts[kind]; which += stride)
            try_case(d, kind, which);
        if (kind == CUT) /* the end is where it matters */
            for (uint64_t near = 1; near <= 40 && near <= d->len; near++)
                try_case(d, kind, d->len - near);
    }
    put(d->file, d->sound, d->len);
    printf("# %zu bytes, every %llu. case: %lu cases, %lu refused, %lu incomplete, %lu complete, "
           "%lu of them with other rows\n",
           d->len, (unsigned long long)step, d->cases, d->refused, d->incomplete, d->complete,
           d->other_rows);
    if (d->refused + d->incomplete == 0)
        fail(d, "no damage was noticed", "the sample is none");
}

static void try_named(struct damage *d, const char *name)
{
    char kind[16];
    unsigned long long which = 0;
    unsigned bit = 0;
    if (sscanf(name, "%15s %llu.%u", kind, &which, &bit) < 2)
        die("a case is: cut N, flip N.B, edit N, append N");
    for (enum kind k = CUT; k < WHOLE; k++)
        if (strcmp(kind, kind_names[k]) == 0)
            try_case(d, k, k == FLIP ? 8 * which + bit : which);
    printf("# %s: %lu refused, %lu incomplete, %lu complete\n", name, d->refused, d->incomplete,
           d->complete);
}

static enum guarantee guarantee_of(const char *name)
{
    for (enum guarantee g = SAME; g <= ACCOUNTS; g++)
        if (strcmp(name, guarantee_names[g]) == 0)
            return g;
    die("a guarantee is: same, numbers, records, accounts");
    return ACCOUNTS;
}

int main(int argc, char **argv)
{
    struct damage d = {0};
    const char *only = NULL;
    if (argc > 2 && strcmp(argv[1], "-c") == 0) {
        only = argv[2];
        argv += 2;
        argc -= 2;
    }
    if (argc < 5)
        die("damage [-c CASE] CUT CHANGE APPEND INPUT [FILE]");
    char *from = strchr(argv[1], ':');
    if (from) {
        *from = '\0';
        d.cut_from = strtoull(from + 1, NULL, 10);
    }
    d.promised[CUT] = guarantee_of(argv[1]);
    d.promised[FLIP] = d.promised[EDIT] = guarantee_of(argv[2]);
    d.promised[APPEND] = guarantee_of(argv[3]);
    d.input = argv[4];
    d.file = argc > 5 ? argv[5] : argv[4];
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)signal(SIGALRM, on_signal);
    (void)signal(SIGABRT, on_signal);
#ifndef __SANITIZE_ADDRESS__ /* which tells more itself, and then aborts */
    (void)signal(SIGSEGV, on_signal);
    (void)signal(SIGBUS, on_signal);
    (void)signal(SIGFPE, on_signal);
#endif
    load(&d);
    d.whole = census(&d, usual);
    check_settings(&d);
    if (!d.whole.complete || d.whole.numbers.rows == 0)
        fail(&d, "the sound sample gives no complete report with rows", d.file);
    else if (only)
        try_named(&d, only);
    else
        try_all(&d);
    if (d.failures > FAILURES_SHOWN)
        printf("# and %u more\n", d.failures - FAILURES_SHOWN);
    free(d.sound);
    free(d.bytes);
    return d.failures > 0;
}
