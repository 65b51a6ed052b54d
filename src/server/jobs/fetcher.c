/* lint: no test: a table */
#include "jobs/fetcher.h"

static const struct vl_fetcher processes = {
    vl_fetch_catalogue, vl_fetch_tags, vl_fetch_manifest, vl_fetch_manifests, vl_fetch_scan};

const struct vl_fetcher *vl_fetcher_of(const struct vl_server_app *app)
{
    return app->fetcher ? app->fetcher : &processes;
}
