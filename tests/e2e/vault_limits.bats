#!/usr/bin/env bats
# Limits, usage and alerts of lean_vault, against a server that speaks as OpenRouter does.
bats_require_minimum_version 1.5.0
load lib
load vault_lib

setup_file() {
    openrouter_start
    vault_template one k
    vault_template two a b
    vault_template three a b c
}
teardown_file() { openrouter_stop; }
setup() { scratch; }
teardown() { unscratch; }

requests() { cat "$WORLD/requests" 2>/dev/null; }

# ---- update-limits ----

@test "L2.2 update-limits with both limits sends the daily one, reset daily" {
    new_world one
    remote_key k usage_monthly=45.2 usage_daily=5.3
    run remote update-limits k --monthly-limit 100 --daily-limit 10 --json
    [ "$status" -eq 0 ]
    is "$(remote_says k limit) $(remote_says k limit_reset)" '10.0 "daily"'
    is "$(json 'v["action"], v["monthly_limit"], v["daily_limit"], v["month_spend"], v["day_left"]')" \
        "('limited', 100.0, 10.0, 45.2, 4.7)"
    run vault list --json
    is "$(json '[(k["name"], k["monthly_limit"], k["daily_limit"], k["month_spend"]) for k in v["keys"]]')" \
        "[('k', 100.0, 10.0, 45.2)]"
}

@test "L2.4 the limit is what the month leaves when that is less than the daily one" {
    new_world one
    remote_key k usage_monthly=97 usage_daily=2
    run remote update-limits k --monthly-limit 100 --daily-limit 10
    [ "$status" -eq 0 ]
    is "$(remote_says k limit) $(remote_says k limit_reset)" '5.0 "daily"'
}

@test "L2.2 one limit alone is sent with its own interval, and none takes it away" {
    new_world one
    remote_key k usage_monthly=1 usage_daily=1
    run remote update-limits k --monthly-limit 100
    [ "$status" -eq 0 ]
    is "$(remote_says k limit) $(remote_says k limit_reset)" '100.0 "monthly"'
    run remote update-limits k --monthly-limit none --daily-limit 0.000001
    [ "$status" -eq 0 ]
    is "$(remote_says k limit) $(remote_says k limit_reset)" '1e-06 "daily"'
    run remote update-limits k --daily-limit none
    [ "$status" -eq 0 ]
    is "$(remote_says k limit) $(remote_says k limit_reset)" 'null null'
}

@test "L2.4 where nothing is left the key is disabled on record, and no limit of 0 is sent" {
    new_world one
    remote_key k usage_monthly=100 usage_daily=0
    run remote update-limits k --monthly-limit 100 --daily-limit 10 --json
    [ "$status" -eq 0 ]
    is "$(json 'v["action"]')" disabled
    is "$(remote_says k disabled)" true
    run requests
    [[ $output != *'"limit":0'* ]]
    run vault list --json
    is "$(json 'v["keys"][0]["disabled_by_us"] is not None')" True
}

@test "a limit that is no amount is refused before anything is sent" {
    new_world one
    remote_key k
    for wrong in 0 -1 1.0000001 ten 1e3 1,000; do
        run remote update-limits k --daily-limit="$wrong"
        [ "$status" -eq 2 ]
        [[ $output == *L1100* ]]
    done
    run remote update-limits k --alert-threshold 80
    [ "$status" -eq 2 ]
    run remote update-limits k
    [ "$status" -eq 2 ]
    run remote update-limits unknown --daily-limit 1
    [ "$status" -eq 6 ]
    [ ! -e "$WORLD/requests" ]
}

@test "update-limits of a key that OpenRouter does not know exits 23 and changes nothing" {
    new_world one
    before=$(sha256sum "$VAULT/secrets.vault")
    run remote update-limits k --daily-limit 1
    [ "$status" -eq 23 ]
    is "$(sha256sum "$VAULT/secrets.vault")" "$before"
}

@test "a limit that could not be sent is kept in the vault and sent by sync" {
    new_world one
    remote_key k usage_monthly=1 usage_daily=1
    echo "PATCH /keys/* 1 status 500" >"$WORLD/faults"
    run remote update-limits k --daily-limit 7
    [ "$status" -eq 20 ]
    [[ $output == *"lean_vault sync"* ]]
    is "$(remote_says k limit)" null
    run remote sync
    [ "$status" -eq 0 ]
    is "$(remote_says k limit)" 7.0
}

# ---- sync ----

@test "L2.4 sync tightens as the month goes on, and leaves what is right alone" {
    new_world one
    remote_key k usage_monthly=10 usage_daily=1
    remote update-limits k --monthly-limit 100 --daily-limit 10 >/dev/null
    remote_key k usage_monthly=94.25 usage_daily=1
    run --separate-stderr remote sync --json
    [ "$status" -eq 0 ]
    is "$(json '[(k["name"], k["action"], k["limit_before"], k["limit"]) for k in v["keys"]]')" \
        "[('k', 'limited', 10.0, 6.75)]"
    is "$(remote_says k limit)" 6.75
    : >"$WORLD/requests"
    run --separate-stderr remote sync --json
    is "$(json 'v["keys"][0]["action"]')" unchanged
    run requests
    [[ $output != *PATCH* ]]
}

@test "L2.4 what we disabled sync enables when something is left, what its owner disabled it never does" {
    new_world two
    remote_key a usage_monthly=100 usage_daily=0
    remote_key b usage_monthly=1 usage_daily=1 disabled=true
    remote update-limits a --monthly-limit 100 --daily-limit 10 >/dev/null
    remote update-limits b --daily-limit 10 >/dev/null
    is "$(remote_says a disabled) $(remote_says b disabled)" "true true"
    run --separate-stderr remote sync --json
    is "$(json '[k["action"] for k in v["keys"]]')" "['disabled', 'disabled-by-owner']"
    # the owner raises the limit: something is left again
    run remote update-limits a --monthly-limit 200
    [ "$status" -eq 0 ]
    is "$(remote_says a disabled) $(remote_says a limit)" "false 10.0"
    run --separate-stderr remote sync --json
    is "$(json '[(k["action"], k["disabled_by_us"]) for k in v["keys"]]')" \
        "[('unchanged', None), ('disabled-by-owner', None)]"
    is "$(remote_says b disabled)" true
}

@test "L2.4 figures that fall within their window are not believed" {
    new_world one
    remote_key k usage_monthly=98 usage_daily=4
    remote update-limits k --monthly-limit 100 --daily-limit 10 >/dev/null
    is "$(remote_says k limit)" 6.0
    remote_key k usage_monthly=50 usage_daily=4
    run --separate-stderr remote sync --json
    [ "$status" -eq 0 ]
    is "$(json 'v["keys"][0]["month_spend"], v["keys"][0]["limit"]')" "(98.0, 6.0)"
}

@test "sync goes on behind a key that fails, and behind one that is gone" {
    new_world three
    remote_key a usage_monthly=1 usage_daily=1
    remote_key c usage_monthly=1 usage_daily=1
    remote update-limits a --daily-limit 5 >/dev/null
    remote update-limits c --daily-limit 5 >/dev/null
    remote_key a limit=9
    remote_key c limit=9
    echo "PATCH /keys/* 1 status 500" >"$WORLD/faults"
    run --separate-stderr remote sync --json
    [ "$status" -eq 20 ]
    is "$(json '[k["action"] for k in v["keys"]]')" "['failed', 'gone', 'limited']"
    is "$(remote_says a limit) $(remote_says c limit)" "9 5.0"
    run --separate-stderr remote sync --json
    [ "$status" -eq 23 ]
    is "$(remote_says a limit)" 5.0
}

@test "sync that cannot reach OpenRouter says so and changes nothing" {
    new_world one
    remote_key k
    before=$(sha256sum "$VAULT/secrets.vault")
    echo "* * * status 503" >"$WORLD/faults"
    run remote sync
    [ "$status" -eq 20 ]
    echo "* * * status 401" >"$WORLD/faults"
    run remote sync
    [ "$status" -eq 21 ]
    is "$(sha256sum "$VAULT/secrets.vault")" "$before"
}

# ---- usage ----

@test "L2.2 get-usage shows day and month with as-of and age, and --cached the same later" {
    new_world one
    remote_key k usage_monthly=45.2 usage_daily=5.3
    run remote get-usage k --json
    [ "$status" -eq 0 ]
    is "$(json '[(k["name"], k["source"], k["month_spend"], k["day_spend"], k["age_seconds"]) for k in v["keys"]]')" \
        "[('k', 'openrouter', 45.2, 5.3, 0)]"
    is "$(json 'v["keys"][0]["month"]')" "$(date -u +%Y-%m)"
    rm "$WORLD/requests"
    run vault get-usage k --cached --json
    [ "$status" -eq 0 ]
    is "$(json '[(k["source"], k["month_spend"], k["as_of"] is not None, k["age_seconds"] >= 0) for k in v["keys"]]')" \
        "[('cache', 45.2, True, True)]"
    [ ! -e "$WORLD/requests" ]
    run vault get-usage k --cached
    [[ $output == *"45.20"*"5.30"*cache* ]]
}

@test "amounts with more than six decimals are rounded up, never lost in floating point" {
    new_world one
    remote_key k usage_monthly=0.1000001 usage_daily=0.0000001
    run remote get-usage k --json
    [ "$status" -eq 0 ]
    [[ $output == *'"month_spend":0.100001,"day_spend":0.000001'* ]]
}

@test "get-usage --fail-at exits 24 when that share of a limit of the key's own is spent" {
    new_world one
    remote_key k usage_monthly=8 usage_daily=8
    run remote get-usage k --fail-at 0.8
    [ "$status" -eq 0 ] # there is no limit
    remote update-limits k --daily-limit 10 >/dev/null
    run remote get-usage k --fail-at 0.8
    [ "$status" -eq 24 ]
    run remote get-usage k --fail-at 0.800001
    [ "$status" -eq 0 ]
    run vault get-usage --cached --fail-at 0.5
    [ "$status" -eq 24 ]
    run vault get-usage --cached --fail-at 1.5
    [ "$status" -eq 2 ]
}

@test "figures that were never fetched are unknown, and no pass for --fail-at" {
    new_world one
    remote_key k usage_monthly=1
    run vault get-usage k --cached --json
    [ "$status" -eq 0 ]
    is "$(json 'v["keys"][0]["month_spend"], v["keys"][0]["as_of"]')" "(None, None)"
    echo "PATCH /keys/* 1 status 500" >"$WORLD/faults"
    run vault get-usage k --cached --fail-at 0.8
    [ "$status" -eq 0 ] # it has no limit either
}

@test "L2.3 get-usage --report reads what keycensus found in activity exports, without network" {
    new_world one
    remote_key k
    today=$(date -u +%Y-%m-%d)
    cat >activity.csv <<CSV
generation_id,created_at,cost_total,byok_usage_inference,api_key_name
g1,$today 00:00:01,1.25,0,k
g2,$today 00:00:02,0.000001,0,k
g2,$today 00:00:02,0.000001,0,k
g3,$today 00:00:03,7,0,another
g4,2020-01-01 00:00:00,99,0,k
CSV
    keycensus scan activity.csv -o activity.db >/dev/null
    rm -f "$WORLD/requests"
    run vault get-usage k --report activity.db --json
    [ "$status" -eq 0 ]
    is "$(json '[(k["source"], k["month_spend"], k["day_spend"]) for k in v["keys"]]')" "[('report', 1.250001, 1.250001)]"
    [ ! -e "$WORLD/requests" ]
    run vault get-usage k --report activity.db --cached
    [ "$status" -eq 2 ]
    run vault get-usage k --report missing.db
    [ "$status" -eq 6 ]
}

@test "L3 usage shows the account's credits, and 0 of 0 is no balance" {
    new_world one
    run remote usage --json
    [ "$status" -eq 0 ]
    is "$(json 'v["total_credits"], v["total_usage"], v["remaining"]')" "(10.5, 2.25, 8.25)"
    echo '{"total_credits": 0, "total_usage": 0}' >"$WORLD/credits.json"
    run remote usage --json
    is "$(json 'v["remaining"]')" None
    run remote usage
    [[ $output == *"as of"* ]]
}

# ---- alerts ----

alerting_key() { # NAME USAGE_DAILY
    remote_key "$1" usage_monthly="$2" usage_daily="$2"
    remote update-limits "$1" --daily-limit 10 --alert-threshold 0.5,0.8 >/dev/null
}

@test "L2.3 a threshold is told once, the highest of several, and listed as delivered" {
    new_world one
    alerting_key k 9
    echo "file $SCRATCH/told" >"$VAULT/alerts.conf"
    run --separate-stderr remote sync --json
    [ "$status" -eq 0 ]
    is "$(json 'v["alerts"]')" "{'raised': 2, 'delivered': 1, 'pending': 0}"
    run cat told
    is "$(json 'v["key"], v["window"], v["threshold"], v["spent"], v["limit"]')" "('k', 'day', 0.8, 9.0, 10.0)"
    run --separate-stderr remote sync --json
    is "$(json 'v["alerts"]')" "{'raised': 0, 'delivered': 0, 'pending': 0}"
    is "$(wc -l <told)" 1
    run vault alerts list --json
    is "$(json '[(a["threshold"], a["state"]) for a in v["alerts"]]')" "[(0.5, 'delivered'), (0.8, 'delivered')]"
}

@test "L2.4 an alert that no place took stays pending, exits 13, and is told by the next sync" {
    new_world one
    alerting_key k 9
    echo "command /bin/false" >"$VAULT/alerts.conf"
    run remote sync
    [ "$status" -eq 13 ]
    [[ $output == *L1116* ]]
    run vault alerts list --json
    is "$(json '[a["state"] for a in v["alerts"]]')" "['pending', 'pending']"
    printf '#!/bin/sh\ncat >>%s/told\n' "$SCRATCH" >notify
    chmod 755 notify
    echo "command $SCRATCH/notify --now" >"$VAULT/alerts.conf"
    run remote sync
    [ "$status" -eq 0 ]
    is "$(wc -l <told)" 1
    run remote sync
    is "$(wc -l <told)" 1
}

@test "L2.3 several keys are told in one message, and without alerts.conf on standard error" {
    new_world two
    alerting_key a 5
    alerting_key b 10
    run --separate-stderr remote sync
    [ "$status" -eq 0 ]
    [[ $stderr == *"alert: a: 5.00 of 10.00 dollars in the day"*"alert: b: 10.00 of 10.00"* ]]
    run --separate-stderr remote sync
    [[ $stderr != *alert:* ]]
}

@test "alerts ack ends the delivery, alerts test tries the places" {
    new_world one
    alerting_key k 9
    echo "command /bin/false" >"$VAULT/alerts.conf"
    run remote sync
    [ "$status" -eq 13 ]
    run vault alerts ack unknown
    [ "$status" -eq 6 ]
    run vault alerts ack k
    [ "$status" -eq 0 ]
    run remote sync
    [ "$status" -eq 0 ]
    run vault alerts test
    [ "$status" -eq 13 ]
    echo "file $SCRATCH/told" >"$VAULT/alerts.conf"
    run vault alerts test
    [ "$status" -eq 0 ]
    is "$(wc -l <told)" 1
    run vault alerts nonsense
    [ "$status" -eq 2 ]
}

@test "alerts.conf that is not understood, or that others may write, starts nothing" {
    new_world one
    alerting_key k 9
    echo "mail root" >"$VAULT/alerts.conf"
    run remote sync
    [ "$status" -eq 2 ]
    [[ $output == *L1115* ]]
    echo "command /usr/bin/touch $SCRATCH/started" >"$VAULT/alerts.conf"
    chmod 666 "$VAULT/alerts.conf"
    run vault alerts test
    [ "$status" -eq 4 ]
    [ ! -e started ]
}

@test "no output, record or message of these commands holds a key" {
    new_world one
    alerting_key k 9
    echo "file $SCRATCH/told" >"$VAULT/alerts.conf"
    {
        remote sync -v
        remote sync --json
        remote get-usage
        remote update-limits k --daily-limit 11
        vault alerts list
        remote usage
    } >out 2>&1
    run grep -rl "$CANARY" out told "$WORLD/requests" "$VAULT"
    [ "$status" -eq 1 ]
}
