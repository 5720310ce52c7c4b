"""Measures two processes that share a training over a network of a given speed, each configuration in turn, several times.

    python3 Experiments/Scaling/network.py --builds with=.build/release/simile without=OTHER --model MODEL --train FILE

Needs root, mpirun of Open MPI and tc: two network namespaces stand for two machines, a queue of the kernel (tbf) at either end
for the network. Prints a line of JSON for each configuration: the median milliseconds of a step, and those of each round.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--builds", nargs="+", required=True, help="NAME=PATH of each simile to compare")
parser.add_argument("--model", required=True)
parser.add_argument("--train", required=True)
parser.add_argument("--batches", type=int, nargs="+", default=[16, 64], help="rows of a process")
parser.add_argument("--rates", nargs="+", default=["1gbit", "10gbit"])
parser.add_argument("--steps", type=int, default=9)
parser.add_argument("--rounds", type=int, default=5)
options = parser.parse_args()

MACHINES = {"10.79.0.1": "scaling-a", "10.79.0.2": "scaling-b"}
# What stands for ssh: mpirun starts the other machine's processes with it.
REMOTE = """#!/bin/bash
while [[ $1 == -* ]]; do shift; done
case $1 in 10.79.0.1) name=scaling-a;; *) name=scaling-b;; esac
shift
exec ip netns exec $name unshare -u sh -c "hostname $name; $*"
"""


def shell(command, **more):
    return subprocess.run(command, shell=True, check=True, **more)


def connect():
    for name in MACHINES.values():
        shell(f"ip netns add {name}")
    shell("ip link add scaling-a type veth peer name scaling-b")
    for address, name in MACHINES.items():
        shell(f"ip link set {name} netns {name}; ip -n {name} addr add {address}/24 dev {name}; "
              f"ip -n {name} link set lo up; ip -n {name} link set {name} up")


def limit(rate):
    for name in MACHINES.values():
        shell(f"ip netns exec {name} tc qdisc replace dev {name} root tbf rate {rate} burst 512kb latency 20ms")


def milliseconds(build, batch, compressed, folder):
    """Of the median step; the first steps find no memory to reuse."""
    launcher = ["ip", "netns", "exec", "scaling-a", "unshare", "-u", "sh", "-c", 'hostname scaling-a; exec "$@"', "sh", "mpirun",
                "-n", "2", "--mca", "plm_rsh_agent", f"{folder}/remote", "--bind-to", "none", "--mca", "btl", "tcp,self",
                "--mca", "btl_tcp_if_include", "10.79.0.0/24", "--mca", "oob_tcp_if_include", "10.79.0.0/24",
                "--host", ",".join(f"{address}:1" for address in MACHINES)]
    training = [os.path.abspath(build), "train", "--model", options.model, "--train", options.train, "--batch-size", str(2 * batch),
                "--max-steps", str(options.steps), "--threads", "1", "--quiet", "--overwrite", "--output", f"{folder}/run"]
    environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    subprocess.run(launcher + training + (["--bf16-compress"] if compressed else []), check=True, env=environment,
                   stdout=subprocess.DEVNULL)
    with open(f"{folder}/run/steps.csv") as file:
        return 1000 * 2 * batch / statistics.median(float(line.split(",")[8]) for line in list(file)[3:])


builds = dict(build.split("=", 1) for build in options.builds)
rounds = {}
connect()
try:
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/remote", "w") as file:
            file.write(REMOTE)
        os.chmod(f"{folder}/remote", 0o755)
        for _ in range(options.rounds):
            for rate in options.rates:
                limit(rate)
                for batch in options.batches:
                    for compressed in (False, True):
                        for name, build in builds.items():
                            key = (rate, batch, "bf16_compress" if compressed else "float32", name)
                            rounds.setdefault(key, []).append(round(milliseconds(build, batch, compressed, folder)))
                            print(*key, rounds[key], file=sys.stderr, flush=True)
finally:
    for name in MACHINES.values():
        subprocess.run(f"ip netns del {name}", shell=True)
for (rate, batch, numbers, name), values in rounds.items():
    print(json.dumps({"rate": rate, "batch": batch, "gradients": numbers, "build": name, "ms": statistics.median(values), "rounds": values}))
