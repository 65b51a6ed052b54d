#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "license.h"

#define FORMS                                                                                       \
    "write a severity (critical, high, medium, low, negligible), kev, epss=0.5, secret, malicious " \
    "or license=GPL-3.0-only"

/* The part behind "key=" or "key>=". */
static bool value_of(struct vl_span word, const char *key, struct vl_span *ret)
{
    size_t n = strlen(key);
    if (!vl_span_starts_with(word, key))
        return false;
    struct vl_span rest = vl_span_slice(word, n, word.len);
    size_t skip = vl_span_starts_with(rest, ">=") ? 2 : vl_span_starts_with(rest, "=") ? 1 : 0;
    *ret = vl_span_slice(rest, skip, rest.len);
    return skip > 0;
}

/* A decimal number of at most 12 characters, 0 to 1. */
static bool fraction(struct vl_span text, double *ret)
{
    char copy[16];
    if (text.len == 0 || text.len > 12)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if ((text.ptr[i] < '0' || text.ptr[i] > '9') && text.ptr[i] != '.')
            return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    char *end;
    double value = strtod(copy, &end);
    if (*end || value < 0 || value > 1)
        return false;
    *ret = value;
    return true;
}

int vl_gate_parse(const char *word, struct vl_gate *ret, struct vl_err *err)
{
    struct vl_gate gate = {0};
    struct vl_span text = vl_span_str(word);
    struct vl_span value;
    if (value_of(text, "epss", &value)) {
        if (!fraction(value, &gate.epss))
            return vl_err_set(
                err, VL_ERR_USAGE, "--fail-on %s: EPSS is a probability from 0 to 1, such as epss=0.5", word);
        gate.kind = VL_GATE_EPSS;
    } else if (value_of(text, "license", &value) || value_of(text, "licence", &value)) {
        if (value.len == 0)
            return vl_err_set(err, VL_ERR_USAGE,
                "--fail-on %s: name an SPDX licence, such as license=GPL-3.0-only or license=GPL-*", word);
        gate.kind = VL_GATE_LICENSE;
        gate.license = value;
    } else if (vl_span_eq_str(text, "kev")) {
        gate.kind = VL_GATE_KEV;
    } else if (vl_span_eq_str(text, "secret")) {
        gate.kind = VL_GATE_SECRET;
    } else if (vl_span_eq_str(text, "malicious")) {
        gate.kind = VL_GATE_MALICIOUS;
    } else {
        if (!value_of(text, "severity", &value))
            value = text;
        if (!vl_severity_parse(value, &gate.severity) || gate.severity == VL_SEVERITY_UNKNOWN)
            return vl_err_set(err, VL_ERR_USAGE, "--fail-on %s is none that is known: " FORMS, word);
        gate.kind = VL_GATE_SEVERITY;
    }
    *ret = gate;
    return 0;
}

const char *vl_gate_name(const struct vl_gate *gate, struct vl_arena *arena)
{
    switch (gate->kind) {
    case VL_GATE_SEVERITY:
        return vl_arena_printf(arena, "severity>=%s", vl_severity_name(gate->severity));
    case VL_GATE_EPSS:
        return vl_arena_printf(arena, "epss>=%g", gate->epss);
    case VL_GATE_LICENSE:
        return vl_arena_printf(arena, "license=%.*s", VL_SPAN_FMT(gate->license));
    case VL_GATE_KEV:
        return "kev";
    case VL_GATE_SECRET:
        return "secret";
    case VL_GATE_MALICIOUS:
        return "malicious";
    }
    return "";
}

static bool violates(const struct vl_gate *gate, const struct vl_finding *f)
{
    switch (gate->kind) {
    case VL_GATE_SEVERITY:
        return f->severity >= gate->severity;
    case VL_GATE_KEV:
        return f->kev != NULL;
    case VL_GATE_EPSS:
        return f->has_epss && f->epss >= gate->epss;
    case VL_GATE_MALICIOUS:
        return f->malicious;
    case VL_GATE_SECRET:
    case VL_GATE_LICENSE:
        break;
    }
    return false;
}

static uint64_t count_secrets(const struct vl_inventory *inventory, const struct vl_baseline *baseline)
{
    uint64_t n = 0;
    for (size_t i = 0; i < inventory->secrets.len; i++) {
        const struct vl_secret *s = vl_vec_at(&inventory->secrets, i);
        n += !s->ignored && !(baseline && vl_baseline_has_secret(baseline, s));
    }
    return n;
}

/* The project itself may have any licence: what it uses counts. */
static uint64_t count_licenses(const struct vl_gate *gate, const struct vl_scan_result *result,
    const struct vl_baseline *baseline, struct vl_ignores *ignores)
{
    uint64_t n = 0;
    for (size_t i = 0; i < result->inventory->packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&result->inventory->packages, i);
        n += !vl_package_is_project(p) && vl_license_of_package(p, gate->license) &&
             !(baseline && vl_baseline_has_package(baseline, p)) &&
             !(ignores && vl_ignores_license(ignores, p, gate->license, result->scanned_ms));
    }
    return n;
}

uint64_t vl_gate_count(const struct vl_gate *gate, const struct vl_scan_result *result,
    const struct vl_baseline *baseline, struct vl_ignores *ignores)
{
    if (gate->kind == VL_GATE_SECRET)
        return count_secrets(result->inventory, baseline);
    if (gate->kind == VL_GATE_LICENSE)
        return count_licenses(gate, result, baseline, ignores);
    uint64_t n = 0;
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        n += f->status == VL_FINDING_OPEN && !f->in_baseline && violates(gate, f);
    }
    return n;
}
