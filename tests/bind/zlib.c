/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up for zlib's own test program, whose main is called example_main here and which uses the stubs. argv: image, work folder, its own.
 */
#include "zlib_bind.h"
#include "start.h"

int example_main(int argc, char **argv);

int main(int argc, char **argv)
{
    struct porin_error error = {0};
    porin_domain *domain = start(argv[1], argv[2]);
    must_start(zlib_bind(domain, &error), &error);
    int status = example_main(argc - 2, argv + 2);
    zlib_unbind();
    porin_domain_destroy(domain);
    return status;
}
