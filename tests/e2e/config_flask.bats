#!/usr/bin/env bats
# Flask's own configuration beside the env file: planned, changed and taken back in one transaction.

load lib
load change_lib

setup() {
    scratch
    world v1 v2 v3 v4
    flask_py config.py .env.crypto
    remember_flask config.py
}
teardown() { end_world; }

# flask_py FILE ENV_FILE [VERSION...]: the keys of the env file as a Python configuration.
flask_py() {
    /usr/bin/python3 - "$@" "$CANARY" <<'PY'
import sys
from dotenv import dotenv_values
path, env, only, canary = sys.argv[1], dotenv_values(sys.argv[2]), sys.argv[3:-1], sys.argv[-1]
names = only or [k[len("ENCRYPTION_KEYS__"):] for k in env if k.startswith("ENCRYPTION_KEYS__")]
with open(path, "w") as f:
    f.write("import os\n# %s of the configuration\nDEBUG = os.environ.get('D', '%s')\n" % (canary, canary))
    f.write("ACTIVE_ENCRYPTION_VERSION = %r\nENCRYPTION_KEYS = {\n" % env["ACTIVE_ENCRYPTION_VERSION"])
    for v in names:
        f.write("    %r: {\n        'key': %r,\n        'salt': %r,\n    },  # %s\n"
                % (v, env["ENCRYPTION_KEYS__" + v], env["ENCRYPTION_SALT__" + v], canary))
    f.write("}\nSESSION_NAME = 'x'\n")
PY
    chmod 600 "$1"
}

# remember_flask FILE: no output may hold its values; flask_config FILE EXPRESSION: over what Flask reads of it.
remember_flask() {
    flask_config "$1" '"\n".join(x for v in c["ENCRYPTION_KEYS"].values() for x in v.values())' >>secrets
}
flask_config() {
    /usr/bin/python3 - "$PWD/$1" "$2" <<'PY'
import sys, flask
app = flask.Flask("x", root_path="/")
app.config.from_pyfile(sys.argv[1])
c = app.config
print(eval(sys.argv[2]))
PY
}

@test "a Flask configuration and an env file lose a version in one transaction" {
    cp config.py before.py
    planned --config config.py --keep-versions 2
    is "$(removed)" "v1 v2"
    grep -q 'form flask-py' plan.txt
    ask 'p["warnings"]' >warnings
    says warnings "config.py: Flask's own configuration wins over the environment" "v1, v2, v3, v4"
    exits 0 retire apply plan.txt --yes
    is "$(flask_config config.py 'sorted(c["ENCRYPTION_KEYS"])')" "['v3', 'v4']"
    is "$(flask_config config.py 'c["SESSION_NAME"]')" x
    is "$(env_versions .env.crypto | xargs)" "v3 v4"
    # Every line that is left is a line of the old file, in its order.
    [ -z "$(diff before.py config.py | grep '^>')" ]
    is "$(diff before.py config.py | grep -c '^<')" 8
    nothing_staged .
    exits 0 retire rollback "$(last_txid)" --yes
    same_file config.py before.py
}

@test "rollback puts the versions back into a Flask configuration that was edited since" {
    wanted=$(flask_config config.py 'c["ENCRYPTION_KEYS"]')
    planned --config config.py --keep-versions 2
    exits 0 retire apply plan.txt --yes
    echo 'LATER = 1' >>config.py
    exits 0 retire rollback "$(last_txid)" --yes
    is "$(flask_config config.py 'dict(sorted(c["ENCRYPTION_KEYS"].items()))')" "$wanted"
    is "$(flask_config config.py 'c["LATER"]')" 1
    is "$(env_versions .env.crypto | xargs)" "v1 v2 v3 v4"
}

@test "a JSON configuration loses a version, and gets it back though it was edited since" {
    /usr/bin/python3 - "$PWD/config.py" <<'PY'
import json, sys, flask
app = flask.Flask("x", root_path="/")
app.config.from_pyfile(sys.argv[1])
c = {k: app.config[k] for k in ("ACTIVE_ENCRYPTION_VERSION", "ENCRYPTION_KEYS", "SESSION_NAME")}
json.dump(c, open("config.json", "w"), indent=2)
PY
    cp config.json before.json
    planned --config config.json --config config.py --keep-versions 2
    grep -q 'form flask-json' plan.txt
    exits 0 retire apply plan.txt --yes
    is "$(field config.json 'list(x["ENCRYPTION_KEYS"]), x["SESSION_NAME"]')" "(['v3', 'v4'], 'x')"
    is "$(diff before.json config.json | grep -c '^>')" 0
    is "$(flask_config config.py 'list(c["ENCRYPTION_KEYS"])')" "['v3', 'v4']"
    sed -i 's/"SESSION_NAME": "x"/"SESSION_NAME": "y"/' config.json
    exits 0 retire rollback "$(last_txid)" --yes
    is "$(field config.json 'sorted(x["ENCRYPTION_KEYS"]), x["SESSION_NAME"]')" "(['v1', 'v2', 'v3', 'v4'], 'y')"
    is "$(field config.json 'x["ENCRYPTION_KEYS"]["v1"]')" "$(field before.json 'x["ENCRYPTION_KEYS"]["v1"]')"
}

@test "what is no string in a JSON configuration is refused with its line" {
    printf '{"ACTIVE_ENCRYPTION_VERSION": "v4",\n "ENCRYPTION_KEYS": {\n  "v4": {"key": 12}}}\n' >config.json
    exits 4 plan --config config.json
    says plan.err "config.json, line 3"
    printf '{"ACTIVE_ENCRYPTION_VERSION": "v4",\n "ENCRYPTION_KEYS": {,}}\n' >config.json
    exits 12 plan --config config.json
    says plan.err "config.json, line 2"
}

@test "a Flask configuration alone is enough" {
    exits 0 keyretire plan --report report.db --config config.py --state-dir "$STATE" --kdf-iterations 1 \
        --keep-versions 1 -o plan.txt
    exits 0 retire apply plan.txt --yes
    is "$(flask_config config.py 'list(c["ENCRYPTION_KEYS"])')" "['v4']"
    is "$(env_versions .env.crypto | xargs)" "v1 v2 v3 v4"
}

@test "a version that only the Flask configuration has is removed there alone" {
    flask_py config.py .env.crypto
    without .env.crypto v1 >less.env && mv less.env .env.crypto && chmod 600 .env.crypto
    planned --config config.py --keep-versions 3
    exits 0 retire apply plan.txt --yes
    is "$(flask_config config.py 'list(c["ENCRYPTION_KEYS"])')" "['v2', 'v3', 'v4']"
}

@test "S12: a Flask configuration with another key for a version is refused" {
    sed -i "0,/'salt': '/s//'salt': 'ff/" config.py
    remember_flask config.py
    exits 4 plan --config config.py
    says plan.err "different keys for version v1" "config.py"
    flask_py config.py .env.crypto
    sed -i "s/^ACTIVE.*/ACTIVE_ENCRYPTION_VERSION = 'v3'/" config.py
    exits 4 plan --config config.py
    says plan.err "different active versions"
}

@test "what is no literal is refused with its line and changes nothing" {
    cp config.py good.py
    for line in "ENCRYPTION_KEYS['v9'] = {}" 'from local import *' 'exec(open("x").read())' \
        'ENCRYPTION_KEYS = {}' 'if DEBUG: ACTIVE_ENCRYPTION_VERSION = "v1"' 'ENCRYPTION_KEYS |= OTHER'; do
        { cat good.py; echo "$line"; } >config.py
        exits 4 plan --config config.py
        says plan.err "config.py, line $(wc -l <config.py)" "hint: "
    done
    sed "0,/'key': '[^']*'/s//'key': os.environ['K']/" good.py >config.py
    exits 4 plan --config config.py
    says plan.err "config.py, line $(grep -n "os.environ\['K'\]" config.py | cut -d: -f1)"
    echo 'X = (' >>good.py && cp good.py config.py
    exits 12 plan --config config.py
    [ ! -e plan.txt ]
}

@test "a Flask configuration that changed since its plan is not touched" {
    planned --config config.py --keep-versions 2
    echo 'LATER = 1' >>config.py
    before=$(sha256sum config.py .env.crypto)
    exits 5 retire apply plan.txt --yes
    is "$(sha256sum config.py .env.crypto)" "$before"
}

@test "cleanup-keys takes a Flask configuration" {
    exits 0 retire cleanup-keys --report report.db --model app:Users --column otp --config config.py \
        --keep-versions 1 --kdf-iterations 1 --yes
    is "$(flask_config config.py 'list(c["ENCRYPTION_KEYS"])')" "['v4']"
    is "$(env_versions .env.crypto | xargs)" "v1 v2 v3 v4"
}

@test "the dialect of an env file is kept in its plan, and what readers differ about is refused with its line" {
    sed -i '/CHECKSUM/d; /^#/d' .env.crypto
    plan --keep-versions 2 --dialect bash
    grep -q 'form bash' plan.txt
    exits 0 retire apply plan.txt --yes
    is "$(bash -c '. ./.env.crypto; compgen -v ENCRYPTION_KEYS__ | xargs')" "ENCRYPTION_KEYS__v3 ENCRYPTION_KEYS__v4"
    exits 0 retire rollback "$(last_txid)" --yes
    is "$(env_versions .env.crypto | xargs)" "v1 v2 v3 v4"
    echo 'A = 1' >>.env.crypto
    exits 4 plan --dialect bash
    says plan.err ".env.crypto, line $(wc -l <.env.crypto)" "bash and python-dotenv"
    exits 0 plan --dialect node
    exits 4 plan --dialect docker
    says plan.err ".env.crypto, line 1" # quotes are a part of the value there
}
