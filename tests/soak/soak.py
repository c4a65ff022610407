#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Services of a stack under load while some of them are killed at random: soak.py BUILD [SECONDS [SEED]].

What must hold: who is never killed keeps all connections and memory; what a service has answered is there after its death; a call or
request that cannot be answered is said to be, soon; and nothing grows: descriptors, threads, mappings, memory of the process.
Prints what does not hold, progress on long runs, and one line at the end."""
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time

build = os.path.abspath(sys.argv[1])
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 12
seed = int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time())
porin, work = build + "/bin/porin", build + "/tests/soak"
PATIENCE = 10                     # seconds until an answer counts as none
KEYS_EACH, CLIENTS = 8, 3
# Of what may not grow: its allowance, and the share of its size that is noise.
ALLOWED = {"descriptors": (8, 0), "threads": (6, 0), "mappings": (40, 0.05), "private KiB": (1000, 0.1)}

problems, counts = [], {"answered": 0, "gone": 0, "killed": 0, "restarted": 0}
lock, ended = threading.Lock(), threading.Event()


def problem(text):
    with lock:
        problems.append(text)
        print("FAIL ", text, flush=True)


def counted(what):
    with lock:
        counts[what] += 1


class Lines:
    """A connection on which a line is answered by a line; None if it broke."""

    def __init__(self, port):
        self.port, self.stream = port, None

    def ask(self, line):
        try:
            if self.stream is None:
                self.stream = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
                self.file = self.stream.makefile("rw", encoding="ascii", newline="\n")
            self.file.write(line + "\n")
            self.file.flush()
            answer = self.file.readline()
        except TimeoutError:
            problem(f"no answer to '{line}' within {PATIENCE} s")
            answer = ""
        except OSError:
            answer = ""
        if answer:
            return answer.rstrip("\n")
        if self.stream is not None:
            self.stream.close()
        self.stream = None
        return None


class Keeper(threading.Thread):
    """Puts rising numbers under keys of its own and looks whether what was answered is kept; through the front or at the ledger itself."""

    def __init__(self, name, port, first, breaks):
        super().__init__(name=name)
        self.lines, self.breaks = Lines(port), breaks
        self.kept = {key: {0} for key in range(first, first + KEYS_EACH)}   # what may be found there
        self.random = random.Random(f"{seed} {name}")

    def asked(self, line):
        answer = self.lines.ask(line)
        if answer is None and not self.breaks and not ended.is_set():
            problem(f"{self.name}: its connection broke at '{line}'")
        counted("gone" if answer in (None, "gone") else "answered")
        return None if answer in (None, "gone") else answer

    def run(self):
        number = 0
        while not ended.is_set():
            key = self.random.choice(list(self.kept))
            if self.random.random() < 0.5:
                number += 1
                answer = self.asked(f"put {key} {number}")
                self.kept[key] = {number} if answer else self.kept[key] | {number}
                if answer not in (None, f"kept {number}"):
                    problem(f"{self.name}: put {number} was answered '{answer}'")
            else:
                answer = self.asked(f"get {key}")
                if answer is not None and (not answer.startswith("is ") or int(answer[3:]) not in self.kept[key]):
                    problem(f"{self.name}: key {key} should be one of {sorted(self.kept[key])}, '{answer}'")
                elif answer is not None:
                    self.kept[key] = {int(answer[3:])}
            if answer is None:
                time.sleep(0.02)


class Steady(threading.Thread):
    """Talks to the service that nobody kills: not a turn may be missing."""

    def __init__(self, name, port):
        super().__init__(name=name)
        self.lines = Lines(port)

    def run(self):
        turn = 0
        while not ended.is_set():
            turn += 1
            answer = self.lines.ask("next")
            if answer != f"turn {turn} changed 0" and not ended.is_set():
                problem(f"{self.name}: turn {turn} was answered '{answer}'")
                return
            counted("answered")
            time.sleep(0.001)


class Caller(threading.Thread):
    """Lets the front call the entry of a library that dies again and again."""

    def __init__(self, name, port):
        super().__init__(name=name)
        self.lines, self.random = Lines(port), random.Random(f"{seed} {name}")

    def run(self):
        while not ended.is_set():
            a, b = self.random.randrange(1000), self.random.randrange(1000)
            answer = self.lines.ask(f"sum {a} {b}")
            if answer not in (f"sum {a + b}", "gone") and not ended.is_set():
                problem(f"{self.name}: sum {a} {b} was answered '{answer}'")
                return
            counted("gone" if answer == "gone" else "answered")
            time.sleep(0.02 if answer == "gone" else 0)


class Killer(threading.Thread):
    """Ends the ledger and the library in all ways there are."""

    def __init__(self, ledger, front):
        super().__init__(name="killer")
        self.ledger, self.front, self.random = ledger, front, random.Random(f"{seed} killer")

    def restart(self, service):
        done = subprocess.run([porin, "restart", "--run-dir", work + "/run", service], capture_output=True, text=True, timeout=60)
        if done.returncode != 0 and not ended.is_set():
            problem(f"porin restart {service}: {done.stderr.strip()}")
        counted("restarted")

    def run(self):
        while not ended.wait(self.random.uniform(0.2, 0.8)):
            way = self.random.choice(["fault", "stack", "abort", "exit", "spin", "restart", "library", "library", "library restart"])
            if way == "library":
                Lines(self.front).ask(f"sum -1 {self.random.randrange(3)}")
            elif way == "library restart":
                self.restart("adder")
            elif way == "restart":
                self.restart("ledger")
            else:
                asking = threading.Thread(target=Lines(self.ledger).ask, args=(f"die {way}",))
                asking.start()
                if way == "spin":
                    time.sleep(0.05)
                    self.restart("ledger")
                asking.join()
            counted("killed")


def private_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def sample(pid):
    with open(f"/proc/{pid}/maps", encoding="utf8") as maps:
        mappings = sum(1 for _ in maps)
    return {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": len(os.listdir(f"/proc/{pid}/task")), "mappings": mappings,
            "private KiB": private_kib(pid)}


def watch(process):
    """Samples what may not grow until the time is over, and says how far it is on long runs."""
    samples, start, said = [], time.monotonic(), 0
    while time.monotonic() - start < seconds:
        time.sleep(0.25)
        if process.poll() is not None:
            problem(f"the stack ended with {process.returncode}")
            break
        samples.append(sample(process.pid))
        passed = time.monotonic() - start
        if seconds >= 60 and passed - said >= max(10, seconds / 60):
            said = passed
            print(f"soak: {passed:.0f} of {seconds:.0f} s: {counts}, now {samples[-1]}", flush=True)
    return samples


def judge_growth(samples):
    third = len(samples) // 3
    for what, (allowance, share) in ALLOWED.items():
        early, late = (statistics.median(one[what] for one in part) for part in (samples[third // 2:third + third // 2], samples[-third:]))
        if late > early + allowance + share * early:
            problem(f"{what} grew from {early:.0f} to {late:.0f}")


def free_ports(number):
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


def write_stack(ledger, front, steady):
    os.makedirs(work + "/data", exist_ok=True)
    if os.path.exists(work + "/data/ledger"):
        os.remove(work + "/data/ledger")
    with open(work + "/stack.yaml", "w", encoding="ascii") as file:
        file.write(f"""name: soak
services:
  ledger: {{image: ledger.porin, command: "{ledger}", volumes: ["./data:/data"], listen: ["127.0.0.1:{ledger}"], restart: always,
           stop_grace_period: 100ms}}
  adder: {{image: adder.porin, exports: {{add: [register_confidentiality]}}, restart: always, stop_grace_period: 100ms}}
  front: {{image: front.porin, command: "{front} {ledger}", listen: ["127.0.0.1:{front}"], connect: ["127.0.0.1:{ledger}"],
          imports: {{sum: {{entry: adder.add, policy: all}}}}}}
  steady: {{image: steady.porin, command: "{steady}", listen: ["127.0.0.1:{steady}"]}}
""")


def await_listening(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    problem(f"nobody listens on {port}")


def main():
    os.makedirs(work + "/run", exist_ok=True)
    ledger, front, steady = ports = free_ports(3)
    write_stack(*ports)
    with open(work + "/log", "w", encoding="utf8") as log:
        process = subprocess.Popen([porin, "run", "-f", work + "/stack.yaml", "--run-dir", work + "/run"], stdout=log, stderr=log)
    for port in ports:
        await_listening(port)
    threads = [Keeper("client of the front", front, 0, False), Keeper("second client of the front", front, KEYS_EACH, False),
               Keeper("client of the ledger", ledger, 2 * KEYS_EACH, True), Steady("client of the steady one", steady),
               Caller("caller", front), Killer(ledger, front)]
    for thread in threads:
        thread.start()
    samples = watch(process)
    ended.set()
    for thread in threads:
        thread.join(60)
    judge_growth(samples)
    subprocess.run([porin, "stop", "--run-dir", work + "/run"], capture_output=True, timeout=60, check=False)
    process.wait(60)
    if not counts["killed"] or not counts["answered"]:
        problem(f"nothing happened: {counts}")
    print(f"soak: seed {seed}, {seconds:.0f} s: {counts['answered']} requests answered, {counts['gone']} told that nobody is there, "
          f"{counts['killed']} kills, {len(problems)} problems", flush=True)
    return 1 if problems else 0


sys.exit(main())
