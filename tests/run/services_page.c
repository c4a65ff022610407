/* SPDX-License-Identifier: Apache-2.0 */
/* Prints doc/services.md from the table of services. */
#include <stdio.h>

static const char head[] =
    "# Services of a domain\n\n"
    "Printed from `trusted/tables/services.def` by `make services-page`; `make check` compares.\n\n"
    "A domain asks its surroundings through the service gate (ARCHITECTURE.md, Services). Numbers below 512 are Linux's, with Linux's\n"
    "meaning but for the notes; from 512 on they are Porin's. A number that is no row answers `-ENOSYS`; a row whose family was not\n"
    "granted answers `-EPERM`. A pointer is a slot offset; one that is not in the slot or not accessible answers `-EFAULT`.\n\n"
    "| family | granted by |\n|---|---|\n"
    "| always | nothing: harmless, answers are synthetic |\n"
    "| memory | `PORIN_GRANT_MEMORY` |\n"
    "| time | `PORIN_GRANT_TIME` |\n"
    "| files | `PORIN_GRANT_FILES` |\n"
    "| threads | `PORIN_GRANT_THREADS`; at most `thread_limit` of `struct porin_domain_options` at once (`-EAGAIN`) |\n"
    "| network | `PORIN_GRANT_NETWORK`; addresses as the options `listen` and `connect` say |\n"
    "| processes | `PORIN_GRANT_PROCESSES`: the domain is a process to itself |\n"
    "| streams | one of console, files and network; a descriptor exists only if its family was granted |\n\n"
    "## Paths\n\n"
    "* A path names something beneath a granted directory; everything else does not exist (`-ENOENT`). Ancestors of a grant can be asked\n"
    "  about and stood in, not opened.\n"
    "* `.` and `..` are taken out by name, before links are followed. Relative to an open directory, nothing above it can be named\n"
    "  (`-EACCES`), and what lies beneath it on the host is meant, even where another grant's guest path lies there.\n"
    "* Symbolic links are followed by the kernel; absolute ones and ones that lead out of the granted directory answer `-EACCES`.\n"
    "* A grant ends at mount points beneath it (`-EACCES`): grant those separately. Kernel interfaces such as /proc cannot be granted.\n"
    "* Only regular files and directories can be opened (`-EACCES`). In a read-only grant nothing can be changed (`-EROFS`).\n"
    "* Without any grant there are /dev/null and its like, other names of descriptors (/dev/fd, /proc/self/fd; opening one duplicates\n"
    "  it), /dev/tty if the console is a terminal, and files of /proc and /sys about the domain itself, its maps in slot offsets, or as\n"
    "  every domain reads them (`trusted/personality/texts.c`). A granted directory there comes first, but not what of it cannot be\n"
    "  reached. A domain that has its process to itself may write /proc/self/oom_score_adj: it may raise it, and lower it to what it was\n"
    "  when the process began.\n"
    "* At most 4096 descriptors per domain.\n\n"
    "## Signals and processes\n\n"
    "* A handler runs when a service answers, as a call from outside: what it interrupted stays with trusted code, and the context that\n"
    "  it sees has no registers; of what it writes there only the signal mask counts. A wait in a service ends for it (`-EINTR`, or once\n"
    "  more with `SA_RESTART`). A handler that leaves by longjmp ends the domain.\n"
    "* Faults (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP) end the domain whatever its handlers are.\n"
    "* Modes and foreground of a console that is a terminal may be changed with `PORIN_GRANT_PROCESSES` and `PORIN_GRANT_SIGNALS`, from\n"
    "  the foreground and among the domain's own processes; when the first of them ends, both are as they were. Speed, size and line\n"
    "  discipline stay as they are, and nothing types for the user.\n"
    "* Process numbers are made up; with `PORIN_GRANT_SIGNALS` they are the host's, so that pid files work. A forked child is a process\n"
    "  of the host that has nothing but this domain. Of several domains in a process, none sees or signals another's children.\n\n"
    "## Table\n\n"
    "| number | service | arguments | family | state | differs from Linux |\n|---|---|---|---|---|---|\n";

#define NAME_ALWAYS "always"
#define NAME_MEMORY "memory"
#define NAME_TIME "time"
#define NAME_FILES "files"
#define NAME_STREAMS "streams"
#define NAME_THREADS "threads"
#define NAME_NETWORK "network"
#define NAME_PROCESSES "processes"
#define STATE_DONE "done"
#define STATE_PARTIAL "partial"
#define STATE_REFUSED "refused"

int main(void)
{
    fputs(head, stdout);
#define SERVICE(number, name, arguments, family, handler, state, note) \
    printf("| %d | %s | %s | %s | %s | %s |\n", number, #name, arguments, NAME_##family, STATE_##state, note);
#include "services.def"
#undef SERVICE
    return 0;
}
