#include "identity/client.h"

#include <string.h>

#include "codec/json.h"
#include "identity/repo_identity.h"
#include "identity/repo_role.h"
#include "inventory/repo_environment.h"
#include "net/crypt.h"

#define SECRET_LENGTH 40

struct creation {
    char id[VL_GUID_TEXT];
    char hash[VL_CRYPT_HASH_TEXT];
    enum vl_role role;
    const char *label;
};

static int create_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct creation *c = user;
    int64_t id = 0;
    int r = vl_repo_principal_add(conn, VL_PRINCIPAL_CLIENT, c->id, c->hash, &id, err);
    if (r >= 0)
        r = vl_repo_role_set(conn, id, 0, c->role, err);
    return r < 0 ? r : vl_repo_audit(conn, "vallumd", "", 0, "client.add", c->id, c->label, err);
}

int vl_client_create(
    struct vl_store *store, enum vl_role role, const char *label, struct vl_buf *out, struct vl_err *err)
{
    struct creation c = {.role = role, .label = label};
    char secret[SECRET_LENGTH + 1];
    struct vl_json json;
    int r = vl_guid_new(c.id, err);
    if (r >= 0)
        r = vl_crypt_random_text(secret, SECRET_LENGTH, err);
    if (r >= 0)
        r = vl_crypt_password_hash(vl_span_str(secret), c.hash, err);
    if (r >= 0)
        r = vl_store_write(store, create_write, &c, err);
    if (r >= 0) {
        vl_json_init(&json, out, false);
        vl_json_object(&json);
        vl_json_member_str(&json, "clientId", c.id);
        vl_json_member_str(&json, "clientSecret", secret);
        vl_json_member_str(&json, "tenant", "adfs");
        vl_json_member_str(&json, "role", vl_role_name(role));
        vl_json_member_str(&json, "name", label);
        vl_json_object_end(&json);
        vl_buf_append_char(out, '\n');
        r = vl_json_check(&json, "the answer", err);
    }
    explicit_bzero(secret, sizeof(secret));
    return r;
}
