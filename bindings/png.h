/* SPDX-License-Identifier: Apache-2.0 */
/* libpng for `porin bind`. Its errors leave by longjmp: the library's own ends in the adapter, the program's in the program. Rows are as
 * long as png_get_rowbytes says, which the program has to ask before it reads or writes one (it needs to know for its memory anyway), and
 * images as high as png_get_image_height says. */
typedef struct png_struct_def png_struct PORIN_OPAQUE
    PORIN_GUARD(png_set_longjmp_fn((png_structp) . , longjmp, sizeof(jmp_buf)), png_longjmp((png_structp) . , 1));
typedef struct png_info_def png_info PORIN_OPAQUE;
typedef void (*png_error_ptr)(png_structp png, png_const_charp message PORIN_STRING);

#define PNG PORIN_ENTRY
#define NUMBER PORIN_ENTRY PORIN_FAILS(0)
PNG PORIN_OWNED(png_destroy_read_struct)
png_structp png_create_read_struct(png_const_charp version PORIN_STRING, png_voidp error_ptr PORIN_TOKEN(error),
                                   png_error_ptr error_fn PORIN_CALLBACK_KEPT, png_error_ptr warn_fn PORIN_CALLBACK_KEPT);
PNG PORIN_OWNED(png_destroy_write_struct)
png_structp png_create_write_struct(png_const_charp version PORIN_STRING, png_voidp error_ptr PORIN_TOKEN(error),
                                    png_error_ptr error_fn PORIN_CALLBACK_KEPT, png_error_ptr warn_fn PORIN_CALLBACK_KEPT);
PNG PORIN_OWNED(png_destroy_info_struct) png_infop png_create_info_struct(png_const_structrp png);
PNG PORIN_CLOSES(info) void png_destroy_info_struct(png_const_structrp png, png_infopp info PORIN_INOUT(1));
PNG PORIN_CLOSES(png) PORIN_CLOSES(info) PORIN_CLOSES(end)
void png_destroy_read_struct(png_structpp png PORIN_INOUT(1), png_infopp info PORIN_INOUT(1),
                             png_infopp end PORIN_INOUT(1));
PNG PORIN_CLOSES(png) PORIN_CLOSES(info) void png_destroy_write_struct(png_structpp png PORIN_INOUT(1), png_infopp info PORIN_INOUT(1));
PNG PORIN_JUMP_BUFFER jmp_buf *png_set_longjmp_fn(png_structrp png, png_longjmp_ptr longjmp_fn PORIN_FIXED(0), size_t size);
PNG PORIN_JUMPS(value) void png_longjmp(png_const_structrp png, int value);
PNG PORIN_NEVER_RETURNS void png_error(png_const_structrp png, png_const_charp message PORIN_STRING);
PNG void png_warning(png_const_structrp png, png_const_charp message PORIN_STRING);
PNG PORIN_TOKEN(error) png_voidp png_get_error_ptr(png_const_structrp png);
PNG PORIN_TOKEN(io) png_voidp png_get_io_ptr(png_const_structrp png);
PNG void png_set_read_fn(png_structrp png, png_voidp io_ptr PORIN_TOKEN(io),
                         void (*read_fn)(png_structp png, png_bytep data PORIN_OUT(size), size_t size) PORIN_CALLBACK_SET);
PNG void png_set_write_fn(png_structrp png, png_voidp io_ptr PORIN_TOKEN(io),
                          void (*write_fn)(png_structp png, png_bytep data PORIN_IN(size), size_t size) PORIN_CALLBACK_SET,
                          void (*flush_fn)(png_structp png) PORIN_CALLBACK_SET);
PNG void png_set_user_limits(png_structrp png, png_uint_32 width, png_uint_32 height);
PNG void png_set_sig_bytes(png_structrp png, int count);
PNG PORIN_FAILS(-1) int png_sig_cmp(png_const_bytep signature PORIN_IN(start + count), size_t start, size_t count);

/* --- reading --- */
PNG void png_read_info(png_structrp png, png_inforp info);
PNG PORIN_RENEWS(png) void png_read_update_info(png_structrp png, png_inforp info);
PNG void png_read_row(png_structrp png, png_bytep row PORIN_INOUT(PORIN_OF(png_get_rowbytes)), png_bytep display_row PORIN_NULL);
PNG void png_read_image(png_structrp png, png_bytepp image PORIN_ROWS_INOUT(PORIN_OF(png_get_image_height), PORIN_OF(png_get_rowbytes)));
PNG void png_read_rows(png_structrp png, png_bytepp row PORIN_ROWS_INOUT(num_rows, PORIN_OF(png_get_rowbytes)),
                       png_bytepp display_row PORIN_NULL, png_uint_32 num_rows);
PNG void png_read_end(png_structrp png, png_inforp info);
PNG void png_set_expand(png_structrp png);
PNG void png_set_scale_16(png_structrp png);
PNG void png_set_strip_16(png_structrp png);
PNG void png_set_strip_alpha(png_structrp png);
PNG void png_set_gray_to_rgb(png_structrp png);
PNG void png_set_palette_to_rgb(png_structrp png);
PNG void png_set_tRNS_to_alpha(png_structrp png);
PNG void png_set_packing(png_structrp png);
PNG void png_set_add_alpha(png_structrp png, png_uint_32 filler, int flags);
PNG void png_set_filler(png_structrp png, png_uint_32 filler, int flags);
PNG PORIN_FAILS(1) PORIN_RANGE(1, 7) int png_set_interlace_handling(png_structrp png);

/* --- facts --- */
PNG PORIN_FAILS(0) PORIN_REMEMBERED(png) size_t png_get_rowbytes(png_const_structrp png, png_const_inforp info);
NUMBER png_uint_32 png_get_image_width(png_const_structrp png, png_const_inforp info);
NUMBER PORIN_REMEMBERED_ALWAYS(png) png_uint_32 png_get_image_height(png_const_structrp png, png_const_inforp info);
NUMBER PORIN_RANGE(0, 16) png_byte png_get_bit_depth(png_const_structrp png, png_const_inforp info);
NUMBER PORIN_RANGE(0, 6) png_byte png_get_color_type(png_const_structrp png, png_const_inforp info);
NUMBER PORIN_RANGE(0, 4) png_byte png_get_channels(png_const_structrp png, png_const_inforp info);
NUMBER PORIN_RANGE(0, 1) png_byte png_get_interlace_type(png_const_structrp png, png_const_inforp info);
NUMBER png_uint_32 png_get_valid(png_const_structrp png, png_const_inforp info, png_uint_32 flag);

/* --- writing --- */
PNG PORIN_RENEWS(png) void png_set_IHDR(png_const_structrp png, png_inforp info, png_uint_32 width, png_uint_32 height, int bit_depth,
                                        int color_type, int interlace_method, int compression_method, int filter_method);
PNG void png_set_compression_level(png_structrp png, int level);
PNG void png_write_info(png_structrp png, png_const_inforp info);
PNG void png_write_row(png_structrp png, png_const_bytep row PORIN_IN(PORIN_OF(png_get_rowbytes)));
PNG void png_write_image(png_structrp png, png_bytepp image PORIN_ROWS_IN(PORIN_OF(png_get_image_height), PORIN_OF(png_get_rowbytes)));
PNG void png_write_end(png_structrp png, png_inforp info);
#undef PNG
#undef NUMBER
