/* SPDX-License-Identifier: Apache-2.0 */
/* Callers in domains. A call is a plain call through a gate, which carries integers, floating point numbers and a few words of the stack:
 * where these are all there is nothing but an import. Otherwise the stub of emit_stub.c, with frames whose memory is a message that the
 * callee is lent, and a receiver of emit_back.c in the callee's image, which believes the caller as little as the caller believes it. */
#include "emit.h"
#include "porin/binding.h"
#include <string.h>

/* --- what does not cross --- */
static void between_check(struct model *model, const struct function *function, const struct variable *p)
{
    if (p->role == ROLE_ROWS || p->element == ROLE_STRINGS || (p == &function->result && p->role == ROLE_STRINGS))
        complain(model, p->place, "%s: '%s': arrays of pointers cross from hosts only; bind a function that takes one row, or returns one "
                 "string, at a time", function->name, p->name);
    if (p->role == ROLE_BUFFER && type_has_functions(p->type->to))
        complain(model, p->place, "%s: '%s': functions in structs do not cross between domains; write PORIN_NULL behind these fields",
                 function->name, p->name);
    if (p->role == ROLE_CALLBACK)
        complain(model, p->place, "%s: '%s': callbacks do not cross between domains; write PORIN_NULL, or let the caller export a function "
                 "and bind it to an import of the callee (porin_domain_bind)", function->name, p->name);
    if (p->role == ROLE_MIRROR)
        complain(model, p->place, "%s: '%s': PORIN_MIRROR structs do not cross between domains; bind functions that take an opaque handle "
                 "and buffers (demo/stream.h)", function->name, p->name);
}

void model_check_between(struct model *model)
{
    for (const struct function *function = model->functions; function; function = function->next) {
        if (!function->is_bound)
            continue;
        for (size_t i = 0; i < function->parameter_count; i++)
            between_check(model, function, &function->parameters[i]);
        between_check(model, function, &function->result);
        if (function->is_variadic)
            complain(model, function->place,
                     "%s has variable arguments, which do not cross between domains; bind a function with fixed ones", function->name);
        if (function_guard(model, function) || note_find(&function->notes, "noreturn") ||
            (function_is_hosts_own(function) && !note_find(&function->notes, "frees")))
            complain(model, function->place, "%s leaves as only hosts' stubs can (PORIN_GUARD, PORIN_JUMPS, PORIN_NEVER_RETURNS, "
                     "PORIN_JUMP_BUFFER); leave it out, or bind a function that returns a status", function->name);
        if (function->result.role == ROLE_TOKEN)
            complain(model, function->place, "%s returns a PORIN_TOKEN, which callbacks are for; between domains there are none",
                     function->name);
    }
}

/* --- the caller's image --- */
#define LENT_FROM BIND_TEXT(PORIN_LENT_FROM)

static const char *ways_text(const struct function *function)
{
    struct buffer text = {0};
    buffer_add(&text, "", 0);
    for (size_t i = 0; i < function->parameter_count; i++) {
        const struct variable *p = &function->parameters[i];
        bool memory = p->role == ROLE_BUFFER || p->role == ROLE_STRING;
        const char *way = p->type->is_capability             ? "lent, not copied"
                          : note_find(&p->notes, "by_copy")  ? "copied"
                          : note_find(&p->notes, "by_cap")   ? "lent to the receiver, which copies"
                                                             : "copied, or lent to the receiver from " LENT_FROM " bytes on";
        if (memory && strcmp(length_of(p), "1") != 0)
            buffer_printf(&text, "%s%s: %s", *text.data ? "; " : "", p->name, way);
    }
    return text.data;
}

static void wire_declaration(struct output *output, const struct function *function)
{
    bool direct = function_is_direct(function);
    const char *plain = !direct ? "uint64_t" : function->result.type->kind == TYPE_BOOL ? "unsigned char" : NULL;
    emit(output, "%s(", declaration(plain ? &(struct type){.name = plain} : function->result.type,
                                    format_text("%s_wire_%s", output->model->library, function->name)));
    for (size_t i = 0; direct && i < function->parameter_count; i++) {
        const struct variable *p = &function->parameters[i];
        emit(output, "%s%s", i ? ", " : "",
             p->type->is_capability         ? format_text("uint64_t porin_w_%s", p->name)
             : p->type->kind == TYPE_BOOL ? format_text("unsigned char porin_w_%s", p->name) /* any byte may come */
                                          : declaration(p->type, p->name));
    }
    if (!direct)
        for (int i = 0; i < 6; i++)
            emit(output, "%suint64_t porin_%d", i ? ", " : "", i);
    emit(output, "%s)", direct && !function->parameter_count ? "void" : "");
}

static void stubs_begin(struct output *output, const char *what)
{
    const struct model *model = output->model;
    emit(output, "/* Made by porin bind from %s: %s */\n", model->header, what);
    emit(output, "#include <stddef.h>\n#include <stdlib.h>\n#include <string.h>\n#include \"porin/binding.h\"\n"
                 "#include \"porin/domain.h\"\n#include \"%s_wire.h\"\n", model->library);
    emit_pragmas(output);
}

void emit_caller(struct output *output)
{
    const struct model *model = output->model;
    const char *n = model->library;
    stubs_begin(output, "stubs and imports, to be linked into the caller's image.");
    emit(output, "static porin_binding *porin_bound(void);\n#define PORIN_BINDING porin_bound()\n"
                 "#define PORIN_OF(function) ((int64_t)porin_frame_recall(porin_f, #function))\n\n");
    entry_index(output, format_text("%s_wire_fetch", n));
    emit(output, "uint64_t %s_wire_fetch(uint64_t porin_0, uint64_t porin_1, uint64_t porin_2);\nPORIN_IMPORT(%s_wire_fetch);\n", n, n);
    for (const struct function *function = model->functions; function; function = function->next) {
        if (!function->is_bound)
            continue;
        if (function_is_hosts_own(function)) {
            emit_stub(output, function);
            continue;
        }
        if (function_is_plain(function)) {
            emit(output, "PORIN_IMPORT(%s);\n\n", function->name);
            continue;
        }
        if (*ways_text(function))
            emit(output, "/* %s */\n", ways_text(function));
        wire_declaration(output, function);
        emit(output, ";\nPORIN_IMPORT(%s_wire_%s);\n", n, function->name);
        emit_stub(output, function);
    }
    emit(output, "static void *const porin_wired[] = {");
    for (size_t i = 0; i < output->entry_count; i++)
        emit(output, "\n    (void *)%s,", output->entries[i]);
    emit(output, "\n};\n\nstatic const struct porin_library porin_library = {\"%s\", NULL, %zu, NULL, 0, 0, 0, %zu};\n"
                 "static porin_binding *porin_bound_once;\nstatic porin_binding *porin_bound(void)\n{\n"
                 "    return porin_bound_once ? porin_bound_once : porin_wire_bind(&porin_bound_once, &porin_library, porin_wired);\n}\n\n",
         n, output->entry_count, output->handle_type_count);
    emit(output, "uint64_t %s_wire_use_key(uint64_t key)\n{\n    return porin_wire_use_key(porin_bound(), key);\n}\n"
                 "PORIN_EXPORT(%s_wire_use_key);\n", n, n);
}

/* --- the callee's image --- */
static void receiver_direct(struct output *output, const struct function *function)
{
    const char *fails = note_find(&function->notes, "fails");
    bool is_void = function->result.role == ROLE_NONE, record = function->result.type->kind == TYPE_RECORD;
    wire_declaration(output, function);
    emit(output, "\n{\n    struct porin_frame porin_frame_here, *const porin_f = &porin_frame_here;\n"
                 "    porin_receive_directly(porin_f, \"%s\");\n", function->name);
    for (size_t i = 0; i < function->parameter_count; i++) {
        const struct variable *p = &function->parameters[i];
        if (p->type->kind == TYPE_BOOL)
            emit(output, "    _Bool %s;\n    memcpy(&%s, &porin_w_%s, 1);\n", p->name, p->name, p->name);
        if (!p->type->is_capability)
            emit_from(output, p->type, p, p->name);
    }
    for (size_t i = 0; i < function->parameter_count; i++) {
        const struct variable *p = &function->parameters[i];
        if (!p->type->is_capability)
            continue;
        emit(output, "    %s = (void PORIN_CAP *)porin_receive_lent(porin_f, %u, porin_w_%s, porin_w_%s ? porin_frame_bytes(porin_f, "
             "(int64_t)(%s), %s) : 0, %s);\n", declaration(p->type, p->name), lent_number(function, p), p->name, p->name, length_of(p),
             p->type->to->kind == TYPE_VOID ? "1" : format_text("sizeof(%s)", p->type->to->name), lent_right(p));
    }
    if (record && !fails)
        emit(output, "    __typeof__(%s) porin_none;\n    memset(&porin_none, 0, sizeof porin_none);\n", function->result.type->name);
    emit(output, "    if (porin_f->status != PORIN_OK)\n        return%s%s%s;\n    %s%s(", is_void ? "" : " ",
         is_void            ? ""
         : record && !fails ? "porin_none"
                            : format_text("(__typeof__(%s))", function->result.type->name),
         is_void || (record && !fails) ? "" : format_text("(%s)", fails ? fails : "-1"), is_void ? "" : "return ", function->name);
    for (size_t i = 0; i < function->parameter_count; i++)
        emit(output, "%s%s", i ? ", " : "", function->parameters[i].name);
    emit(output, ");\n}\n");
}

static void receiver_emit(struct output *output, const struct function *function)
{
    const char *n = output->model->library, *name = format_text("%s_wire_%s", n, function->name);
    emit(output, "static void %s_receive_%s(struct porin_back *porin_back)\n{\n", n, function->name);
    emit_receive(output, function, name, function->name);
    emit(output, "}\n\n");
    wire_declaration(output, function);
    emit(output, "\n{\n    struct porin_back porin_back;\n"
                 "    if (porin_receive_open(&porin_back, porin_owner, \"%s\", (const uint64_t[]){porin_0, porin_1, porin_2, "
                 "porin_3, porin_4, porin_5}))\n        %s_receive_%s(&porin_back);\n    return porin_receive_close(&porin_back);\n}\n",
         function->name, n, function->name);
}

void emit_receiver(struct output *output)
{
    const struct model *model = output->model;
    const char *n = model->library;
    output->owner = true;
    stubs_begin(output, "receives calls of domains; to be linked into the library's image.");
    emit(output, "#define PORIN_OF(function) ((int64_t)porin_frame_recall(porin_f, #function))\n"
                 "static struct porin_owner *porin_owner;\n\n");
    for (const struct function *function = model->functions; function; function = function->next) {
        if (!function->is_bound || function_is_hosts_own(function))
            continue;
        emit(output, "#undef %s\n", function->name);
        if (function_is_plain(function)) {
            emit(output, "PORIN_EXPORT(%s);\n\n", function->name);
            continue;
        }
        (function_is_direct(function) ? receiver_direct : receiver_emit)(output, function);
        emit(output, "PORIN_EXPORT(%s_wire_%s);\n\n", n, function->name);
    }
    emit(output, "uint64_t %s_wire_fetch(uint64_t porin_0, uint64_t porin_1, uint64_t porin_2, uint64_t porin_3)\n{\n"
                 "    return porin_receive_fetch(porin_owner, porin_0, porin_1, porin_2, porin_3);\n}\n"
                 "PORIN_EXPORT(%s_wire_fetch);\n\n", n, n);
    emit(output, "uint64_t %s_wire_serve_key(uint64_t key)\n{\n    return porin_owner_serve(&porin_owner, key);\n}\n"
                 "PORIN_EXPORT(%s_wire_serve_key);\n", n, n);
    output->owner = false;
}

/* --- the host's table --- */
static bool any_stub(const struct model *model)
{
    for (const struct function *function = model->functions; function; function = function->next)
        if (function->is_bound && !function_is_hosts_own(function) && !function_is_plain(function))
            return true;
    return false;
}

static void edge_emit(struct output *output, const struct function *function)
{
    const char *policy = note_find(&function->notes, "policy"), *fails = note_find(&function->notes, "fails");
    bool direct = function_is_direct(function), plain = function_is_plain(function);
    bool numeric = function->result.role == ROLE_VALUE && function->result.type->kind != TYPE_RECORD;
    emit(output, "    {\"%s\", {.policy = %s, .fault_value = (int64_t)(%s), .stack_words = %u}},\n",
         plain ? function->name : format_text("%s_wire_%s", output->model->library, function->name), policy ? policy : "PORIN_POLICY_ALL",
         direct && fails && numeric ? fails : "-1", direct ? stack_words(function) : 0);
}

void emit_edges(struct output *output)
{
    const struct model *model = output->model;
    const char *n = model->library;
    bool stubs = any_stub(model);
    emit(output, "/* Made by porin bind from %s: edges from a domain that imports its functions to one that exports them. */\n",
         model->header);
    emit(output, "#include %s\n#include <sys/random.h>\n#include \"%s_edges.h\"\n\n", output->include, n);
    emit(output, "static const struct { const char *name; struct porin_edge_options options; } edges[] = {\n");
    for (const struct function *function = model->functions; function; function = function->next)
        if (function->is_bound && !function_is_hosts_own(function))
            edge_emit(output, function);
    if (stubs)
        emit(output, "    {\"%s_wire_fetch\", {.policy = PORIN_POLICY_ALL, .fault_value = -1}},\n", n);
    emit(output, "};\n\nporin_status %s_connect(porin_domain *caller, porin_domain *callee, struct porin_error *error)\n{\n"
                 "    porin_status status = PORIN_OK;\n    porin_entry entry;\n"
                 "    for (size_t i = 0; status == PORIN_OK && i < sizeof edges / sizeof *edges; i++) {\n"
                 "        status = porin_entry_find(callee, edges[i].name, &entry, error);\n        if (status == PORIN_OK)\n"
                 "            status = porin_domain_bind(caller, edges[i].name, entry, &edges[i].options, error);\n    }\n", n);
    if (stubs)
        emit(output, "    uint64_t key = 0;\n    if (status == PORIN_OK && getrandom(&key, sizeof key, 0) != sizeof key)\n"
                     "        status = PORIN_ERR_MEMORY;\n"
                     "    if (status == PORIN_OK)\n        status = porin_entry_find(caller, \"%s_wire_use_key\", &entry, error);\n"
                     "    if (status == PORIN_OK)\n"
                     "        status = porin_call6(entry, NULL, key | 1, 0, 0, 0, 0, 0);\n"
                     "    if (status == PORIN_OK)\n        status = porin_entry_find(callee, \"%s_wire_serve_key\", &entry, error);\n"
                     "    if (status == PORIN_OK)\n"
                     "        status = porin_call6(entry, NULL, key | 1, 0, 0, 0, 0, 0);\n", n, n);
    emit(output, "    return status;\n}\n");
}

void emit_edges_header(struct output *output)
{
    const char *n = output->model->library;
    emit(output, "/* Made by porin bind from %s. */\n#ifndef PORIN_EDGES_%s_H\n#define PORIN_EDGES_%s_H\n#include \"porin/porin.h\"\n\n"
                 "/* Binds every import of the caller to the callee's function of that name, under the policy of the header. A callee\n"
                 " * serves one caller at a time with what is more than numbers: another one's connection ends its handles. */\n"
                 "porin_status %s_connect(porin_domain *caller, porin_domain *callee, struct porin_error *error);\n#endif\n",
         output->model->header, n, n, n);
}
