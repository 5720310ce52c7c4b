"""Requests a second and latency of `simile serve` and of peer.py, in turn: measure.py --help"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.request

here = os.path.dirname(os.path.abspath(__file__))
parser = argparse.ArgumentParser()
parser.add_argument("--simile", default=".build/release/simile")
parser.add_argument("--model", default="Checkpoints/all-MiniLM-L6-v2")
parser.add_argument("--peer-python", help="a Python with sentence-transformers, fastapi and uvicorn")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", type=int, default=8)
parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
parser.add_argument("--output", help="a JSON file for every round")
arguments = parser.parse_args()

commands = {
    "simile": (18080, [arguments.simile, "serve", arguments.model, "--port", "18080", "--log", "errors"]),
}
if arguments.peer_python:
    commands["peer"] = (18081, [arguments.peer_python, f"{here}/peer.py", arguments.model, "18081"])


def is_healthy(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).status == 200
    except OSError:
        return False


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]


def load(port, connections, seconds):
    report = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency",
         "-s", f"{here}/embed.lua", f"http://127.0.0.1:{port}"],
        capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in report or "Socket errors" in report:
        sys.exit(report)
    percentile = {p: milliseconds(t) for p, t in re.findall(r"^\s+(50|99)%\s+(\S+)", report, re.M)}
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", report).group(1))
    return {"rate": rate, "p50": percentile["50"], "p99": percentile["99"]}


servers, rounds = [], []
try:
    for name, (port, command) in commands.items():
        servers.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "HF_HUB_OFFLINE": "1"}))
        while not is_healthy(port):
            if servers[-1].poll() is not None:
                sys.exit(f"{name} did not start")
            time.sleep(0.1)
        load(port, 4, 2)
    for connections in arguments.connections:
        for turn in range(arguments.rounds):
            for name, (port, _) in commands.items():
                result = load(port, connections, arguments.seconds)
                rounds.append({"server": name, "connections": connections, "round": turn, **result})
                print(rounds[-1], file=sys.stderr, flush=True)
finally:
    for server in servers:
        server.terminate()
        server.wait()

if arguments.output:
    with open(arguments.output, "w") as file:
        json.dump(rounds, file, indent=1)


def values(server, connections, key):
    return [r[key] for r in rounds if r["server"] == server and r["connections"] == connections]


print("| connections | server | requests a second | p50, ms | p99, ms |\n|---|---|---|---|---|")
for connections in arguments.connections:
    for name in commands:
        rate, p50, p99 = (statistics.median(values(name, connections, k)) for k in ("rate", "p50", "p99"))
        print(f"| {connections} | {name} | {rate:.1f} | {p50:.1f} | {p99:.1f} |")
    if "peer" in commands:
        ratios = [
            statistics.median(a / b for a, b in zip(values("simile", connections, k), values("peer", connections, k)))
            for k in ("rate", "p50", "p99")
        ]
        print(f"| {connections} | ratio | {ratios[0]:.2f} | {ratios[1]:.2f} | {ratios[2]:.2f} |")
