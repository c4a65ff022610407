/* SPDX-License-Identifier: Apache-2.0 */
/* Does this machine have what the verifier says that the code needs? */
#include "image.h"
#include "runtime/error.h"
#include <cpuid.h>
#include <string.h>

struct feature {
    const char *name;
    uint32_t leaf, subleaf, bit;
    enum { eax, ebx, ecx, edx } word;
};

static const struct feature features[] = {
#define FEATURE(id, feature_name, leaf, subleaf, word, bit) { feature_name, leaf, subleaf, bit, word },
#include "features.def"
#undef FEATURE
};

#define XCR0_AVX 0x6u
#define XCR0_AVX512 0xe6u

static uint64_t xcr0(void)
{
    uint32_t a, b, c, d;
    if (!__get_cpuid_count(1, 0, &a, &b, &c, &d) || !(c >> 27 & 1)) /* OSXSAVE */
        return 0;
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return a | (uint64_t)d << 32;
}

static bool feature_present(const struct feature *feature)
{
    uint32_t words[4];
    return __get_cpuid_count(feature->leaf, feature->subleaf, &words[0], &words[1], &words[2], &words[3]) &&
           (words[feature->word] >> feature->bit & 1);
}

porin_status features_check(uint64_t needed, struct porin_error *error)
{
    uint64_t saved = xcr0();
    for (unsigned i = 0; i < sizeof features / sizeof *features; i++) {
        if (!(needed >> i & 1))
            continue;
        bool avx512 = strncmp(features[i].name, "avx512", 6) == 0;
        bool avx = strncmp(features[i].name, "avx", 3) == 0;
        if (!feature_present(&features[i]) || (avx512 && (saved & XCR0_AVX512) != XCR0_AVX512) || (avx && (saved & XCR0_AVX) != XCR0_AVX))
            return error_set(error, PORIN_ERR_CPU, "the image needs %s, which this machine lacks: rebuild it for a smaller CPU",
                             features[i].name);
    }
    uint64_t known = sizeof features / sizeof *features >= 64 ? ~0ull : (1ull << sizeof features / sizeof *features) - 1;
    if (needed & ~known)
        return error_set(error, PORIN_ERR_CPU, "the image needs a CPU feature that this runtime does not know");
    return PORIN_OK;
}
