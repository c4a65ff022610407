#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looking into a stack that runs: porin top (batch, JSON, in a terminal), map, trace, profile; with names that mean something to terminals,
JSON, Graphviz and SVG. Usage: stack.py BUILD"""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import xml.dom.minidom

build = os.path.abspath(sys.argv[1])
porin, work = f"{build}/bin/porin", f"{build}/tests/observe/stack"
shutil.rmtree(work, ignore_errors=True)
os.makedirs(work)
run = tempfile.mkdtemp(prefix="porin-observe-")
checked, failed = 0, []
HOSTILE = "a\"b<i>&'\\\x1b[31m\u202e\u009b32m"      # what an import and an entry are called: images and stack files may say so
SHOWN = "a\"b<i>&'\\?[31m?????32m"                 # a byte a ?


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


STACK = r"""
name: 'view "<b>&'
services:
  callee: {image: callee.porin, restart: always, exports: {work: register_confidentiality, "NAME": none}}
  caller: {image: caller.porin, imports: {work: {entry: callee.work, policy: all}, "NAME": callee.NAME}, connect: ["127.0.0.1:9"]}
  server: {image: talker.porin, command: [serve, "PORT"], listen: ["127.0.0.1:PORT"],
           healthcheck: {test: "tcp:127.0.0.1:PORT", interval: 50ms}}
  client: {image: talker.porin, command: [ask, "PORT"], connect: ["127.0.0.1:PORT"], depends_on: {server: {condition: service_healthy}}}
  idle: {image: idle.porin, listen: ["127.0.0.1:9", "unix:/x\e[31m<&>"]}
""".replace("PORT", str(free_port())).replace("callee.NAME", '"callee.NAME"').replace("NAME", r"a\"b<i>&'\\\e[31m\u202e\u009b32m")


def check(what, good, detail=""):
    global checked
    checked += 1
    if not good:
        failed.append(what)
        print(f"FAILED: {what}: {detail}")


def ask(*arguments, seconds=30):
    return subprocess.run([porin, arguments[0], "--run-dir", run, *arguments[1:]], capture_output=True, text=True, timeout=seconds,
                          check=False, cwd=work)


def compile_images():
    sources = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
    for name, options in (("callee", ["--library", "--export=work,more"]), ("caller", []), ("idle", []), ("talker", [])):
        image = f"{work}/{name}.porin"
        subprocess.run([f"{build}/bin/porin-cc", "-O1", "-g", "-Iinclude", *options, "-o", image, f"{sources}/{name}.c"], check=True)
        data, record = open(image, "rb").read(), b"more".ljust(56, b"\0")
        check(f"the record of a name in {name}", data.count(record) == (name in ("callee", "caller")))
        open(image, "wb").write(data.replace(record, HOSTILE.encode().ljust(56, b"\0")))
    open(f"{work}/stack.yaml", "w", encoding="utf-8").write(STACK)


def start(*options):
    process = subprocess.Popen([porin, "run", "-f", f"{work}/stack.yaml", "--run-dir", run, *options], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    for _ in range(200):
        if ask("ps").returncode == 0:
            return process
        time.sleep(0.05)
    process.terminate()
    sys.exit("the stack does not answer: " + process.communicate()[0])


def plain(text):
    """No byte that a terminal obeys."""
    return all(c == "\n" or (c >= " " and not 0x7f <= ord(c) <= 0x9f and c != "\u202e") for c in text)


def figures(*options):
    answer = ask("top", "--json", "--once", "--interval", "0.3", *options)
    check("top --json", answer.returncode == 0, answer.stderr)
    data = json.loads(answer.stdout)
    return data, {service["service"]: service for service in data["services"]}


def wait_for(what, condition):
    for _ in range(200):
        data, services = figures()
        if condition(services):
            return data, services
    check(what, False, services)
    return data, services


def check_top():
    data, services = wait_for("a fault, a refusal and a restart are counted", lambda s: s["callee"]["faults"] == 1 and
                              s["caller"]["refusals"] >= 1 and s["callee"]["restarts"] == 1 and s["callee"]["state"] == "running" and
                              s["callee"]["calls_per_s"] > 1000 and s["caller"]["cpu_ns"] > 0) # charged now and then
    check("the stack's name", data["stack"] == 'view "<b>&', data["stack"])
    check("its process", data["process"] == stack.pid or data["process"] > 0)
    check("calls of an entry", services["callee"]["calls"] > 1000 and services["callee"]["calls_per_s"] > 1000, services["callee"])
    check("CPU time", 0 < services["caller"]["cpu_ns"] and services["caller"]["cpu_percent"] < 100, services["caller"])
    check("nothing is called in a program", services["idle"]["calls"] == 0)
    check("processes", services["idle"]["processes"] == 1, services["idle"])
    data, services = wait_for("bytes between services in memory", lambda s: s["client"]["talked_per_s"] > 500)
    check("of both sides", services["server"]["talked_bytes"] == services["client"]["talked_bytes"])
    check("not of others", services["idle"]["talked_bytes"] == 0)
    check("memory", services["idle"]["memory_bytes"] > 100000)
    check("how it ended", services["callee"]["end"] == "died of SEGV", services["callee"]["end"])
    later = figures()[1]
    check("counts go up", later["callee"]["calls"] > services["callee"]["calls"] and later["callee"]["faults"] == 1)
    table = ask("top", "--once", "--sort", "calls", "--interval", "0.3")
    check("a table", table.returncode == 0 and table.stdout.split("\n")[2].startswith("callee  "), table.stdout)
    check("a table of plain text", plain(table.stdout))
    check("rows of 80 columns", all(len(line) <= 80 or "  died" in line for line in table.stdout.split("\n")[2:]), table.stdout)
    twice = ask("top", "--batch", "--count", "2", "--interval", "0.1")
    check("two tables", twice.stdout.count("SERVICE ") == 2, twice.stdout)
    for wrong in (["--sort", "size"], ["--interval", "0"], ["--count", "x"], ["callee"]):
        answer = ask("top", *wrong)
        check(f"refused: {wrong}", answer.returncode == 2 and "porin top" in answer.stderr, answer.stderr)


def terminal(rows, columns):
    """porin top in a terminal of that size."""
    child, master = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execv(porin, ["porin", "top", "--run-dir", run, "--interval", "0.2"])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return child, master


def read_for(master, seconds, until=None):
    text, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and not (until and until in text):
        if select.select([master], [], [], 0.1)[0]:
            try:
                text += os.read(master, 65536)
            except OSError:
                break
    return text


def check_terminal():
    child, master = terminal(10, 60)
    text = read_for(master, 5, b"q quit")
    check("the other screen", text.startswith(b"\033[?1049h"), text[:40])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 70, 0, 0))
    os.kill(child, signal.SIGWINCH)
    text = read_for(master, 5, b"\033[12;1H")
    check("drawn anew for another size", b"\033[12;1H" in text, text[-300:])
    placed = re.sub(rb"\033\[[0-9;]*H", b"\n", text)   # two pictures may have come
    shown = re.sub(rb"\033\[[0-9;?]*[a-zA-Z]", b"", placed).decode()
    check("lines of that width", all(len(line) <= 70 for line in re.split(r"[\r\n]+", shown)[:-1]), shown)
    check("services in it", "callee" in shown and "idle" in shown)
    check("as in the file", re.search("callee.*caller.*idle", shown, re.S), shown)
    os.write(master, b"r")
    text = b""
    for _ in range(50):
        text = read_for(master, 5, b"q quit")
        if re.search(b"SERVICE.*caller.*callee", text, re.S):
            break
    check("sorted by a key", re.search(b"SERVICE.*caller.*callee", text, re.S), text)
    os.write(master, b"\x03")
    text = read_for(master, 5, b"\033[?1049l")
    check("Ctrl-C: the screen as it was", text.endswith(b"\033[?25h\033[?1049l"), text[-40:])
    check("Ctrl-C: status", os.waitpid(child, 0)[1] == 0)
    child, master = terminal(24, 80)
    read_for(master, 5, b"q quit")
    os.write(master, b"q")
    check("q ends it", b"\033[?1049l" in read_for(master, 5, b"\033[?1049l") and os.waitpid(child, 0)[1] == 0)


def check_map():
    for arguments in (["--seconds", "0.3"], ["stack.yaml"]):
        dot = ask("map", *arguments) if arguments[0] != "stack.yaml" else subprocess.run(
            [porin, "map", *arguments], capture_output=True, text=True, timeout=30, check=False, cwd=work)
        check(f"map {arguments}", dot.returncode == 0, dot.stderr)
        check("a map of plain text", plain(dot.stdout), dot.stdout)
        check("escaped", "a&quot;b&lt;i&gt;&amp;&#39;\\?[31m" in dot.stdout, dot.stdout)
        check("from a policy to an edge", re.search(r"n\d+:top -> n\d+:p\d+ \[.*>all</font>", dot.stdout), dot.stdout)
        check("traffic", ("calls/s" in dot.stdout) == (arguments[0] != "stack.yaml"), dot.stdout)
        talk = re.search(r"style=dashed.*<b>([0-9.]+) (k?)B/s</b>, back <b>([0-9.]+) (k?)B/s</b>.*1 open", dot.stdout)
        check("talk", bool(talk) == (arguments[0] != "stack.yaml"), dot.stdout)
        if talk:
            sent, answered = (float(talk[i]) * (1000 if talk[i + 1] else 1) for i in (1, 3))
            check("four bytes back for each", 500 < sent < 1e6 and 3.5 < answered / sent < 4.5, talk[0])
        open(f"{work}/map.dot", "w", encoding="utf-8").write(dot.stdout)
    picture = ask("map", "--svg", "--seconds", "0.3", "-o", "map.svg")
    check("a picture", picture.returncode == 0, picture.stderr)
    texts = [node.firstChild.data for node in xml.dom.minidom.parse(f"{work}/map.svg").getElementsByTagName("text")]
    check("names in the picture", SHOWN + "()" in texts and 'view "<b>&' in texts, texts)
    rates = [float(text.split(" ")[0].replace("k", "e3")) for text in texts if text.endswith(" calls/s")]
    check("rates", len(rates) == 2 and 100 < max(rates) < 1e6 and min(rates) < 1000, texts)


def check_trace():
    for seconds in ("0.5", "2", "8"):                 # on a busy machine not much happens in a while
        answer = ask("trace", "--seconds", seconds, "-o", "trace.json")
        check("trace", answer.returncode == 0, answer.stderr)
        names = {event.get("name") for event in json.load(open(f"{work}/trace.json", encoding="utf-8"))["traceEvents"]}
        if SHOWN in names:
            break
    nested = [sys.executable, "tests/observe/nested.py", f"{work}/trace.json", "work@caller", "nanosleep@caller"]
    answer = subprocess.run(nested, capture_output=True, text=True, check=False)
    check("a trace of what ran before", answer.returncode == 0, answer.stderr)
    check("the name of an import in JSON", SHOWN in names, names)
    one = ask("trace", "--seconds", "0.3", "idle")
    events = json.loads(one.stdout)["traceEvents"]
    check("a trace of one service", [event["args"]["name"] for event in events if event["ph"] == "M"] == ["idle"], events[:5])
    process, busy = None, None
    for _ in range(20):                               # until the long one is under way
        if not process or process.poll() is not None:
            begun = time.monotonic()
            process = subprocess.Popen([porin, "trace", "--run-dir", run, "--seconds", "60"], stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        busy = ask("trace", "--seconds", "0.01")
        if busy.returncode:
            break
    check("one at a time", busy.returncode == 1 and "being taken already" in busy.stderr, busy.stderr)
    process.send_signal(signal.SIGINT)
    events = json.loads(process.communicate(timeout=60)[0])["traceEvents"]
    check("Ctrl-C ends a trace and keeps it", time.monotonic() - begun < 50 and any(event.get("name") == "work" for event in events))
    for wrong in (["--seconds", "0"], ["--seconds", "x"], ["a", "b"]):
        check(f"refused: {wrong}", ask("trace", *wrong).returncode == 2)


def folded(*options):
    answer = subprocess.run([porin, "flame", "--folded", *options, f"{work}/profile"], capture_output=True, text=True, check=False)
    return answer.stdout


def check_profile():
    """Of a stack that runs, taken from outside."""
    for seconds in ("1", "4", "16"):                  # until somebody was found at work
        answer = ask("profile", "--seconds", seconds, "-o", "profile")
        check("profile", answer.returncode == 0, answer.stderr)
        if re.search(r"^caller: .*;caller: main;callee: work \d+$", folded(), re.M):
            break
    else:
        check("a profile of what ran before", False, folded()[:2000])
    for wrong in (["--seconds", "0"], ["--seconds", "x"], ["idle"]):
        check(f"refused: {wrong}", ask("profile", *wrong).returncode == 2)


def check_whole_run():
    """--profile and --trace of porin run -f, by service."""
    global stack
    stack = start("--quiet", "--profile", f"{work}/profile", "--trace", f"{work}/whole.json")
    wait_for("a million calls", lambda services: services["callee"]["calls"] > 1000000)
    ask("stop")
    stack.communicate(timeout=60)
    nested = [sys.executable, "tests/observe/nested.py", f"{work}/whole.json", "work@caller"]
    answer = subprocess.run(nested, capture_output=True, text=True, check=False)
    check("a trace of a whole run", answer.returncode == 0, answer.stderr)
    text = folded()
    check("a profile across services", re.search(r"^caller: .*;caller: main;callee: work \d+$", text, re.M), text[:2000])
    one = folded("--domain", "idle")
    check("a profile of one service", "caller" not in one, one[:1000])
    one = folded("--domain", "callee")
    check("of another, with its callers", "callee: work" in one and all("callee: " in line for line in one.splitlines()), one[:1000])


compile_images()
stack = start()
try:
    check_top()
    check_terminal()
    check_map()
    check_trace()
    check_profile()
    os.chmod(run, 0o700)
    answer = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", porin, "top", "--once", "--run-dir", run], capture_output=True,
                            text=True, check=False)
    check("another user is not told", answer.returncode != 0 and "callee" not in answer.stdout, answer.stdout + answer.stderr)
    ask("stop")
    output = stack.communicate(timeout=60)[0]
    check("the report names the crossings", f"porin:   crossings: host > caller > callee.{SHOWN}" in output, output)
    check("a log of plain text", plain(output.replace("\t", " ")))
    gone = ask("top", "--once")
    check("a stack that is gone", gone.returncode == 1 and "no stack runs here" in gone.stderr, gone.stderr)
    check_whole_run()
finally:
    if stack.poll() is None:
        stack.kill()
    shutil.rmtree(run, ignore_errors=True)
print(f"observe, a stack: {checked} facts, {len(failed)} wrong")
sys.exit(1 if failed else 0)
