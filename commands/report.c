/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about images and about deaths of domains. */
#define _GNU_SOURCE
#include "report.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "lifecycle/plain.h"

int print_load_error(const char *file, porin_status status, const struct porin_error *error)
{
    if (status == PORIN_ERR_FILE) {
        fprintf(stderr, "porin run: %s\n", error->text);
        return EXIT_NOT_FOUND;
    }
    if (status == PORIN_ERR_BAD_IMAGE)
        fprintf(stderr, "porin run: %s: not a Porin image: build it with porin-cc (%s)\n", file, error->text);
    else
        fprintf(stderr, "porin run: %s: %s\n", file, error->text);
    return status == PORIN_ERR_REFUSED || status == PORIN_ERR_BAD_IMAGE || status == PORIN_ERR_VERSION ? EXIT_CANNOT_RUN : EXIT_OWN_FAILURE;
}

/* Appends to what is there, as far as it fits. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

bool report_crossings(const struct porin_error *error, char *text, size_t size)
{
    *text = '\0';
    append(text, size, "%s", error->crossing_count == PORIN_CROSSINGS_MAX ? "..." : "host");
    for (uint32_t i = error->crossing_count; i-- > 0;) {
        const struct porin_crossing *crossing = &error->crossings[i];
        append(text, size, " > %s%s%s", crossing->domain, *crossing->entry ? "." : "", crossing->entry);
    }
    text_make_plain(text);
    return error->crossing_count;
}

bool report_services(const struct porin_error *error, char *text, size_t size)
{
    static const struct { uint32_t number; const char *name; } services[] = {
#define SERVICE(number, name, arguments, family, handler, state, note) { number, #name },
#include "services.def"
#undef SERVICE
    };
    *text = '\0';
    for (uint32_t i = error->service_count; i-- > 0;) {
        const char *name = "an unknown one";
        for (size_t k = 0; k < sizeof services / sizeof *services; k++)
            if (services[k].number == error->services[i])
                name = services[k].name;
        append(text, size, "%s%s", *text ? ", " : "", name);
    }
    return *text;
}

void print_fault(const char *file, const struct porin_error *error)
{
    fprintf(stderr, "porin run: domain %s died at offset 0x%x: %s (%s)", error->domain, error->offset, sigabbrev_np(error->signal) ?: "?",
            sigdescr_np(error->signal) ?: "unknown signal");
    if (error->fault == PORIN_FAULT_ACCESS || error->fault == PORIN_FAULT_DATA_STACK)
        fprintf(stderr, ", accessing 0x%x", error->address);
    if (error->fault == PORIN_FAULT_CONTROL_STACK || error->fault == PORIN_FAULT_DATA_STACK)
        fprintf(stderr, ": its %s stack is full", error->fault == PORIN_FAULT_DATA_STACK ? "data" : "control");
    const struct porin_registers *r = &error->registers;
    fprintf(stderr, "\n  rax %#lx rbx %#lx rcx %#lx rdx %#lx rsi %#lx rdi %#lx rbp %#lx r8 %#lx r9 %#lx r12 %#lx r13 %#lx, "
            "data stack at %#lx\n",
            r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->r8, r->r9, r->r12, r->r13, r->r15);
    char text[1000];
    if (error->crossing_count > 1 && report_crossings(error, text, sizeof text))
        fprintf(stderr, "  crossings: %s\n", text);
    if (report_services(error, text, sizeof text))
        fprintf(stderr, "  services asked for last: %s\n", text);
    fprintf(stderr, "  for functions and lines: porin locate %s 0x%x", file, error->offset);
    for (uint32_t i = 0; i < error->trace_count; i++)
        fprintf(stderr, " 0x%x", error->trace[i] - 1); /* a return address is behind its call */
    fprintf(stderr, "\n");
}

void print_used(porin_domain *domain)
{
    struct porin_domain_usage usage;
    if (porin_domain_usage_get(domain, &usage) == PORIN_OK)
        fprintf(stderr, "porin run: domain %s used %.3f s of CPU time (sampled), %.1f MiB of memory in %u mappings and %u descriptors "
                "at the end, %llu faults\n", porin_domain_name(domain), (double)usage.cpu_ns / 1e9, (double)usage.memory_bytes / (1 << 20),
                usage.mappings, usage.descriptors, (unsigned long long)usage.faults);
}
