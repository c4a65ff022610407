/* SPDX-License-Identifier: Apache-2.0 */
/* What programs do to their terminal. argv[1] says what. Prints what must be the same natively, but for `hostile`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void say(const char *what, long value)
{
    dprintf(1, "%s: %ld\n", what, value);
}

/* As editors do it. */
static void raw(void)
{
    struct termios settings;
    say("asked", tcgetattr(0, &settings));
    cfmakeraw(&settings);
    settings.c_oflag |= OPOST;
    say("set", tcsetattr(0, TCSADRAIN, &settings));
    tcgetattr(0, &settings);
    say("is set", !(settings.c_lflag & (ICANON | ECHO | ISIG)));
}

static void modes(void)
{
    char byte = 0;
    int terminal = open("/dev/tty", O_RDWR);
    raw();
    say("a byte without a line", read(0, &byte, 1) == 1 && byte == 'q');
    say("flushed", tcflush(0, TCIFLUSH) == 0 && tcdrain(1) == 0);
    say("the terminal by name", write(terminal, "", 0) == 0 && isatty(terminal) && ttyname(0) != NULL);
    say("no terminal", tcgetattr(open("/dev/null", O_RDWR), &(struct termios){ 0 }) < 0 && errno == ENOTTY);
}

/* As shells do it. */
static void jobs(void)
{
    int status = 0;
    char line[16] = "";
    signal(SIGTTOU, SIG_IGN);
    say("in the foreground", tcgetpgrp(0) == getpgrp());
    say("of the session", tcgetsid(0) == getsid(0));
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        say("the child goes there", tcsetpgrp(0, getpid()));
        say("and is", tcgetpgrp(0) == getpgrp());
        say("reads", read(0, line, sizeof line) == 5 && memcmp(line, "line\n", 5) == 0);
        raw();
        _exit(0);
    }
    setpgid(child, child);
    waitpid(child, &status, 0);
    say("the parent is not", status == 0 && tcgetpgrp(0) == child);
    say("but comes back", tcsetpgrp(0, getpgrp()) == 0 && tcgetpgrp(0) == getpgrp());
    say("no such group", tcsetpgrp(0, -1) < 0 && tcsetpgrp(0, 99999999) < 0);
    child = fork();
    if (child == 0) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_DFL);
        tcsetpgrp(0, getpid()); /* stops it */
        _exit(7);
    }
    say("stopped", waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    say("still here", tcgetpgrp(0) == getpgrp());
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    child = fork();
    if (child == 0) { /* leaves it there */
        setpgid(0, 0);
        _exit(tcsetpgrp(0, getpid()));
    }
    waitpid(child, &status, 0);
}

/* In the background of somebody else's session. */
static void hostile(void)
{
    struct termios settings;
    signal(SIGTTOU, SIG_IGN);
    tcgetattr(0, &settings);
    settings.c_lflag &= ~(ECHO | ICANON);
    say("modes", tcsetattr(0, TCSANOW, &settings) < 0 && errno == EIO);
    say("the foreground", tcsetpgrp(0, getpgrp()) < 0 && errno == EIO);
    say("whose it is", tcgetpgrp(0));
    say("flushing", tcflush(0, TCIFLUSH) < 0 && errno == EIO);
    int refused = 1;
    const unsigned long others[] = { TIOCSTI, TIOCSWINSZ, TIOCSETD, TIOCSCTTY, TIOCNOTTY, TIOCCONS, TIOCEXCL, TIOCSSERIAL, TIOCLINUX };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        refused &= ioctl(0, others[i], "\n") < 0 && errno == ENOTTY;
    say("typing and the like", refused);
}

/* Who else may be in its session has numbers near its own. */
static void strangers(void)
{
    int refused = 1;
    for (pid_t group = getpid() > 2000 ? getpid() - 2000 : 1; group < getpid() + 100; group++)
        refused &= group == getpgrp() || (tcsetpgrp(0, group) < 0 && errno == EPERM);
    say("nobody else", refused && tcgetpgrp(0) == getpgrp());
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "modes") == 0)
        modes();
    else if (argc == 2 && strcmp(argv[1], "jobs") == 0)
        jobs();
    else if (argc == 2 && strcmp(argv[1], "hostile") == 0)
        hostile();
    else if (argc == 2 && strcmp(argv[1], "strangers") == 0)
        strangers();
    else if (argc == 2) {
        raw();
        if (strcmp(argv[1], "fault") == 0)
            *(volatile char *)16 = 1;
        if (strncmp(argv[1], "killed", 6) == 0) {
            int number = atoi(argv[1] + 6), last = fork();
            if (last == 0)
                _exit(number && kill(getppid(), number) == 0 ? 0 : kill(getppid(), SIGTERM));
            pause();
        }
        if (strcmp(argv[1], "alarm") == 0) {
            alarm(1);
            pause();
        }
        raise(atoi(argv[1]));
    }
    return 0;
}
