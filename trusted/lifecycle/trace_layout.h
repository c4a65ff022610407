/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of events, for C and assembly. */
#ifndef PORIN_LIFECYCLE_TRACE_LAYOUT_H
#define PORIN_LIFECYCLE_TRACE_LAYOUT_H

#define TRACE_KIND_SHIFT 60
#define TRACE_GATE 0
#define TRACE_GATE_END 1
#define TRACE_SERVICE 2
#define TRACE_SERVICE_END 3
#define TRACE_CALL 4
#define TRACE_CALL_END 5
#define TRACE_THREAD 6
#endif
