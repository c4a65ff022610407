/* SPDX-License-Identifier: Apache-2.0 */
/* __builtin_cpu_supports and its like: a domain cannot ask the CPU, and what it may use was decided when it was compiled. No feature is
 * reported, so that code with variants takes its portable one. */
struct { unsigned vendor, type, subtype, features[1]; } __cpu_model;
unsigned __cpu_features2[8];

int __cpu_indicator_init(void);
int __cpu_indicator_init(void)
{
    return 0;
}
