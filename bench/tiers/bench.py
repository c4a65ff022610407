#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The three tiers of dIPC's experiment under load: nginx, an application, SQLite; as one program, as programs, as domains (doc/tiers.md).

Usage: bench/tiers/bench.py BUILD [-n ROUNDS] [-s SECONDS] [-c CONNECTIONS,...] [-d memory,disk] [ROW...]
Servers have one processor, the load generator another. In a round all are up and serve each load in random order; ratios are of one round.
Writes BUILD/bench/tiers.txt and BUILD/bench/tiers.json."""
import argparse
import contextlib
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROWS = {
    "one": "(a) one program, direct calls",
    "one-domain": "the same as one domain",
    "programs": "(b) programs, sockets",
    "services": "(c) domains, sockets",
    "entries": "(d) domains, entries",
}
REQUESTS = 20000
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
processors = sorted(os.sched_getaffinity(0))
options = None
paths = {}
kernels = {}  # rows whose connections between tiers the kernel had
port = 24100


def pinned(which, command):
    return ["taskset", "-c", str(processors[which % len(processors)])] + command


def nginx_conf(where, prefix, number, location, upstream=""):
    """One process, no master: a forked worker has no entries of other domains. The same for all rows."""
    path = where + "/nginx.conf"
    with open(path, "w", encoding="ascii") as file:
        file.write(f"worker_processes 1;\nmaster_process off;\ndaemon off;\nerror_log {prefix}/error.log;\npid {prefix}/nginx.pid;\n"
                   "events { worker_connections 512; }\n"
                   f"env TIERS_DATABASE;\nhttp {{ access_log off; client_body_temp_path {prefix}/b; proxy_temp_path {prefix}/p;\n"
                   f"{upstream}\nserver {{ listen 127.0.0.1:{number}; keepalive_requests 10000000; location / {{ {location} }} }} }}\n")
    return path


def proxy(prefix):
    return ('proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection "";',
            f"upstream application {{ server unix:{prefix}/application; keepalive 64; keepalive_requests 10000000; }}")


class Servers:
    """A row's processes, ready to serve; `with` ends them."""

    def __init__(self, row, disk):
        global port
        port += 1
        self.port, self.where, self.processes = port, tempfile.mkdtemp(prefix="tiers-", dir=options.directory), []
        self.tiers, self.porin = options.build + "/bench/tiers/", options.build + "/bin/porin"
        self.database_port = port + 500
        os.chmod(self.where, 0o777)
        getattr(self, row.replace("-", "_"))(disk)
        self.await_page()

    def start(self, command, environment):
        with open(self.where + "/said", "a", encoding="ascii") as said:
            self.processes.append(subprocess.Popen(pinned(0, command), cwd=self.where, env=environment, stdout=said, stderr=said,
                                                   stdin=subprocess.DEVNULL))

    def stack(self, text):
        with open(self.where + "/stack.yaml", "w", encoding="ascii") as file:
            file.write("services:\n" + text)
        self.start([self.porin, "run", "-f", self.where + "/stack.yaml", "--run-dir", self.where + "/run"], os.environ)

    def one(self, disk):
        conf = nginx_conf(self.where, self.where, self.port, "tiers_page;")
        self.start([self.tiers + "nginx_one", "-p", self.where, "-c", conf], {"TIERS_DATABASE": self.where + "/shop.db"} if disk else {})

    def one_domain(self, disk):
        nginx_conf(self.where, "/srv", self.port, "tiers_page;")
        self.start([self.porin, "run", "--dir", self.where + ":/srv", "--listen", f"127.0.0.1:{self.port}"] +
                   (["--env", "TIERS_DATABASE=/srv/shop.db"] if disk else []) +
                   [self.tiers + "nginx_one.porin", "-p", "/srv", "-c", "/srv/nginx.conf"], os.environ)

    def programs(self, disk):
        both = {"TIERS_DATABASE_AT": str(self.database_port), "TIERS_APPLICATION_AT": f"unix:{self.where}/application"}
        self.start([self.tiers + "database_server"], both | ({"TIERS_DATABASE": self.where + "/shop.db"} if disk else {}))
        self.start([self.tiers + "application_server"], both)
        conf = nginx_conf(self.where, self.where, self.port, *proxy(self.where))
        self.start([options.build + "/native/bin/nginx", "-p", self.where, "-c", conf], {})

    def services(self, disk):
        nginx_conf(self.where, "/srv", self.port, *proxy("/srv"))
        at = f"127.0.0.1:{self.database_port}"
        self.stack(f"""\
  database: {{image: {self.tiers}database_server.porin, volumes: [".:/srv"], listen: ["{at}"], threads: 200,
    environment: [{"TIERS_DATABASE=/srv/shop.db, " if disk else ""}TIERS_DATABASE_AT={self.database_port}]}}
  application: {{image: {self.tiers}application_server.porin, volumes: [".:/srv"], listen: ["unix:/srv/application"], connect: ["{at}"],
    threads: 200, environment: [TIERS_DATABASE_AT={self.database_port}, "TIERS_APPLICATION_AT=unix:/srv/application"]}}
  web: {{image: {options.build}/programs/nginx.porin, command: [-p, /srv, -c, /srv/nginx.conf], volumes: [".:/srv"],
    connect: ["unix:/srv/application"], listen: ["127.0.0.1:{self.port}"]}}
""")

    def entries(self, disk):
        nginx_conf(self.where, "/srv", self.port, "tiers_page;")
        self.stack(f"""\
  database: {{image: {self.tiers}database_entries.porin, volumes: [".:/srv"], exports: {{database_wire_database_entry: {options.policy}}},
    environment: [{"TIERS_DATABASE=/srv/shop.db" if disk else ""}]}}
  application: {{image: {self.tiers}application_entries.porin, exports: {{application_wire_application_entry: {options.policy}}},
    imports: {{database_wire_database_entry: {{entry: database.database_wire_database_entry, policy: {options.policy}}}}}}}
  web: {{image: {self.tiers}nginx_entries.porin, command: [-p, /srv, -c, /srv/nginx.conf], volumes: [".:/srv"],
    listen: ["127.0.0.1:{self.port}"],
    imports: {{application_wire_application_entry: {{entry: application.application_wire_application_entry, policy: {options.policy}}}}}}}
""")

    def await_page(self):
        for _ in range(2000):
            try:
                with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
                    connection.sendall(b"GET /browse?category=1 HTTP/1.0\r\n\r\n")
                    text = b"".join(iter(lambda: connection.recv(65536), b""))
                if b" 200 OK" in text and text.endswith(b"</html>\n"):
                    return
            except OSError:
                pass
            time.sleep(0.01)
        with open(self.where + "/said", encoding="ascii") as said:
            sys.exit(f"tiers: no pages on port {self.port}: {said.read()[-2000:]}")

    def processor_us(self):
        """Time in programs, and in the kernel for them."""
        ticks = [0, 0]
        for process in self.processes:
            with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
                for i, field in enumerate(file.read().rsplit(")", 1)[1].split()[11:13]):
                    ticks[i] += int(field)
        return [1e6 * value / os.sysconf("SC_CLK_TCK") for value in ticks]

    def kernel_sockets(self):
        """How many connections of web server and application the kernel has now."""
        with open("/proc/net/unix", encoding="ascii") as file:
            return sum(line.endswith("/application\n") and line.split()[5] == "03" for line in file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        subprocess.run(["rm", "-rf", self.where], check=True)


def load(servers, connections, seconds):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", root + "/bench/tiers/load.lua",
               f"http://127.0.0.1:{servers.port}/", "--", paths["requests"]]
    before = servers.processor_us()
    text = subprocess.run(pinned(1, command), capture_output=True, text=True, check=True, cwd=servers.where).stdout
    found = re.search(r"^result (\S+) (\S+) (\S+) (\S+) (\S+)$", text, re.M)
    rate, errors, p50, p95, p99 = (float(value) for value in found.groups())
    if errors:
        sys.exit(f"tiers: {errors:.0f} requests have failed")
    user, kernel = ((after - start) / (rate * seconds) for after, start in zip(servers.processor_us(), before))
    return {"rate": rate, "p50": p50, "p95": p95, "p99": p99, "user": user, "kernel": kernel}


def rounds_run(disk):
    """samples[row][connections]: a list, one entry a round."""
    samples = {row: {c: [] for c in options.connections} for row in options.rows}
    for number in range(options.n):
        with contextlib.ExitStack() as stack:
            servers = {row: stack.enter_context(Servers(row, disk)) for row in options.rows}
            for row in options.rows:
                before = servers[row].kernel_sockets()
                load(servers[row], 4, 1)
                kernels[row] = servers[row].kernel_sockets() > before
            for connections in options.connections:
                for row in random.sample(options.rows, len(options.rows)):
                    print(f"\rtiers: {'disk' if disk else 'memory'}, round {number + 1} of {options.n}, {connections} clients, {row:12}",
                          end="", file=sys.stderr, flush=True)
                    samples[row][connections].append(load(servers[row], connections, options.s))
    print("\r" + 78 * " " + "\r", end="", file=sys.stderr)
    return samples


def median(samples, what):
    return statistics.median(sample[what] for sample in samples)


def ratios(samples, other, what="rate"):
    """Of the rounds: least, median, most."""
    values = sorted(a[what] / b[what] for a, b in zip(samples, other))
    return values[0], statistics.median(values), values[-1]


def rate_at(curve, p95):
    """The most requests a second that a row serves with no more than that latency: between two loads in a straight line."""
    best = 0.0
    points = sorted((sample["p95"], sample["rate"]) for sample in curve)
    for (low, rate), (high, other) in zip(points, points[1:] + [(float("inf"), points[-1][1])]):
        if low <= p95:
            best = max(best, rate if p95 >= high or high == low else rate + (other - rate) * (p95 - low) / (high - low))
    return best


def equal_latency(samples, row, against):
    """row's rate at the 95th percentile that `against` has where it serves the most; of each round."""
    values = []
    for number in range(options.n):
        best = max((samples[against][c][number] for c in options.connections), key=lambda sample: sample["rate"])
        values.append(rate_at([samples[row][c][number] for c in options.connections], best["p95"]) / best["rate"])
    return sorted(values)


def report(device, samples, out):
    print(f"\nThe database {device}\n  {'':32}{'clients':>8}{'pages/s':>10}{'p50 us':>9}{'p95 us':>9}{'user us':>9}{'kernel us':>10}"
          "   of (a): median, least..most", file=out)
    for row in options.rows:
        for c in options.connections:
            one = samples[row][c]
            line = f"  {ROWS[row]:32}{c:8}{median(one, 'rate'):10.0f}{median(one, 'p50'):9.0f}{median(one, 'p95'):9.0f}"
            line += f"{median(one, 'user'):9.1f}{median(one, 'kernel'):10.1f}"
            if "one" in samples:
                least, middle, most = ratios(one, samples["one"][c])
                line += f"{middle:10.3f}  {least:.3f}..{most:.3f}"
            print(line, file=out)
    for row in options.rows:
        if row in ("programs", "services"):
            print(f"  {ROWS[row]}: connected by {'the kernel' if kernels[row] else 'memory, without the kernel'}", file=out)


def bars(device, samples, out):
    def bar(what, values, limit):
        values = sorted(values)
        middle = statistics.median(values)
        print(f"  {what + ', ' + device:66}{middle:7.2f}  {values[0]:.2f}..{values[-1]:.2f}   at least {limit:<5} "
              f"{'met' if middle >= limit else 'MISSED'}", file=out)
    have = set(options.rows)
    for c in options.connections:
        if have >= {"one", "entries"}:
            bar(f"(d) entries to (a) one program, {c} clients", [a["rate"] / b["rate"] for a, b in
                                                               zip(samples["entries"][c], samples["one"][c])], 0.95)
    if have >= {"programs", "services"}:
        bar("(c) services to (b) programs at equal p95", equal_latency(samples, "services", "programs"), 1.5)
    if have >= {"programs", "entries"}:
        bar("(d) entries to (b) programs at equal p95", equal_latency(samples, "entries", "programs"), 2)
        for c in options.connections:
            bar(f"(d) entries to (b) programs, {c} clients", [a["rate"] / b["rate"] for a, b in
                                                             zip(samples["entries"][c], samples["programs"][c])], 2)


class Both:
    """Standard output and the report's file."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")

    def write(self, text):
        sys.stdout.write(text)
        self.file.write(text)


def main():
    global options
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("-n", type=int, default=5)
    parser.add_argument("-s", type=int, default=3)
    parser.add_argument("-c", dest="connections", default="1,4,16,64")
    parser.add_argument("-d", dest="devices", default="memory,disk")
    parser.add_argument("--policy", default="all")
    parser.add_argument("--directory", default=None, help="where databases on disk lie (default: the temporary directory)")
    parser.add_argument("rows", nargs="*", default=list(ROWS))
    options = parser.parse_intermixed_args()
    options.build = os.path.abspath(options.build)
    options.connections = [int(c) for c in options.connections.split(",")]
    options.rows = options.rows or list(ROWS)
    handle, paths["requests"] = tempfile.mkstemp(prefix="tiers-requests-")
    with os.fdopen(handle, "w") as file:
        subprocess.run([options.build + "/bench/tiers/print", str(REQUESTS), "requests"], stdout=file, check=True)
    out = Both(options.build + "/bench/tiers.txt")
    print(f"Three tiers: {options.n} rounds of {options.s} s a load, in random order; medians; servers on one processor, wrk on another",
          file=out)
    results = {}
    for device in options.devices.split(","):
        results[device] = rounds_run(device == "disk")
        report("in memory" if device == "memory" else "on disk", results[device], out)
    print("\nBars (median, least..most of the rounds)", file=out)
    for device, samples in results.items():
        bars("memory" if device == "memory" else "disk", samples, out)
    with open(options.build + "/bench/tiers.json", "w", encoding="ascii") as file:
        json.dump(results, file, indent=1)
    os.unlink(paths["requests"])


main()
