"""apply: how long the change of eight env files takes.

They lie in memory where there is /dev/shm, so that the fsyncs of the protocol cost nothing and what is
left is our own.
"""
import base64
import hashlib
import os
import shutil
import statistics
import tempfile

from measure import BUILD, GENERATE, Figure, line, must_be, run, scan

KEYRETIRE = os.path.join(BUILD, "keyretire")
FILES, VERSIONS = 8, 12
PREFIX = "ENCRYPTION_KEYS__"


def env_text():
    """As the application writes it: keys, salts with their hashes, and a checksum over all."""
    values = {"ACTIVE_ENCRYPTION_VERSION": f"v{VERSIONS}"}
    for n in range(1, VERSIONS + 1):
        salt = os.urandom(16)
        values[f"{PREFIX}v{n}"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
        values[f"ENCRYPTION_SALT__v{n}"] = base64.urlsafe_b64encode(salt).decode()
        values[f"ENCRYPTION_SALT_HASH__v{n}"] = hashlib.sha256(salt).hexdigest()
    told = "\n".join(f"{k}={v}" for k, v in sorted(values.items()))
    values["ENCRYPTION_ENV_CHECKSUM"] = hashlib.sha256(told.encode()).hexdigest()
    return "".join(f'{k}="{v}"\n' for k, v in values.items())


def versions(path):
    with open(path) as f:
        return {row[len(PREFIX):].split("=")[0] for row in f if row.startswith(PREFIX)}


def apply_once(folder, text):
    """One plan for eight files that share their keys, and its change; gives back the latter's figure."""
    paths = [os.path.join(folder, str(n), ".env.crypto") for n in range(FILES)]
    for path in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(text)
    dump, report, plan, state, log = (os.path.join(folder, n)
                                      for n in ("dump.sql", "report.db", "plan.txt", "state", "log"))
    run(f"{GENERATE} --format sql --rows 100 --versions 2 | cat > {dump}")
    run(scan(dump, report))
    named = " ".join(f"--env-file {path}" for path in paths)
    run(f"{KEYRETIRE} plan --report {report} {named} --state-dir {state} --kdf-iterations 1 --keep-versions 1 "
        f"--max-report-age none --accept active-unseen:bench -q --overwrite -o {plan} 2>{log}")
    figure = run(f"{KEYRETIRE} apply {plan} --yes -q --state-dir {state} 2>{log}")
    for path in paths:
        must_be(versions(path), {"v1", "v2", f"v{VERSIONS}"}, f"versions left in {path}")
    shutil.rmtree(state)
    return figure


def bench_apply(b):
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="keyretire-bench.", dir=memory) as folder:
        figures = [apply_once(folder, env_text()) for _ in range(max(b.runs, 5))]
    median = Figure(*map(statistics.median, zip(*figures)))
    line("apply, 8 files", median, f"(target: under 0.050 s; {'in memory' if memory else 'with the fsyncs'})")
