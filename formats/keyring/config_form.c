/* config_form: heads of files. */
#include "formats/keyring/config_form.h"
#include "formats/keyring/keyring.h"
#include "formats/keyring/php_array.h"
#include "formats/keyring/yaml.h"

/* ---- files of other tools ---- */

enum tool { TOOL_NONE, TOOL_SOPS, TOOL_VAULT, TOOL_KUBESEAL, TOOL_AGE, TOOL_GIT_CRYPT, TOOL_GPG };

static const struct {
    const char *name;
    const char *hint;
} tools[] = {
    [TOOL_NONE] = {"", ""},
    [TOOL_SOPS] = {"sops", "edit it with `sops FILE`; keyretire plans from a decrypted copy"},
    [TOOL_VAULT] = {"ansible-vault",
                    "edit it with `ansible-vault edit`; keyretire plans from a decrypted copy"},
    [TOOL_KUBESEAL] = {"kubeseal", "change the Secret that it was made from, and seal that again"},
    [TOOL_AGE] = {"age", "open it with `age --decrypt`, change that, and encrypt it again"},
    [TOOL_GIT_CRYPT] = {"git-crypt", "unlock the work tree with `git-crypt unlock`"},
    [TOOL_GPG] = {"gpg", "open it with `gpg --decrypt`, change that, and encrypt it again"},
};

/* An OpenPGP message begins with a session key: packet 1, version 3 or 6, or packet 3, 4 to 6. */
static bool is_openpgp(struct str s)
{
    if (s.len < 5 || !(s.at[0] & 0x80))
        return false;
    bool fresh = s.at[0] & 0x40;
    unsigned packet = fresh ? s.at[0] & 0x3Fu : (s.at[0] & 0x3Cu) >> 2;
    size_t version = fresh ? (s.at[1] < 192 ? 2 : 3) : 2 + (s.at[0] & 1u);
    if (!fresh && (s.at[0] & 3u) > 1)
        return false;
    return (packet == 1 && (s.at[version] == 3 || s.at[version] == 6)) ||
           (packet == 3 && s.at[version] >= 4 && s.at[version] <= 6);
}

/* A line that is "kind: SealedSecret" or a member of that name and value. */
static bool is_sealed_secret(struct str s)
{
    struct str line;
    while (str_line(&s, &line)) {
        struct str name, value;
        unsigned char quote;
        if (!str_cut(str_trim(line), ':', &name, &value))
            continue;
        name = str_trim(name);
        value = str_trim(value);
        if (str_ends(value, STR(",")))
            value.len--;
        quote = value.len ? value.at[0] : 0;
        if (quote == '"' || quote == '\'')
            value = str_slice(value, 1, value.len - 1);
        if ((str_eq(name, STR("kind")) || str_eq(name, STR("\"kind\""))) &&
            str_eq(value, STR("SealedSecret")))
            return true;
    }
    return false;
}

static enum tool tool_of(struct str s)
{
    struct str text = str_trim(s);
    if (str_starts(s, STR("\0GITCRYPT\0")))
        return TOOL_GIT_CRYPT;
    if (str_starts(text, STR("$ANSIBLE_VAULT;")))
        return TOOL_VAULT;
    if (str_starts(text, STR("age-encryption.org/")) ||
        str_starts(text, STR("-----BEGIN AGE ENCRYPTED FILE-----")))
        return TOOL_AGE;
    if (str_starts(text, STR("-----BEGIN PGP MESSAGE-----")) || is_openpgp(s))
        return TOOL_GPG;
    if (str_search(s, STR("ENC[AES256_GCM,data:")) < s.len)
        return TOOL_SOPS;
    return is_sealed_secret(s) ? TOOL_KUBESEAL : TOOL_NONE;
}

bool config_is_sealed(struct str content, struct err *err)
{
    enum tool tool = tool_of(content);
    if (tool == TOOL_NONE)
        return false;
    err_set(err, ERR_CORRUPT, 529, "the file was encrypted by %s and is not opened here",
            tools[tool].name);
    err_hint(err, "%s", tools[tool].hint);
    return true;
}

/* ---- forms ---- */

static bool ends_nocase(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq_nocase(str_slice(s, s.len - suffix.len, s.len), suffix);
}

/* "name:" and a blank or nothing: no line of Python begins so, but "else:" and its like, which
 * begin no file, and a variable with a type, which has an equals sign. */
static bool begins_yaml(struct str s)
{
    struct str line;
    while (str_line(&s, &line)) {
        struct str rest = str_trim(line);
        if (rest.len == 0 || rest.at[0] == '#')
            continue;
        if (str_starts(line, STR("---")) || str_starts(line, STR("%YAML")))
            return true;
        size_t at = 0;
        while (at < rest.len && (ascii_alpha(rest.at[at]) || ascii_digit(rest.at[at]) ||
                                 rest.at[at] == '_' || rest.at[at] == '-' || rest.at[at] == '.'))
            at++;
        bool colon = at > 0 && at < rest.len && rest.at[at] == ':';
        bool blank = at + 1 >= rest.len || ascii_space(rest.at[at + 1]);
        return colon && blank && !str_eq(rest, STR("try:")) && str_find(rest, '=') == rest.len;
    }
    return false;
}

/* An object of Kubernetes in JSON, which is YAML too. */
static bool is_kubernetes_json(struct str s)
{
    return str_search(s, STR("\"kind\"")) < s.len && str_search(s, STR("\"apiVersion\"")) < s.len;
}

const struct keyring_syntax *config_form(struct arena *a, struct str name, struct str content)
{
    struct str text = content;
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_slice(text, 3, text.len);
    if (str_starts(text, STR("<?php")))
        return &keyring_php;
    if (ends_nocase(name, STR(".yaml")) || ends_nocase(name, STR(".yml")))
        return keyring_yaml_form(a, content);
    if (str_starts(str_trim(text), STR("{")))
        return is_kubernetes_json(text) ? keyring_yaml_form(a, content) : &keyring_flask_json;
    return begins_yaml(text) ? keyring_yaml_form(a, content) : &keyring_flask_py;
}
