/* SPDX-License-Identifier: Apache-2.0 */
/* Callers in domains: a call is a plain call through a gate, which carries six integers, eight floating point numbers and a few words of
 * the stack. So no stub is needed where these are all: imports for the caller's image, and a table from which the host makes the edges. */
#include "emit.h"
#include "porin/porin.h"
#include <string.h>

static bool crosses(const struct type *type)
{
    return type->kind == TYPE_BOOL || type->kind == TYPE_INTEGER || type->kind == TYPE_ENUM || type->kind == TYPE_FLOAT ||
           type->kind == TYPE_DOUBLE;
}

/* A struct that comes back in registers: at most two words, of numbers only. */
static bool record_crosses(const struct type *type)
{
    if (type->kind == TYPE_ARRAY)
        return record_crosses(type->to);
    if (type->kind != TYPE_RECORD || !type->record)
        return crosses(type);
    for (size_t i = 0; i < type->record->field_count; i++)
        if (!record_crosses(type->record->fields[i].type))
            return false;
    return type->size <= 16;
}

/* Words on the stack: what finds no register. */
static uint32_t stack_words(const struct function *function)
{
    uint32_t integers = 0, vectors = 0;
    for (size_t i = 0; i < function->parameter_count; i++) {
        enum type_kind kind = function->parameters[i].type->kind;
        *(kind == TYPE_FLOAT || kind == TYPE_DOUBLE ? &vectors : &integers) += 1;
    }
    return (integers > 6 ? integers - 6 : 0) + (vectors > 8 ? vectors - 8 : 0);
}

void model_check_caller(struct model *model)
{
    for (const struct function *function = model->functions; function; function = function->next) {
        if (!function->is_bound)
            continue;
        for (size_t i = 0; i < function->parameter_count; i++) {
            const struct variable *p = &function->parameters[i];
            if (!crosses(p->type))
                complain(model, p->place, "%s: '%s' (%s) does not cross between domains: %s", function->name, p->name, p->type->name,
                         p->type->kind == TYPE_POINTER || p->type->kind == TYPE_FUNCTION
                             ? "an address means nothing in another one; pass numbers, or memory by capability (porin/capability.h)"
                             : "gates carry integers and floating point; pass its parts");
        }
        if (function->result.type->kind != TYPE_VOID && !record_crosses(function->result.type))
            complain(model, function->place,
                     "%s returns %s, which does not cross between domains; return numbers, or a struct of at most 16 bytes of them",
                     function->name, function->result.type->name);
        if (stack_words(function) > PORIN_MAX_STACK_WORDS)
            complain(model, function->place, "%s takes %u words more than registers hold, of which gates carry %d", function->name,
                     stack_words(function), PORIN_MAX_STACK_WORDS);
        if (function->is_variadic)
            complain(model, function->place, "%s has variable arguments, which do not cross between domains", function->name);
    }
}

void emit_caller(struct output *output)
{
    const struct model *model = output->model;
    emit(output,
         "/* Made by porin bind from %s: imports, to be linked into the caller's image. */\n#include \"porin/domain.h\"\n#include %s\n\n",
         model->header, output->include);
    for (const struct function *function = model->functions; function; function = function->next)
        if (function->is_bound)
            emit(output, "PORIN_IMPORT(%s);\n", function->name);
}

void emit_edges(struct output *output)
{
    const struct model *model = output->model;
    const char *n = model->library;
    emit(output, "/* Made by porin bind from %s: edges from a domain that imports its functions to one that exports them. */\n",
         model->header);
    emit(output, "#include %s\n#include \"%s_edges.h\"\n\n", output->include, n);
    emit(output, "static const struct { const char *name; struct porin_edge_options options; } edges[] = {\n");
    for (const struct function *function = model->functions; function; function = function->next) {
        const char *policy = note_find(&function->notes, "policy"), *fails = note_find(&function->notes, "fails");
        if (function->is_bound)
            emit(output, "    {\"%s\", {.policy = %s, .fault_value = (int64_t)(%s), .stack_words = %u}},\n", function->name,
                 policy ? policy : "PORIN_POLICY_ALL", fails ? fails : "-1", stack_words(function));
    }
    emit(output, "};\n\nporin_status %s_connect(porin_domain *caller, porin_domain *callee, struct porin_error *error)\n{\n"
                 "    porin_status status = PORIN_OK;\n    porin_entry entry;\n"
                 "    for (size_t i = 0; status == PORIN_OK && i < sizeof edges / sizeof *edges; i++) {\n"
                 "        status = porin_entry_find(callee, edges[i].name, &entry, error);\n        if (status == PORIN_OK)\n"
                 "            status = porin_domain_bind(caller, edges[i].name, entry, &edges[i].options, error);\n    }\n"
                 "    return status;\n}\n", n);
}

void emit_edges_header(struct output *output)
{
    const char *n = output->model->library;
    emit(output, "/* Made by porin bind from %s. */\n#ifndef PORIN_EDGES_%s_H\n#define PORIN_EDGES_%s_H\n#include \"porin/porin.h\"\n\n"
                 "/* Binds every import of the caller to the callee's function of that name, under the policy of the header. */\n"
                 "porin_status %s_connect(porin_domain *caller, porin_domain *callee, struct porin_error *error);\n#endif\n",
         output->model->header, n, n, n);
}
