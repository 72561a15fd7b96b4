/* plan_entry: a function for each section's entries, and one for the lines below an entry. */
#include "applier/plan_entry.h"

#include "applier/conditions.h"
#include "applier/plan_prose.h"
#include "applier/plan_word.h"

/* In the order of the text. */
enum section {
    SECTION_HEAD,
    SECTION_ACCEPTED,
    SECTION_BLOCKERS,
    SECTION_OPTIONS,
    SECTION_CONDITIONS,
    SECTION_EVIDENCE,
    SECTION_COVERAGE,
    SECTION_VERSIONS,
    SECTION_JOBS,
    SECTION_WARNINGS,
    SECTION_TARGETS,
    SECTION_COUNT
};

/* A new zeroed entry at the end of a list; NULL, and r->limit set, when the list is full. */
static void *append(struct plan_reading *r, void *list, size_t *count, size_t *room, size_t size,
                    size_t most)
{
    void **items = list;
    if (*count >= most) {
        r->limit = most;
        return NULL;
    }
    *items = arena_grow(r->arena, *items, *count, room, size);
    void *entry = (unsigned char *)*items + *count * size;
    memset(entry, 0, size);
    (*count)++;
    return entry;
}

static bool read_choice(struct word_reader *w, const char *no, const char *yes, bool *value)
{
    *value = word_is(w, yes);
    return *value || word_is(w, no);
}

/* The index of one of the names. */
static bool read_enum(struct word_reader *w, const char *const *names, size_t count, size_t *value)
{
    struct str word;
    if (!word_read(w, &word))
        return false;
    for (*value = 0; *value < count; (*value)++)
        if (names[*value] && str_eq(word, str_from(names[*value])))
            return true;
    return false;
}

static bool read_signed(struct word_reader *w, int64_t *n)
{
    uint64_t value;
    if (!word_number(w, &value) || value > INT64_MAX)
        return false;
    *n = (int64_t)value;
    return true;
}

static bool read_names(struct plan_reading *r, struct word_reader *w, struct str **names,
                       size_t *count)
{
    size_t room = 0;
    if (*count > 0)
        return false;
    while (!word_end(w)) {
        struct str *name = append(r, names, count, &room, sizeof **names, KEYRING_VERSIONS_MAX);
        if (!name || !word_read(w, name))
            return false;
    }
    return *count > 0;
}

/* ---- entries, a function for each section; `sub` is the depth below the entry ---- */

static bool read_accepted(struct plan_reading *r, struct word_reader *w)
{
    struct plan *p = r->plan;
    struct acceptance *a =
        append(r, &p->accepted, &p->accepted_count, &r->room, sizeof *p->accepted, PLAN_LIST_MAX);
    if (!a)
        return false;
    a->limited = true;
    return word_read(w, &a->code) && word_is(w, "most") && word_number(w, &a->limit) &&
           word_is(w, "seen") && word_number(w, &a->seen) && word_is(w, "at") &&
           word_read(w, &a->place) && word_is(w, "because") && word_read(w, &a->reason);
}

static bool read_blocker(struct plan_reading *r, struct word_reader *w)
{
    struct plan *p = r->plan;
    struct plan_blocker *b =
        append(r, &p->blockers, &p->blocker_count, &r->room, sizeof *p->blockers, PLAN_LIST_MAX);
    return b && word_read(w, &b->code) && word_number(w, &b->count) && word_is(w, "version") &&
           word_read(w, &b->version) && word_is(w, "at") && word_place(w, &b->at);
}

static bool read_blocker_sub(struct plan_reading *r, struct word_reader *w)
{
    if (r->plan->blocker_count == 0)
        return false;
    struct plan_blocker *b = &r->plan->blockers[r->plan->blocker_count - 1];
    if (word_is(w, "seen"))
        return word_read(w, &b->message);
    return word_is(w, "resolve") && word_read(w, &b->resolve);
}

static bool read_option(struct plan_reading *r, struct word_reader *w)
{
    struct plan *p = r->plan;
    uint64_t n;
    if (word_is(w, "keep-versions"))
        return read_signed(w, &p->keep_versions);
    if (word_is(w, "max-report-age")) {
        p->max_age = PLAN_NO_MAX_AGE;
        return word_is(w, "none") || (read_signed(w, &p->max_age) && word_is(w, "seconds"));
    }
    if (word_is(w, "kdf-iterations")) {
        bool good = word_number(w, &n) && n <= UINT32_MAX;
        p->kdf_iterations = good ? (unsigned)n : 0;
        return good;
    }
    if (word_is(w, "min-clean-census"))
        return word_number(w, &p->census.count) && word_is(w, "interval") &&
               read_signed(w, &p->census.interval) && word_is(w, "seconds");
    if (word_is(w, "protect"))
        return read_names(r, w, &p->protect, &p->protect_count);
    if (word_is(w, "only"))
        return read_names(r, w, &p->only, &p->only_count);
    if (word_is(w, "order"))
        return read_names(r, w, &p->order, &p->order_count);
    if (word_is(w, "databases"))
        return read_names(r, w, &p->databases, &p->database_count);
    p->has_inventory = word_is(w, "inventory");
    return p->has_inventory && word_number(w, &p->inventory_count) && word_is(w, "tables");
}

static bool read_condition(struct plan_reading *r, struct word_reader *w)
{
    return conditions_read(w, &r->plan->conditions);
}

static bool read_evidence(struct plan_reading *r, struct word_reader *w)
{
    struct plan *p = r->plan;
    struct plan_evidence *e =
        append(r, &p->evidence, &p->evidence_count, &r->room, sizeof *p->evidence, PLAN_LIST_MAX);
    const char *names[EVIDENCE_RETAINED + 1];
    size_t kind;
    for (size_t i = 0; i <= EVIDENCE_RETAINED; i++)
        names[i] = evidence_kind_name((enum evidence_kind)i);
    if (!e || !read_enum(w, names, EVIDENCE_RETAINED + 1, &kind))
        return false;
    e->kind = (enum evidence_kind)kind;
    e->data_time = e->kept_until = UTC_NONE;
    return word_read(w, &e->digest) && word_is(w, "rows") && word_number(w, &e->rows) &&
           word_is(w, "inputs") && word_number(w, &e->inputs);
}

static bool read_evidence_sub(struct plan_reading *r, struct word_reader *w)
{
    if (r->plan->evidence_count == 0)
        return false;
    struct plan_evidence *e = &r->plan->evidence[r->plan->evidence_count - 1];
    if (word_is(w, "data"))
        return word_time(w, &e->data_time) && word_is(w, "from") &&
               word_read(w, &e->data_time_source);
    if (word_is(w, "database")) {
        struct str *name = append(r, &e->databases, &e->database_count, &r->sub_room,
                                  sizeof *e->databases, PLAN_LIST_MAX);
        return name && word_read(w, name);
    }
    if (word_is(w, "server"))
        return word_read(w, &e->server);
    if (word_is(w, "complete"))
        return read_choice(w, "no", "yes", &e->complete) && word_is(w, "partial") &&
               read_choice(w, "no", "yes", &e->partial) && word_is(w, "jobs") &&
               read_choice(w, "unknown", "known", &e->jobs_known);
    if (word_is(w, "proven")) {
        e->verified = true;
        return word_number(w, &e->proven) && word_is(w, "of") && word_number(w, &e->values) &&
               word_is(w, "values");
    }
    if (word_is(w, "inputs")) {
        e->sha256_inputs = true;
        return word_is(w, "digested") && word_is(w, "sha256");
    }
    if (word_is(w, "census")) {
        e->clean = true;
        return word_is(w, "clean");
    }
    if (word_is(w, "labels"))
        return word_is(w, "only") && word_is(w, "for") && word_number(w, &e->values) &&
               word_is(w, "values");
    return word_is(w, "kept") && word_is(w, "until") && word_time(w, &e->kept_until);
}

static bool read_coverage(struct plan_reading *r, struct word_reader *w)
{
    struct plan *p = r->plan;
    if (word_is(w, "column")) {
        struct plan_column *c = append(r, &p->columns, &p->column_count, &r->other_room,
                                       sizeof *p->columns, PLAN_LIST_MAX);
        return c && read_choice(w, "undeclared", "declared", &c->declared) &&
               word_number(w, &c->values) && word_place(w, &c->at);
    }
    static const enum table_kind last_kind = TABLE_UNKNOWN;
    const char *states[COVERAGE_COUNT], *kinds[TABLE_UNKNOWN + 1];
    for (size_t i = 0; i < COVERAGE_COUNT; i++)
        states[i] = coverage_state_name((enum coverage_state)i);
    for (size_t i = 0; i <= last_kind; i++)
        kinds[i] = table_kind_name((enum table_kind)i);
    struct plan_table *t =
        append(r, &p->tables, &p->table_count, &r->room, sizeof *p->tables, PLAN_LIST_MAX);
    size_t state, kind;
    if (!t || !word_is(w, "table") || !read_enum(w, states, COVERAGE_COUNT, &state) ||
        !read_enum(w, kinds, (size_t)last_kind + 1, &kind))
        return false;
    t->state = (enum coverage_state)state;
    t->kind = (enum table_kind)kind;
    return word_number(w, &t->records) && word_place(w, &t->at);
}

static bool read_reason(struct word_reader *w, enum keep_reason *reason)
{
    const char *names[KEEP_NOT];
    size_t value;
    for (size_t i = 0; i < KEEP_NOT; i++)
        names[i] = keep_reason_name((enum keep_reason)i);
    if (!read_enum(w, names, KEEP_NOT, &value))
        return false;
    *reason = (enum keep_reason)value;
    return true;
}

static bool read_fingerprint(struct word_reader *w, struct fingerprint *fp)
{
    struct str word;
    if (!word_read(w, &word) || (word.len && word.len != FINGERPRINT_HEX))
        return false;
    memset(fp, 0, sizeof *fp);
    for (size_t i = 0; i < word.len; i++) {
        if (!ascii_digit(word.at[i]) && (word.at[i] < 'a' || word.at[i] > 'f'))
            return false;
        fp->hex[i] = (char)word.at[i];
    }
    return true;
}

static bool read_version(struct plan_reading *r, struct word_reader *w)
{
    struct plan *p = r->plan;
    struct plan_version *v = append(r, &p->versions, &p->version_count, &r->room,
                                    sizeof *p->versions, KEYRING_VERSIONS_MAX);
    bool kept = false;
    if (!v || !read_choice(w, "remove", "keep", &kept) || !word_read(w, &v->name))
        return false;
    v->oldest = v->newest = v->kept_until = UTC_NONE;
    v->reason = KEEP_NOT;
    if (kept && !read_reason(w, &v->reason))
        return false;
    return word_is(w, "values") && word_number(w, &v->records) && word_is(w, "fingerprint") &&
           read_fingerprint(w, &v->fingerprint);
}

static bool read_critical(struct word_reader *w, unsigned *critical)
{
    const char *names[8] = {0};
    size_t count = 0, bit;
    while (critical_name(count)) {
        names[count] = critical_name(count);
        count++;
    }
    while (!word_end(w)) {
        if (!read_enum(w, names, count, &bit))
            return false;
        *critical |= 1u << bit;
    }
    return true;
}

static bool read_version_sub(struct plan_reading *r, struct word_reader *w)
{
    if (r->plan->version_count == 0)
        return false;
    struct plan_version *v = &r->plan->versions[r->plan->version_count - 1];
    if (word_is(w, "written"))
        return word_time(w, &v->oldest) && word_is(w, "to") && word_time(w, &v->newest);
    if (word_is(w, "values")) {
        struct plan_use *u =
            append(r, &v->uses, &v->use_count, &r->sub_room, sizeof *v->uses, PLAN_LIST_MAX);
        return u && word_number(w, &u->records) && word_is(w, "in") && word_place(w, &u->at);
    }
    if (word_is(w, "retained")) {
        bool good = word_number(w, &v->retained_records) && word_is(w, "destroy-not-before") &&
                    word_time(w, &v->kept_until);
        v->kept_until_known = good && v->kept_until != UTC_NONE;
        return good;
    }
    return word_is(w, "critical") && read_critical(w, &v->critical);
}

static bool read_job(struct plan_reading *r, struct word_reader *w)
{
    struct plan *p = r->plan;
    struct plan_job *j =
        append(r, &p->jobs, &p->job_count, &r->room, sizeof *p->jobs, PLAN_LIST_MAX);
    return j && word_is(w, "job") && word_read(w, &j->database) && word_read(w, &j->id) &&
           word_is(w, "of") && word_read(w, &j->model_path) && word_read(w, &j->column_name) &&
           word_is(w, "target") && word_read(w, &j->target) && word_is(w, "status") &&
           word_read(w, &j->status) && word_is(w, "done") && read_signed(w, &j->processed) &&
           word_is(w, "of") && read_signed(w, &j->total) && word_is(w, "errors") &&
           read_signed(w, &j->errors) && word_is(w, "dry-run") &&
           read_choice(w, "no", "yes", &j->dry_run) && word_is(w, "keeps-target") &&
           read_choice(w, "no", "yes", &j->keeps_target);
}

static bool read_warning(struct plan_reading *r, struct word_reader *w)
{
    struct plan *p = r->plan;
    struct plan_warning *x =
        append(r, &p->warnings, &p->warning_count, &r->room, sizeof *p->warnings, PLAN_LIST_MAX);
    return x && word_read(w, &x->code) && word_read(w, &x->message);
}

static bool read_target(struct plan_reading *r, struct word_reader *w)
{
    struct plan *p = r->plan;
    struct plan_target *t =
        append(r, &p->targets, &p->target_count, &r->room, sizeof *p->targets, PLAN_TARGETS_MAX);
    if (!t)
        return false;
    t->form = PLAN_FORM_DEFAULT;
    return word_is(w, "file") && word_read(w, &t->path);
}

static bool read_image(struct word_reader *w, struct sha256 *digest, uint64_t *bytes)
{
    struct str word;
    return word_read(w, &word) && str_starts(word, STR("sha256:")) &&
           sha256_from_hex(str_slice(word, 7, word.len), digest) && word_is(w, "bytes") &&
           word_number(w, bytes);
}

static bool read_edit_line(struct plan_reading *r, struct word_reader *w, struct edit_line *l)
{
    static const char *const marks[] = {
        [EDIT_CONTEXT] = "=", [EDIT_REMOVED] = "-", [EDIT_CHANGED] = "~", [EDIT_ADDED] = "+"};
    static const char *const kinds[] = {[EDIT_ENTRY] = "entry",
                                        [EDIT_COMMENT] = "comment",
                                        [EDIT_SKIPPED] = "skipped",
                                        [EDIT_CODE] = "code"};
    size_t mark, kind;
    uint64_t line, chars;
    struct str name;
    if (!read_enum(w, marks, sizeof marks / sizeof marks[0], &mark) || !word_is(w, "line") ||
        !word_number(w, &line) || !read_enum(w, kinds, sizeof kinds / sizeof kinds[0], &kind) ||
        !word_read(w, &name) || !word_is(w, "<masked,") || !word_number(w, &chars) ||
        !word_is(w, "chars>"))
        return false;
    *l = (struct edit_line){.mark = (enum edit_mark)mark,
                            .kind = (enum edit_kind)kind,
                            .line = (size_t)line,
                            .name = arena_text(r->arena, name),
                            .chars = (size_t)chars};
    return true;
}

static bool read_target_sub(struct plan_reading *r, struct word_reader *w)
{
    if (r->plan->target_count == 0)
        return false;
    struct plan_target *t = &r->plan->targets[r->plan->target_count - 1];
    if (word_is(w, "form"))
        return word_read(w, &t->form);
    if (word_is(w, "before"))
        return read_image(w, &t->before, &t->bytes_before);
    if (word_is(w, "after"))
        return read_image(w, &t->after, &t->bytes_after);
    if (word_is(w, "removes"))
        return read_names(r, w, &t->removed, &t->removed_count);
    struct edit_line *l =
        append(r, &t->lines, &t->line_count, &r->sub_room, sizeof *t->lines, PLAN_LIST_MAX);
    return l && read_edit_line(r, w, l);
}

/* ---- lines ---- */

typedef bool entry_reader(struct plan_reading *r, struct word_reader *w);

static const struct {
    const char *head;
    entry_reader *entry;
    entry_reader *sub;
} sections[SECTION_COUNT] = {
    [SECTION_ACCEPTED] = {"accepted:", read_accepted, NULL},
    [SECTION_BLOCKERS] = {"blockers:", read_blocker, read_blocker_sub},
    [SECTION_OPTIONS] = {"options:", read_option, NULL},
    [SECTION_CONDITIONS] = {"conditions:", read_condition, NULL},
    [SECTION_EVIDENCE] = {"evidence:", read_evidence, read_evidence_sub},
    [SECTION_COVERAGE] = {"coverage:", read_coverage, NULL},
    [SECTION_VERSIONS] = {"versions:", read_version, read_version_sub},
    [SECTION_JOBS] = {"jobs:", read_job, NULL},
    [SECTION_WARNINGS] = {"warnings:", read_warning, NULL},
    [SECTION_TARGETS] = {"targets:", read_target, read_target_sub},
};

bool plan_entry(struct plan_reading *r, struct str line)
{
    size_t depth = str_starts(line, STR("    ")) ? 4 : 2;
    entry_reader *reader = depth == 4 ? sections[r->section].sub : sections[r->section].entry;
    struct word_reader w = {.rest = str_slice(line, depth, line.len), .arena = r->arena};
    if (depth == 2)
        r->sub_room = 0;
    return reader && reader(r, &w) && word_end(&w);
}

/* Sections only follow in their order, so a list is never gone on with after another. */
bool plan_section(struct plan_reading *r, struct str line)
{
    for (size_t i = r->section + 1; i < SECTION_COUNT; i++)
        if (str_eq(line, str_from(sections[i].head))) {
            *r = (struct plan_reading){.plan = r->plan, .arena = r->arena, .section = i};
            return true;
        }
    return false;
}
