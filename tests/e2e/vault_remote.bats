#!/usr/bin/env bats
# lean_vault add, rotate and remove against the server that stands for OpenRouter.
bats_require_minimum_version 1.5.0
load lib
load remote_lib

setup_file() { server_start; }
teardown_file() { server_stop; }
setup() { scratch && world; }
teardown() { unscratch; }

@test "L3: add creates a key under a name of its own and keeps its value" {
    run -0 lv add my-key
    [[ $output == "added my-key, hash "* ]]
    is "$(requests)" 'POST /keys 201'
    of_keys 'keys[0]["name"]' | grep -qE '^my-key lv-[0-9a-f]{16}$'
    is "$(vault_keys)" "my-key $(of_keys 'keys[0]["hash"]')"
    value=$(vault get my-key)
    is "$(printf %s "$value" | sha256sum | cut -d' ' -f1)" "$(of_keys 'keys[0]["hash"]')"
    [ -z "$(ls "$VAULT/intents")" ]
}

@test "L2.2: add sends the limit that both caps come to, and keeps the caps" {
    lv add a --monthly-limit 100 --daily-limit 10.50 --alert-threshold 0.5 --expires 2099-01-31
    is "$(of_keys '[(k["limit"], k["limit_reset"], k["expires_at"]) for k in keys]')" "[(10.5, 'daily', '2099-01-31T00:00:00Z')]"
    lv add b --monthly-limit 7
    is "$(of_keys '(keys[1]["limit"], keys[1]["limit_reset"])')" "(7.0, 'monthly')"
    vault list --json | /usr/bin/python3 -c '
import json, sys
a = json.load(sys.stdin)["keys"][0]
assert (a["monthly_limit"], a["daily_limit"], a["alert_thresholds"]) == (100, 10.5, [0.5]), a'
    run lv add c --monthly-limit 1e3
    [ "$status" -eq 2 ]
    run lv add c --expires 2001-01-01
    [ "$status" -eq 2 ]
    is "$(requests | grep -c POST)" 2
}

@test "L3: a duplicate name, a reserved and a bad one are found before anything is sent" {
    lv add my-key
    requests >/dev/null
    run lv add my-key
    [ "$status" -eq 4 ]
    [[ $output == *L1076* ]]
    for name in _MAIN_OPENROUTER_PROVISIONING_KEY_ '' 'a b'; do
        run lv add "$name"
        [ "$status" -eq 2 ]
    done
    is "$(requests)" ''
    is "$(of_keys 'len(keys)')" 1
}

@test "L1.1: remove disables, changes the vault and deletes, in this order" {
    lv add my-key
    requests >/dev/null
    run -0 lv remove my-key --force
    is "$(requests)" "$(printf '%s\n' 'GET /keys/# 200' 'GET /keys/# 200' 'PATCH /keys/# 200' 'DELETE /keys/# 200' 'GET /keys/# 404')"
    is "$(of_keys 'keys')" '[]'
    is "$(vault_keys)" ''
    run vault get my-key
    [ "$status" -eq 6 ]
}

@test "L1.4: remove shows what will happen and does nothing without a yes" {
    lv add my-key --daily-limit 10
    run lv remove my-key <<<no
    [ "$status" -eq 7 ]
    [[ $output == *"$(of_keys 'keys[0]["hash"]')"* ]]
    [[ $output == *"$(of_keys 'keys[0]["label"]')"* ]]
    [[ $output == *'daily limit: 10.00 USD'* ]]
    [[ $output == *'spent today: 0.00 USD, as of '*' (0 s ago)'* ]]
    run lv remove my-key </dev/null
    [ "$status" -eq 7 ]
    is "$(of_keys 'len(keys), keys[0]["disabled"]')" '(1, False)'
    [ -n "$(vault get my-key)" ]
    run -0 lv remove my-key <<<yes
    is "$(of_keys 'len(keys)')" 0
}

@test "L1.4: a key that is still in use is removed only when its name is typed" {
    lv add my-key
    set_keys 'keys[0]["usage_daily"] = 0.0000004'
    run lv remove my-key <<<yes
    [ "$status" -eq 7 ]
    [[ $output == *'spent today: 0.000001 USD'*'STILL IN USE'* ]]
    is "$(of_keys 'len(keys), keys[0]["disabled"]')" '(1, False)'
    run -0 lv remove my-key <<<my-key
    is "$(of_keys 'len(keys)')" 0
}

@test "L1.4: spend that OpenRouter does not say counts as use" {
    lv add my-key
    set_keys 'del keys[0]["usage_daily"]'
    run lv remove my-key <<<yes
    [ "$status" -eq 7 ]
    [[ $output == *'not known'*'STILL IN USE'* ]]
}

@test "L1.4: a dry run sends GET only and changes nothing" {
    lv add my-key
    requests >/dev/null
    before=$(cd "$VAULT" && find . -type f -exec sha256sum {} + | sort)
    run -0 lv remove my-key --dry-run
    [[ $output == *'dry run: nothing was changed'* ]]
    is "$(requests)" 'GET /keys/# 200'
    is "$(cd "$VAULT" && find . -type f -exec sha256sum {} + | sort)" "$before"
}

@test "L1.3: a key that was revoked before is removed, with a note" {
    lv add my-key
    set_keys 'keys.clear()'
    run -0 lv remove my-key --force
    [[ $output == *'had been revoked at OpenRouter already'* ]]
    is "$(vault_keys)" ''
    lv add other
    set_keys 'keys.clear()'
    run -0 --separate-stderr lv remove other --force --json
    is "$(/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["result"])' <<<"$output")" already-revoked
}

@test "L1.3: a key that vanishes behind the GET is removed as well" {
    lv add my-key
    fault 'PATCH /keys/* 1 status 404' 'DELETE /keys/* 1 status 404'
    run lv remove my-key --force
    [ "$status" -ne 0 ] || is "$(vault_keys)" ''
    set_keys 'keys.clear()'
    run -0 lv add other
    is "$(vault_keys | cut -d' ' -f1)" other
}

@test "L1.3: force does not ask and still revokes; what cannot be revoked keeps its entry and hash" {
    lv add my-key
    hash=$(of_keys 'keys[0]["hash"]')
    fault 'PATCH /keys/* 1 status 500'
    run lv remove my-key --force
    [ "$status" -eq 20 ]
    [[ $output == *'every file is as it was'* || $output == *retry* ]]
    is "$(vault_keys)" "my-key $hash"
    # Where the way back fails as well, that is said, and the next change finds it open.
    fault 'PATCH /keys/* * status 500'
    run lv remove my-key --force
    [ "$status" -eq 23 ]
    rm "$WORLD/faults"
    is "$(vault_keys)" "my-key $hash"
    is "$(of_keys 'keys[0]["disabled"]')" False
    run -0 lv remove my-key --force
    is "$(of_keys 'len(keys)')" 0
}

@test "L1.5: a deletion that fails leaves the key disabled and on record, and the next change deletes it" {
    lv add my-key
    fault 'DELETE /keys/* * drop-before'
    run lv remove my-key --force
    [ "$status" -eq 20 ]
    is "$(vault_keys)" ''
    is "$(of_keys 'keys[0]["disabled"]')" True
    # Not in the way of others while it lasts.
    run -0 lv add other
    [[ $output == *pending* ]]
    rm "$WORLD/faults"
    run -0 lv add third
    [[ $output == *finished* ]]
    is "$(of_keys 'sorted(k["name"].split()[0] for k in keys)')" "['other', 'third']"
}

@test "L3: an entry without a hash and the reserved one send nothing" {
    /usr/bin/python3 "$BATS_TEST_DIRNAME/../support/vault_entry.py" "$VAULT" no-hash ''
    for command in remove rotate; do
        run -4 lv "$command" no-hash
        [[ $output == *"revoke it in the settings"* ]]
    done
    run -0 lv get-usage no-hash
    is "$(requests)" ''
    run -0 lv remove no-hash --local-only --force
    is "$(vault_keys)" ''
    run lv remove _MAIN_OPENROUTER_PROVISIONING_KEY_ --force
    [ "$status" -eq 4 ]
    run lv rotate _MAIN_OPENROUTER_PROVISIONING_KEY_
    [ "$status" -eq 4 ]
    is "$(requests)" ''
}

@test "L1.3: each failure has its exit status and says whether a retry can help" {
    lv add my-key
    while read -r code action; do
        fault "GET /keys/* * $action"
        run lv remove my-key --force --timeout 1s
        echo "$action: $status $output"
        [ "$status" -eq "$code" ]
        [[ $output == *hint:*retry* ]]
    done <<'EOF'
21 status 401
21 status 402
21 status 403
21 status 400
22 status 429
22 status 429 retry-after=600
20 status 408
20 status 500
20 status 502
20 status 503
20 drop-before
20 drop-after
20 hang-before
20 malformed
21 huge
21 redirect http://127.0.0.1:9/
21 answer {"data":{"hash":"aaaaaaaaaaaa"}}
20 answer nonsense
EOF
    rm "$WORLD/faults"
    run lv remove nobody --force
    [ "$status" -eq 6 ]
    is "$(vault_keys | wc -l)" 1
    is "$(of_keys 'keys[0]["disabled"]')" False
}

@test "L1.3: a server that refuses connections is unreachable, and nothing changes" {
    lv add my-key
    run lean_vault remove my-key --force --vault-dir "$VAULT" --endpoint http://127.0.0.1:1/api/v1 --retries 0
    [ "$status" -eq 20 ]
    [[ $output == *--local-only* ]]
    is "$(vault_keys | wc -l)" 1
}

@test "L1.2: what may be repeated is repeated, with a wait" {
    lv add my-key
    requests >/dev/null
    fault 'GET /keys/* 2 status 503' 'PATCH /keys/* 1 drop-after' 'DELETE /keys/* 1 drop-after'
    run -0 lv remove my-key --force --retries 3
    is "$(requests | sort | uniq -c | awk '{print $1, $2, $4}')" "$(printf '%s\n' '1 DELETE 200' '1 DELETE 404' '2 GET 200' '1 GET 404' '2 GET 503' '2 PATCH 200')"
}

@test "L1.2: Retry-After is waited for" {
    lv add my-key
    fault 'GET /keys/* 1 status 429 retry-after=1'
    start=$(date +%s%N)
    run -0 lv remove my-key --dry-run --retries 1
    [ $(($(date +%s%N) - start)) -ge 1000000000 ]
}

@test "L1.2: a creation is never repeated blindly: it is looked for by its name and revoked" {
    for action in drop-after hang-after malformed huge 'status 500' drop-before; do
        rm -f "$WORLD/keys.json"
        fault "POST /keys 1 $action"
        run lv add my-key --retries 3 --timeout 2s
        echo "$action: $status $output"
        [ "$status" -eq 20 ]
        [[ $output == *L1064* ]]
        is "$(of_keys 'keys')" '[]'
        is "$(requests | grep -c POST)" 1
        is "$(vault_keys)" ''
    done
}

@test "L1.5: a key that the list does not show yet is revoked when it does" {
    fault 'POST /keys 1 drop-after' 'GET /keys * stale'
    run lv add my-key
    [ "$status" -eq 20 ]
    is "$(of_keys 'len(keys)')" 1
    [ -n "$(ls "$VAULT/intents")" ]
    rm "$WORLD/faults"
    run -0 lv add other
    [[ $output == *'revoked'* ]]
    is "$(of_keys '[k["name"].split()[0] for k in keys]')" "['other']"
    [ -z "$(ls "$VAULT/intents")" ]
}

@test "L1.5: a refused creation leaves nothing" {
    for code in 400 401 402 403 429; do
        fault "POST /keys 1 status $code"
        run lv add my-key
        [ "$status" -ge 21 ]
    done
    is "$(of_keys 'keys')" '[]'
    is "$(vault_keys)" ''
    [ -z "$(ls "$VAULT/intents")" ]
}

@test "L3: rotate keeps the limits and revokes the old key behind the new one" {
    lv add my-key --daily-limit 10 --monthly-limit 100
    set_keys 'keys[0]["limit"] = 3.25'
    old=$(of_keys 'keys[0]["hash"]') value=$(vault get my-key)
    requests >/dev/null
    run -0 lv rotate my-key
    is "$(requests)" "$(printf '%s\n' 'GET /keys/# 200' 'POST /keys 201' 'GET /keys/# 200' 'DELETE /keys/# 200' 'GET /keys/# 404')"
    is "$(of_keys '[(k["limit"], k["limit_reset"]) for k in keys]')" "[(3.25, 'daily')]"
    [ "$(of_keys 'keys[0]["hash"]')" != "$old" ]
    is "$(vault_keys)" "my-key $(of_keys 'keys[0]["hash"]')"
    [ "$(vault get my-key)" != "$value" ]
    vault list --json | grep -q '"daily_limit":10'
}

@test "L3: a rotation that fails keeps the old key, and the new one does not live on" {
    lv add my-key
    old=$(of_keys 'keys[0]["hash"]')
    for action in 'POST /keys 1 status 402' 'POST /keys 1 drop-after' 'GET /keys/* 1 status 401'; do
        fault "$action"
        run lv rotate my-key
        [ "$status" -ge 20 ]
        is "$(of_keys '[k["hash"] for k in keys]')" "['$old']"
        is "$(vault_keys)" "my-key $old"
    done
}

@test "L3: of a rotation whose old key cannot be deleted the next change does it" {
    lv add my-key
    fault 'DELETE /keys/* 1 status 503'
    run lv rotate my-key
    [ "$status" -eq 20 ]
    is "$(of_keys 'len(keys)')" 2
    is "$(vault_keys | wc -l)" 1
    run -0 lv rotate my-key
    is "$(of_keys 'len(keys)')" 1
    is "$(vault_keys)" "my-key $(of_keys 'keys[0]["hash"]')"
}

@test "L3: a disabled key stays disabled when it is rotated, and one that is gone is made anew" {
    lv add my-key --monthly-limit 5
    set_keys 'keys[0]["disabled"] = True'
    run -0 lv rotate my-key
    is "$(of_keys '[k["disabled"] for k in keys]')" '[True]'
    set_keys 'keys.clear()'
    run -0 lv rotate my-key
    is "$(of_keys '[(k["limit"], k["limit_reset"]) for k in keys]')" "[(5.0, 'monthly')]"
}

@test "L1.4: local-only sends nothing and leaves a tombstone" {
    lv add my-key
    requests >/dev/null
    run lv remove my-key --local-only <<<no
    [ "$status" -eq 7 ]
    run -0 lv remove my-key --local-only --force
    [[ $output == *'alive at OpenRouter'* ]]
    is "$(requests)" ''
    is "$(of_keys 'keys[0]["disabled"]')" False
    is "$(vault_keys)" ''
}

@test "L1.4: what changed while the question stood is not removed" {
    lv add my-key
    mkfifo answer
    lv remove my-key <answer >out 2>&1 3>&- &
    pid=$!
    exec 9>answer
    await grep -q 'yes/no' out
    set_keys 'keys[0]["usage_daily"] = 2'
    echo yes >&9
    exec 9>&-
    code=0
    wait "$pid" || code=$?
    [ "$code" -eq 5 ]
    is "$(of_keys 'keys[0]["disabled"]')" False
}

@test "S15: no output holds a key, and no request but the header the management key" {
    {
        lv add my-key -v --json
        vault get my-key | grep -q "$CANARY" || echo 'the canary is gone'
        fault 'GET /keys/* 1 status 500'
        lv rotate my-key -v --retries 1
        lv remove my-key --force -v
        fault 'POST /keys 1 drop-after'
        lv add other -v
        lv add third --log-file "$SCRATCH/log"
    } >out 2>&1 || true
    run grep -r "$CANARY" out log "$VAULT" "$WORLD/requests" "$WORLD/keys.json"
    [ "$status" -eq 1 ]
}

@test "L1.2: an endpoint that is neither https nor loopback is refused, and redirects are not followed" {
    for endpoint in http://openrouter.ai/api/v1 http://localhost/api/v1 https://u:p@x/api/v1 https://openrouter.ai; do
        run lean_vault add x --vault-dir "$VAULT" --endpoint "$endpoint"
        [ "$status" -eq 2 ]
    done
    lv add my-key
    mkdir "$SERVER/elsewhere"
    fault "GET /keys/* 1 redirect ${remote[1]/$(basename "$WORLD")/elsewhere}/keys"
    run lv remove my-key --force
    [ "$status" -eq 21 ]
    [ ! -e "$SERVER/elsewhere/requests" ]
}

@test "L1.2: proxies of the environment and .netrc are not looked at" {
    export http_proxy=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 HOME=$SCRATCH
    printf 'machine 127.0.0.1 login a password b\n' >"$SCRATCH/.netrc"
    run -0 lv add my-key
}

# ---- doctor ----

@test "L1.5: doctor finds nothing where OpenRouter and the vault agree" {
    lv add my-key
    requests >/dev/null
    run -0 lv doctor --json
    is "$(requests)" 'GET /keys?offset=0&include_disabled=true 200'
    [[ $output != *error* ]]
}

@test "L1.5: doctor prints the hash of a tombstone, and revokes its key when that is confirmed" {
    lv add my-key
    hash=$(of_keys 'keys[0]["hash"]')
    lv remove my-key --local-only --force
    run lv doctor </dev/null
    [ "$status" -eq 23 ]
    [[ $output == *tombstone*"$hash"* ]]
    is "$(of_keys 'len(keys)')" 1
    run -0 lv doctor --force
    [[ $output == *"$hash"* ]]
    is "$(of_keys 'len(keys)')" 0
    run -0 lv doctor --force
    [[ $output != *"$hash"* ]]
}

@test "L1.5: a tombstone whose key is gone leaves the vault, and one that cannot be asked about stays" {
    lv add my-key
    hash=$(of_keys 'keys[0]["hash"]')
    lv remove my-key --local-only --force
    fault 'GET /keys/* * status 503'
    set_keys 'keys.clear()'
    run lv doctor
    [ "$status" -eq 20 ]
    run vault doctor --local
    [[ $output == *"$hash"* ]]
    rm "$WORLD/faults"
    run -0 lv doctor
    run vault doctor --local
    [[ $output != *"$hash"* ]]
}

@test "L1.5: doctor names keys that are gone, disabled, or in no vault, and touches none" {
    lv add gone
    lv add off
    set_keys 'keys[0].update(hash="a" * 64, name="foreign"); keys[1]["disabled"] = True
keys.append(dict(keys[1], hash="b" * 64, name="lost lv-0123456789abcdef"))'
    before=$(cat "$WORLD/keys.json")
    run lv doctor --force
    [ "$status" -eq 23 ]
    printf '%s\n' "$output" >out
    grep -E 'error.*revoked.*gone' out
    grep -E 'note.*disabled.*off' out
    grep -E 'note.*orphan.*foreign.*aaaaaaaa' out
    grep -E 'warning.*orphan.*lean_vault made it.*bbbbbbbb' out
    is "$(cat "$WORLD/keys.json")" "$before"
}

@test "L1.5: a key that the list lacks is asked for before anything is said of it" {
    lv add my-key
    fault 'GET /keys * stale'
    run -0 lv doctor
    is "$(requests | tail -1)" 'GET /keys/# 200'
}

@test "L1.5: doctor reads all pages of a list" {
    lv add my-key
    set_keys 'keys[:0] = [dict(keys[0], hash="%064x" % i, name="k%d" % i) for i in range(150)]'
    run -0 lv doctor
    [[ $output == *'k149'* && $output == *'k0'* ]]
    is "$(requests | grep -c 'GET /keys?')" 2
}
