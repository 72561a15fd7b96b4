#!/usr/bin/python3
"""OpenRouter's key API on a loopback port, with its real answers, and failing on demand.

    openrouter_server.py ROOT [--tls]        writes ROOT/port, serves until it is killed

One server serves many worlds. The world of http://127.0.0.1:PORT/NAME/api/v1 is the folder ROOT/NAME, which is
read anew for every request, so a test makes a world with mkdir, looks at it with cat and saves it with cp:

    management.key   what the Authorization header must carry; any key is taken where the file is missing
    keys.json        the keys, oldest first: objects as the API shows them; never a key's value
    faults           what goes wrong, a line each: METHOD PATH COUNT ACTION [ARGUMENT]...
    requests         a line for each request: METHOD PATH STATUS BODY, and never a secret
    activity.json    what GET /activity gives (optional), a list
    credits.json     what GET /credits gives (optional), an object

PATH is a shell pattern over what follows /api/v1, without the query. COUNT is a number, or * for ever; the first
line that fits is used up by one. Actions:

    status N [retry-after=S]   that status with an error body; nothing is done
    answer TEXT                200 with this body; nothing is done
    drop-before, drop-after    the connection is closed without an answer, before or after it is acted
    hang-before, hang-after    the same, but no answer comes and the connection stays open
    malformed                  acts, and answers JSON that breaks off
    huge                       acts, and answers more than anybody should read
    slow SECONDS               acts, and answers a byte at a time over so long
    redirect URL               302
    stale                      a list without the keys of the last minute
    pause SECONDS              acts after a while, as usual

With --tls a certificate for 127.0.0.1 is made by openssl, ROOT/ca.pem.
Source: the OpenAPI document of https://openrouter.ai/docs/api-reference (keys, credits, activity).
"""
import calendar
import fnmatch
import hashlib
import http.server
import json
import os
import pathlib
import secrets
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

PAGE = 100
KEY_FIELDS = {"name", "disabled", "limit", "limit_reset", "include_byok_in_limit", "expires_at"}
RESETS = {None, "daily", "weekly", "monthly"}
SAID = {400: "Bad request", 401: "No auth credentials found", 402: "Insufficient credits", 403: "Only management "
        "keys can perform this operation", 404: "API key not found", 408: "Request timed out", 429: "Rate limit "
        "exceeded", 500: "Internal Server Error", 502: "Provider returned error", 503: "No available model provider"}
CANARY = "CaNaRy"  # in every key that is given out, to be looked for where no key may stand
lock = threading.Lock()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def error(status, message=None):
    return status, {"error": {"code": status, "message": message or SAID.get(status, "Error")}}


class World:
    """The folder of one world, for one request."""

    def __init__(self, folder):
        self.folder = folder

    def read(self, name, otherwise):
        try:
            return json.loads((self.folder / name).read_text())
        except FileNotFoundError:
            return otherwise

    def write(self, name, text):
        new = self.folder / (name + ".tmp")
        new.write_text(text)
        new.replace(self.folder / name)

    def keys(self):
        return self.read("keys.json", [])

    def save(self, keys):
        self.write("keys.json", json.dumps(keys, indent=1) + "\n")

    def fault(self, method, path):
        """The action of the first fault that fits, as words; used up by one."""
        try:
            lines = (self.folder / "faults").read_text().splitlines()
        except FileNotFoundError:
            return []
        for i, line in enumerate(lines):
            words = line.split()
            if len(words) < 4 or words[0] not in (method, "*") or not fnmatch.fnmatchcase(path, words[1]):
                continue
            if words[2] == "0":
                continue
            if words[2] != "*":
                words[2] = str(int(words[2]) - 1)
                lines[i] = " ".join(words)
                self.write("faults", "\n".join(lines) + "\n")
            return words[3:]
        return []

    def log(self, text):
        with open(self.folder / "requests", "a", encoding="utf-8") as log:
            log.write(text + "\n")


def bad_fields(fields):
    if not isinstance(fields, dict) or set(fields) - KEY_FIELDS:
        return "unknown field"
    limit = fields.get("limit")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, (int, float)) or limit < 0):
        return "limit must be a number of at least 0"
    if fields.get("limit_reset") not in RESETS:
        return "limit_reset must be daily, weekly or monthly"
    if "disabled" in fields and not isinstance(fields["disabled"], bool):
        return "disabled must be a boolean"
    if "name" in fields and (not isinstance(fields["name"], str) or not fields["name"]):
        return "name must not be empty"
    return None


def shown(key):
    """As the API shows it: what is left of the limit follows from the spend of its window."""
    key = dict(key)
    if key.get("limit") is not None and "limit_remaining" not in key:
        spent = key.get({"daily": "usage_daily", "weekly": "usage_weekly", "monthly": "usage_monthly"}.get(
            key.get("limit_reset"), "usage"), 0)
        key["limit_remaining"] = round(key["limit"] - spent, 6)
    return key


def get_list(world, query, words):
    keys = [k for k in reversed(world.keys())
            if query.get("include_disabled", ["false"])[0] == "true" or not k.get("disabled")]
    if words[:1] == ["stale"]:
        late = time.time() - 60
        keys = [k for k in keys
                if calendar.timegm(time.strptime(k.get("created_at", "2000-01-01T00:00:00Z"),
                                                 "%Y-%m-%dT%H:%M:%SZ")) < late]
    offset = int(query.get("offset", ["0"])[0])
    return 200, {"data": [shown(k) for k in keys[offset:offset + PAGE]]}


def create(world, fields):
    wrong = bad_fields(fields) or (None if "name" in fields else "name is missing")
    if wrong:
        return error(400, wrong)
    value = "sk-or-v1-" + secrets.token_hex(12) + CANARY + secrets.token_hex(17)
    key = {"hash": hashlib.sha256(value.encode()).hexdigest(), "name": fields["name"],
           "label": value[:12] + "..." + value[-3:], "disabled": False, "limit": fields.get("limit"),
           "limit_reset": fields.get("limit_reset"), "include_byok_in_limit": fields.get("include_byok_in_limit",
                                                                                         False),
           "usage": 0, "usage_daily": 0, "usage_weekly": 0, "usage_monthly": 0, "byok_usage": 0, "created_at": now(),
           "updated_at": None, "expires_at": fields.get("expires_at"), "creator_user_id": "user_1"}
    if any(k["hash"] == key["hash"] for k in world.keys()):
        return error(500)
    world.save(world.keys() + [key])
    return 201, {"data": shown(key), "key": value}


def one_key(world, method, name, fields):
    keys = world.keys()
    for key in keys:
        if key["hash"] != name:
            continue
        if method == "DELETE":
            keys.remove(key)
            world.save(keys)
            return 200, {"deleted": True}
        if method == "PATCH":
            wrong = bad_fields(fields)
            if wrong:
                return error(400, wrong)
            key.update(fields)
            key["updated_at"] = now()
            world.save(keys)
        return 200, {"data": shown(key)}
    return error(404)


def act(world, method, path, query, fields, words):
    if path == "/keys" and method == "GET":
        return get_list(world, query, words)
    if path == "/keys" and method == "POST":
        return create(world, fields)
    if path.startswith("/keys/") and method in ("GET", "PATCH", "DELETE"):
        return one_key(world, method, urllib.parse.unquote(path[len("/keys/"):]), fields)
    if path == "/credits" and method == "GET":
        return 200, {"data": world.read("credits.json", {"total_credits": 10.5, "total_usage": 2.25})}
    if path == "/activity" and method == "GET":
        wanted = {f: query[f][0] for f in ("date", "api_key_hash") if f in query}
        rows = [r for r in world.read("activity.json", [])
                if wanted.get("date", r.get("date", "")[:10]) == r.get("date", "")[:10]
                and wanted.get("api_key_hash", r.get("api_key_hash")) == r.get("api_key_hash")]
        return 200, {"data": rows}
    return error(404, "Not Found")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root = pathlib.Path(".")

    def log_message(self, *args):
        pass

    def drop(self):
        self.close_connection = True

    def hang(self):
        """Until the client has gone."""
        try:
            while self.connection.recv(1024):
                pass
        except OSError:
            pass
        self.drop()

    def answer(self, status, body, words=(), headers=()):
        action = words[0] if words else ""
        if action == "malformed":
            body = body[:max(1, len(body) // 2)]
        if action == "huge":
            body = b'{"data":"' + b"x" * (9 << 20) + b'"}'
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            if action == "slow":
                for i in range(len(body)):
                    self.wfile.write(body[i:i + 1])
                    self.wfile.flush()
                    time.sleep(float(words[1]) / len(body))
            else:
                self.wfile.write(body)
        except OSError:
            self.drop()  # the client did not wait for it

    def allowed(self, world):
        try:
            wanted = (world.folder / "management.key").read_text().strip()
        except FileNotFoundError:
            return True
        return self.headers.get("Authorization", "") == "Bearer " + wanted

    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        name, base, path = url.path[1:].partition("/api/v1")
        world = World(self.root / name)
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size) if size else b""
        if not base or not name or not world.folder.is_dir():
            self.answer(404, b'{"error":{"code":404,"message":"no such world"}}')
            return
        full = path + ("?" + url.query if url.query else "")
        with lock:
            words = world.fault(self.command, path)
            headers, action = [], words[0] if words else ""
            body = None
            if action in ("drop-before", "hang-before"):
                status = "none"
            elif action == "status":
                status, body = error(int(words[1]))
                headers = [("Retry-After", w.split("=")[1]) for w in words[2:] if w.startswith("retry-after=")]
            elif action == "answer":
                status, body = 200, None
            elif action == "redirect":
                status, body = error(302, "elsewhere")
                headers = [("Location", words[1])]
            elif not self.allowed(world):
                status, body = error(401)
            else:
                if action == "pause":
                    time.sleep(float(words[1]))
                try:
                    fields = json.loads(raw) if raw else None
                    status, body = act(world, self.command, path, urllib.parse.parse_qs(url.query), fields, words)
                except ValueError:
                    status, body = error(400)
            world.log(f"{self.command} {full} {status} {raw.decode(errors='replace')}".rstrip())
        if action.startswith("drop"):
            self.drop()
        elif action.startswith("hang"):
            self.hang()
        else:
            text = " ".join(words[1:]).encode() if action == "answer" else json.dumps(body).encode()
            self.answer(status, text, words, headers)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that are killed leave broken connections


def certificate(root):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", root / "server.key", "-out", root / "ca.pem", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)


def main():
    root = pathlib.Path(sys.argv[1])
    Handler.root = root
    server = Server(("127.0.0.1", 0), Handler)
    if "--tls" in sys.argv[2:]:
        certificate(root)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(root / "ca.pem", root / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    new = root / "port.tmp"
    new.write_text(f"{server.server_port}\n")
    os.replace(new, root / "port")
    server.serve_forever(poll_interval=5)


if __name__ == "__main__":
    main()
