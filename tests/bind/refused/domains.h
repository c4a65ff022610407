/* SPDX-License-Identifier: Apache-2.0 */
/* options: --for-domains */
/* What does not cross between domains, and what must be said about pointers. */
#include "porin/bind.h"
struct mirror { int a; void *state PORIN_TWIN; };
typedef struct thing thing PORIN_OPAQUE;
PORIN_ENTRY int pointer(const char *text);
PORIN_ENTRY int callback(void (*function)(int) PORIN_CALLBACK);
PORIN_ENTRY int mirrored(struct mirror *mirror PORIN_MIRROR);
PORIN_ENTRY int variable(const char *format PORIN_FORMAT, ...);
PORIN_ENTRY PORIN_NEVER_RETURNS void leaves(thing *handle);
PORIN_ENTRY int unsized(const void PORIN_CAP *data);
PORIN_ENTRY int text(const char PORIN_CAP *data PORIN_STRING);
PORIN_ENTRY int constant(const char PORIN_CAP *data PORIN_OUT(1));
PORIN_ENTRY int flags(_Bool PORIN_CAP *data PORIN_OUT(3));
PORIN_ENTRY int copied(const void PORIN_CAP *data PORIN_IN(3) PORIN_BY_COPY);
PORIN_ENTRY int both(const void *data PORIN_IN(3) PORIN_BY_COPY PORIN_BY_CAP);
PORIN_ENTRY int neither(thing *handle PORIN_BY_CAP);
PORIN_ENTRY int five(void PORIN_CAP *a PORIN_IN(1), void PORIN_CAP *b PORIN_IN(1), void PORIN_CAP *c PORIN_IN(1),
                     void PORIN_CAP *d PORIN_IN(1), void PORIN_CAP *e PORIN_IN(1));
PORIN_ENTRY long good(int a, long double b, const void *data PORIN_IN(a) PORIN_BY_CAP, thing **made PORIN_OUT(1));
struct with_function { int (*call)(int a); };
struct porin_fields_with_function { int (*call)(int a) PORIN_CALLBACK PORIN_FAILS(0); };
PORIN_ENTRY int rows(char **rows PORIN_ROWS_OUT(2, 3));
PORIN_ENTRY char **strings(void) PORIN_STRINGS() PORIN_BORROWED;
PORIN_ENTRY int functions(const struct with_function *with PORIN_IN(1));
