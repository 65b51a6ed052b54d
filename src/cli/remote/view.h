/* What commands that ask the server print: -o table|json|tsv|yaml and --query, with the words of az. */
#ifndef VL_CLI_VIEW_H
#define VL_CLI_VIEW_H

#include <argp.h>

#include "codec/doc.h"
#include "base/buf.h"

#define VL_CLI_VIEW_COLUMNS_MAX 40

enum vl_cli_format { VL_CLI_FORMAT_USUAL = 0, VL_CLI_TABLE, VL_CLI_JSON, VL_CLI_TSV, VL_CLI_YAML };

struct vl_cli_view {
    enum vl_cli_format format; /* usual: a table, or with a query JSON as az has it */
    const char *query;         /* JMESPath, or NULL */
};

/* A column of the table and of tsv, and a line where one object is shown. Ends with a NULL title. */
struct vl_cli_column {
    const char *title;
    const char *path; /* of members: "registry.name"; the first of several that is there: "name|id" */
};

#define VL_CLI_KEY_QUERY 8050
#define VL_CLI_VIEW_OPTIONS                                                                     \
    {"output", 'o', "FORMAT", 0, "table (default), json (default with --query), tsv, yaml", 7}, \
        {"query", VL_CLI_KEY_QUERY, "JMESPATH", 0, "What to print of the answer: \"[].{Name:name}\"", 7}

/* False: another's key. */
bool vl_cli_view_option(struct vl_cli_view *view, int key, char *arg, const struct argp_state *state);

/* Appends `node` (NULL: null) in the view's form. `columns` NULL: those of the first object. */
VL_MUST_CHECK int vl_cli_view_write(const struct vl_cli_view *view, const struct vl_doc_node *node,
    const struct vl_cli_column *columns, struct vl_buf *out, struct vl_err *err);

/* The same to standard output. */
VL_MUST_CHECK int vl_cli_view_print(const struct vl_cli_view *view, const struct vl_doc_node *node,
    const struct vl_cli_column *columns, struct vl_err *err);

#endif
