/* Readers of what a compiler left in a binary; binary.c asks them in turn. Each returns 1 where it found its
 * data (then in the sink), 0 where there is none, -errno where it is damaged. */
#ifndef VL_PACKAGE_ARTIFACT_BINARY_H
#define VL_PACKAGE_ARTIFACT_BINARY_H

#include "codec/object_file.h"
#include "package/parser.h"

VL_MUST_CHECK int art_go_read(const struct vl_package_file *file, const struct vl_object_file *object,
    struct vl_package_sink *sink, struct vl_err *err);

VL_MUST_CHECK int art_cargo_read(const struct vl_package_file *file, const struct vl_object_file *object,
    struct vl_package_sink *sink, struct vl_err *err);

/* By name and a text with the version. */
VL_MUST_CHECK int art_classify(const struct vl_package_file *file, const struct vl_object_file *object,
    struct vl_package_sink *sink, struct vl_err *err);

/* A NuGet package by the version resource of a .NET assembly. */
VL_MUST_CHECK int art_pe_read(const struct vl_package_file *file, const struct vl_object_file *object,
    struct vl_package_sink *sink, struct vl_err *err);
bool art_pe_is_managed(const struct vl_object_file *object);

/* Whether a binary is Go's although it has no build info. */
bool art_go_looks_like(const struct vl_object_file *object);

#endif
