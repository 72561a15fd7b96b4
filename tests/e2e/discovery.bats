#!/usr/bin/env bats
# Ciphertext wherever it stands: forgotten columns, values inside of documents, wrapped in base64 and
# hexadecimal, of every envelope that begins with bytes of its own; and what a plan makes of them (S4, S16).

load lib
load plan_lib

setup() {
    scratch
    make_env .env.crypto v2 v1 v2
    v2=$(sealed v2 1 2)
    vault=vault:v3:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w==
    fernet=gAAAAABlU_EADWD01F95xHbjn--oIRQ0AIsJqbcC_digqjiACGnaQsjd6wgPD-0rf1oDiHcTPr-WTCFrQnPntj4nwHYFRRy3nngJ54ip4_1dpW1gTDkr-c0=
    export v2 vault fernet
}
teardown() { unscratch; }

# cells: eight rows of (id, kept, note), the note of each holding something else, in the form FORMAT.
cells() {
    /usr/bin/python3 - "$1" <<'PY'
import base64, csv, io, json, os, sqlite3, sys
v2, vault = os.environ["v2"], os.environ["vault"]
def b64(s): return base64.b64encode(s.encode()).decode()
notes = [
    json.dumps({"a": {"secret": v2}, "b": [1, 2]}),       # hinted-embedded v2
    "{" + ",".join(['"' + vault + '"', '"x"']) + "}",     # an array: hinted-embedded vault
    "<doc><k>" + vault + "</k></doc>",                    # XML
    "he wrote: " + v2 + " and left",                      # free text
    b64("x" + vault), b64("xx " + v2 + " "),              # base64, two looks
    vault.encode().hex().upper(),                         # hexadecimal
    "nothing at all",
]
rows = [(str(i), v2, n) for i, n in enumerate(notes)]
def copy(s): return s.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
def quoted(s): return "'" + s.replace("'", "''") + "'"
head = "--\n-- PostgreSQL database dump\n--\n\nSET standard_conforming_strings = on;\n\nCREATE TABLE public.t (id text, kept text, note text);\n"
tail = "\n--\n-- PostgreSQL database dump complete\n--\n"
form = sys.argv[1]
out = sys.stdout
if form == "copy":
    out.write(head + "COPY public.t (id, kept, note) FROM stdin;\n")
    out.writelines("\t".join(map(copy, r)) + "\n" for r in rows)
    out.write("\\.\n" + tail)
elif form == "insert":
    out.write(head)
    out.writelines("INSERT INTO public.t VALUES (%s);\n" % ", ".join(map(quoted, r)) for r in rows)
    out.write(tail)
elif form == "csv":
    w = csv.writer(out, lineterminator="\n")
    w.writerow(["id", "kept", "note"])
    w.writerows(rows)
elif form == "jsonl":
    out.writelines(json.dumps(dict(zip(["id", "kept", "note"], r))) + "\n" for r in rows)
elif form == "sqlite":
    db = sqlite3.connect("t.sqlite")
    db.execute("create table t (id text, kept text, note text)")
    db.executemany("insert into t values (?, ?, ?)", rows)
    db.commit()
PY
}

found() { # what was found in the note
    query r.db "SELECT class || ' ' || record_count FROM value_classes WHERE column_name = 'note' ORDER BY 1" | paste -sd,
    query r.db "SELECT version || ' ' || record_count FROM key_usage WHERE column_name = 'note' ORDER BY 1" | paste -sd,
    query r.db "SELECT envelope FROM columns WHERE column_name = 'note'"
}

@test "S4: embedded and wrapped values are found by every reader, and alike" {
    cells copy >t.sql
    cells insert >t_insert.sql
    cells csv >t.csv
    cells jsonl >t.jsonl
    cells sqlite
    for input in t.sql t_insert.sql t.csv t.jsonl t.sqlite; do
        keycensus scan "$input" -o r.db --overwrite --env-file .env.crypto -q
        run found
        [ "${lines[0]}" = "hinted-embedded 7,plaintext 1" ]
        [ "${lines[1]}" = "v2 3,vault-transit:v3 4" ]
        [ "${lines[2]}" = "versioned-fernet+vault-transit" ]
    done
}

@test "S4: what is found depends on no block size and on no number of threads" {
    cells copy >t.sql
    cells csv >t.csv
    for input in t.sql t.csv; do
        keycensus scan "$input" -o r.db --overwrite --dump-time 2026-05-01T10:00:00Z -q
        digest=$(query r.db "SELECT value FROM summary WHERE item = 'content_digest'")
        for how in '--block-size 1' '--block-size 77 --threads 3' '--block-size 600 --threads 2'; do
            # shellcheck disable=SC2086
            keycensus scan "$input" -o r.db --overwrite --dump-time 2026-05-01T10:00:00Z -q $how
            [ "$(query r.db "SELECT value FROM summary WHERE item = 'content_digest'")" = "$digest" ]
        done
    done
}

@test "S4: a forgotten column is a finding and its versions are in use" {
    { sql_head; sealed v2 2 1 | sql_table public.users otp; sealed v1 1 400 | sql_table public.old note; sql_tail; } >d.sql
    keycensus scan d.sql -o r.db --table public.users --column otp --env-file .env.crypto -q
    [ "$(query r.db "SELECT record_count FROM findings WHERE code = 'undeclared-column' AND table_name = 'old'")" = 1 ]
    [ "$(query r.db "SELECT record_count FROM key_usage WHERE version = 'v1' AND table_name = 'old'")" = 1 ]
}

@test "S16: values of another envelope warn and do not block; those that name no key do" {
    { sql_head; sealed v2 2 1 | sql_table public.users otp; echo "$vault" | sql_table public.other note; sql_tail; } >d.sql
    keycensus scan d.sql -o r.db --table public.users --column otp --env-file .env.crypto -q
    [ "$(query r.db "SELECT severity || ' ' || record_count FROM findings WHERE code = 'other-envelope'")" = "info 1" ]
    [ -z "$(query r.db "SELECT 1 FROM findings WHERE code = 'unknown-version'")" ]
    keyretire plan --report r.db --env-file .env.crypto --keep-versions 1 -o p.txt >plan.out
    grep -q 'other-envelope' p.txt
    { sql_head; sealed v2 2 1 | sql_table public.users otp; echo "$fernet" | sql_table public.other note; sql_tail; } >d.sql
    keycensus scan d.sql -o r.db --overwrite --table public.users --column otp --env-file .env.crypto -q
    run keyretire plan --report r.db --env-file .env.crypto --keep-versions 1 -o p2.txt
    [ "$status" -eq 4 ]
    grep -q 'unversioned' p2.txt
}

@test "S4: --envelope says what a column holds, whole or home-grown, and declares it" {
    { sql_head; printf '%s\n' "enc_v2:00ff" "enc_v1:aa" plain | sql_table public.users otp; sql_tail; } >d.sql
    keycensus scan d.sql -o r.db --envelope 'public.users.otp=text:enc_{id}:' --env-file .env.crypto -q
    [ "$(query r.db "SELECT version || ' ' || record_count FROM key_usage ORDER BY 1" | paste -sd,)" = "v1 1,v2 1" ]
    [ "$(query r.db "SELECT record_count FROM value_classes WHERE class = 'plaintext' AND column_name = 'otp'")" = 1 ]
    [ "$(query r.db "SELECT declared FROM columns WHERE column_name = 'otp'")" = 1 ]
    run keycensus scan d.sql -o r.db --overwrite --envelope 'users.otp=nothing'
    [ "$status" -eq 6 ]
    run keycensus scan d.sql -o r.db --overwrite --envelope users.otp
    [ "$status" -eq 2 ]
    run keycensus scan d.sql -o r.db --overwrite --envelope users.gone=magento
    [ "$status" -eq 6 ]
}
