/* The certificate that a client pins: that of our authority, or the configured one. No token is asked for:
 * every TLS handshake shows as much, and who pins it compares the fingerprint that vallumd printed.
 *
 * lint: no test: the functional test test_client logs in by it */
#include "routes.h"

static int authority(struct vl_request *request, struct vl_err *err)
{
    const struct vl_server_data *data = &request->app->data;
    const struct vl_crypt_identity *shown =
        data->authority.certificate_pem.len ? &data->authority : &data->server;
    request->reply->status = 200;
    request->reply->content_type = "application/x-pem-file";
    vl_buf_append_span(&request->reply->body, vl_buf_span(&shown->certificate_pem));
    return vl_buf_check(&request->reply->body, "the certificate", err);
}

const struct vl_route vl_routes_authority[] = {
    {"GET", "/api/v1/authority.pem", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, authority},
    {0},
};
