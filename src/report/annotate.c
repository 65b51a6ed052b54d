#include "annotate.h"

#include "formats.h"

#define NUMBER_MAX 32

static void text(struct vl_report_emit to, const char *name, const char *value)
{
    if (value && *value)
        to.emit(to.user, name, value);
}

static void number(struct vl_report_emit to, const char *name, uint64_t value)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf digits;
    vl_buf_init(&digits, NUMBER_MAX);
    vl_buf_printf(&digits, "%llu", (unsigned long long)value);
    to.emit(to.user, name, vl_buf_str(&digits));
}

void vl_report_annotate_package(
    const struct vl_scan_result *result, const struct vl_package *package, struct vl_report_emit to)
{
    const struct vl_layer *layer = vl_report_layer(result, package->layer);
    const struct vl_package *owner = NULL;
    if (package->owner != VL_PACKAGE_NONE)
        owner = vl_vec_at(&result->inventory->packages, package->owner);
    text(to, "vallum:ecosystem", vl_ecosystem_info(package->ecosystem)->name);
    text(to, "vallum:path", package->path);
    if (package->line)
        number(to, "vallum:line", package->line);
    if (package->flags)
        number(to, "vallum:flags", package->flags);
    text(to, "vallum:arch", package->arch);
    text(to, "vallum:source_name", package->source_name);
    text(to, "vallum:source_version", package->source_version);
    text(to, "vallum:vendor", package->vendor);
    text(to, "vallum:module", package->module);
    text(to, "vallum:digest", package->digest);
    text(to, "vallum:layer_diff_id", layer ? layer->diff_id : NULL);
    text(to, "vallum:layer_digest", layer ? layer->digest : NULL);
    text(to, "vallum:owner", owner ? owner->name : NULL);
    for (uint32_t i = 0; i < package->n_licenses; i++)
        text(to, "vallum:license", package->licenses[i]);
}

void vl_report_annotate_distro(const struct vl_scan_result *result, struct vl_report_emit to)
{
    const struct vl_distro *d = &result->inventory->distro;
    text(to, "vallum:id_like", d->id_like);
    text(to, "vallum:codename", d->codename);
    text(to, "vallum:pretty_name", d->pretty_name);
    text(to, "vallum:variant_id", d->variant_id);
    text(to, "vallum:cpe_name", d->cpe_name);
}

static void annotate_layers(const struct vl_inventory *inventory, struct vl_report_emit to)
{
    for (size_t i = 0; i < inventory->layers.len; i++) {
        const struct vl_layer *l = vl_vec_at(&inventory->layers, i);
        to.emit(to.user, "vallum:layer", l->diff_id ? l->diff_id : "");
        text(to, "vallum:layer_blob", l->digest);
        text(to, "vallum:layer_created_by", l->created_by);
        if (l->base)
            text(to, "vallum:layer_base", "true");
    }
}

/* What the scan did not see goes with the document: whoever reads it must not take it for whole. */
static void annotate_gaps(const struct vl_inventory *inventory, struct vl_report_emit to)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf line;
    vl_buf_init(&line, 1 << 16);
    for (size_t i = 0; i < inventory->unidentified.len; i++) {
        const struct vl_unidentified *u = vl_vec_at(&inventory->unidentified, i);
        vl_buf_clear(&line);
        vl_buf_printf(&line, "%s|%s", u->kind, u->path);
        text(to, "vallum:unidentified", vl_buf_str(&line));
    }
    for (size_t i = 0; i < inventory->notes.len; i++) {
        const struct vl_note *n = &inventory->notes.items[i];
        if (n->kind != VL_NOTE_PARTIAL)
            continue;
        vl_buf_clear(&line);
        vl_buf_printf(&line, "%s: %s", n->object, n->message);
        text(to, "vallum:partial", vl_buf_str(&line));
    }
    if (inventory->notes.dropped)
        number(to, "vallum:notes_dropped", inventory->notes.dropped);
}

void vl_report_annotate_target(const struct vl_scan_result *result, struct vl_report_emit to)
{
    const struct vl_inventory *inventory = result->inventory;
    const struct vl_target *t = &inventory->target;
    text(to, "vallum:kind", vl_report_kind_name(t->kind));
    text(to, "vallum:name", t->name);
    text(to, "vallum:image_id", t->image_id);
    text(to, "vallum:os", t->os);
    text(to, "vallum:architecture", t->arch);
    text(to, "vallum:variant", t->variant);
    text(to, "vallum:os_version", t->os_version);
    text(to, "vallum:base_name", t->base_name);
    text(to, "vallum:base_digest", t->base_digest);
    annotate_layers(inventory, to);
    for (size_t i = 0; i < inventory->updates.len; i++)
        text(to, "vallum:update", *(const char **)vl_vec_at(&inventory->updates, i));
    annotate_gaps(inventory, to);
}
