/* Feed kinds: which parser reads which documents of an archive. The feeds themselves stand in
 * content/feeds.tsv. */
#include <string.h>

#include "feed.h"

static bool any_json(const char *path)
{
    return vl_span_ends_with(vl_span_str(path), ".json");
}

static bool any(const char *path)
{
    (void)path;
    return true;
}

static bool yaml_or_json(const char *path)
{
    struct vl_span p = vl_span_str(path);
    return vl_span_ends_with(p, ".yaml") || vl_span_ends_with(p, ".yml") || vl_span_ends_with(p, ".json");
}

static bool under(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 ||
           vl_span_find(vl_span_str(path), vl_span_str(folder)) != SIZE_MAX;
}

static bool debian_list(const char *path)
{
    struct vl_span p = vl_span_str(path);
    return vl_span_ends_with(p, "DSA/list") || vl_span_ends_with(p, "DLA/list");
}

static bool rubysec(const char *path)
{
    return (under(path, "gems/") || under(path, "rubies/")) && vl_span_ends_with(vl_span_str(path), ".yml");
}

static bool friendsofphp(const char *path)
{
    return vl_span_ends_with(vl_span_str(path), ".yaml") && !under(path, ".github/");
}

static bool security_wg(const char *path)
{
    return under(path, "vuln/npm/") && any_json(path);
}

static bool retirejs(const char *path)
{
    return under(path, "jsrepository") && any_json(path);
}

static bool cve_json(const char *path)
{
    return any_json(path) && under(path, "CVE-");
}

static bool wesng(const char *path)
{
    return under(path, "CVEs") && vl_span_ends_with(vl_span_str(path), ".csv");
}

static const struct vl_feed_kind kinds[] = {
    {"osv", vl_feed_parse_osv, any_json},
    {"debian-tracker", vl_feed_parse_debian_tracker, any},
    {"debian-list", vl_feed_parse_debian_list, debian_list},
    {"alpine-secdb", vl_feed_parse_alpine_secdb, yaml_or_json},
    {"rubysec", vl_feed_parse_rubysec, rubysec},
    {"friendsofphp", vl_feed_parse_friendsofphp, friendsofphp},
    {"nodejs-security-wg", vl_feed_parse_nodejs_security_wg, security_wg},
    {"retirejs", vl_feed_parse_retirejs, retirejs},
    {"kev", vl_feed_parse_kev, any_json},
    {"epss", vl_feed_parse_epss, any},
    {"vulnrichment-tsv", vl_feed_parse_vulnrichment_tsv, any},
    {"cve5", vl_feed_parse_cve5, cve_json},
    {"wesng", vl_feed_parse_wesng, wesng},
    {"csaf", vl_feed_parse_csaf, any_json},
    {"updateinfo", vl_feed_parse_updateinfo, any},
    {"oval", vl_feed_parse_oval, any},
    {"photon", vl_feed_parse_photon, any_json},
    {"starter", vl_feed_parse_starter, any},
};

const struct vl_feed_kind *vl_feed_kind_find(struct vl_span name)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++) {
        if (vl_span_eq_str(name, kinds[i].name))
            return &kinds[i];
    }
    return NULL;
}
