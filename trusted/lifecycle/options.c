/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies of struct porin_domain_options. */
#include "options.h"
#include <stdlib.h>
#include <string.h>

void porin_domain_options_default(struct porin_domain_options *options)
{
    *options = (struct porin_domain_options){ .grants = PORIN_GRANT_MEMORY, .stdio = { -1, -1, -1 } };
}

static bool string_copy(const char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return *to || !from;
}

static bool strings_copy(const char *const **to, const char *const *from, size_t count)
{
    const char **copies = count ? calloc(count, sizeof *copies) : NULL;
    *to = copies;
    bool good = copies || !count;
    for (size_t i = 0; good && i < count; i++)
        good = string_copy(&copies[i], from[i]);
    return good;
}

static void strings_release(const char *const *strings, size_t count)
{
    for (size_t i = 0; strings && i < count; i++)
        free((void *)strings[i]);
    free((void *)strings);
}

bool options_copy(struct porin_domain_options *to, const struct porin_domain_options *from)
{
    *to = *from;
    to->name = to->directory = NULL;
    to->directories = NULL;
    to->arguments = to->environment = to->listen = to->connect = to->receive = NULL;
    struct porin_directory *directories = from->directory_count ? calloc(from->directory_count, sizeof *directories) : NULL;
    to->directories = directories;
    bool good = (directories || !from->directory_count) && string_copy(&to->name, from->name) &&
                string_copy(&to->directory, from->directory);
    for (size_t i = 0; good && i < from->directory_count; i++) {
        directories[i].read_only = from->directories[i].read_only;
        good = string_copy(&directories[i].host_path, from->directories[i].host_path) &&
               string_copy(&directories[i].guest_path, from->directories[i].guest_path);
    }
    return good && strings_copy(&to->arguments, from->arguments, from->argument_count) &&
           strings_copy(&to->environment, from->environment, from->environment_count) &&
           strings_copy(&to->listen, from->listen, from->listen_count) && strings_copy(&to->connect, from->connect, from->connect_count) &&
           strings_copy(&to->receive, from->receive, from->receive_count);
}

void options_release(struct porin_domain_options *options)
{
    for (size_t i = 0; options->directories && i < options->directory_count; i++) {
        free((void *)options->directories[i].host_path);
        free((void *)options->directories[i].guest_path);
    }
    free((void *)options->directories);
    strings_release(options->arguments, options->argument_count);
    strings_release(options->environment, options->environment_count);
    strings_release(options->listen, options->listen_count);
    strings_release(options->connect, options->connect_count);
    strings_release(options->receive, options->receive_count);
    free((void *)options->name);
    free((void *)options->directory);
    *options = (struct porin_domain_options){ 0 };
}
