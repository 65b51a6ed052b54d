/* lint: no test: what it writes is what test_route_finding reads */
#include "findings/finding_json.h"

#include "api.h"

void vl_finding_json_known(struct vl_json *json, const struct vl_known *known)
{
    if (known->has_cvss) {
        vl_api_object(json, "cvss");
        vl_json_key(json, "score");
        vl_json_double(json, known->cvss);
        vl_api_span(json, "vector", known->cvss_vector);
        vl_json_object_end(json);
    } else {
        vl_api_null(json, "cvss");
    }
    if (known->has_epss) {
        vl_api_object(json, "epss");
        vl_json_key(json, "score");
        vl_json_double(json, known->epss);
        vl_json_key(json, "percentile");
        vl_json_double(json, known->epss_percentile);
        vl_json_object_end(json);
    } else {
        vl_api_null(json, "epss");
    }
    if (known->kev_added > 0) {
        vl_api_object(json, "kev");
        vl_api_time(json, "added", known->kev_added);
        vl_api_time(json, "due", known->kev_due);
        vl_json_member_bool(json, "ransomware", known->kev_ransomware);
        vl_json_object_end(json);
    } else {
        vl_api_null(json, "kev");
    }
}

static void package(struct vl_json *json, const struct vl_finding_row *row)
{
    vl_api_object(json, "package");
    vl_api_span(json, "name", row->package_name);
    vl_api_span(json, "version", row->package_version);
    vl_api_span(json, "purl", row->purl);
    vl_api_str(json, "ecosystem", vl_ecosystem_info((enum vl_ecosystem)row->ecosystem)->name);
    vl_json_object_end(json);
}

static void layer(struct vl_json *json, const struct vl_finding_row *row)
{
    if (row->diff_id.len == 0) {
        vl_api_null(json, "layer");
        return;
    }
    vl_api_object(json, "layer");
    vl_api_int(json, "ordinal", row->layer);
    vl_api_span(json, "diffId", row->diff_id);
    vl_api_span(json, "createdBy", row->created_by);
    vl_json_object_end(json);
}

static void remedy(struct vl_json *json, const struct vl_finding_row *row)
{
    if (row->remedy.len == 0 && row->remedy_command.len == 0) {
        vl_api_null(json, "remedy");
        return;
    }
    vl_api_object(json, "remedy");
    vl_api_span(json, "text", row->remedy);
    vl_api_span(json, "command", row->remedy_command);
    vl_json_object_end(json);
}

static void exemption(struct vl_json *json, const struct vl_finding_row *row)
{
    if (row->exemption_guid.len) {
        vl_api_object(json, "exemption");
        vl_api_span(json, "id", row->exemption_guid);
        vl_api_str(json, "category", row->exemption_category == 2 ? "mitigated" : "waiver");
        vl_api_time(json, "expires", row->exemption_expires);
        vl_json_object_end(json);
    } else {
        vl_api_null(json, "exemption");
    }
    if (row->rule_name.len) {
        vl_api_object(json, "rule");
        vl_api_int(json, "id", row->rule);
        vl_api_span(json, "name", row->rule_name);
        vl_json_object_end(json);
    } else {
        vl_api_null(json, "rule");
    }
}

void vl_finding_json_members(struct vl_json *json, const struct vl_finding_row *row)
{
    const struct vl_known known = {.has_cvss = row->has_cvss,
        .has_epss = row->has_epss,
        .cvss = row->cvss,
        .epss = row->epss,
        .epss_percentile = row->epss_percentile,
        .cvss_vector = row->cvss_vector,
        .kev_added = row->kev_added,
        .kev_due = row->kev_due,
        .kev_ransomware = row->kev_ransomware};
    vl_api_span(json, "id", row->vulnerability);
    vl_api_str(json, "severity", vl_api_severity(row->severity));
    vl_api_span(json, "title", row->title);
    package(json, row);
    vl_api_span(json, "fixedVersion", row->fixed_version);
    vl_api_str(json, "fixState", vl_fix_state_name((enum vl_fix_state)row->state));
    vl_finding_json_known(json, &known);
    vl_api_time(json, "published", row->published);
    vl_api_time(json, "firstSeen", row->day * VL_FINDING_DAY_MS);
    layer(json, row);
    remedy(json, row);
    vl_api_span(json, "source", row->source);
    vl_api_span(json, "advisory", row->advisory);
    vl_api_stored(json, "links", row->links.len ? row->links : VL_SPAN_LIT("[]"));
    exemption(json, row);
}
