"""Makes system calls of a server fail: on the files of its model, and on its connections."""

import http.client
import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

from faults import DIED, HARMLESS, chosen, report
from scenarios import read

WORDS = ["serve", "c", "--port", "0", "--log", "errors", "--batch-wait", "0"]
ENVIRONMENT = {"FAULT_SOCKETS": "1"}


def ask(port):
    """The embeddings of two texts, or None where no whole answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        body = json.dumps({"model": "c", "input": ["A man plays.", "It rains."]})
        connection.request("POST", "/v1/embeddings", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        return json.loads(text)["data"] if answer.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def serve(command, folder, faults):
    """What became of a server that was asked three times and told to end: its status, its answers, what it said was
    wrong, and the call that was made to fail."""
    server = command.server(WORDS, ENVIRONMENT)
    process = server.start(folder, faults)
    answers, status = [], None
    end = time.monotonic() + 20
    while status is None and time.monotonic() < end:
        status = server.answer(0.002)
        text = server.out.read_text(errors="replace") if server.out.exists() else ""
        if text.startswith("http://") and text.endswith("\n"):
            answers = [ask(int(text.strip().rsplit(":", 1)[1])) for _ in range(3)]
            break
    if status is None:
        try:
            os.kill(process, signal.SIGTERM)
        except ProcessLookupError:
            pass
        status, _, _ = server.end(process, 20)
    return status, answers, server.error.read_text(errors="replace"), server.met


def trial(root, command, start, expected, call, name, path, kind):
    """Lets one call fail; whether it came to that, and what is wrong, or nothing."""
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        shutil.copytree(start / "c", folder / "c")
        status, answers, error, met = serve(command, folder, {"FAULT_CALL": call, "FAULT_KIND": kind})
        return met == (call, name), outcome(status, answers, error, expected, kind, met == (call, name))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def outcome(status, answers, error, expected, kind, met):
    """What is wrong with how the server answered and ended."""
    if status is None:
        return "it did not end"
    if any(answer not in (None, expected) for answer in answers):
        return "another answer"
    if met and kind.endswith("DEATH"):
        return None if status == DIED else f"status {status} instead of an end by the fault"
    if status == DIED:
        return None
    if status not in (0, 1):
        return f"status {status}: {error.strip()[-200:]}"
    if status == 1 and not error.strip():
        return "no message"
    if kind in HARMLESS and (status != 0 or answers != [expected] * 3):
        return f"an interruption or a short count is an error: {error.strip()[-200:]}"
    # One call that fails costs one answer at most.
    if status == 0 and answers.count(expected) < 2:
        return f"{answers.count(expected)} of 3 answers"
    return None


def run(root, command, start, pool, share):
    """Counts, and what went wrong."""
    folder = Path(tempfile.mkdtemp(dir=root))
    shutil.copytree(start / "c", folder / "c")
    log = root / "calls"
    status, answers, error, _ = serve(command, folder, {"FAULT_LOG": str(log)})
    if status != 0 or None in answers or len(answers) != 3:
        raise SystemExit(f"serve: status {status}, {answers}: {error}")
    calls = read(log)
    log.unlink()
    shutil.rmtree(folder)
    tried = chosen(calls, share, "serve")
    ends = list(pool.map(lambda fault: trial(root, command, start, answers[0], *fault), tried))
    return report("serve", calls, tried, ends)
