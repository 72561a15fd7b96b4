/* approval: what is asked of ssh-keygen, and what its answers mean. */
#include "applier/approval.h"
#include "common/child.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

/* A fixed place: a PATH of the requester's would choose who verifies. */
#ifndef KEYRETIRE_SSH_KEYGEN
#define KEYRETIRE_SSH_KEYGEN "/usr/bin/ssh-keygen"
#endif

static bool is_among(const char *word, const char *const *list)
{
    while (*list && strcmp(word, *list) != 0)
        list++;
    return *list != NULL;
}

static bool ask(struct arena *a, const char *const *arguments, struct str input,
                const struct str *files, size_t file_count, struct child_result *r, struct err *err)
{
    struct child c = {.program = KEYRETIRE_SSH_KEYGEN,
                      .arguments = arguments,
                      .input = input,
                      .file_count = file_count};
    for (size_t i = 0; i < file_count; i++)
        c.files[i] = files[i];
    return child_run(a, &c, r, err);
}

/* The first line of what ssh-keygen said, fit to be shown. */
static const char *said(struct arena *a, const struct child_result *r, const char *otherwise)
{
    struct str rest = r->talk, line;
    if (!str_line(&rest, &line) || line.len == 0 ||
        str_eq(line, STR("Could not verify signature.")))
        return otherwise;
    return text_shown(a, str_slice(line, 0, line.len < 200 ? line.len : 200));
}

/* -Y and one of our questions, then options with their values; none that loads or writes a file. */
bool approval_may_ask(const struct child *c)
{
    static const char *const questions[] = {"sign", "check-novalidate", "find-principals", "verify",
                                            NULL};
    static const char *const options[] = {"-n", "-f", "-s", "-I", "-r", NULL};
    static const char agent[] = "SSH_AUTH_SOCK=";
    const char *const *word = c->arguments;
    if (strcmp(c->program, KEYRETIRE_SSH_KEYGEN) != 0 || !word[0] || !word[1] || !word[2] ||
        strcmp(word[1], "-Y") != 0 || !is_among(word[2], questions))
        return false;
    for (word += 3; *word; word += 2)
        if (!is_among(word[0], options) || !word[1])
            return false;
    for (const char *const *e = c->environment; *e; e++)
        if (strncmp(*e, agent, sizeof agent - 1) != 0)
            return false;
    return true;
}

bool approval_is_signature(struct str bytes)
{
    return str_starts(bytes, STR("-----BEGIN SSH SIGNATURE-----\n"));
}

/* ---- sign ---- */

/* The agent's socket is all that signing needs of our surroundings. */
static bool sign(struct arena *a, const char *space, const char *key, struct str text,
                 struct child_result *r, struct err *err)
{
    const char *agent = sys->env("SSH_AUTH_SOCK");
    const char *environment[2] = {NULL, NULL};
    const char *const arguments[] = {"ssh-keygen", "-Y", "sign", "-n", space, "-f", key, NULL};
    if (agent)
        environment[0] = arena_printf(a, "SSH_AUTH_SOCK=%s", agent);
    const struct child c = {.program = KEYRETIRE_SSH_KEYGEN,
                            .arguments = arguments,
                            .environment = environment,
                            .input = text};
    return child_run(a, &c, r, err);
}

/* Whether it is a signature of this text in our namespace, whoever made it. */
static bool is_of_text(struct arena *a, const char *space, struct str text, struct str signature,
                       struct child_result *r, struct err *err)
{
    const char *const arguments[] = {"ssh-keygen", "-Y", "check-novalidate", "-n",
                                     space,        "-s", CHILD_FILE_1,       NULL};
    return ask(a, arguments, text, &signature, 1, r, err);
}

bool approval_sign_in(struct arena *a, const char *space, const char *key, struct str text,
                      struct str *signature, struct err *err)
{
    struct child_result made, checked;
    struct stat st;
    if (sys->fstatat(AT_FDCWD, key, &st, 0) != 0) {
        err_sys(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_SYSTEM, 942, errno,
                "the key %s", text_shown(a, str_from(key)));
        err_hint(err, "--key names a private key file, or a public one whose key an agent holds");
        return false;
    }
    if (!sign(a, space, key, text, &made, err))
        return false;
    if (made.status != 0 || !approval_is_signature(made.out)) {
        err_set(err, ERR_SYSTEM, 942, "ssh-keygen did not sign with %s: %s",
                text_shown(a, str_from(key)), said(a, &made, "it gave no reason"));
        err_hint(err, "ssh-keygen -y -f KEY says whether the key can be used");
        return false;
    }
    if (!is_of_text(a, space, text, made.out, &checked, err))
        return false;
    if (checked.status != 0) {
        err_set(err, ERR_SYSTEM, 942, "the signature that ssh-keygen made does not verify: %s",
                said(a, &checked, "it gave no reason"));
        return false;
    }
    *signature = made.out;
    return true;
}

bool approval_sign(struct arena *a, const char *key, struct str text, struct str *signature,
                   struct err *err)
{
    return approval_sign_in(a, APPROVAL_NAMESPACE, key, text, signature, err);
}

/* ---- verify ---- */

static const char *space_of(const struct approval_lists *lists)
{
    return lists->space ? lists->space : APPROVAL_NAMESPACE;
}

/* "Good "NAMESPACE" signature for alice with ED25519 key SHA256:..." */
static bool read_good(struct arena *a, const char *space, struct str out, struct str *key)
{
    static const char mark[] = " key SHA256:";
    struct str line;
    if (!str_line(&out, &line) ||
        !str_starts(line, str_from(arena_printf(a, "Good \"%s\" ", space))))
        return false;
    size_t at = str_search(line, str_from(mark));
    if (at == line.len)
        return false;
    *key = str_slice(line, at + sizeof " key " - 1, line.len);
    return str_find(*key, ' ') == key->len;
}

/* A pattern or an empty word names nobody. */
static bool is_name(struct str principal)
{
    for (size_t i = 0; i < principal.len; i++)
        if (principal.at[i] <= ' ' || principal.at[i] == '*' || principal.at[i] == '?' ||
            principal.at[i] == '!' || principal.at[i] == ',')
            return false;
    return principal.len > 0;
}

/* Who holds the key, by the list of allowed signers; expired entries are not found. */
static bool find_principals(struct arena *a, const struct approval_lists *lists,
                            struct str signature, struct approval *into, struct err *err)
{
    static const char *const arguments[] = {"ssh-keygen", "-Y", "find-principals", "-s",
                                            CHILD_FILE_1, "-f", CHILD_FILE_2,      NULL};
    const struct str files[] = {signature, lists->signers};
    struct child_result r;
    struct str line;
    if (!ask(a, arguments, STR(""), files, 2, &r, err))
        return false;
    struct str rest = r.status == 0 ? r.out : STR("");
    while (str_line(&rest, &line)) {
        if (!is_name(line) || into->principal_count == APPROVAL_PRINCIPALS_MAX) {
            into->principal_count = 0;
            into->why = "its signer is listed with a pattern, which names no one person";
            return true;
        }
        into->principals[into->principal_count++] = arena_copy(a, line);
    }
    if (into->principal_count == 0)
        into->why = said(a, &r, "its key is not in the list of allowed signers");
    return true;
}

static bool verify_as(struct arena *a, const struct approval_lists *lists, struct str text,
                      struct str signature, struct approval *into, struct err *err)
{
    const char *const arguments[] = {"ssh-keygen",
                                     "-Y",
                                     "verify",
                                     "-n",
                                     space_of(lists),
                                     "-I",
                                     arena_text(a, into->principals[0]),
                                     "-s",
                                     CHILD_FILE_1,
                                     "-f",
                                     CHILD_FILE_2,
                                     lists->has_revoked ? "-r" : NULL,
                                     CHILD_FILE_3,
                                     NULL};
    const struct str files[] = {signature, lists->signers, lists->revoked};
    struct child_result r;
    if (!ask(a, arguments, text, files, 3, &r, err))
        return false;
    if (r.status == 0 && read_good(a, space_of(lists), r.out, &into->key))
        into->verdict = APPROVAL_GOOD;
    else
        into->why = said(a, &r, lists->has_revoked ? "its key is revoked" : "it does not verify");
    return true;
}

bool approval_verify(struct arena *a, const struct approval_lists *lists, struct str text,
                     struct str signature, struct approval *into, struct err *err)
{
    struct child_result r;
    *into = (struct approval){.verdict = APPROVAL_BAD, .file = into->file};
    if (signature.len > APPROVAL_BYTES_MAX || !approval_is_signature(signature)) {
        into->why = "it is no signature of ssh-keygen";
        return true;
    }
    if (!is_of_text(a, space_of(lists), text, signature, &r, err))
        return false;
    if (r.status != 0) {
        into->why = arena_printf(a, "it is not of this %s (%s)", lists->space ? "text" : "plan",
                                 said(a, &r, "no reason given"));
        return true;
    }
    into->verdict = APPROVAL_NOT_ALLOWED;
    if (!find_principals(a, lists, signature, into, err))
        return false;
    return into->principal_count == 0 || verify_as(a, lists, text, signature, into, err);
}

/* ---- count ---- */

static bool same_person(const struct approval *x, const struct approval *y)
{
    if (str_eq(x->key, y->key))
        return true;
    for (size_t i = 0; i < x->principal_count; i++)
        for (size_t k = 0; k < y->principal_count; k++)
            if (str_eq_nocase(x->principals[i], y->principals[k]))
                return true;
    return false;
}

size_t approval_people(const struct approval *list, size_t count)
{
    size_t group[APPROVALS_MAX];
    size_t people = 0;
    for (size_t i = 0; i < count; i++)
        group[i] = i;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (list[i].verdict != APPROVAL_GOOD || list[k].verdict != APPROVAL_GOOD ||
                !same_person(&list[i], &list[k]))
                continue;
            for (size_t n = 0, from = group[k]; n <= i; n++)
                if (group[n] == from)
                    group[n] = group[i];
        }
    }
    for (size_t i = 0; i < count; i++)
        people += list[i].verdict == APPROVAL_GOOD && group[i] == i;
    return people;
}
