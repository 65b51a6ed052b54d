#include "findings/repo_list.h"

#include <string.h>

#include "scan/inventory_codec.h"

#define TRIED_MAX    4   /* bases: each is unpacked, and packed against */
#define LAYERS_MAX   128 /* looked at, from the top */
#define IMAGES_MAX   16  /* looked at on one layer, the newest */
#define GOOD_PERCENT 25  /* of the size alone: no other base is tried */
#define PAYS_PERCENT \
    50 /* more than this, and the next versions of the image shall have this one as their base */

static const struct vl_store_sql sql_read = {
    "SELECT l.bytes, coalesce(l.base_id, 0), b.bytes, coalesce(b.base_id, 0) FROM package_list l LEFT JOIN "
    "package_list b ON b.id = l.base_id AND b.id <> $2 WHERE l.id = $1",
    NULL};
/* The layer is asked for first, so that both databases walk the index image_layer_layer from its end. */
static const struct vl_store_sql sql_bases = {
    "SELECT coalesce(p.base_id, p.id) FROM image_layer il JOIN image i ON i.id = il.image_id JOIN "
    "package_list p ON p.id = i.list_id WHERE il.layer_id = (SELECT l.id FROM layer l WHERE l.diff_id = $1) "
    "AND il.ordinal = $2 ORDER BY il.image_id DESC LIMIT $3",
    NULL};

void vl_list_base_init(struct vl_list_base *base)
{
    base->id = 0;
    vl_buf_init(&base->plain, VL_INVENTORY_ENCODED_MAX);
}

void vl_list_base_done(struct vl_list_base *base)
{
    vl_buf_done(&base->plain);
}

/* --- reading --- */

static int take_base(struct vl_stmt *stmt, int64_t id, struct vl_list_base *base, struct vl_err *err)
{
    if (base->id == id)
        return 0;
    if (vl_stmt_is_null(stmt, 2) || vl_stmt_get_int(stmt, 3) != 0)
        return vl_err_set(err, VL_ERR_CORRUPT, "its base, list %lld, %s", (long long)id,
            vl_stmt_is_null(stmt, 2) ? "is missing" : "does not stand alone");
    base->id = 0;
    vl_buf_clear(&base->plain);
    int r = vl_inventory_unpack_with(vl_stmt_get_blob(stmt, 2), VL_SPAN_EMPTY, &base->plain, err);
    if (r < 0)
        return vl_err_wrap(err, "its base, list %lld", (long long)id);
    base->id = id;
    return 0;
}

static int read_bytes(struct vl_store_conn *conn, int64_t list, struct vl_list_base *base,
    struct vl_buf *ret_encoded, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_span plain = VL_SPAN_EMPTY;
    int r = vl_stmt_begin(conn, &sql_read, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, list);
    vl_stmt_int(stmt, 2, base->id);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    int64_t id = vl_stmt_get_int(stmt, 1);
    if (id) {
        r = take_base(stmt, id, base, err);
        plain = vl_buf_span(&base->plain);
    }
    if (r >= 0)
        r = vl_inventory_unpack_with(vl_stmt_get_blob(stmt, 0), plain, ret_encoded, err);
    return r < 0 ? r : 1;
}

int vl_repo_list_bytes(struct vl_store_conn *conn, int64_t list, struct vl_list_base *base,
    struct vl_buf *ret_encoded, struct vl_err *err)
{
    struct vl_list_base own VL_CLEANUP(vl_list_base_done);
    vl_list_base_init(&own);
    int r = read_bytes(conn, list, base ? base : &own, ret_encoded, err);
    return r < 0 ? vl_err_wrap(err, "package list %lld", (long long)list) : r;
}

int vl_repo_list_read(struct vl_store_conn *conn, int64_t list, struct vl_list_base *base,
    struct vl_inventory **ret, struct vl_err *err)
{
    struct vl_buf plain VL_CLEANUP(vl_buf_done);
    vl_buf_init(&plain, VL_INVENTORY_ENCODED_MAX);
    int r = vl_repo_list_bytes(conn, list, base, &plain, err);
    if (r <= 0)
        return r;
    r = vl_inventory_decode(vl_buf_span(&plain), ret, err);
    return r < 0 ? vl_err_wrap(err, "package list %lld", (long long)list) : 1;
}

/* --- choosing a base --- */

struct bases {
    int64_t ids[TRIED_MAX];
    size_t n;
};

static void add_base(struct bases *bases, int64_t id)
{
    for (size_t i = 0; i < bases->n; i++)
        if (bases->ids[i] == id)
            return;
    if (bases->n < TRIED_MAX)
        bases->ids[bases->n++] = id;
}

static int bases_on(
    struct vl_store_conn *conn, const char *diff_id, size_t ordinal, struct bases *bases, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_bases, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, diff_id);
    vl_stmt_int(stmt, 2, (int64_t)ordinal);
    vl_stmt_int(stmt, 3, IMAGES_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0)
        add_base(bases, vl_stmt_get_int(stmt, 0));
    return r;
}

/* The more layers an image shares with this one, the more its list is like this one's. */
static int find_bases(
    struct vl_store_conn *conn, const struct vl_inventory *inventory, struct bases *bases, struct vl_err *err)
{
    const struct vl_layer *layers = inventory->layers.items;
    size_t n = inventory->layers.len;
    int r = 0;
    for (size_t i = 0; i < n && i < LAYERS_MAX && bases->n < TRIED_MAX && r >= 0; i++)
        r = bases_on(conn, layers[n - 1 - i].diff_id, n - 1 - i, bases, err);
    return r;
}

/* A base that cannot be read is none: what it holds up says so when it is read itself. */
static int try_base(
    struct vl_store_conn *conn, int64_t id, struct vl_span encoded, struct vl_buf *packed, struct vl_err *err)
{
    struct vl_buf plain VL_CLEANUP(vl_buf_done);
    vl_buf_init(&plain, VL_INVENTORY_ENCODED_MAX);
    int r = vl_repo_list_bytes(conn, id, NULL, &plain, err);
    if (r < 0 && err->code == VL_ERR_CORRUPT) {
        vl_err_clear(err);
        return 0;
    }
    if (r > 0 && plain.len)
        r = vl_inventory_pack_with(encoded, vl_buf_span(&plain), packed, err);
    return r;
}

int vl_repo_list_pack(struct vl_store_conn *conn, const struct vl_inventory *inventory,
    struct vl_span encoded, struct vl_buf *packed, int64_t *ret_base, struct vl_err *err)
{
    struct vl_buf best VL_CLEANUP(vl_buf_done);
    struct bases bases = {.n = 0};
    int64_t base = 0;
    vl_buf_init(&best, VL_STORE_VALUE_MAX);
    int r = vl_inventory_pack(encoded, &best, err);
    size_t alone = best.len;
    if (r >= 0)
        r = find_bases(conn, inventory, &bases, err);
    for (size_t i = 0; i < bases.n && r >= 0; i++) {
        struct vl_buf next VL_CLEANUP(vl_buf_done);
        vl_buf_init(&next, VL_STORE_VALUE_MAX);
        r = try_base(conn, bases.ids[i], encoded, &next, err);
        if (r < 0 || next.len == 0 || next.len >= best.len || next.len * 100 > alone * PAYS_PERCENT)
            continue;
        vl_buf_clear(&best);
        vl_buf_append_span(&best, vl_buf_span(&next));
        base = bases.ids[i];
        if (best.len * 100 <= alone * GOOD_PERCENT)
            break;
    }
    if (r < 0)
        return r;
    vl_buf_append_span(packed, vl_buf_span(&best));
    r = vl_buf_check(packed, "a package list", err);
    if (r >= 0)
        *ret_base = base;
    return r;
}
