/* lint: no test: a list; test_app opens it on SQLite, tests/functional/test_vallumd on PostgreSQL too */
#include "schema.h"

#include "schema_impl.h"

static const struct vl_migration migrations[] = {
    {.version = 1, .tables = vl_identity_tables, .readable_from = 1},
    {.version = 2, .tables = vl_inventory_tables, .readable_from = 1},
    {.version = 3, .tables = vl_findings_tables, .readable_from = 1},
    {.version = 4, .tables = vl_posture_tables, .readable_from = 1},
    {.version = 5, .tables = vl_respond_tables, .readable_from = 1},
    /* A program before it gives roles in parts to nobody, and leaves them as they are. */
    {.version = 6, .tables = vl_part_tables, .columns = vl_part_columns, .readable_from = 1},
};
const struct vl_schema vl_server_schema = {migrations, VL_ARRAY_LEN(migrations)};
