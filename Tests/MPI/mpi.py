"""Trains with several processes under each MPI library that can be had, and makes processes, disks and networks fail.

    python3 Tests/MPI/mpi.py .build/release/simile --libraries .build/mpi [--only libraries|failures|network]

Run from the repository's folder. Libraries come from PyPI into --libraries; mpirun of the machine (Debian: openmpi-bin) is
taken besides, and for the failures. The network's needs root: two network namespaces stand for two machines.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LIMIT = 10  # seconds after which all processes must have ended
STS = ["--train", "Datasets/small-sts/train.tsv", "--score-range", "0...5"]
TINY = ["train", "--model", "Checkpoints/simile-tiny.h5", *STS, "--threads", "1", "--learning-rate", "1e-4"]
LARGE = ["train", "--model", "Checkpoints/all-MiniLM-L6-v2", *STS, "--threads", "1", "--epochs", "20", "--save-every", "5"]
OPEN_MPI = ["--oversubscribe", "--bind-to", "none"]
AS_ROOT = {name: "1" for name in (
    "OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "PRTE_ALLOW_RUN_AS_ROOT", "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM")}
failed = []


def check(name, problem, detail=""):
    print(f"{'FAILED' if problem else 'ok':6} {name}" + (f": {problem}\n{detail}" if problem else ""), flush=True)
    if problem:
        failed.append(name)


def losses(run):
    with open(f"{run}/steps.csv") as file:
        return [float(line.split(",")[1]) for line in list(file)[1:]]


def difference(run, whole):
    """What is wrong with the losses of a run, if anything."""
    ours, theirs = losses(run), losses(whole)
    if len(ours) != len(theirs):
        return f"{len(ours)} steps, not {len(theirs)}"
    worst = max(abs(a - b) for a, b in zip(ours, theirs))
    return f"losses differ by {worst}" if worst > 1e-6 else None


class Job:
    """A training under a launcher."""

    def __init__(self, command, folder, environment=None):
        self.run = f"{folder}/run"
        self.log = open(f"{folder}/log", "w+")
        shutil.rmtree(self.run, ignore_errors=True)
        self.process = subprocess.Popen(
            command + ["--output", self.run], stdout=self.log, stderr=self.log, start_new_session=True,
            env={**os.environ, **AS_ROOT, **(environment or {})})

    def wait_for_step(self, step):
        for _ in range(600):
            if os.path.exists(f"{self.run}/steps.csv") and len(losses(self.run)) >= step:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.log.seek(0)
        sys.exit(f"no step {step} came:\n{self.log.read()}")

    def members(self):
        """The processes of the training, in the order in which they were started."""
        found = subprocess.run(["pgrep", "-f", f"^[^ ]*simile train.*{self.run}"], capture_output=True, text=True)
        return sorted(int(word) for word in found.stdout.split())

    def seconds_to_end(self):
        """How long all of it takes to be gone; None when something stays."""
        start = time.time()
        while time.time() - start < LIMIT:
            if self.process.poll() is not None and not self.members():
                return time.time() - start
            time.sleep(0.05)
        for member in self.members():
            os.kill(member, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        return None

    def text(self):
        self.log.seek(0)
        return self.log.read()

    def errors(self):
        return [line for line in self.text().splitlines() if line.startswith("Error")]


def venv(folder, package):
    path = f"{folder}/{package}"
    if not os.path.exists(f"{path}/complete"):
        subprocess.run([sys.executable, "-m", "venv", path], check=True)
        subprocess.run([f"{path}/bin/pip", "install", "-q", package], check=True)
        open(f"{path}/complete", "w").close()
    return os.path.abspath(path)


def libraries(simile, folder, scratch):
    kinds = {}
    if shutil.which("mpirun"):
        kinds["mpirun of the machine"] = (["mpirun", *OPEN_MPI], {})
    for package in ("openmpi", "mpich", "impi-rt"):
        path = venv(folder, package)
        environment = {"LD_LIBRARY_PATH": f"{path}/lib", "PATH": f"{path}/bin:{os.environ['PATH']}"}
        launcher = [f"{path}/bin/mpirun"] + (OPEN_MPI if package == "openmpi" else [])
        kinds[package] = (launcher, environment)
        standard = f"{path}/lib/libmpi_abi.so.1"
        if os.path.exists(standard):
            kinds[f"{package}, MPI 5's ABI"] = (launcher, {**environment, "SIMILE_MPI": standard})
    command = [simile, *TINY, "--max-steps", "30"]
    subprocess.run(command + ["--output", f"{scratch}/whole", "--quiet"], check=True)
    for name, (launcher, environment) in kinds.items():
        for count in (2, 3):
            job = Job(launcher + ["-n", str(count)] + command, scratch, environment)
            status = job.process.wait()
            check(f"{name}, {count} processes", f"status {status}" if status else difference(job.run, f"{scratch}/whole"),
                  job.text())
        job = Job(launcher + ["-n", "2"] + command + ["--bf16-compress"], scratch, environment)
        status = job.process.wait()
        worst = max(abs(a - b) for a, b in zip(losses(job.run), losses(f"{scratch}/whole"))) if not status else None
        check(f"{name}, gradients as bfloat16", f"status {status}" if status else None if 0 < worst < 1e-4 else
              f"losses differ by {worst}", job.text())


def failures(simile, scratch):
    launcher = ["mpirun", *OPEN_MPI, "-n", "2"]
    command = [simile, *LARGE, "--max-steps", "40"]
    subprocess.run(command + ["--output", f"{scratch}/whole-large", "--quiet"], check=True)

    def ends(name, job, status=None, errors=None):
        seconds = job.seconds_to_end()
        code = job.process.returncode
        check(name, "something stays" if seconds is None else f"status {code}" if status is not None and code not in status
              else f"{len(job.errors())} errors" if errors is not None and len(job.errors()) != errors else None, job.text())
        print(f"       {'' if seconds is None else f'after {seconds:.1f} s, '}status {code}", flush=True)

    def goes_on(name, job, processes):
        resume = [simile, "train", "--resume", job.run, "--threads", "1", "--quiet"]
        before = ["mpirun", *OPEN_MPI, "-n", str(processes)] if processes > 1 else []
        done = subprocess.run(before + resume, capture_output=True, text=True, env={**os.environ, **AS_ROOT})
        check(name, f"status {done.returncode}" if done.returncode else difference(job.run, f"{scratch}/whole-large"), done.stderr)

    job = Job(launcher + command, scratch)
    job.wait_for_step(8)
    os.kill(job.members()[-1], signal.SIGKILL)
    ends("a process killed", job, errors=0)
    goes_on("its run goes on with 3 processes", job, 3)

    for name, number, whom in (("SIGTERM to a process", signal.SIGTERM, lambda job: job.members()[-1]),
                               ("SIGUSR1 to mpirun", signal.SIGUSR1, lambda job: job.process.pid),
                               ("SIGTERM to mpirun", signal.SIGTERM, lambda job: job.process.pid)):
        job = Job(launcher + command, scratch)
        job.wait_for_step(8)
        os.kill(whom(job), number)
        # mpirun has a status of its own when it was told to end.
        ends(name, job, status=None if number == signal.SIGTERM and whom(job) == job.process.pid else (130,), errors=0)
        check("what it had trained is saved", None if "stopped after step" in job.text() else "no message", job.text())
        goes_on("its run goes on alone", job, 1)

    job = Job(launcher + command, scratch)
    job.wait_for_step(8)
    hung = job.members()[-1]
    os.kill(hung, signal.SIGSTOP)
    ends("a process that hangs", job, errors=1)

    lacking = "if [ $OMPI_COMM_WORLD_RANK = 1 ]; then cd /; fi; exec \"$@\""
    job = Job(launcher + ["bash", "-c", lacking, "bash", os.path.abspath(simile), *command[1:]], scratch)
    ends("a process without the data", job, status=(1,), errors=1)

    if os.geteuid() != 0:
        return print("       skipped: a full disk (needs root)")
    disk = f"{scratch}/disk"
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700m", "tmpfs", disk], check=True)
    try:
        job = Job(launcher + command, disk)
        job.wait_for_step(8)
        with open(f"{disk}/filler", "wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError:
                pass
        while job.process.poll() is None and len(losses(job.run)) < 40:
            time.sleep(0.1)
        ends("a full disk", job, status=(1,), errors=1)
        os.remove(f"{disk}/filler")
        goes_on("its run goes on", job, 2)
    finally:
        subprocess.run(["umount", "-l", disk])


# An ssh that enters the network namespace that stands for a machine.
SHELL = """#!/bin/bash
while [[ $1 == -* ]]; do shift; done
case $1 in 10.77.0.1) name=simile-a;; 10.77.0.2) name=simile-b;; esac
shift
exec ip netns exec $name unshare -u sh -c "hostname $name; $*"
"""
CABLE = """ip netns add simile-a; ip netns add simile-b; ip link add simile-a type veth peer name simile-b
ip link set simile-a netns simile-a; ip link set simile-b netns simile-b
ip -n simile-a addr add 10.77.0.1/24 dev simile-a; ip -n simile-b addr add 10.77.0.2/24 dev simile-b
for name in simile-a simile-b; do ip -n $name link set lo up; ip -n $name link set $name up; done"""


def network(simile, scratch):
    if os.geteuid() != 0 or subprocess.run(CABLE, shell=True).returncode:
        return print("       skipped: two machines (network namespaces need root)")
    try:
        shell = f"{scratch}/shell"
        with open(shell, "w") as file:
            file.write(SHELL)
        os.chmod(shell, 0o755)
        launcher = ["ip", "netns", "exec", "simile-a", "unshare", "-u", "sh", "-c", "hostname simile-a; exec \"$@\"", "sh", "mpirun",
                    "--mca", "plm_rsh_agent", shell, "--bind-to", "none", "--mca", "btl", "tcp,self", "--mca",
                    "btl_tcp_if_include", "10.77.0.0/24", "--mca", "oob_tcp_if_include", "10.77.0.0/24", "--host",
                    "10.77.0.1:1,10.77.0.2:1", "-n", "2"]
        command = [simile, *TINY, "--max-steps", "30"]
        subprocess.run(command + ["--output", f"{scratch}/net", "--quiet"], check=True)
        job = Job(launcher + command, scratch)
        status = job.process.wait()
        check("two machines", f"status {status}" if status else difference(job.run, f"{scratch}/net"), job.text())
        check("they are told apart", None if "on 2 machines" in job.text() else "not said", job.text())
        job = Job(launcher + [simile, *LARGE], scratch)
        job.wait_for_step(8)
        subprocess.run(["ip", "-n", "simile-a", "link", "set", "simile-a", "down"], check=True)
        seconds = job.seconds_to_end()
        check("a cable pulled", "something stays" if seconds is None else f"{len(job.errors())} errors" if
              len(job.errors()) != 1 else None, job.text())
        print(f"       {'' if seconds is None else f'after {seconds:.1f} s'}", flush=True)
    finally:
        subprocess.run("ip netns del simile-a; ip netns del simile-b", shell=True)


parser = argparse.ArgumentParser()
parser.add_argument("simile")
parser.add_argument("--libraries", default=".build/mpi")
parser.add_argument("--only", choices=["libraries", "failures", "network"])
options = parser.parse_args()
program = os.path.abspath(options.simile)
with tempfile.TemporaryDirectory() as scratch:
    if options.only in (None, "libraries"):
        libraries(program, options.libraries, scratch)
    if options.only in (None, "failures"):
        failures(program, scratch)
    if options.only in (None, "network"):
        network(program, scratch)
sys.exit(f"{len(failed)} failed: {', '.join(failed)}" if failed else 0)
