/* SPDX-License-Identifier: Apache-2.0 */
/* expat for `porin bind`. Handlers belong to their parser; what XML_SetUserData is given stays with the program. */
typedef struct XML_ParserStruct *XML_Parser PORIN_OPAQUE;
struct porin_fields_XML_Memory_Handling_Suite {
    void *(*malloc_fcn)(size_t size) PORIN_CALLBACK_KEPT PORIN_ALLOCATES(size);
    void *(*realloc_fcn)(void *ptr PORIN_ALLOCATED, size_t size) PORIN_CALLBACK_KEPT PORIN_ALLOCATES(size);
    void (*free_fcn)(void *ptr PORIN_ALLOCATED) PORIN_CALLBACK_KEPT;
};
#define HANDLER PORIN_CALLBACK_SET
#define USER void *user PORIN_TOKEN(user)

PORIN_ENTRY PORIN_OWNED(XML_ParserFree) XML_Parser XML_ParserCreate(const XML_Char *encoding PORIN_STRING);
PORIN_ENTRY PORIN_OWNED(XML_ParserFree) XML_Parser XML_ParserCreateNS(const XML_Char *encoding PORIN_STRING, XML_Char separator);
PORIN_ENTRY PORIN_OWNED(XML_ParserFree) XML_Parser XML_ParserCreate_MM(const XML_Char *encoding PORIN_STRING,
    const XML_Memory_Handling_Suite *memsuite PORIN_IN(1), const XML_Char *separator PORIN_STRING);
PORIN_ENTRY PORIN_OWNED(XML_ParserFree) XML_Parser XML_ExternalEntityParserCreate(XML_Parser parser, const XML_Char *context PORIN_STRING,
                                                                                  const XML_Char *encoding PORIN_STRING);
PORIN_ENTRY PORIN_CLOSES(parser) void XML_ParserFree(XML_Parser parser);
PORIN_ENTRY PORIN_FAILS(XML_STATUS_ERROR) enum XML_Status XML_Parse(XML_Parser parser, const char *text PORIN_IN(length), int length,
                                                                     int is_final);
PORIN_ENTRY PORIN_FAILS(XML_STATUS_ERROR) enum XML_Status XML_StopParser(XML_Parser parser, XML_Bool resumable);
PORIN_ENTRY PORIN_FAILS(XML_STATUS_ERROR) enum XML_Status XML_ResumeParser(XML_Parser parser);
PORIN_ENTRY PORIN_FAILS(XML_ERROR_UNEXPECTED_STATE) enum XML_Error XML_GetErrorCode(XML_Parser parser);
PORIN_ENTRY PORIN_STRING PORIN_BORROWED const XML_LChar *XML_ErrorString(enum XML_Error code);
PORIN_ENTRY PORIN_FAILS(0) XML_Size XML_GetCurrentLineNumber(XML_Parser parser);
PORIN_ENTRY PORIN_FAILS(0) XML_Size XML_GetCurrentColumnNumber(XML_Parser parser);
PORIN_ENTRY PORIN_FAILS(-1) XML_Index XML_GetCurrentByteIndex(XML_Parser parser);
PORIN_ENTRY void XML_SetUserData(XML_Parser parser, USER);
PORIN_ENTRY void XML_SetElementHandler(XML_Parser parser,
    void (*start)(USER, const XML_Char *name PORIN_STRING, const XML_Char **attributes PORIN_STRINGS()) HANDLER,
    void (*end)(USER, const XML_Char *name PORIN_STRING) HANDLER);
PORIN_ENTRY void XML_SetCharacterDataHandler(XML_Parser parser,
    void (*handler)(USER, const XML_Char *text PORIN_IN(length), int length) HANDLER);
PORIN_ENTRY void XML_SetCommentHandler(XML_Parser parser, void (*handler)(USER, const XML_Char *text PORIN_STRING) HANDLER);
PORIN_ENTRY void XML_SetProcessingInstructionHandler(XML_Parser parser,
    void (*handler)(USER, const XML_Char *target PORIN_STRING, const XML_Char *data PORIN_STRING) HANDLER);
PORIN_ENTRY void XML_SetCdataSectionHandler(XML_Parser parser, void (*start)(USER) HANDLER, void (*end)(USER) HANDLER);
PORIN_ENTRY void XML_SetExternalEntityRefHandler(XML_Parser parser,
    int (*handler)(XML_Parser parser, const XML_Char *context PORIN_STRING, const XML_Char *base PORIN_STRING,
                   const XML_Char *system PORIN_STRING, const XML_Char *public PORIN_STRING) HANDLER PORIN_FAILS(XML_STATUS_ERROR));
#undef HANDLER
#undef USER
