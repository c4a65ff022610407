/* SPDX-License-Identifier: Apache-2.0 */
/* From the header and the side file, by libclang's syntax tree, to the model. */
#include "model.h"
#include <clang-c/Index.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "toolchain/buffer.h"

static const char *text_of(CXString string)
{
    char *copy = format_text("%s", clang_getCString(string));
    clang_disposeString(string);
    return copy;
}

static struct place place_of(CXCursor cursor)
{
    CXFile file;
    struct place place;
    clang_getExpansionLocation(clang_getCursorLocation(cursor), &file, &place.line, &place.column, NULL);
    place.file = file ? text_of(clang_getFileName(file)) : "?";
    if (strncmp(place.file, "./", 2) == 0) /* as an #include in the current folder is found */
        place.file += 2;
    return place;
}

static enum CXChildVisitResult note_visit(CXCursor cursor, CXCursor parent, CXClientData data)
{
    (void)parent;
    if (clang_getCursorKind(cursor) != CXCursor_AnnotateAttr)
        return CXChildVisit_Continue;
    const char *text = text_of(clang_getCursorSpelling(cursor));
    if (strncmp(text, "porin:", 6) == 0) {
        const char *key = text + 6, *colon = strchr(key, ':');
        note_add(data, colon ? format_text("%.*s", (int)(colon - key), key) : key, colon ? colon + 1 : "");
    }
    return CXChildVisit_Continue;
}

/* --- types --- */
static struct type *type_make(struct model *model, CXType type);

static enum CXChildVisitResult enumerator_visit(CXCursor cursor, CXCursor parent, CXClientData data)
{
    struct enumeration *enumeration = data;
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_EnumConstantDecl) {
        enumeration->names = grow(enumeration->names, (enumeration->count + 1) * sizeof *enumeration->names);
        enumeration->values = grow(enumeration->values, (enumeration->count + 1) * sizeof *enumeration->values);
        enumeration->names[enumeration->count] = text_of(clang_getCursorSpelling(cursor));
        enumeration->values[enumeration->count++] = clang_getEnumConstantDeclValue(cursor);
    }
    return CXChildVisit_Continue;
}

static struct enumeration *enumeration_make(struct model *model, CXType type, const char *name)
{
    struct notes notes = {0};
    for (struct enumeration *one = model->enumerations; one; one = one->next)
        if (strcmp(one->name, name) == 0)
            return one;
    struct enumeration *enumeration = grow(NULL, sizeof *enumeration);
    *enumeration = (struct enumeration){.name = name, .next = model->enumerations};
    model->enumerations = enumeration;
    CXCursor cursor = clang_getTypeDeclaration(type);
    clang_visitChildren(cursor, enumerator_visit, enumeration);
    clang_visitChildren(cursor, note_visit, &notes);
    enumeration->is_flags = note_find(&notes, "flags") != NULL;
    return enumeration;
}

static void variable_read(struct model *model, struct variable *variable, CXCursor cursor);

struct field_walk { struct model *model; struct record *record; };

static enum CXVisitorResult field_visit(CXCursor cursor, CXClientData data)
{
    struct field_walk *walk = data;
    struct record *record = walk->record;
    record->fields = grow(record->fields, (record->field_count + 1) * sizeof *record->fields);
    struct variable field = {0};
    variable_read(walk->model, &field, cursor);
    field.is_bit_field = clang_Cursor_isBitField(cursor) != 0;
    record->fields[record->field_count++] = field;
    return CXVisit_Continue;
}

static struct record *record_make(struct model *model, CXType type, const char *name)
{
    for (struct record *one = model->records; one; one = one->next)
        if (strcmp(one->name, name) == 0)
            return one;
    struct record *record = grow(NULL, sizeof *record);
    *record = (struct record){.name = name, .next = model->records};
    record->is_union = clang_getCursorKind(clang_getTypeDeclaration(type)) == CXCursor_UnionDecl;
    model->records = record; /* before its fields: these may point to it */
    struct field_walk walk = {model, record};
    clang_Type_visitFields(type, field_visit, &walk);
    return record;
}

static struct function *signature_make(struct model *model, CXType type);

/* As C passes it: arrays and functions as pointers to them, which libclang does not say. */
static struct type *parameter_type(struct model *model, CXType spelled)
{
    struct type *type = type_make(model, spelled);
    CXType canonical = clang_getCanonicalType(spelled);
    bool function = canonical.kind == CXType_FunctionProto || canonical.kind == CXType_FunctionNoProto;
    if (strstr(type->canonical, "__va_list_tag")) {
        type->kind = TYPE_OTHER;
    } else if (function || canonical.kind == CXType_ConstantArray || canonical.kind == CXType_IncompleteArray) {
        CXType named = clang_getArrayElementType(spelled);
        type->kind = function ? TYPE_FUNCTION : TYPE_POINTER;
        type->size = sizeof(void *);
        type->to = function ? NULL : type_make(model, named.kind == CXType_Invalid ? clang_getArrayElementType(canonical) : named);
        const char *to = function ? type->name : text_of(clang_getTypeSpelling(named.kind == CXType_Invalid
                                                          ? clang_getArrayElementType(canonical) : named));
        size_t head = strcspn(to, function ? "(" : "[");
        type->name = type->canonical = format_text(to[head] ? "%.*s(*)%s" : "%.*s *", (int)head, to, to + head);
        type->function = function ? signature_make(model, canonical) : NULL;
    }
    return type;
}

static struct function *signature_make(struct model *model, CXType type)
{
    struct function *function = grow(NULL, sizeof *function);
    int count = clang_getNumArgTypes(type);
    *function = (struct function){.name = "", .is_variadic = type.kind == CXType_FunctionProto && clang_isFunctionTypeVariadic(type) != 0};
    function->result.type = type_make(model, clang_getResultType(type));
    function->parameter_count = count > 0 ? (size_t)count : 0;
    function->parameters = grow(NULL, (function->parameter_count + 1) * sizeof *function->parameters);
    for (size_t i = 0; i < function->parameter_count; i++)
        function->parameters[i] = (struct variable){.name = "", .type = parameter_type(model, clang_getArgType(type, (unsigned)i))};
    return function;
}

static enum type_kind scalar_kind(enum CXTypeKind kind, bool *is_signed)
{
    *is_signed = false;
    switch (kind) {
    case CXType_Void: return TYPE_VOID;
    case CXType_Bool: return TYPE_BOOL;
    case CXType_Char_S: case CXType_SChar: case CXType_Short: case CXType_Int: case CXType_Long: case CXType_LongLong:
        *is_signed = true;
        return TYPE_INTEGER;
    case CXType_Char_U:
    case CXType_UChar:
    case CXType_UShort:
    case CXType_UInt:
    case CXType_ULong:
    case CXType_ULongLong:
    case CXType_WChar: return TYPE_INTEGER;
    case CXType_Float: return TYPE_FLOAT;
    case CXType_Double: return TYPE_DOUBLE;
    case CXType_LongDouble: case CXType_Int128: case CXType_UInt128: case CXType_Complex: case CXType_Float128: return TYPE_WIDE;
    case CXType_Enum: return TYPE_ENUM;
    case CXType_Record: return TYPE_RECORD;
    case CXType_Pointer: return TYPE_POINTER;
    case CXType_ConstantArray: return TYPE_ARRAY;
    default: return TYPE_OTHER;
    }
}

/* Without the qualifiers that the type itself has: in front for plain types, behind the last star for pointers. */
static const char *unqualified(const char *name, bool pointer)
{
    static const char *const words[] = {"const", "volatile", "restrict"};
    size_t length = strlen(name);
    for (size_t i = 0; i < 3; i++) {
        size_t size = strlen(words[i]);
        if (!pointer && strncmp(name, words[i], size) == 0 && name[size] == ' ')
            return unqualified(name + size + 1, pointer);
        if (length > size && strcmp(name + length - size, words[i]) == 0 && strchr("* ", name[length - size - 1]))
            return unqualified(format_text("%.*s", (int)(length - size - (name[length - size - 1] == ' ')), name), pointer);
    }
    return name;
}

/* PORIN_CAP as headers write it: gcc calls the address space otherwise than clang. */
static const char *with_capability(const char *name)
{
    static const char clang[] = "__attribute__((address_space(256)))";
    const char *at = strstr(name, clang);
    return at ? with_capability(format_text("%.*sPORIN_CAP%s", (int)(at - name), name, at + strlen(clang))) : name;
}

static struct type *type_make(struct model *model, CXType spelled)
{
    CXType type = clang_getCanonicalType(spelled);
    struct type *made = grow(NULL, sizeof *made);
    bool pointer = type.kind == CXType_Pointer;
    *made = (struct type){
        .name = with_capability(unqualified(text_of(clang_getTypeSpelling(spelled)),
                                            pointer && strchr(text_of(clang_getTypeSpelling(spelled)), '*'))),
        .canonical = unqualified(text_of(clang_getTypeSpelling(type)), pointer),
        .size = clang_Type_getSizeOf(type)};
    made->kind = scalar_kind(type.kind, &made->is_signed);
    made->is_constant = clang_isConstQualifiedType(type) != 0;
    if (made->kind == TYPE_ENUM) {
        made->enumeration = enumeration_make(model, type, made->canonical);
        enum CXTypeKind kind = clang_getCanonicalType(clang_getEnumDeclIntegerType(clang_getTypeDeclaration(type))).kind;
        scalar_kind(kind, &made->is_signed);
    } else if (made->kind == TYPE_RECORD && made->size >= 0) {
        made->record = record_make(model, type, made->canonical);
    } else if (made->kind == TYPE_ARRAY) {
        made->to = type_make(model, clang_getArrayElementType(type));
        made->count = clang_getArraySize(type);
    } else if (made->kind == TYPE_POINTER) {
        CXType to = clang_getPointeeType(type);
        if (to.kind == CXType_FunctionProto || to.kind == CXType_FunctionNoProto) {
            made->kind = TYPE_FUNCTION;
            made->function = signature_make(model, to);
        } else {
            made->is_capability = clang_getAddressSpace(to) != 0;
            CXType named = clang_getPointeeType(spelled); /* keeps the typedef's name where the pointer is not hidden in one */
            made->to = type_make(model, named.kind == CXType_Invalid ? to : named);
            if (made->is_capability && made->to->kind != TYPE_POINTER) /* libclang sees no qualifier behind the address space */
                made->to->is_constant = strstr(text_of(clang_getTypeSpelling(to)), "const") != NULL;
        }
    }
    return made;
}

/* --- declarations --- */
struct parameter_walk { struct model *model; struct function *function; size_t index; bool annotated; };

static enum CXChildVisitResult parameter_visit(CXCursor cursor, CXCursor parent, CXClientData data)
{
    struct parameter_walk *walk = data;
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_ParmDecl && walk->index < walk->function->parameter_count) {
        struct variable *parameter = &walk->function->parameters[walk->index++], before = *parameter;
        variable_read(walk->model, parameter, cursor);
        for (size_t i = 0; i < before.notes.count; i++)
            note_add(&parameter->notes, before.notes.items[i].key, before.notes.items[i].argument);
        if (!*parameter->name && before.name)
            parameter->name = before.name;
        if (before.type->function && parameter->type->function && !parameter->type->function->notes.count)
            for (size_t i = 0; i < parameter->type->function->parameter_count; i++)
                if (before.type->function->parameters[i].notes.count && !parameter->type->function->parameters[i].notes.count)
                    parameter->type->function = before.type->function;
    }
    return CXChildVisit_Continue;
}

static void variable_read(struct model *model, struct variable *variable, CXCursor cursor)
{
    bool passed = clang_getCursorKind(cursor) == CXCursor_ParmDecl;
    *variable = (struct variable){.name = text_of(clang_getCursorSpelling(cursor)), .place = place_of(cursor),
                                  .type = (passed ? parameter_type : type_make)(model, clang_getCursorType(cursor))};
    clang_visitChildren(cursor, note_visit, &variable->notes);
    if (variable->type->kind == TYPE_FUNCTION) { /* its own parameters stand below it where it is no typedef */
        struct parameter_walk walk = {model, variable->type->function, 0, false};
        variable->type->function->place = variable->place;
        clang_visitChildren(cursor, parameter_visit, &walk);
        variable->type->function->notes = variable->notes;
    }
}

static void function_read(struct model *model, CXCursor cursor)
{
    const char *name = text_of(clang_getCursorSpelling(cursor));
    struct function *function = function_find(model, name);
    struct notes notes = {0};
    clang_visitChildren(cursor, note_visit, &notes);
    if (!function) {
        function = signature_make(model, clang_getCanonicalType(clang_getCursorType(cursor)));
        function->name = name;
        function->place = place_of(cursor);
        *model->functions_end = function;
        model->functions_end = &function->next;
    }
    for (size_t i = 0; i < notes.count; i++)
        note_add(&function->notes, notes.items[i].key, notes.items[i].argument);
    if (note_find(&notes, "entry"))
        function->place = place_of(cursor);
    function->is_bound = note_find(&function->notes, "entry") != NULL;
    function->in_main_file |= strcmp(place_of(cursor).file, model->header) == 0;
    function->result.type = type_make(model, clang_getResultType(clang_getCursorType(cursor)));
    struct parameter_walk walk = {model, function, 0, false};
    clang_visitChildren(cursor, parameter_visit, &walk);
}

static void typedef_read(struct model *model, CXCursor cursor)
{
    struct notes notes = {0};
    clang_visitChildren(cursor, note_visit, &notes);
    const char *name = text_of(clang_getCursorSpelling(cursor));
    struct type *type = type_make(model, clang_getTypedefDeclUnderlyingType(cursor));
    struct named **list = type->kind == TYPE_FUNCTION ? &model->typedefs : &model->handles;
    if (type->kind != TYPE_FUNCTION && !note_find(&notes, "opaque"))
        return;
    const char *key = type->kind == TYPE_FUNCTION ? name : type->kind == TYPE_POINTER ? type->to->canonical : type->canonical;
    struct named *named = named_find(*list, key);
    if (!named) {
        named = grow(NULL, sizeof *named);
        *named = (struct named){.name = key, .next = *list};
        *list = named;
    }
    for (size_t i = 0; i < notes.count; i++)
        note_add(&named->notes, notes.items[i].key, notes.items[i].argument);
    if (type->kind == TYPE_FUNCTION) {
        if (!named->function)
            named->function = type->function;
        struct parameter_walk walk = {model, named->function, 0, false};
        named->function->place = place_of(cursor);
        clang_visitChildren(cursor, parameter_visit, &walk);
        named->function->notes = named->notes;
    }
}

static void struct_read(struct model *model, CXCursor cursor)
{
    static const char prefix[] = "porin_fields_";
    struct notes notes = {0};
    const char *name = text_of(clang_getCursorSpelling(cursor));
    CXType type = clang_getCursorType(cursor);
    clang_visitChildren(cursor, note_visit, &notes);
    struct named *named = grow(NULL, sizeof *named);
    if (note_find(&notes, "opaque")) {
        *named = (struct named){type_make(model, type)->canonical, notes, NULL, model->handles};
        model->handles = named;
    } else if (strncmp(name, prefix, strlen(prefix)) == 0) {
        struct record *record = record_make(model, type, type_make(model, type)->canonical);
        struct function *holder = grow(NULL, sizeof *holder); /* fields as parameters: what is looked up by name */
        *holder = (struct function){.parameters = record->fields, .parameter_count = record->field_count};
        *named = (struct named){name + strlen(prefix), notes, holder, model->fields};
        model->fields = named;
    }
}

static enum CXChildVisitResult declaration_visit(CXCursor cursor, CXCursor parent, CXClientData data)
{
    (void)parent;
    switch (clang_getCursorKind(cursor)) {
    case CXCursor_FunctionDecl: function_read(data, cursor); break;
    case CXCursor_TypedefDecl: typedef_read(data, cursor); break;
    case CXCursor_StructDecl: struct_read(data, cursor); break;
    default: break;
    }
    return CXChildVisit_Continue;
}

static bool diagnostics_print(CXTranslationUnit unit)
{
    bool good = true;
    for (unsigned i = 0; i < clang_getNumDiagnostics(unit); i++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(unit, i);
        if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error) {
            fprintf(stderr, "%s\n", text_of(clang_formatDiagnostic(diagnostic, clang_defaultDiagnosticDisplayOptions())));
            good = false;
        }
        clang_disposeDiagnostic(diagnostic);
    }
    return good;
}

/* Fields annotated in a porin_fields_T: the notes go to T's own fields. */
static void fields_join(struct model *model)
{
    for (struct named *named = model->fields; named; named = named->next) {
        bool found = false;
        for (struct record *record = model->records; record; record = record->next) {
            const char *tag = strchr(record->name, ' ');
            if (strcmp(tag ? tag + 1 : record->name, named->name) != 0)
                continue;
            found = true;
            for (size_t i = 0; i < record->field_count; i++) {
                const struct variable *from = parameter_find(named->function, record->fields[i].name);
                for (size_t j = 0; from && j < from->notes.count; j++)
                    note_add(&record->fields[i].notes, from->notes.items[j].key, from->notes.items[j].argument);
                if (from && from->type->kind == TYPE_FUNCTION && record->fields[i].type->kind == TYPE_FUNCTION)
                    record->fields[i].type = from->type; /* whose own parameters may be annotated */
            }
        }
        if (!found)
            fprintf(stderr, "porin bind: note: porin_fields_%s is for no struct %s that a bound function uses\n", named->name, named->name);
    }
}

bool model_parse(struct model *model, const char *header, const char *annotations, const char *const *options, int option_count)
{
    const char **arguments = grow(NULL, (size_t)(option_count + 8) * sizeof *arguments);
    int count = 0;
    arguments[count++] = "-xc";
    arguments[count++] = "-std=gnu11";
    arguments[count++] = "-DPORIN_BIND=1";
    for (int i = 0; i < option_count; i++)
        arguments[count++] = options[i];
    char *text = format_text("#include \"%s\"\n#include \"porin/bind.h\"\n", header);
    if (annotations)
        text = format_text("%s#include \"%s\"\n", text, annotations);
    struct CXUnsavedFile file = {"porin-bind-input.c", text, strlen(text)};
    model->header = strncmp(header, "./", 2) == 0 ? header + 2 : header;
    model->functions_end = &model->functions;
    CXIndex index = clang_createIndex(0, 0);
    CXTranslationUnit unit = NULL;
    if (clang_parseTranslationUnit2(index, file.Filename, arguments, count, &file, 1, CXTranslationUnit_SkipFunctionBodies, &unit) != 0) {
        fprintf(stderr, "porin bind: clang cannot read %s\n", header);
        return false;
    }
    if (!diagnostics_print(unit))
        return false;
    clang_visitChildren(clang_getTranslationUnitCursor(unit), declaration_visit, model);
    fields_join(model);
    clang_disposeTranslationUnit(unit);
    clang_disposeIndex(index);
    return true;
}
