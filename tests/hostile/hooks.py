"""What schemathesis cannot know of the service: who acts, and which things there are.

Each operation is asked by the demo's accounts in turn; whoever may not (`forbidden`) is asked for it no more. An id that
has the form of one is replaced by one that was seen in an answer, so that operations meet things that exist; what is
broken on purpose stays broken.
"""

import atexit
import collections
import itertools
import os
import re
import threading
import time
import zlib

import requests
import schemathesis

BASE = os.environ["HOSTILE_BASE"]
PASSWORD = "shiryan-demo"
ACCOUNTS = ["bank", "physician", "medic", "hospital", "command", "admin", "bank2", "physician2"]
# A token lives ten minutes.
FRESH = 8 * 60
ID = re.compile(r"^[0-9A-HJKMNP-TV-Z]{13}$")
# The fields of bodies and queries that name something, and the list it stands in.
NAMED = {
    "donor": "donors", "survivor": "donors", "unit": "units", "company": "units", "drive": "drives", "facility": "facilities",
    "from_facility": "facilities", "to": "facilities", "activity": "activities", "request": "requests",
    "appointment": "appointments", "visit": "visits", "donation": "donations", "slot": "slots", "incident": "incidents",
}
KEPT = 200
# What these refuse is a name, a password or a code of the body, not whoever asks.
SIGNING_IN = {"/api/v1/sessions", "/api/v1/sessions/refresh", "/api/v1/sessions/second-factor"}
# Of the form of an id, and nobody's.
UNKNOWN = "0000000000001"

lock = threading.Lock()
tokens: dict[str, tuple[str, float]] = {}
holders: dict[str, str] = {}
forbidden: set[tuple[str, str]] = set()
seen: dict[str, list[str]] = {}
# The accounts that act here: none of them is reset or shut, whichever way their ids came to be known.
acting: set[str] = set()
turn = itertools.count()
answers = collections.Counter()
codes = collections.Counter()


def look_around():
    """Fills what is seen with what stands in the lists of the demo's world."""
    paths = requests.get(f"{BASE}/api/v1/openapi.json", timeout=30).json()["paths"]
    for path, item in paths.items():
        required = [one for one in item.get("get", {}).get("parameters", []) if one.get("required")]
        if "get" not in item or required or path.endswith("export"):
            continue
        for account in ACCOUNTS[:6]:
            headers = {"Authorization": f"Bearer {sign_in(account)}"}
            answer = requests.get(f"{BASE}{path}", headers=headers, timeout=30)
            if answer.status_code == 200:
                remember(path, 200, answer.json())
                break
    users = requests.get(f"{BASE}/api/v1/users", headers={"Authorization": f"Bearer {sign_in('admin')}"}, timeout=30)
    acting.update(user["id"] for user in users.json()["items"])


def sign_in(account: str) -> str:
    """A token of the account; waits as long as the service asks for."""
    with lock:
        token, until = tokens.get(account, ("", 0.0))
        if time.monotonic() < until:
            return token
        while True:
            # As through the declared proxy, from an address that nobody else's tries are counted for.
            told = {"X-Forwarded-For": "192.0.2.7"}
            body = {"username": account, "password": PASSWORD}
            answer = requests.post(f"{BASE}/api/v1/sessions", json=body, headers=told, timeout=30)
            if answer.status_code == 201:
                break
            assert answer.status_code in (429, 503), f"{account} cannot sign in: {answer.text}"
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        token = answer.json()["access_token"]
        tokens[account] = (token, time.monotonic() + FRESH)
        holders[token] = account
        return token


def label(operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def whose_turn(operation) -> str:
    who = [name for name in ACCOUNTS if (label(operation), name) not in forbidden] or ACCOUNTS
    return sign_in(who[next(turn) % len(who)])


@schemathesis.auth(refresh_interval=None)
class InTurn:
    def get(self, case, context):
        return whose_turn(context.operation)

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


def known(value, of: str | None):
    """Something that was seen in its place; the same for the same value while nothing new is seen."""
    there = seen.get(of or "")
    if not there or not isinstance(value, str) or not ID.match(value):
        return value
    choice = zlib.crc32(value.encode())
    return value if choice % 8 == 0 else there[choice % len(there)]


def replaced(body):
    if isinstance(body, dict):
        return {name: known(replaced(value), NAMED.get(name)) for name, value in body.items()}
    if isinstance(body, list):
        return [replaced(value) for value in body]
    return body


def of_path(path: str) -> str:
    """The list that a path's id stands in: `/api/v1/stock/units/{id}/release` is of `stock/units`."""
    return path.removeprefix("/api/v1/").split("/{", 1)[0]


@schemathesis.hook
def before_call(context, case, kwargs):
    # Cases are made many at once: by now it may be known who may not.
    if case.headers and case.headers.get("Authorization", "").removeprefix("Bearer ") in holders:
        case.headers["Authorization"] = f"Bearer {whose_turn(case.operation)}"
    of = of_path(case.operation.path)
    if case.path_parameters:
        case.path_parameters = {name: known(value, of) for name, value in case.path_parameters.items()}
        if of == "users" and acting.intersection(map(str, case.path_parameters.values())):
            case.path_parameters = {name: UNKNOWN for name in case.path_parameters}
    if case.query:
        case.query = {name: known(value, NAMED.get(name)) for name, value in case.query.items()}
    if isinstance(case.body, (dict, list)):
        case.body = replaced(case.body)


@schemathesis.hook
def after_call(context, case, response):
    answers[response.status_code] += 1
    held = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
    account = holders.get(held)
    if response.status_code == 401 and account and case.operation.path not in SIGNING_IN:
        # Signed out by an operation of that kind.
        tokens.pop(account, None)
    kind = response.headers.get("content-type", [""])[0]
    if "json" not in kind:
        return
    try:
        body = response.json()
    except ValueError:
        return
    codes[body.get("code") if isinstance(body, dict) and response.status_code >= 400 else "none"] += 1
    if response.status_code == 403 and account and body.get("code") == "forbidden":
        forbidden.add((label(case.operation), account))
    if response.status_code in (200, 201, 202):
        remember(case.operation.path, response.status_code, body)


@atexit.register
def say():
    """How deep it went: what was answered how often."""
    print("Answers:", ", ".join(f"{status}: {count}" for status, count in sorted(answers.items())))
    print("Codes:", ", ".join(f"{code}: {count}" for code, count in codes.most_common()))
    print("Seen:", ", ".join(f"{len(there)} {of}" for of, there in sorted(seen.items())))


def remember(path, status, body):
    of = of_path(path)
    # Of users only those that were made here: the accounts that act stay as they are.
    if of == "users" and not (status == 201 and "{" not in path):
        return
    rows = body.get("items", [body]) if isinstance(body, dict) else []
    with lock:
        for row in rows:
            keep(of, row.get("id") if isinstance(row, dict) else None)
            for name, value in row.items() if isinstance(row, dict) else ():
                keep(NAMED.get(name, ""), value)


def keep(of, value):
    if of and isinstance(value, str) and ID.match(value):
        there = seen.setdefault(of, [])
        if value not in there:
            there.append(value)
            del there[:-KEPT]


look_around()
