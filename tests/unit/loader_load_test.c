/* SPDX-License-Identifier: Apache-2.0 */
/* Loading: code is verified as it will be mapped, nothing is taken from a file twice, and what fails leaves nothing behind. */
#define _GNU_SOURCE
#include "runtime_world.h"
#include "loader/image.h"
#include "porin/verify.h"
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned files_open(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static porin_status load(const uint8_t *file, size_t size, porin_image **image, struct porin_error *error)
{
    *image = NULL;
    memset(error, 0, sizeof *error);
    return porin_image_load_memory("directory/hand-made", file, size, image, error);
}

/* Code that breaks a rule is refused with its place, wherever it stands: in the text, or in what is left of its last page. */
static void test_refused_code(void **state)
{
    struct image_parts parts;
    struct porin_error error;
    porin_image *image;
    image_begin(&parts, 2);
    uint8_t *file = image_write(&parts);
    uint32_t last = (uint32_t)parts.code_size;
    unsigned before = files_open();
    file[FILE_TEXT + 4] = 0x0f; /* syscall, over the first instruction of add */
    file[FILE_TEXT + 5] = 0x05;
    assert_int_equal(load(file, FILE_SIZE, &image, &error), PORIN_ERR_REFUSED);
    assert_null(image);
    assert_int_equal(error.offset, 4);
    assert_string_equal(error.domain, "hand-made");
    assert_non_null(strstr(error.text, "0x130004"));
    free(file);
    parts.program[0].p_filesz = parts.program[0].p_memsz = last + 2;
    file = image_write(&parts);
    file[FILE_TEXT + last] = 0xcd; /* int $0x80, as the last instruction of the text */
    file[FILE_TEXT + last + 1] = 0x80;
    assert_int_equal(load(file, FILE_SIZE, &image, &error), PORIN_ERR_REFUSED);
    assert_int_equal(error.offset, last);
    free(file);
    /* a call of a gate that the image has not */
    image_begin(&parts, 1);
    file = image_write(&parts);
    assert_int_equal(load(file, FILE_SIZE, &image, &error), PORIN_ERR_REFUSED);
    free(file);
    assert_int_equal(files_open(), before);
    (void)state;
}

static void test_what_is_not_mapped_executable_is_not_verified(void **state)
{
    struct image_parts parts;
    struct porin_error error;
    porin_image *image;
    image_begin(&parts, 2);
    uint8_t *file = image_write(&parts);
    memset(file + FILE_TEXT + parts.code_size, 0x05, 0x2000 - parts.code_size); /* behind the text in the file: not part of it */
    assert_int_equal(load(file, FILE_SIZE, &image, &error), PORIN_OK);
    for (uint32_t at = (uint32_t)parts.code_size; at < image->text_pages_size; at++)
        assert_int_equal(image->memory[at], 0xcc);
    assert_true(image->memory[4] != 0xcc);
    assert_int_equal(image->text_pages_size, IMAGE_CONSTANTS - IMAGE_TEXT); /* the gap is filled: mappings are adjacent */
    assert_true(image_has_label(image, code_offset(code_add)) && !image_has_label(image, code_offset(code_add) + 1));
    assert_true(!image_has_label(image, 0) && !image_has_label(image, UINT32_MAX) && !image_has_label(image, IMAGE_CONSTANTS));
    assert_null(image_bytes(image, IMAGE_CONSTANTS - 1, 2));
    assert_null(image_bytes(image, IMAGE_DATA, UINT32_MAX));
    assert_non_null(image_bytes(image, IMAGE_DATA, IMAGE_DATA_FILE_SIZE));
    porin_image_release(image);
    free(file);
    (void)state;
}

/* Attack 14: the file changes while it is loaded, as fast as another thread can. Whatever was read was verified. */
static _Atomic bool changing;
static uint8_t *changing_file;

static void *change_run(void *data)
{
    (void)data;
    while (changing) {
        uint8_t *at = changing_file + FILE_TEXT + 4;
        const uint8_t good[2] = { at[0], at[1] };
        at[0] = 0x0f;
        at[1] = 0x05;
        atomic_signal_fence(memory_order_seq_cst);
        at[0] = good[0];
        at[1] = good[1];
        atomic_signal_fence(memory_order_seq_cst);
    }
    return NULL;
}

static void test_changing_file(void **state)
{
    struct image_parts parts;
    struct porin_error error;
    porin_image *image;
    char path[] = "/tmp/porin_loader_test_XXXXXX";
    int fd = mkstemp(path);
    image_begin(&parts, 2);
    uint8_t *file = image_write(&parts);
    assert_int_equal(write(fd, file, FILE_SIZE), FILE_SIZE);
    changing_file = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    changing = true;
    pthread_t thread;
    pthread_create(&thread, NULL, change_run, NULL);
    unsigned accepted = 0;
    for (int i = 0; i < 500; i++) {
        porin_status status = porin_image_load_file(path, &image, &error);
        assert_true(status == PORIN_OK || status == PORIN_ERR_REFUSED);
        if (status != PORIN_OK)
            continue;
        accepted++;
        assert_false(image->memory[4] == 0x0f && image->memory[5] == 0x05);
        porin_image_release(image);
    }
    changing = false;
    pthread_join(thread, NULL);
    assert_true(accepted > 0);
    unlink(path);
    close(fd);
    munmap(changing_file, FILE_SIZE);
    free(file);
    (void)state;
}

static void test_files(void **state)
{
    struct porin_error error;
    porin_image *image = NULL;
    assert_int_equal(porin_image_load_file("/nowhere/at/all", &image, &error), PORIN_ERR_FILE);
    assert_int_equal(porin_image_load_file("/tmp", &image, &error), PORIN_ERR_FILE);
    assert_int_equal(porin_image_load_file("/dev/zero", &image, &error), PORIN_ERR_FILE);
    assert_int_equal(porin_image_load_file("/bin/ls", &image, &error), PORIN_ERR_BAD_IMAGE);
    assert_int_equal(porin_image_load_file(NULL, &image, &error), PORIN_ERR_ARGUMENT);
    assert_int_equal(porin_image_load_memory("empty", "", 0, &image, &error), PORIN_ERR_BAD_IMAGE);
    assert_null(image);
    (void)state;
}

/* The sealed file cannot be changed by anybody who finds its descriptor. */
static void test_seals(void **state)
{
    porin_image *image = image_make_library(2);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", image->file);
    assert_int_equal(fcntl(image->file, F_GET_SEALS), F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    assert_int_equal(fcntl(image->file, F_GETFL) & O_ACCMODE, O_RDONLY);
    assert_int_equal(write(image->file, "x", 1), -1);
    int again = open(path, O_RDWR);
    assert_int_equal(again >= 0 ? pwrite(again, "x", 1, 0) : -1, -1);
    if (again >= 0)
        close(again);
    assert_int_equal(mprotect((void *)image->memory, 0x1000, PROT_READ | PROT_WRITE), -1);
    porin_image_release(image);
    (void)state;
}

/* A large bss is mapped by itself, a data segment may be missing altogether. */
static void test_shapes(void **state)
{
    struct image_parts parts;
    image_begin(&parts, 2);
    parts.program[2].p_memsz = 64 << 20;
    porin_image *image = image_load(&parts);
    porin_domain *domain = domain_make(image, "large");
    assert_int_equal(call(domain, "peek", IMAGE_DATA + (64 << 20) - 8, 0), 0);
    call(domain, "poke", IMAGE_DATA + (64 << 20) - 8, 7);
    assert_int_equal(call(domain, "peek", IMAGE_DATA + (64 << 20) - 8, 0), 7);
    assert_int_equal(call(domain, "service", 12, 0), IMAGE_DATA + (64 << 20)); /* the break starts behind it */
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    assert_int_equal(call(domain, "peek", IMAGE_DATA + (64 << 20) - 8, 0), 0);
    porin_domain_destroy(domain);
    porin_image_release(image);
    image_begin(&parts, 2);
    parts.program[2].p_type = PT_NULL;
    parts.note.start_offset = parts.note.thread_offset = 0;
    image = image_load(&parts);
    domain = domain_make(image, "without data");
    assert_int_equal(call(domain, "add", 1, 2), 3);
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    assert_int_equal(call(domain, "add", 1, 2), 3);
    porin_domain_destroy(domain);
    porin_image_release(image);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_code),
        cmocka_unit_test(test_what_is_not_mapped_executable_is_not_verified),
        cmocka_unit_test(test_changing_file),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_seals),
        cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
