# vault_lib: what the tests of lean_vault share: a server that speaks as OpenRouter does, a world of it for each
# test, a vault in the scratch folder.

# One server for a test file; setup_file and teardown_file call these.
openrouter_start() {
    ROUTER_ROOT=$(mktemp -d "${BATS_TMPDIR:-/tmp}/openrouter.XXXXXX")
    export ROUTER_ROOT
    /usr/bin/python3 "$BATS_TEST_DIRNAME/../support/openrouter_server.py" "$ROUTER_ROOT" 3>&- >"$ROUTER_ROOT/log" 2>&1 &
    ROUTER_PID=$!
    export ROUTER_PID
    await test -s "$ROUTER_ROOT/port"
}

openrouter_stop() {
    kill "$ROUTER_PID"
    rm -rf "$ROUTER_ROOT"
}

# vault_template NAME KEY...: a vault with these keys, made once for a test file.
vault_template() {
    local folder=$ROUTER_ROOT/.$1 key
    shift
    printf 'sk-or-v1-%smanagement\n' "$CANARY" | lean_vault init --vault-dir "$folder" >/dev/null
    for key in "$@"; do
        /usr/bin/python3 "$BATS_TEST_DIRNAME/../support/vault_entry.py" "$folder" "$key"
    done
}

# new_world TEMPLATE: a world of its own for the test, and a vault whose management key it takes.
new_world() {
    WORLD=$ROUTER_ROOT/w$BATS_TEST_NUMBER
    ENDPOINT=http://127.0.0.1:$(cat "$ROUTER_ROOT/port")/w$BATS_TEST_NUMBER/api/v1
    VAULT=$SCRATCH/vault
    mkdir "$WORLD"
    printf 'sk-or-v1-%smanagement\n' "$CANARY" >"$WORLD/management.key"
    cp -a "$ROUTER_ROOT/.$1" "$VAULT"
}

# vault COMMAND...: with the vault and without network; remote COMMAND...: with this world as well.
vault() {
    local command=$1
    shift
    lean_vault "$command" --vault-dir "$VAULT" "$@"
}

remote() {
    local command=$1
    shift
    lean_vault "$command" --vault-dir "$VAULT" --endpoint "$ENDPOINT" --retries 0 "$@"
}

# remote_key NAME FIELD=JSON...: changes or makes a key of the world; its hash is sha256 of its name.
remote_key() {
    /usr/bin/python3 - "$WORLD/keys.json" "$@" <<'PY'
import hashlib, json, pathlib, sys
path, name = pathlib.Path(sys.argv[1]), sys.argv[2]
keys = json.loads(path.read_text()) if path.exists() else []
hash = hashlib.sha256(name.encode()).hexdigest()
key = next((k for k in keys if k["hash"] == hash), None)
if key is None:
    key = {"hash": hash, "name": name, "label": "sk-or-v1-abc...xyz", "disabled": False, "limit": None,
           "limit_reset": None, "usage": 0, "usage_daily": 0, "usage_monthly": 0}
    keys.append(key)
for word in sys.argv[3:]:
    field, value = word.split("=", 1)
    key[field] = json.loads(value)
path.write_text(json.dumps(keys))
PY
}

# remote_says NAME FIELD: as JSON.
remote_says() {
    /usr/bin/python3 - "$WORLD/keys.json" "$@" <<'PY'
import hashlib, json, sys
hash = hashlib.sha256(sys.argv[2].encode()).hexdigest()
print(json.dumps(next(k for k in json.load(open(sys.argv[1])) if k["hash"] == hash)[sys.argv[3]]))
PY
}

# json EXPRESSION: of the JSON in $output, as `v`.
json() {
    printf '%s' "$output" | /usr/bin/python3 -c "import json, sys; v = json.load(sys.stdin); print(($1))"
}
