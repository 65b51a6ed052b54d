/* Executables: ELF, PE and Mach-O, as far as finding sections and a little identity goes. Every offset is
 * checked. Sources: System V ABI chapter 4, PE/COFF specification, Mach-O headers. */
#ifndef VL_CODEC_OBJECT_FILE_H
#define VL_CODEC_OBJECT_FILE_H

#include "base/err.h"
#include "base/span.h"

enum vl_object_kind {
    VL_OBJECT_NONE,
    VL_OBJECT_ELF,
    VL_OBJECT_PE,
    VL_OBJECT_MACHO,
};

struct vl_object_file {
    enum vl_object_kind kind;
    bool is_64;
    bool big_endian;
    uint16_t machine;    /* e_machine, Machine, cputype & 0xffff */
    struct vl_span data; /* lent */
    uint64_t sections_at;
    uint32_t n_sections;
    uint64_t names_at; /* string table of section names (ELF; COFF: of long ones) */
    uint64_t names_len;
    uint64_t segments_at; /* ELF program headers */
    uint32_t n_segments;
    uint16_t section_bytes; /* of one header */
    uint16_t segment_bytes;
    uint64_t base; /* PE: address at which the image wants to be loaded */
};

/* By magic number alone; four bytes are enough, with eight a Java class is told from a Mach-O file for
 * several processors. */
enum vl_object_kind vl_object_kind_detect(struct vl_span head);

/* Of a Mach-O file for several processors the first one of 64 bits is opened (the first, where there is
 * none); `data` is then that part. A section table that does not lie in the file (cut, packed) counts as
 * none; a damaged header is an error. `data` is lent. */
VL_MUST_CHECK int vl_object_open(struct vl_span data, struct vl_object_file *ret, struct vl_err *err);

/* Content of the first section of that name (PE: ".rdata"; Mach-O: "__go_buildinfo"); false where there is
 * none, it has none in the file (.bss) or lies outside of it. *ret_address (may be NULL) is its virtual
 * address. */
bool vl_object_section(const struct vl_object_file *object, const char *name, struct vl_span *ret_content,
    uint64_t *ret_address);

/* Bytes at a virtual address, to the end of their segment; false where it is not mapped from the file. */
bool vl_object_at(const struct vl_object_file *object, uint64_t address, struct vl_span *ret);

#endif
