#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal of its own: terminal.py fore|back TYPED COMMAND... What the command prints is printed, then whether the
terminal is as it was. `back`: in the background of a session whose foreground is somebody else's."""
import fcntl, os, pty, select, signal, sys, termios, time

ECHOED = 3                             # of termios's list: the local modes

def start(name, command, wait):
    child = os.fork()
    if child == 0:
        os.close(wait[1])
        os.read(wait[0], 1)            # until its group is what it is to be
        terminal = os.open(name, os.O_RDWR)
        for number in range(3):
            os.dup2(terminal, number)
        os.execvp(command[0], command)
    return child

def lead(name, back, command, report):
    """The leader of the terminal's session."""
    os.setsid()
    terminal = os.open(name, os.O_RDWR)
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    wait = os.pipe()
    child = start(name, command, wait)
    os.setpgid(child, child)
    os.tcsetpgrp(terminal, os.getpgrp() if back else child)
    before = termios.tcgetattr(terminal)
    os.write(wait[1], b"x")
    _, status = os.waitpid(child, 0)
    after, group = termios.tcgetattr(terminal), os.tcgetpgrp(terminal)
    ended = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"status {os.WEXITSTATUS(status)}"
    kept = "kept" if before == after else "changed"
    os.write(report, f"{ended}, modes {kept}, foreground {'kept' if group == (os.getpgrp() if back else child) else 'changed'}\n".encode())
    os._exit(0)

def main():
    back, typed, command = sys.argv[1] == "back", sys.argv[2].encode().decode("unicode_escape").encode(), sys.argv[3:]
    master, slave = pty.openpty()
    name, report = os.ttyname(slave), os.pipe()
    settings = termios.tcgetattr(slave)
    settings[ECHOED] &= ~termios.ECHO  # what is typed is not to stand in between
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    leader = os.fork()
    if leader == 0:
        os.close(master)
        os.close(slave)
        lead(name, back, command, report[1])
    os.close(report[1])
    output, deadline, last = b"", time.monotonic() + 50, None
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master, report[0]], [], [], 0.5)
        if master in ready:
            output += os.read(master, 4096)
        if typed and b"\n" in output and (b"is set" in output or b"and is" in output):
            os.write(master, typed)
            typed = b""
        if report[0] in ready and master not in ready:
            last = os.read(report[0], 200)
            break
    sys.stdout.write(output.decode().replace("\r", "") + (last.decode() if last else "never ended\n"))
    if not last:
        os.killpg(leader, signal.SIGKILL)
    os.waitpid(leader, 0)

main()
