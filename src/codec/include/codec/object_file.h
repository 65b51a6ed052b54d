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
    uint64_t names_at; /* ELF string table of section names */
    uint64_t names_len;
};

/* By magic number alone; four bytes are enough. */
enum vl_object_kind vl_object_kind_detect(struct vl_span head);

VL_MUST_CHECK int vl_object_open(struct vl_span data, struct vl_object_file *ret, struct vl_err *err);

/* Content of the first section of that name (PE: ".rdata"; Mach-O: "__go_buildinfo"); false where there is
 * none or it lies outside the file. *ret_address (may be NULL) is its virtual address. */
bool vl_object_section(const struct vl_object_file *object, const char *name, struct vl_span *ret_content,
    uint64_t *ret_address);

/* Bytes at a virtual address, to the end of their segment; false where it is not mapped from the file. */
bool vl_object_at(const struct vl_object_file *object, uint64_t address, struct vl_span *ret);

#endif
