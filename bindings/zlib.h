/* SPDX-License-Identifier: Apache-2.0 */
/* zlib for `porin bind`: what its pointers mean. The program's z_stream and the library's are two structs; the field `state` says which. */
struct porin_fields_z_stream_s {
    z_const Bytef *next_in PORIN_CURSOR_IN(avail_in);
    Bytef *next_out PORIN_CURSOR_OUT(avail_out);
    const char *msg PORIN_STRING;
    struct internal_state *state PORIN_TWIN;
    alloc_func zalloc PORIN_CALLBACK_KEPT;
    free_func zfree PORIN_CALLBACK_KEPT;
    voidpf opaque PORIN_TOKEN(opaque);
};
typedef voidpf (*alloc_func)(voidpf opaque PORIN_TOKEN(opaque), uInt items, uInt size) PORIN_ALLOCATES((size_t)items * size);
typedef void (*free_func)(voidpf opaque PORIN_TOKEN(opaque), voidpf address PORIN_ALLOCATED);

PORIN_ENTRY PORIN_STRING PORIN_BORROWED const char *zlibVersion(void);
PORIN_ENTRY PORIN_STRING PORIN_BORROWED const char *zError(int code);
PORIN_ENTRY PORIN_FAILS(0) uLong zlibCompileFlags(void);

PORIN_ENTRY PORIN_FAILS(0) uLong compressBound(uLong sourceLen);
PORIN_ENTRY PORIN_FAILS(Z_MEM_ERROR)
    PORIN_RANGE(Z_VERSION_ERROR, Z_NEED_DICT) int compress(Bytef *dest PORIN_OUT(*destLen) PORIN_FILLED(*destLen),
                                                           uLongf *destLen PORIN_INOUT(1), const Bytef *source PORIN_IN(sourceLen),
                                                           uLong sourceLen);
PORIN_ENTRY PORIN_FAILS(Z_MEM_ERROR)
    PORIN_RANGE(Z_VERSION_ERROR, Z_NEED_DICT) int compress2(Bytef *dest PORIN_OUT(*destLen) PORIN_FILLED(*destLen),
                                                            uLongf *destLen PORIN_INOUT(1), const Bytef *source PORIN_IN(sourceLen),
                                                            uLong sourceLen, int level);
PORIN_ENTRY PORIN_FAILS(Z_MEM_ERROR)
    PORIN_RANGE(Z_VERSION_ERROR, Z_NEED_DICT) int uncompress(Bytef *dest PORIN_OUT(*destLen) PORIN_FILLED(*destLen),
                                                             uLongf *destLen PORIN_INOUT(1), const Bytef *source PORIN_IN(sourceLen),
                                                             uLong sourceLen);
PORIN_ENTRY PORIN_FAILS(0) uLong adler32(uLong adler, const Bytef *buf PORIN_IN(len), uInt len);
PORIN_ENTRY PORIN_FAILS(0) uLong crc32(uLong crc, const Bytef *buf PORIN_IN(len), uInt len);
PORIN_ENTRY PORIN_FAILS(0) uLong adler32_combine(uLong adler1, uLong adler2, z_off_t len2);
PORIN_ENTRY PORIN_FAILS(0) uLong crc32_combine(uLong crc1, uLong crc2, z_off_t len2);

#define STATUS PORIN_ENTRY PORIN_FAILS(Z_STREAM_ERROR) PORIN_RANGE(Z_VERSION_ERROR, Z_NEED_DICT)
STATUS PORIN_OPENS(strm) int deflateInit_(z_streamp strm PORIN_MIRROR, int level, const char *version PORIN_STRING, int stream_size);
STATUS PORIN_OPENS(strm) int deflateInit2_(z_streamp strm PORIN_MIRROR, int level, int method, int windowBits, int memLevel, int strategy,
                                           const char *version PORIN_STRING, int stream_size);
STATUS int deflate(z_streamp strm PORIN_MIRROR, int flush);
STATUS PORIN_CLOSES(strm) int deflateEnd(z_streamp strm PORIN_MIRROR);
STATUS int deflateReset(z_streamp strm PORIN_MIRROR);
STATUS int deflateParams(z_streamp strm PORIN_MIRROR, int level, int strategy);
STATUS int deflateSetDictionary(z_streamp strm PORIN_MIRROR, const Bytef *dictionary PORIN_IN(dictLength), uInt dictLength);
PORIN_ENTRY PORIN_FAILS(0) uLong deflateBound(z_streamp strm PORIN_MIRROR, uLong sourceLen);
STATUS PORIN_OPENS(strm) int inflateInit_(z_streamp strm PORIN_MIRROR, const char *version PORIN_STRING, int stream_size);
STATUS PORIN_OPENS(strm) int inflateInit2_(z_streamp strm PORIN_MIRROR, int windowBits, const char *version PORIN_STRING, int stream_size);
STATUS int inflate(z_streamp strm PORIN_MIRROR, int flush);
STATUS PORIN_CLOSES(strm) int inflateEnd(z_streamp strm PORIN_MIRROR);
STATUS int inflateReset(z_streamp strm PORIN_MIRROR);
STATUS int inflateReset2(z_streamp strm PORIN_MIRROR, int windowBits);
STATUS int inflateSync(z_streamp strm PORIN_MIRROR);
STATUS int inflateSetDictionary(z_streamp strm PORIN_MIRROR, const Bytef *dictionary PORIN_IN(dictLength), uInt dictLength);

/* Files: the domain opens them, so it needs a granted directory. */
typedef struct gzFile_s *gzFile PORIN_OPAQUE;
PORIN_ENTRY PORIN_OWNED(gzclose) gzFile gzopen(const char *path PORIN_STRING, const char *mode PORIN_STRING);
PORIN_ENTRY PORIN_FAILS(-1) int gzread(gzFile file, voidp buf PORIN_OUT(len) PORIN_FILLED(result < 0 ? 0 : result), unsigned len);
PORIN_ENTRY PORIN_FAILS(0) int gzwrite(gzFile file, voidpc buf PORIN_IN(len), unsigned len);
PORIN_ENTRY PORIN_FAILS(-1) int gzprintf(gzFile file, const char *format PORIN_FORMAT, ...);
PORIN_ENTRY PORIN_FAILS(-1) PORIN_RANGE(0, 1) int gzeof(gzFile file);
PORIN_ENTRY PORIN_FAILS(-1) int gzputc(gzFile file, int c);
PORIN_ENTRY PORIN_FAILS(-1) int gzputs(gzFile file, const char *s PORIN_STRING);
#undef gzgetc /* a macro that looks into the file's struct */
PORIN_ENTRY PORIN_FAILS(-1) int gzgetc(gzFile file);
PORIN_ENTRY PORIN_FAILS(-1) int gzungetc(int c, gzFile file);
PORIN_ENTRY PORIN_WITHIN(buf) char *gzgets(gzFile file, char *buf PORIN_OUT(len) PORIN_STRING PORIN_FILLED(result ? len : 0), int len);
PORIN_ENTRY PORIN_FAILS(-1) PORIN_RANGE(-1, INT64_MAX) z_off_t gzseek(gzFile file, z_off_t offset, int whence);
PORIN_ENTRY PORIN_FAILS(-1) PORIN_RANGE(-1, INT64_MAX) z_off_t gztell(gzFile file);
PORIN_ENTRY PORIN_STRING PORIN_BORROWED const char *gzerror(gzFile file, int *errnum PORIN_OUT(1));
STATUS PORIN_CLOSES(file) int gzclose(gzFile file);
#undef STATUS
