/* Our own JSON. Schema: docs/schema/report.json; a member is never renamed or given another meaning within a
 * schema_version. */
#include "codec/json.h"

#include "base/time.h"
#include "formats.h"

#define SCHEMA_VERSION 1

static void write_strings(struct vl_json *j, const char *key, const char *const *list, size_t n)
{
    vl_json_key(j, key);
    vl_json_array(j);
    for (size_t i = 0; i < n; i++)
        vl_json_str(j, list[i]);
    vl_json_array_end(j);
}

static void write_flags(struct vl_json *j, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {
        {VL_PACKAGE_DEV, "dev"},
        {VL_PACKAGE_LOCKED, "locked"},
        {VL_PACKAGE_OS_OWNED, "os_owned"},
        {VL_PACKAGE_OPTIONAL, "optional"},
        {VL_PACKAGE_INDIRECT, "indirect"},
        {VL_PACKAGE_BUNDLED, "bundled"},
        {VL_PACKAGE_MAIN, "main"},
        {VL_PACKAGE_RANGE, "range"},
    };
    vl_json_key(j, "flags");
    vl_json_array(j);
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (flags & names[i].flag)
            vl_json_str(j, names[i].name);
    }
    vl_json_array_end(j);
}

static void write_nullable(struct vl_json *j, const char *key, const char *value)
{
    vl_json_key(j, key);
    vl_json_str(j, value);
}

/* `layer` is the diff id, for scripts; what else is known of the layer stands beside it. */
static void write_location(
    struct vl_json *j, const struct vl_scan_result *result, const char *path, uint32_t line, uint32_t layer)
{
    const struct vl_layer *l = vl_report_layer(result, layer);
    vl_json_key(j, "location");
    vl_json_object(j);
    write_nullable(j, "layer", l ? l->diff_id : NULL);
    write_nullable(j, "path", path);
    if (line)
        vl_json_member_int(j, "line", line);
    if (l) {
        vl_json_member_int(j, "layer_index", layer);
        vl_json_member_str(j, "layer_digest", l->digest);
        vl_json_member_str(j, "created_by", l->created_by);
        vl_json_member_bool(j, "base_image", l->base);
    }
    vl_json_object_end(j);
}

/* The name advisories of a distribution go by: the source package's, which often is the binary's own. */
static const char *source_of(const struct vl_package *p)
{
    return p->source_name ? p->source_name : vl_ecosystem_info(p->ecosystem)->distribution ? p->name : NULL;
}

static void write_package_id(struct vl_json *j, const struct vl_package *p)
{
    const char *source = source_of(p);
    vl_json_member_str(j, "name", p->name);
    vl_json_member_str(j, "version", p->version);
    vl_json_member_str(j, "ecosystem", vl_ecosystem_info(p->ecosystem)->name);
    write_nullable(j, "purl", p->purl);
    write_nullable(j, "source", source);
    if (source)
        vl_json_member_str(j, "source_version", p->source_version ? p->source_version : p->version);
}

static void write_package(struct vl_json *j, const struct vl_scan_result *result, const struct vl_package *p)
{
    const struct vl_layer *l = vl_report_layer(result, p->layer);
    vl_json_object(j);
    write_package_id(j, p);
    vl_json_member_str(j, "arch", p->arch);
    write_nullable(j, "path", p->path);
    if (p->line)
        vl_json_member_int(j, "line", p->line);
    write_nullable(j, "layer", l ? l->diff_id : NULL);
    vl_json_member_str(j, "vendor", p->vendor);
    vl_json_member_str(j, "module", p->module);
    vl_json_member_str(j, "digest", p->digest);
    if (p->owner != VL_PACKAGE_NONE) {
        const struct vl_package *owner = vl_vec_at(&result->inventory->packages, p->owner);
        vl_json_member_str(j, "owner", owner ? owner->name : NULL);
    }
    write_flags(j, p->flags);
    write_strings(j, "licenses", p->licenses, p->n_licenses);
    vl_json_object_end(j);
}

static void write_cvss(struct vl_json *j, const struct vl_finding *f)
{
    vl_json_key(j, "cvss");
    vl_json_array(j);
    for (size_t i = 0; i < f->n_cvss; i++) {
        const struct vl_cvss *c = &f->cvss[i];
        vl_json_object(j);
        vl_json_key(j, "version");
        vl_json_str(j, c->version == 20   ? "2.0"
                       : c->version == 30 ? "3.0"
                       : c->version == 31 ? "3.1"
                                          : "4.0");
        vl_json_member_str(j, "vector", c->vector);
        vl_json_key(j, "score");
        vl_json_fixed(j, c->score, 1);
        vl_json_member_str(j, "severity", vl_severity_name(c->severity));
        vl_json_member_str(j, "source", c->source);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void write_urgency(struct vl_json *j, const struct vl_finding *f)
{
    vl_json_key(j, "epss");
    if (f->has_epss) {
        vl_json_double(j, f->epss);
        vl_json_key(j, "epss_percentile");
        vl_json_double(j, f->epss_percentile);
    } else {
        vl_json_null(j);
    }
    vl_json_key(j, "kev");
    if (f->kev) {
        vl_json_object(j);
        vl_json_member_time(j, "added", f->kev->added_ms);
        vl_json_member_time(j, "due", f->kev->due_ms);
        vl_json_member_bool(j, "ransomware", f->kev->ransomware);
        vl_json_object_end(j);
    } else {
        vl_json_null(j);
    }
    vl_json_member_str(j, "exploitation", f->exploitation);
    vl_json_member_bool(j, "malicious", f->malicious);
}

static void write_remediation(struct vl_json *j, const struct vl_remedy *remedy)
{
    static const char *const kinds[] = {
        "none", "base_image", "dockerfile", "manifest", "replace_file", "upgrade_os", "update"};
    vl_json_key(j, "remediation");
    vl_json_object(j);
    vl_json_member_str(
        j, "kind", (unsigned)remedy->kind < VL_ARRAY_LEN(kinds) ? kinds[remedy->kind] : "none");
    write_nullable(j, "text", remedy->text);
    write_nullable(j, "command", remedy->command);
    vl_json_object_end(j);
}

static void write_finding(struct vl_json *j, const struct vl_scan_result *result, const struct vl_finding *f)
{
    vl_json_object(j);
    vl_json_member_str(j, "id", f->id);
    write_strings(j, "aliases", f->aliases, f->n_aliases);
    vl_json_member_str(j, "severity", vl_severity_name(f->severity));
    vl_json_member_str(j, "severity_source", f->severity_source);
    vl_json_key(j, "ratings");
    vl_json_array(j);
    for (size_t i = 0; i < f->n_ratings; i++) {
        vl_json_object(j);
        vl_json_member_str(j, "source", f->ratings[i].source);
        vl_json_member_str(j, "severity", vl_severity_name(f->ratings[i].severity));
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_member_str(j, "title", f->title);
    vl_json_member_str(j, "details", f->details);
    vl_json_member_str(j, "advisory", f->advisory);
    vl_json_member_str(j, "source", f->source);
    vl_json_key(j, "package");
    vl_json_object(j);
    write_package_id(j, f->package);
    vl_json_object_end(j);
    write_nullable(j, "fixed_version", f->fixed_version);
    vl_json_member_str(j, "state", vl_fix_state_name(f->state));
    write_cvss(j, f);
    write_urgency(j, f);
    write_location(j, result, f->package->path, f->package->line, f->package->layer);
    write_remediation(j, &f->remedy);
    write_strings(j, "cwes", f->cwes, f->n_cwes);
    write_strings(j, "references", f->references, f->n_references);
    vl_json_member_time(j, "published", f->published_ms);
    vl_json_member_time(j, "modified", f->modified_ms);
    vl_json_member_str(j, "status", vl_report_status_name(f->status));
    vl_json_member_str(j, "status_reason", f->status_reason);
    if (result->baseline)
        vl_json_member_bool(j, "in_baseline", f->in_baseline);
    vl_json_object_end(j);
}

static void write_target(struct vl_json *j, const struct vl_scan_result *result)
{
    const struct vl_inventory *inv = result->inventory;
    const struct vl_target *t = &inv->target;
    vl_json_key(j, "target");
    vl_json_object(j);
    vl_json_member_str(j, "kind", vl_report_kind_name(t->kind));
    vl_json_member_str(j, "name", t->name);
    vl_json_member_str(j, "reference", t->reference);
    vl_json_member_str(j, "digest", t->digest);
    vl_json_member_str(j, "image_id", t->image_id);
    vl_json_member_str(j, "os", t->os);
    vl_json_member_str(j, "architecture", t->arch);
    vl_json_member_str(j, "variant", t->variant);
    vl_json_member_str(j, "os_version", t->os_version);
    vl_json_member_time(j, "created", t->created_ms);
    vl_json_member_str(j, "base_name", t->base_name);
    vl_json_member_str(j, "base_digest", t->base_digest);
    vl_json_key(j, "updates");
    vl_json_array(j);
    for (size_t i = 0; i < inv->updates.len; i++)
        vl_json_str(j, *(const char **)vl_vec_at(&inv->updates, i));
    vl_json_array_end(j);
    vl_json_key(j, "layers");
    vl_json_array(j);
    for (size_t i = 0; i < inv->layers.len; i++) {
        const struct vl_layer *l = vl_vec_at(&inv->layers, i);
        vl_json_object(j);
        vl_json_member_str(j, "diff_id", l->diff_id);
        vl_json_member_str(j, "digest", l->digest);
        vl_json_member_str(j, "created_by", l->created_by);
        vl_json_member_time(j, "created", l->created_ms);
        if (l->size)
            vl_json_member_int(j, "size", (int64_t)l->size);
        vl_json_member_bool(j, "base_image", l->base);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_object_end(j);
}

static void write_distro(struct vl_json *j, const struct vl_distro *d)
{
    static const char *const support[] = {"unknown", "standard", "extended", "ended"};
    vl_json_key(j, "distribution");
    if (!*d->id) {
        vl_json_null(j);
        return;
    }
    vl_json_object(j);
    vl_json_member_str(j, "id", d->id);
    vl_json_member_str(j, "version", d->version_id);
    vl_json_member_str(j, "codename", *d->codename ? d->codename : NULL);
    vl_json_member_str(j, "name", *d->pretty_name ? d->pretty_name : NULL);
    vl_json_member_str(
        j, "support", (unsigned)d->support < VL_ARRAY_LEN(support) ? support[d->support] : "unknown");
    vl_json_member_time(j, "support_ends", d->support_ends_ms);
    vl_json_member_time(j, "extended_support_ends", d->extended_ends_ms);
    vl_json_object_end(j);
}

static void write_coverage(struct vl_json *j, const struct vl_scan_result *result)
{
    const struct vl_coverage *c = &result->coverage;
    vl_json_key(j, "coverage");
    vl_json_object(j);
    vl_json_member_str(j, "assessed", vl_report_assessed_name(c->assessed));
    vl_json_member_str(j, "reason", c->why_not);
    write_distro(j, &result->inventory->distro);
    vl_json_key(j, "ecosystems");
    vl_json_array(j);
    for (size_t i = 0; i < c->n_rows; i++) {
        const struct vl_coverage_row *row = &c->rows[i];
        vl_json_object(j);
        vl_json_member_str(j, "ecosystem", row->ecosystem);
        vl_json_member_int(j, "packages", (int64_t)row->packages);
        vl_json_member_bool(j, "has_data", row->has_data);
        vl_json_member_str(j, "source", row->source);
        vl_json_member_time(j, "data_date", row->data_ms);
        vl_json_member_int(j, "records", (int64_t)row->records);
        vl_json_member_bool(j, "starter_set", row->starter);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_member_int(j, "packages", (int64_t)c->packages);
    vl_json_member_int(j, "os_owned", (int64_t)c->os_owned);
    vl_json_member_int(j, "unidentified", (int64_t)c->unidentified);
    vl_json_member_int(j, "requirements_not_matched", (int64_t)c->ranges);
    vl_json_member_time(j, "oldest_data", c->database_ms);
    vl_json_member_str(j, "database_digest", c->database_digest);
    vl_json_object_end(j);
}

static void write_summary(struct vl_json *j, const struct vl_scan_result *result)
{
    struct vl_report_counts c = vl_report_count(result);
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {{"open", c.open}, {"critical", c.by_severity[VL_SEVERITY_CRITICAL]},
        {"high", c.by_severity[VL_SEVERITY_HIGH]}, {"medium", c.by_severity[VL_SEVERITY_MEDIUM]},
        {"low", c.by_severity[VL_SEVERITY_LOW]}, {"negligible", c.by_severity[VL_SEVERITY_NEGLIGIBLE]},
        {"unknown", c.by_severity[VL_SEVERITY_UNKNOWN]}, {"fix_now", c.fix_now}, {"exploited", c.exploited},
        {"fixable", c.fixable}, {"without_fix", c.without_fix}, {"hidden", c.hidden}};
    /* Without advisory data no number is known, and 0 would be read as "none". */
    bool known = result->coverage.assessed != VL_ASSESSED_NOT || result->findings.len;
    vl_json_key(j, "summary");
    vl_json_object(j);
    vl_json_member_str(j, "assessed", vl_report_assessed_name(result->coverage.assessed));
    for (size_t i = 0; i < VL_ARRAY_LEN(counts); i++) {
        vl_json_key(j, counts[i].name);
        if (known)
            vl_json_uint(j, counts[i].n);
        else
            vl_json_null(j);
    }
    if (result->baseline)
        vl_json_member_int(j, "in_baseline", (int64_t)c.in_baseline);
    vl_json_member_bool(j, "passed", result->passed);
    vl_json_object_end(j);
}

static void write_secrets(struct vl_json *j, const struct vl_scan_result *result)
{
    const struct vl_inventory *inv = result->inventory;
    vl_json_key(j, "secrets");
    if (!inv->secrets_scanned) {
        vl_json_null(j); /* not looked for: not the same as none */
        return;
    }
    vl_json_array(j);
    for (size_t i = 0; i < inv->secrets.len; i++) {
        const struct vl_secret *s = vl_vec_at(&inv->secrets, i);
        vl_json_object(j);
        vl_json_member_str(j, "rule", s->rule);
        vl_json_member_str(j, "title", s->title);
        vl_json_member_str(j, "severity", vl_severity_name((enum vl_severity)s->severity));
        write_location(j, result, s->path, s->line, s->layer);
        vl_json_member_str(j, "match", s->redacted);
        vl_json_member_str(j, "fingerprint", s->fingerprint);
        if (s->ignored)
            vl_json_member_str(j, "ignored", s->ignored);
        vl_json_member_bool(j, "deleted", s->deleted);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void write_attestations(struct vl_json *j, const struct vl_scan_result *result)
{
    vl_json_key(j, "attestations");
    vl_json_array(j);
    for (size_t i = 0; i < result->attestations.len; i++) {
        const struct vl_attestation *a = vl_vec_at(&result->attestations, i);
        vl_json_object(j);
        vl_json_member_str(j, "digest", a->digest);
        vl_json_member_str(j, "kind", a->kind);
        vl_json_member_str(j, "artifact_type", a->artifact_type);
        vl_json_member_str(j, "predicate", a->predicate);
        vl_json_member_str(j, "summary", a->summary);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void write_rest(struct vl_json *j, const struct vl_scan_result *result)
{
    const struct vl_inventory *inv = result->inventory;
    write_attestations(j, result);
    vl_json_key(j, "unidentified");
    vl_json_array(j);
    for (size_t i = 0; i < inv->unidentified.len; i++) {
        const struct vl_unidentified *u = vl_vec_at(&inv->unidentified, i);
        vl_json_object(j);
        vl_json_member_str(j, "kind", u->kind);
        write_location(j, result, u->path, 0, u->layer);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_key(j, "notes");
    vl_json_array(j);
    for (size_t i = 0; i < inv->notes.len; i++) {
        const struct vl_note *n = &inv->notes.items[i];
        vl_json_object(j);
        vl_json_member_str(j, "kind", n->kind == VL_NOTE_PARTIAL ? "partial" : "info");
        vl_json_member_str(j, "code", vl_err_code_name(n->code));
        vl_json_member_str(j, "object", n->object);
        vl_json_member_str(j, "message", n->message);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_member_int(j, "notes_dropped", (int64_t)inv->notes.dropped);
    vl_json_key(j, "ignores");
    vl_json_array(j);
    for (size_t i = 0; i < result->ignores.len; i++) {
        const struct vl_ignore_report *g = vl_vec_at(&result->ignores, i);
        vl_json_object(j);
        vl_json_member_str(j, "id", g->id);
        vl_json_member_str(j, "where", g->where);
        vl_json_member_str(j, "reason", g->reason);
        vl_json_member_bool(j, "expired", g->expired);
        vl_json_member_bool(j, "unused", g->unused);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_key(j, "gates");
    vl_json_array(j);
    for (size_t i = 0; i < result->gates.len; i++) {
        const struct vl_gate_verdict *g = vl_vec_at(&result->gates, i);
        vl_json_object(j);
        vl_json_member_str(j, "gate", g->gate);
        vl_json_member_int(j, "violations", (int64_t)g->violations);
        vl_json_member_bool(j, "passed", g->violations == 0);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

int vl_report_json(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    struct vl_json json;
    vl_json_init(&json, out, true);
    vl_json_object(&json);
    vl_json_member_int(&json, "schema_version", SCHEMA_VERSION);
    vl_json_key(&json, "tool");
    vl_json_object(&json);
    vl_json_member_str(&json, "name", "vallum");
    vl_json_member_str(&json, "version", options->version);
    vl_json_object_end(&json);
    vl_json_member_time(&json, "scanned", result->scanned_ms);
    vl_json_member_int(&json, "took_ms", result->took_us / 1000);
    if (result->baseline)
        vl_json_member_str(&json, "baseline", result->baseline);
    write_target(&json, result);
    if (!options->packages_only) {
        write_summary(&json, result);
        write_coverage(&json, result);
        vl_json_key(&json, "findings");
        vl_json_array(&json);
        for (size_t i = 0; i < result->findings.len; i++) {
            const struct vl_finding *f = vl_vec_at(&result->findings, i);
            if (vl_report_shows(f, options))
                write_finding(&json, result, f);
        }
        vl_json_array_end(&json);
        write_secrets(&json, result);
    } else {
        write_distro(&json, &result->inventory->distro);
    }
    vl_json_key(&json, "packages");
    vl_json_array(&json);
    for (size_t i = 0; i < result->inventory->packages.len; i++)
        write_package(&json, result, vl_vec_at(&result->inventory->packages, i));
    vl_json_array_end(&json);
    write_rest(&json, result);
    vl_json_object_end(&json);
    int r = vl_json_check(&json, "JSON report", err);
    if (r == 0)
        vl_buf_append_char(out, '\n');
    return r;
}
