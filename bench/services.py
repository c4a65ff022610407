#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Services as domains against the same services built natively with the same C library, and with glibc (as Debian ships them).

Usage: bench/services.py BUILD [ROUNDS [PART...]]; parts are calls, redis, memcached, nginx, sqlite, fork. Server and load share this
machine, each on a processor of its own; the kinds take turns within a round. Printed are medians over the rounds, the ratio of the domain
to the native build, the least and the greatest ratio within a round, and the bar; for single calls what the domain's takes longer."""
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BAR = 0.93
KINDS = ("native", "domain", "glibc")
build = os.path.abspath(sys.argv[1])
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
porin = build + "/bin/porin"
port = 23700
work = tempfile.mkdtemp(prefix="porin-services-")
os.chmod(work, 0o755)               # servers that give up root's rights read there, too
processors = sorted(os.sched_getaffinity(0))


def pinned(which, command):
    return ["taskset", "-c", str(processors[which % len(processors)])] + command


def program(kind, name, grants, arguments):
    """The command line of a program as one of the kinds; None: there is no such one here."""
    if kind == "domain":
        return [porin, "run"] + grants + [f"{build}/programs/{name}.porin"] + arguments
    path = f"{build}/native/bin/{name}"
    if kind == "glibc":
        path = shutil.which(name, path=f"{build}/debian/usr/bin:{build}/debian/usr/sbin:{build}/bench/glibc")
    return [path] + arguments if path and os.path.exists(path) else None


def next_port():
    global port
    port += 1
    return port


class Server:
    """A running server; `with` ends it."""

    def __init__(self, command, number, where):
        start = time.monotonic()
        self.process = subprocess.Popen(pinned(0, command), cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(10000):
            try:
                socket.create_connection(("127.0.0.1", number), 1).close()
                self.start_ms = 1000 * (time.monotonic() - start)
                return
            except OSError:
                time.sleep(0.001)
        raise RuntimeError(f"{command} does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def private_kib(self):
        """Private pages and page tables of the server and its children."""
        total = 0
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        for pid in [str(self.process.pid)] + children:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Private_"))
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("VmPTE"))
        return total


def output(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


def redis(kind):
    number = next_port()
    where = tempfile.mkdtemp(dir=work)
    arguments = ["--port", str(number), "--bind", "127.0.0.1", "--save", "", "--dir", "."]
    command = program(kind, "redis-server", ["--dir", where, "--listen", f"127.0.0.1:{number}"], arguments)
    if not command:
        return {}
    results = {}
    with Server(command, number, where) as server:
        for name, options in (("", ["-n", "60000"]), (" pipelined", ["-n", "400000", "-P", "16"])):
            text = output(pinned(1, ["redis-benchmark", "-p", str(number), "-t", "set,get", "-c", "50", "--csv"] + options))
            for line in text.splitlines()[1:]:
                fields = [field.strip('"') for field in line.split(",")]
                results[f"redis {fields[0]}{name} requests/s"] = float(fields[1])
                for percentile, column in (("p50", 4), ("p95", 5), ("p99", 6)):
                    results[f"redis {fields[0]}{name} {percentile} ms"] = float(fields[column])
        results["redis start ms"] = server.start_ms
        results["redis memory KiB"] = server.private_kib()
    return results


def memcached(kind):
    number = next_port()
    command = program(kind, "memcached", ["--listen", f"127.0.0.1:{number}"],
                      ["-l", "127.0.0.1", "-p", str(number), "-U", "0", "-t", "2", "-u", "nobody"])
    if not command:
        return {}
    with Server(command, number, work) as server:
        text = output(pinned(1, ["memcslap", f"--servers=127.0.0.1:{number}", "--concurrency=8", "--execute-number=8000", "--test=get",
                                 "--initial-load=1000"]))
        seconds = float(re.search(r"Time to get .*threads:\s+([0-9.]+) seconds", text).group(1))
        return {"memcached GET requests/s": 64000 / seconds, "memcached start ms": server.start_ms,
                "memcached memory KiB": server.private_kib()}


def nginx(kind):
    number = next_port()
    where = tempfile.mkdtemp(dir=work)
    os.chmod(where, 0o777)
    os.makedirs(where + "/html")
    with open(where + "/html/page", "w", encoding="ascii") as file:
        file.write("x" * 4096)
    prefix = "/srv" if kind == "domain" else where
    # Debian's has modules more, whose directories would be the system's
    others = "".join(f"{name}_temp_path {prefix}/{name};" for name in ("fastcgi", "uwsgi", "scgi")) if kind == "glibc" else ""
    with open(where + "/nginx.conf", "w", encoding="ascii") as file:
        file.write(f"worker_processes 1;\ndaemon off;\nerror_log {prefix}/error.log;\npid {prefix}/nginx.pid;\n"
                   "events { worker_connections 256; }\n"
                   f"http {{ access_log off; sendfile on; client_body_temp_path {prefix}/b; proxy_temp_path {prefix}/p;\n{others}\n"
                   f"server {{ listen 127.0.0.1:{number}; root {prefix}/html; keepalive_requests 1000000; }} }}\n")
    grants = ["--dir", where + ":/srv", "--listen", f"127.0.0.1:{number}"]
    command = program(kind, "nginx", grants, ["-p", prefix, "-c", prefix + "/nginx.conf"])
    if not command:
        return {}
    with Server(command, number, where) as server:
        text = output(pinned(1, ["wrk", "-t1", "-c32", "-d3", "--latency", f"http://127.0.0.1:{number}/page"]))
        if "Non-2xx" in text:
            sys.exit(f"nginx ({kind}) does not serve the page:\n{text}")
        found = {"nginx 4 KiB file requests/s": float(re.search(r"Requests/sec:\s+([0-9.]+)", text).group(1)),
                 "nginx start ms": server.start_ms, "nginx memory KiB": server.private_kib()}
        for percentile in ("50", "99"):
            value, unit = re.search(rf"{percentile}%\s+([0-9.]+)(us|ms|s)", text).groups()
            found[f"nginx p{percentile} ms"] = float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
        return found


def timed(command, where):
    start = time.monotonic()
    subprocess.run(pinned(0, command), cwd=where, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def sqlite(kind):
    where = tempfile.mkdtemp(dir=work)
    command = program(kind, "sqlite-speedtest1", ["--dir", where], ["--size", "30", "--memdb"])
    on_disk = program(kind, "sqlite-speedtest1", ["--dir", where], ["--size", "30", "--journal", "wal", "test.db"])
    if not command:
        return {}
    return {"SQLite speedtest1 in memory runs/s": 1 / timed(command, where), "SQLite speedtest1 WAL runs/s": 1 / timed(on_disk, where)}


def calls(kind):
    """What each of the services that programs ask for most takes: nanoseconds."""
    where = tempfile.mkdtemp(dir=work)
    command = {"domain": [porin, "run", "--dir", where, f"{build}/bench/services/calls.porin"],
               "native": [f"{build}/bench/services/calls"]}.get(kind)
    if not command:
        return {}
    lines = output(pinned(0, command), cwd=where).splitlines()
    return {f"{name} ns": float(value) for name, value in (line.split("\t") for line in lines)}


def fork(kind):
    """A process of 100 MiB in use forks: microseconds per fork and wait."""
    command = {"domain": [porin, "run", f"{build}/bench/services/fork.porin"], "native": [f"{build}/bench/services/fork"]}.get(kind)
    if not command:
        return {}
    results = {f"fork with {size} MiB us": float(output(pinned(0, command + [size]))) for size in ("1", "100")}
    starts = [timed(command + ["0"], work) for _ in range(10)]
    results["start to end ms"] = 1000 * min(starts)
    return results


def line_of(name, kinds):
    """A line of the table: medians, and how the domain compares."""
    medians = {kind: statistics.median(values) for kind, values in kinds.items()}
    line = f"{name:36}" + "".join(f"{medians[kind]:12.2f}" if kind in medians else f"{'-':>12}" for kind in KINDS)
    if "native" not in medians or "domain" not in medians:
        return line
    if name.endswith(" ns"):
        return line + f"{medians['domain'] - medians['native']:+12.0f}"
    ratio = medians["domain"] / medians["native"]
    ratios = [domain / native for domain, native in zip(kinds["domain"], kinds["native"]) if native]
    line += f"{ratio:12.3f}  {min(ratios):.2f}..{max(ratios):.2f}" if ratios else ""
    return line + (f"  bar {BAR}{'' if ratio >= BAR else '  MISSED'}" if name.endswith("/s") else "")


def main():
    parts = {measure.__name__: measure for measure in (calls, redis, memcached, nginx, sqlite, fork)}
    wanted = sys.argv[3:] or parts
    if any(name not in parts for name in wanted):
        sys.exit(f"the parts are {', '.join(parts)}")
    figures = {}
    for count in range(rounds):
        for measure in (parts[name] for name in wanted):
            for kind in KINDS if count % 2 == 0 else reversed(KINDS):
                for name, value in measure(kind).items():
                    figures.setdefault(name, {}).setdefault(kind, []).append(value)
    print(f"{'':36}{'native':>12}{'domain':>12}{'glibc':>12}{'domain/native':>15}")
    for name, kinds in figures.items():
        print(line_of(name, kinds))
    shutil.rmtree(work, ignore_errors=True)


main()
