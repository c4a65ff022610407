/* SPDX-License-Identifier: Apache-2.0 */
/* Types that do not cross as they are. */
#include <stddef.h>
#include "porin/bind.h"
struct list { struct list *next; int value; };
union either { int number; const char *text; };
typedef int vector __attribute__((vector_size(16)));
PORIN_ENTRY int chain(const struct list *list PORIN_IN(1));
PORIN_ENTRY int member(union either either);
PORIN_ENTRY vector wide(vector a);
PORIN_ENTRY int variable(const char *format PORIN_STRING, ...);
PORIN_ENTRY int results(const int *values PORIN_IN(2), int result);
PORIN_ENTRY const char *whose(void) PORIN_STRING;
PORIN_ENTRY const char *freed(void) PORIN_STRING PORIN_OWNED(no_such_function);
PORIN_ENTRY int *array(void);
PORIN_ENTRY void (*function(void))(int);
PORIN_ENTRY int inner(int **values PORIN_OUT(1));
PORIN_ENTRY int rows(int ***values PORIN_ROWS_IN(2, 2));
PORIN_ENTRY int constant(const int **values PORIN_ROWS_OUT(2, 2));
PORIN_ENTRY int lost(int **values PORIN_ROWS_OUT(count, width[PORIN_ROW]), int count);
PORIN_ENTRY int texts(const char ***texts PORIN_OUT(1) PORIN_STRINGS());
