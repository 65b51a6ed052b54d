/* Labels that people give to registries ("team=payments"), and that roles may be bound to. Their form is
 * that of Kubernetes (Labels and Selectors, "Syntax and character set"): a name of 1 to 63 letters, digits,
 * "-", "_", "." that begins and ends with a letter or digit, before it a DNS name and "/" where one is
 * wanted; a value of the same characters, or none. */
#ifndef VL_SERVER_LABEL_H
#define VL_SERVER_LABEL_H

#include "base/arena.h"
#include "codec/doc.h"
#include "codec/json.h"

#define VL_LABELS_MAX      32 /* of a registry */
#define VL_LABEL_NAME_MAX  63
#define VL_LABEL_VALUE_MAX 63
#define VL_LABEL_DNS_MAX   253
#define VL_LABEL_TEXT_MAX  (VL_LABEL_DNS_MAX + 1 + VL_LABEL_NAME_MAX + 1 + VL_LABEL_VALUE_MAX) /* "a/b=c" */

/* SQL: whether a column written by vl_labels_read() has the label of another column. */
#define VL_LABELS_HAVE_SQLITE(labels, label)     "instr(" labels ", ',' || " label " || ',') > 0"
#define VL_LABELS_HAVE_POSTGRESQL(labels, label) "strpos(" labels ", ',' || " label " || ',') > 0"

/* One label as text: "NAME=VALUE". */
bool vl_label_is(struct vl_span text);

/* An object of names and values -> ",a=1,b=2," by name, as the column registry.labels holds it, so that one
 * label is found as ",a=1,"; "" for none. The error names "/labels" and the member. */
VL_MUST_CHECK int vl_labels_read(
    const struct vl_doc_node *object, struct vl_arena *arena, const char **ret, struct vl_err *err);
/* The other way round, as the member `key`. */
void vl_labels_write(struct vl_json *json, const char *key, const char *labels);

#endif
