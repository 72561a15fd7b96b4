#!/usr/bin/env bats
# YAML configurations, Kubernetes Secrets and Compose files beside the env file: planned, changed and taken back.

load lib
load change_lib

setup() {
    scratch
    world v1 v2 v3 v4
    yaml_of .env.crypto
}
teardown() { end_world; }

# yaml_of ENV_FILE: its keys as flask.yaml, secret.yaml, inner.yaml (an env file in base64) and compose.yaml.
yaml_of() {
    /usr/bin/python3 - "$1" "$CANARY" <<'PY'
import base64, sys, textwrap
from dotenv import dotenv_values
env, canary = dotenv_values(sys.argv[1]), sys.argv[2]
env = {k: v for k, v in env.items() if k.startswith(("ENCRYPTION_KEYS__", "ENCRYPTION_SALT__", "ACTIVE"))}
b64 = lambda s: base64.b64encode(s.encode()).decode()
names = [k[len("ENCRYPTION_KEYS__"):] for k in env if k.startswith("ENCRYPTION_KEYS__")]
with open("flask.yaml", "w") as f:
    f.write("# %s\nSESSION_NAME: x\nACTIVE_ENCRYPTION_VERSION: %s\nENCRYPTION_KEYS:\n" % (canary, env["ACTIVE_ENCRYPTION_VERSION"]))
    for v in names:
        f.write("  %s:\n    key: '%s'\n    salt: '%s' # %s\n" % (v, env["ENCRYPTION_KEYS__" + v], env["ENCRYPTION_SALT__" + v], canary))
head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: keys # %s\n" % canary
with open("secret.yaml", "w") as f:
    f.write(head + "data:\n" + "".join("  %s: %s\n" % (k, b64(v)) for k, v in env.items()))
with open("inner.yaml", "w") as f:
    text = b64("# %s\n" % canary + "".join("%s='%s'\n" % kv for kv in env.items()))
    f.write(head + "data:\n  .env.crypto: |\n    " + "\n    ".join(textwrap.wrap(text, 76)) + "\n")
with open("compose.yaml", "w") as f:
    f.write("services:\n")
    for service in "web", "worker":
        f.write("  %s:\n    image: app # %s\n    environment:\n" % (service, canary))
        f.write("".join("      - '%s=%s'\n" % kv for kv in env.items()))
with open("secrets", "a") as f:
    f.write("".join(b64(v) + "\n" for k, v in env.items() if not k.startswith("ACTIVE")))
PY
    chmod 600 ./*.yaml
}

# yaml FILE EXPRESSION: over what PyYAML reads of it.
yaml() {
    /usr/bin/python3 -c 'import base64, sys, yaml
x = yaml.safe_load(open(sys.argv[1]))
b = lambda s: base64.b64decode(s).decode()
n = lambda names: " ".join(sorted(k[17:] for k in names if k.startswith("ENCRYPTION_KEYS__")))
print(eval(sys.argv[2]))' "$1" "$2"
}

@test "YAML, a Secret and a Compose file lose a version with the env file in one transaction" {
    mkdir before && cp ./*.yaml .env.crypto before
    planned --config flask.yaml --config secret.yaml --config inner.yaml --config compose.yaml --keep-versions 2
    is "$(removed)" "v1 v2"
    for form in flask-yaml kubernetes compose; do grep -q "form $form" plan.txt; done
    exits 0 retire apply plan.txt --yes
    is "$(yaml flask.yaml '" ".join(x["ENCRYPTION_KEYS"]), x["SESSION_NAME"]')" "('v3 v4', 'x')"
    is "$(yaml secret.yaml 'n(x["data"])')" "v3 v4"
    is "$(yaml inner.yaml 'n(l.split("=")[0] for l in b(x["data"][".env.crypto"]).splitlines())')" "v3 v4"
    is "$(yaml inner.yaml 'max(len(l) for l in open(sys.argv[1]))')" 81 # 76 digits, 4 blanks, LF: as it was
    is "$(yaml compose.yaml '[n(l.split("=")[0] for l in s["environment"]) for s in x["services"].values()]')" "['v3 v4', 'v3 v4']"
    is "$(env_versions .env.crypto | xargs)" "v3 v4"
    for f in flask secret compose; do is "$(diff "before/$f.yaml" "$f.yaml" | grep -c '^>')" 0; done
    nothing_staged .
    exits 0 retire rollback "$(last_txid)" --yes
    for f in flask secret inner compose; do same_file "$f.yaml" "before/$f.yaml"; done
}

@test "rollback puts versions back into YAML that was edited since" {
    wanted=$(yaml flask.yaml 'x["ENCRYPTION_KEYS"]["v1"], x["ENCRYPTION_KEYS"]["v2"]')
    planned --config flask.yaml --config inner.yaml --keep-versions 2
    exits 0 retire apply plan.txt --yes
    echo 'LATER: 1' >>flask.yaml
    echo 'type: Opaque' >>inner.yaml
    exits 0 retire rollback "$(last_txid)" --yes
    is "$(yaml flask.yaml 'x["ENCRYPTION_KEYS"]["v1"], x["ENCRYPTION_KEYS"]["v2"]')" "$wanted"
    is "$(yaml flask.yaml 'x["LATER"]')" 1
    is "$(yaml inner.yaml 'n(l.split("=")[0] for l in b(x["data"][".env.crypto"]).splitlines()), x["type"]')" "('v1 v2 v3 v4', 'Opaque')"
}

@test "an anchor, tag or merge key on an entry is refused with its line and changes nothing" {
    before=$(sha256sum .env.crypto)
    for mark in '\&a' '!!map'; do
        sed -i "0,/^  v1:/s//  v1: $mark/" flask.yaml
        exits 4 plan --config flask.yaml
        says plan.err "flask.yaml, line 5" "hint: "
        sed -i "s/^  v1: .*/  v1:/" flask.yaml
    done
    sed -i '$a\  <<: {}' flask.yaml
    exits 4 plan --config flask.yaml
    says plan.err "flask.yaml, line $(wc -l <flask.yaml)"
    is "$(sha256sum .env.crypto)" "$before"
}

@test "files that only another tool can open are refused by its name" {
    printf '$ANSIBLE_VAULT;1.1;AES256\n3361\n' >sealed.yaml
    exits 12 plan --config sealed.yaml
    says plan.err "ansible-vault" "hint: "
    printf 'A: ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\nsops: {}\n' >sealed.yaml
    exits 12 plan --config sealed.yaml
    says plan.err "sops"
    printf 'age-encryption.org/v1\n-> X25519 x\n' >.env.sealed
    exits 12 keyretire plan --report report.db --env-file .env.sealed --state-dir "$STATE" -o other.txt
}

@test "only readers of env files are dialects" {
    for name in kubernetes compose flask-yaml; do
        exits 2 plan --dialect "$name"
        says plan.err "--dialect"
    done
}
