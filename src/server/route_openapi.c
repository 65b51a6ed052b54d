/* The contract, as the JSON that clients read. */
#include "api.h"
#include "openapi.h"
#include "routes.h"

static int openapi(struct vl_request *request, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_json json;
    int r = vl_doc_parse(vl_openapi, VL_DOC_YAML, "openapi.yaml", &doc, err);
    if (r < 0)
        return r;
    request->reply->status = 200;
    request->reply->content_type = "application/json";
    vl_json_init(&json, &request->reply->body, false);
    vl_api_node(&json, vl_doc_root(doc));
    vl_buf_append_char(&request->reply->body, '\n');
    r = vl_json_check(&json, "openapi.json", err);
    if (r >= 0)
        vl_api_etag(request);
    return r;
}

const struct vl_route vl_routes_openapi[] = {
    {"GET", "/api/v1/openapi.json", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, openapi},
    {0},
};
