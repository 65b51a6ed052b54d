/* A verdict as one line of JSON. */
#include "codec/json.h"
#include "policy/policy.h"

/* What the cluster does with the object. */
static const char *action_name(const struct vl_verdict *v)
{
    static const char *const names[8] = {
        "Deny", "Deny", "Warn", "Deny,Warn", "Audit", "Deny,Audit", "Warn,Audit", "Deny,Warn,Audit"};
    return v->allowed ? "Allow" : names[v->actions & 7];
}

static void decisions(struct vl_json *j, const struct vl_verdict *v)
{
    vl_json_key(j, "decisions");
    vl_json_array(j);
    for (uint32_t i = 0; i < v->n_decisions; i++) {
        const struct vl_verdict_decision *d = &v->decisions[i];
        vl_json_object(j);
        vl_json_member_str(j, "rule", d->rule);
        vl_json_member_str(j, "outcome", vl_verdict_outcome_name(d->outcome));
        vl_json_member_bool(j, "allowed", d->allowed);
        vl_json_member_str(j, "message", d->message);
        vl_json_member_str(j, "reason", d->reason);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void object(struct vl_json *j, const struct vl_verdict *v)
{
    vl_json_key(j, "object");
    vl_json_object(j);
    vl_json_member_str(j, "apiVersion", v->api_version);
    vl_json_member_str(j, "kind", v->kind);
    if (v->namespace_name && v->namespace_name[0])
        vl_json_member_str(j, "namespace", v->namespace_name);
    vl_json_member_str(j, "name", v->name);
    vl_json_member_str(j, "hash", v->object_hash);
    vl_json_member_str(j, "file", v->object_file);
    if (v->object_line)
        vl_json_member_int(j, "line", v->object_line);
    vl_json_object_end(j);
    vl_json_member_str(j, "evaluated_as_pod", v->evaluated_as);
}

static void fields(struct vl_json *j, const struct vl_verdict *v)
{
    if (!v->n_fields)
        return;
    vl_json_key(j, "fields");
    vl_json_array(j);
    for (uint32_t i = 0; i < v->n_fields; i++) {
        vl_json_object(j);
        vl_json_member_str(j, "path", v->fields[i].path);
        if (v->fields[i].line)
            vl_json_member_int(j, "line", v->fields[i].line);
        if (v->fields[i].column)
            vl_json_member_int(j, "column", v->fields[i].column);
        if (v->fields[i].missing)
            vl_json_member_bool(j, "missing", true);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void strings(struct vl_json *j, const char *key, const char *const *items, uint32_t n)
{
    if (!n)
        return;
    vl_json_key(j, key);
    vl_json_array(j);
    for (uint32_t i = 0; i < n; i++)
        vl_json_str(j, items[i]);
    vl_json_array_end(j);
}

static void annotations(struct vl_json *j, const struct vl_verdict *v)
{
    if (!v->n_annotations)
        return;
    vl_json_key(j, "audit_annotations");
    vl_json_object(j);
    for (uint32_t i = 0; i < v->n_annotations; i++)
        vl_json_member_str(j, v->annotations[i].key, v->annotations[i].value);
    vl_json_object_end(j);
}

int vl_policy_verdict_json(const struct vl_verdict *v, struct vl_buf *out, struct vl_err *err)
{
    struct vl_json j;
    vl_json_init(&j, out, false);
    vl_json_object(&j);
    vl_json_member_bool(&j, "allowed", v->allowed);
    vl_json_member_str(&j, "outcome", vl_verdict_outcome_name(v->outcome));
    vl_json_member_str(&j, "message", v->message);
    vl_json_member_str(&j, "policy", v->policy);
    vl_json_member_str(&j, "rule", v->rule);
    vl_json_member_str(&j, "action", action_name(v));
    vl_json_member_str(&j, "reason", v->reason);
    vl_json_member_str(&j, "policy_kind", v->policy_kind);
    vl_json_member_str(&j, "policy_version", v->policy_version);
    vl_json_member_str(&j, "binding", v->binding);
    vl_json_member_str(&j, "params", v->params);
    vl_json_member_str(&j, "title", v->title);
    if (v->severity != VL_SEVERITY_UNKNOWN)
        vl_json_member_str(&j, "severity", vl_severity_name(v->severity));
    vl_json_member_str(&j, "data_date", v->data_date);
    object(&j, v);
    if (v->n_decisions)
        decisions(&j, v);
    fields(&j, v);
    annotations(&j, v);
    if (v->outcome == VL_VERDICT_FAIL || v->outcome == VL_VERDICT_EXEMPT)
        strings(&j, "remediation", v->remediation, v->n_remediation);
    vl_json_member_str(&j, v->fix_is_patch ? "fix_patch" : "fix_apply", v->fix);
    vl_json_member_str(&j, "exemption", v->exemption);
    vl_json_member_str(&j, "justification", v->justification);
    strings(&j, "notes", v->notes, v->n_notes);
    if (v->cost)
        vl_json_member_int(&j, "cost", (int64_t)v->cost);
    vl_json_object_end(&j);
    vl_buf_append_char(out, '\n');
    int r = vl_json_check(&j, "a verdict", err);
    return r < 0 ? r : 0;
}
