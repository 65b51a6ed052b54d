/* How the tables of a subject are written down: one file a subject (SUBJECT/schema_SUBJECT.c), one migration
 * each, and then one for what is added to them; schema.c puts them in order. */
#ifndef VL_SERVER_SCHEMA_IMPL_H
#define VL_SERVER_SCHEMA_IMPL_H

#include "store/schema.h"

/* The columns and the indexes of a table, as constants that its description names. */
#define VL_COLUMNS(table, ...) static const struct vl_column table##_columns[] = {__VA_ARGS__, {0}}
#define VL_INDEXES(table, ...) static const struct vl_index table##_indexes[] = {__VA_ARGS__, {0}}

/* Each ends with NULL. */
extern const struct vl_table *const vl_identity_tables[];
extern const struct vl_table *const vl_inventory_tables[];
extern const struct vl_table *const vl_findings_tables[];
extern const struct vl_table *const vl_posture_tables[];
extern const struct vl_table *const vl_respond_tables[];

/* Version 6: labels of registries, roles in parts of an environment. Ends with a NULL table. */
extern const struct vl_table *const vl_part_tables[];
extern const struct vl_migration_column vl_part_columns[];

#endif
