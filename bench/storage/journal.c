/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: the journal. The device begins with a header and a log; what is written goes into the log first, a transaction at a time: a
 * descriptor with the blocks' numbers and a sum over all, then the blocks, in one write. When the log is full, what is in it is written to
 * its place and the log begins anew under the next sequence number, which is what tells old transactions in it from new ones. */
#include "storage.h"

PORIN_IMPORT(block_open);
PORIN_IMPORT(block_read);
PORIN_IMPORT(block_write);
PORIN_IMPORT(block_flush);

enum { LOG = 1024, FIRST = LOG + 1, BLOCKS_MOST = 1 << 16 };
#define MAGIC 0x6c616e72756f6aull
struct header { uint64_t magic, sequence, sum; };
struct descriptor { uint64_t magic, sequence, sum; uint32_t count, numbers[JOURNAL_TRANSACTION]; };
_Static_assert(sizeof(struct descriptor) <= STORAGE_BLOCK, "descriptor");
_Static_assert(LOG >= 2 * (JOURNAL_TRANSACTION), "log");

static uint8_t slots[LOG][STORAGE_BLOCK] __attribute__((aligned(STORAGE_BLOCK))); /* the log as it is on the device, or will be */
static uint8_t page[STORAGE_BLOCK] __attribute__((aligned(STORAGE_BLOCK)));
static uint16_t where[BLOCKS_MOST];     /* by block: one more than its slot, or 0 */
static uint64_t blocks, sequence;
static uint32_t start;                  /* the open transaction's descriptor */
static uint32_t count;                  /* of blocks in it */
static int broken = 1;

static uint64_t sum_of(const uint8_t *bytes, uint64_t size, uint64_t sum)
{
    const uint64_t *words = (const uint64_t *)bytes;
    uint64_t lanes[4] = {sum, 1, 2, 3};
    for (uint64_t i = 0; i < size / 8; i += 4)
        for (int lane = 0; lane < 4; lane++)
            lanes[lane] = (lanes[lane] ^ words[i + (unsigned)lane]) * 0x9e3779b97f4a7c15u;
    for (int lane = 0; lane < 4; lane++)
        sum = (sum ^ lanes[lane] ^ lanes[lane] >> 29) * 0xbf58476d1ce4e5b9u;
    return sum ^ sum >> 32;
}
/* The sum lies in what it is over, as 0. */
static uint64_t descriptor_sum(struct descriptor *descriptor)
{
    uint64_t kept = descriptor->sum;
    descriptor->sum = 0;
    uint64_t sum = sum_of((uint8_t *)descriptor, (1 + (uint64_t)descriptor->count) * STORAGE_BLOCK, descriptor->sequence);
    descriptor->sum = kept;
    return sum;
}
static long flush(void)
{
    return block_flush() == 0 ? 0 : STORAGE_DEVICE;
}
static long header_write(void)
{
    struct header *header = (struct header *)page;
    memset(page, 0, sizeof page);
    *header = (struct header){ .magic = MAGIC, .sequence = sequence };
    header->sum = sum_of(page, sizeof page, 0);
    if (block_write(0, LEND(page, STORAGE_BLOCK, READ), 1) != 0)
        return STORAGE_DEVICE;
    return flush();
}
/* Everything that is committed goes to its place, and the log is empty. Home first, then the header that forgets the log. */
static long checkpoint(void)
{
    for (uint64_t block = 0; block < blocks; block++)
        if (where[block] && block_write(FIRST + block, LEND(slots[where[block] - 1], STORAGE_BLOCK, READ), 1) != 0)
            return STORAGE_DEVICE;
    if (flush() != 0 || header_write() != 0)
        return STORAGE_DEVICE;
    memset(where, 0, blocks * sizeof *where);
    start = 0;
    return 0;
}
/* Reads the transaction at `start`, or says that there is none (1). What is read is the device's word: it only has to fit in here. */
static long transaction_read(void)
{
    struct descriptor *descriptor = (struct descriptor *)slots[start];
    if (start >= LOG || block_read(1 + start, LEND(descriptor, STORAGE_BLOCK, WRITE), 1) != 0)
        return start >= LOG ? 1 : STORAGE_DEVICE;
    if (descriptor->magic != MAGIC || descriptor->sequence != sequence || descriptor->count - 1 >= JOURNAL_TRANSACTION ||
        descriptor->count >= LOG - start)
        return 1;
    for (uint32_t i = 1; i <= descriptor->count; i++)
        if (block_read(1 + start + i, LEND(slots[start + i], STORAGE_BLOCK, WRITE), 1) != 0)
            return STORAGE_DEVICE;
    if (descriptor_sum(descriptor) != descriptor->sum)
        return 1;
    for (uint32_t i = 0; i < descriptor->count; i++)
        if (descriptor->numbers[i] >= blocks)
            return STORAGE_DAMAGED;
    for (uint32_t i = 0; i < descriptor->count; i++)
        where[descriptor->numbers[i]] = (uint16_t)(start + i + 2);
    start += descriptor->count + 1;
    sequence++;
    return 0;
}
long journal_open(void)
{
    static const uint8_t zeros[STORAGE_BLOCK];
    struct header *header = (struct header *)page;
    long result = block_open();
    broken = 1;
    if (result <= FIRST || result > BLOCKS_MOST)
        return STORAGE_DEVICE;
    blocks = (uint64_t)result - FIRST;
    memset(where, 0, sizeof where);
    start = count = 0;
    sequence = 1;
    if (block_read(0, LEND(page, STORAGE_BLOCK, WRITE), 1) != 0)
        return STORAGE_DEVICE;
    if (memcmp(page, zeros, sizeof page) != 0) {
        uint64_t sum = header->sum;
        header->sum = 0;
        if (header->magic != MAGIC || sum_of(page, sizeof page, 0) != sum)
            return STORAGE_DAMAGED;
        sequence = header->sequence;
        while ((result = transaction_read()) == 0)
            continue;
        if (result < 0)
            return result;
        sequence++;                     /* a transaction of which a part is in the log must not be taken for the next */
    }
    if (checkpoint() != 0)
        return STORAGE_DEVICE;
    broken = 0;
    return (long)blocks;
}
long journal_read(uint64_t block, uint8_t LENT *to, uint64_t number)
{
    if (number - 1 >= BLOCK_AT_ONCE || block >= blocks || number > blocks - block || !COVERS(to, number * STORAGE_BLOCK, WRITE))
        return STORAGE_WRONG;
    for (uint64_t done = 0, run; done < number; done += run) {
        uint64_t from = block + done;
        run = 1;
        if (where[from]) {
            COPY_OUT(to + done * STORAGE_BLOCK, slots[where[from] - 1], STORAGE_BLOCK);
            continue;
        }
        while (done + run < number && !where[from + run])
            run++;
        if (block_read(FIRST + from, PASS(to + done * STORAGE_BLOCK, run * STORAGE_BLOCK, WRITE), run) != 0)
            return STORAGE_DEVICE;
    }
    return 0;
}
long journal_write(uint64_t block, const uint8_t LENT *from)
{
    if (broken)
        return STORAGE_DEVICE;
    if (block >= blocks || !COVERS(from, STORAGE_BLOCK, READ))
        return STORAGE_WRONG;
    if (count == 0 && LOG - start < JOURNAL_TRANSACTION + 1 && checkpoint() != 0) {
        broken = 1;
        return STORAGE_DEVICE;
    }
    if (where[block] <= start + 1) {    /* not in this transaction yet */
        if (count == JOURNAL_TRANSACTION)
            return STORAGE_FULL;
        struct descriptor *descriptor = (struct descriptor *)slots[start];
        descriptor->numbers[count++] = (uint32_t)block;
        where[block] = (uint16_t)(start + count + 1);
    }
    COPY_IN(slots[where[block] - 1], from, STORAGE_BLOCK);
    return 0;
}
long journal_commit(void)
{
    struct descriptor *descriptor = (struct descriptor *)slots[start];
    if (broken)
        return STORAGE_DEVICE;
    if (count == 0)
        return 0;
    descriptor->magic = MAGIC;
    descriptor->sequence = sequence;
    descriptor->count = count;
    memset(descriptor->numbers + count, 0, STORAGE_BLOCK - offsetof(struct descriptor, numbers) - count * 4);
    descriptor->sum = descriptor_sum(descriptor);
    broken = 1;                         /* until it is known to be there: what would follow it could not be found */
    for (uint64_t done = 0, run; done <= count; done += run) {
        run = count + 1 - done < BLOCK_AT_ONCE ? count + 1 - done : BLOCK_AT_ONCE;
        if (block_write(1 + start + done, LEND(slots[start + done], run * STORAGE_BLOCK, READ), run) != 0)
            return STORAGE_DEVICE;
    }
    if (flush() != 0)
        return STORAGE_DEVICE;
    start += count + 1;
    count = 0;
    sequence++;
    broken = 0;
    return 0;
}
PORIN_EXPORT(journal_open);
PORIN_EXPORT(journal_read);
PORIN_EXPORT(journal_write);
PORIN_EXPORT(journal_commit);
STORAGE_MODULE(journal);
