# remote_lib: a vault and the server that stands for OpenRouter; after `load lib`.
#
#     setup_file()    { server_start; }            once a file; --tls for https
#     setup()         { scratch; world; }          a world of its own, and a vault with its management key
#     teardown()      { unscratch; }
#     teardown_file() { server_stop; }
#
# WORLD is the server's folder for this test (tests/support/openrouter_server.py), VAULT the vault's.

MANAGEMENT_KEY=sk-or-v1-management-$CANARY

server_start() { # [--tls]
    SERVER=$(mktemp -d "${BATS_TMPDIR:-/tmp}/openrouter.XXXXXX")
    /usr/bin/python3 "$BATS_TEST_DIRNAME/../support/openrouter_server.py" "$SERVER" "$@" >/dev/null 2>&1 3>&- &
    SERVER_PID=$!
    SCHEME=http
    [ "${1:-}" != --tls ] || SCHEME=https
    export SERVER SERVER_PID SCHEME
    printf '%s\n' "$MANAGEMENT_KEY" >"$SERVER/management.key"
    lean_vault init --vault-dir "$SERVER/.vault" <"$SERVER/management.key" >/dev/null || return 1
    await test -s "$SERVER/port"
}

server_stop() {
    kill "$SERVER_PID" 2>/dev/null || true
    rm -rf "$SERVER"
}

world() {
    WORLD=$SERVER/w$RANDOM$RANDOM
    mkdir "$WORLD" || return 1
    cp "$SERVER/management.key" "$WORLD/"
    VAULT=$SCRATCH/vault
    remote=(--endpoint "$SCHEME://127.0.0.1:$(cat "$SERVER/port")/$(basename "$WORLD")/api/v1" --retries 0)
    [ "$SCHEME" = http ] || remote+=(--ca-file "$SERVER/ca.pem")
    cp -a "$SERVER/.vault" "$VAULT"
}

# vault COMMAND...: a local command. lv COMMAND...: a remote one.
vault() {
    lean_vault "$@" --vault-dir "$VAULT"
}
lv() {
    local command=$1
    shift
    lean_vault "$command" --vault-dir "$VAULT" "${remote[@]}" "$@"
}

# fault LINE...: what goes wrong from now on.
fault() {
    printf '%s\n' "$@" >"$WORLD/faults"
}

# The requests since the last call, "METHOD PATH STATUS" a line, hashes as #.
requests() {
    [ ! -e "$WORLD/requests" ] || sed -E 's/[0-9a-f]{64}/#/; s/ \{.*//' "$WORLD/requests"
    rm -f "$WORLD/requests"
}

# of_keys PYTHON: an expression over `keys`, the keys that the server has.
of_keys() {
    /usr/bin/python3 - "$WORLD/keys.json" "$1" <<'PY'
import json, os, sys
keys = json.load(open(sys.argv[1])) if os.path.exists(sys.argv[1]) else []
print(eval(sys.argv[2]))
PY
}

# set_keys PYTHON: statements that change `keys`.
set_keys() {
    /usr/bin/python3 - "$WORLD/keys.json" "$1" <<'PY'
import json, sys
keys = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(keys, open(sys.argv[1], "w"))
PY
}

# The keys of the vault as lines "name hash".
vault_keys() {
    vault list --json | /usr/bin/python3 -c '
import json, sys
for k in json.load(sys.stdin)["keys"]: print(k["name"], k["hash"])'
}
