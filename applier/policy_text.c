/* policy_text: the lines of a policy. */
#include "applier/policy.h"

#include "applier/approval.h"
#include "common/text.h"

static bool read_yes(struct str value, bool *into)
{
    *into = str_eq(value, STR("yes"));
    return *into || str_eq(value, STR("no"));
}

static bool read_path(struct str value, struct str *into)
{
    *into = value;
    return value.len > 1 && value.at[0] == '/' && str_find(value, 0) == value.len;
}

static bool read_count(struct str value, uint64_t *into)
{
    return str_to_u64(value, into) && *into <= APPROVALS_MAX;
}

static bool read_codes(struct policy *p, struct arena *a, struct str value)
{
    struct str word, rest = value;
    size_t room = 0;
    p->limits_acceptances = true;
    if (str_eq(value, STR("none")))
        return true;
    while (rest.len) {
        str_cut(rest, ' ', &word, &rest);
        rest = str_trim(rest);
        if (!plan_code_lookup(word))
            return false;
        p->accept = arena_grow(a, p->accept, p->accept_count, &room, sizeof *p->accept);
        p->accept[p->accept_count++] = arena_copy(a, word);
    }
    return p->accept_count > 0;
}

/* A number of censuses demands clean ones, too. */
static bool read_census(struct policy *p, struct str value)
{
    if (str_eq(value, STR("yes")) || str_eq(value, STR("no")))
        return read_yes(value, &p->clean_census), true;
    p->clean_census = true;
    return census_parse(value, &p->census);
}

enum word {
    WORD_APPROVALS,
    WORD_SIGNERS,
    WORD_REVOKED,
    WORD_PLANNER,
    WORD_AGE,
    WORD_VERIFIED,
    WORD_SHA256,
    WORD_CLEAN,
    WORD_SEALED,
    WORD_ACCEPT,
    WORD_COUNT
};

static const char *const words[WORD_COUNT] = {
    [WORD_APPROVALS] = "approvals",   [WORD_SIGNERS] = "allowed-signers",
    [WORD_REVOKED] = "revoked",       [WORD_PLANNER] = "exclude-planner",
    [WORD_AGE] = "max-report-age",    [WORD_VERIFIED] = "verified-reports",
    [WORD_SHA256] = "sha256-inputs",  [WORD_CLEAN] = "clean-census",
    [WORD_SEALED] = "sealed-backups", [WORD_ACCEPT] = "accept",
};

static bool read_value(struct policy *p, struct arena *a, enum word word, struct str value)
{
    switch (word) {
    case WORD_APPROVALS:
        return read_count(value, &p->approvals);
    case WORD_SIGNERS:
        return read_path(value, &p->signers_path);
    case WORD_REVOKED:
        return read_path(value, &p->revoked_path);
    case WORD_PLANNER:
        return read_yes(value, &p->exclude_planner);
    case WORD_AGE:
        return utc_parse_duration(value, &p->max_age);
    case WORD_VERIFIED:
        return read_yes(value, &p->verified_reports);
    case WORD_SHA256:
        return read_yes(value, &p->sha256_inputs);
    case WORD_CLEAN:
        return read_census(p, value);
    case WORD_SEALED:
        return read_yes(value, &p->sealed_backups);
    case WORD_ACCEPT:
        return read_codes(p, a, value);
    case WORD_COUNT:
        break;
    }
    return false;
}

/* False: the line cannot be obeyed. */
static bool read_line(struct policy *p, struct arena *a, struct str line, bool *seen)
{
    struct str name, value;
    (void)str_cut(line, ' ', &name, &value);
    value = str_trim(value);
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (!str_eq(name, str_from(words[i])))
            continue;
        bool again = seen[i];
        seen[i] = true;
        return !again && value.len > 0 && read_value(p, a, (enum word)i, value);
    }
    return false;
}

bool policy_parse(struct str text, struct arena *a, struct policy *p, struct err *err)
{
    bool seen[WORD_COUNT] = {false};
    struct str rest = arena_copy(a, text), line;
    size_t number = 0;
    *p = (struct policy){.present = true, .max_age = PLAN_NO_MAX_AGE};
    while (str_line(&rest, &line)) {
        number++;
        line = str_trim(line);
        if (line.len == 0 || line.at[0] == '#' || read_line(p, a, line, seen))
            continue;
        err_set(err, ERR_CORRUPT, 951, "line %zu of the policy is not understood: %s", number,
                text_shown(a, line));
        err_hint(err, "keyretire explain R0951 lists the words of a policy");
        return false;
    }
    bool needs_list = p->approvals > 0 || p->exclude_planner || p->revoked_path.len > 0;
    if (!needs_list || (p->approvals > 0 && p->signers_path.len > 0))
        return true;
    err_set(err, ERR_CORRUPT, 951,
            "the policy speaks of approvers without approvals and "
            "allowed-signers");
    return false;
}
