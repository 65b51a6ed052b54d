/* Properties and annotations by which tools say what the formats have no place for. Sources: our
 * docs/reports/cyclonedx.md; Trivy's docs "CycloneDX, properties" (namespace aquasecurity:trivy); Syft's
 * pkg/cataloger metadata (namespace syft); CycloneDX property taxonomy (namespace cdx:npm). */
#include "artifact/sbom.h"

#include "text_util.h"

/* A key with its length, which is compared first: large documents have a million properties. */
#define KEY(text)     "" text, sizeof(text) - 1
#define FIELD(member) offsetof(struct sbom_component, member)

static const struct {
    const char *key;
    size_t len;
    size_t field;
} component_keys[] = {
    {KEY("vallum:ecosystem"), FIELD(ecosystem)}, {KEY("vallum:path"), FIELD(path)},
    {KEY("vallum:source_name"), FIELD(source_name)}, {KEY("vallum:source_version"), FIELD(source_version)},
    {KEY("vallum:vendor"), FIELD(vendor)}, {KEY("vallum:module"), FIELD(module)},
    {KEY("vallum:layer_diff_id"), FIELD(layer_diff_id)}, {KEY("vallum:layer_digest"), FIELD(layer_digest)},
    {KEY("vallum:arch"), FIELD(arch)}, {KEY("vallum:digest"), FIELD(digest)},
    {KEY("vallum:owner"), FIELD(owner)}, {KEY("SrcName"), FIELD(source_name)},
    {KEY("SrcVersion"), FIELD(source_version)}, {KEY("SrcRelease"), FIELD(source_release)},
    {KEY("SrcEpoch"), FIELD(source_epoch)}, {KEY("Modularitylabel"), FIELD(module)},
    {KEY("LayerDiffID"), FIELD(layer_diff_id)}, {KEY("LayerDigest"), FIELD(layer_digest)},
    {KEY("FilePath"), FIELD(path)}, {KEY("syft:location:0:path"), FIELD(path)},
    {KEY("syft:location:0:layerID"), FIELD(layer_diff_id)}, {KEY("syft:metadata:source"), FIELD(source_name)},
    {KEY("syft:metadata:originPackage"), FIELD(source_name)},
    {KEY("syft:metadata:sourceVersion"), FIELD(source_version)},
    {KEY("syft:metadata:sourceRpm"), FIELD(source_rpm)},
    {KEY("syft:metadata:modularityLabel"), FIELD(module)}, {KEY("syft:metadata:vendor"), FIELD(vendor)},
    {KEY("syft:metadata:epoch"), FIELD(epoch)}, {KEY("syft:metadata:architecture"), FIELD(arch)},
    {KEY("cdx:npm:package:path"), FIELD(path)}, {KEY("SrcFile"), FIELD(path)}, /* cdxgen */
};

static const struct {
    const char *key;
    size_t len;
    unsigned flag;
} flag_keys[] = {
    {KEY("cdx:npm:package:development"), VL_PACKAGE_DEV},
    {KEY("cdx:npm:package:bundled"), VL_PACKAGE_BUNDLED},
    {KEY("cdx:poetry:group"), VL_PACKAGE_DEV},
};

#define TRIVY "aquasecurity:trivy:"

static struct vl_span without_trivy(struct vl_span key)
{
    return PKG_STARTS(key, TRIVY) ? vl_span_slice(key, sizeof(TRIVY) - 1, key.len) : key;
}

static bool number_property(struct sbom_component *component, struct vl_span key, struct vl_span value)
{
    uint64_t number = 0;
    bool flags = PKG_IS(key, "vallum:flags");
    if (!flags && !PKG_IS(key, "vallum:line"))
        return false;
    if (vl_span_to_u64(value, &number) && number <= UINT32_MAX) {
        component->flags = flags ? (unsigned)number : component->flags;
        component->line = flags ? component->line : (uint32_t)number;
    }
    return true;
}

bool sbom_property(
    struct sbom *sbom, struct sbom_component *component, struct vl_span key, struct vl_span value)
{
    key = without_trivy(key);
    if (value.len == 0 || number_property(component, key, value))
        return true;
    if (PKG_IS(key, "vallum:ecosystem")) {
        /* The first of ours: what the format's own fields say less exactly is forgotten. */
        component->source_name = component->source_version = component->path = VL_SPAN_EMPTY;
        component->n_licenses = 0;
    }
    if (PKG_IS(key, "vallum:license")) {
        sbom_add_license(sbom, component, value);
        return true;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(component_keys); i++) {
        if (pkg_span_is(key, component_keys[i].key, component_keys[i].len)) {
            struct vl_span *field = (void *)((char *)component + component_keys[i].field);
            *field = value;
            return true;
        }
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(flag_keys); i++) {
        if (pkg_span_is(key, flag_keys[i].key, flag_keys[i].len)) {
            bool set = vl_span_eq_str(value, "true") || vl_span_eq_str(value, "dev");
            component->flags |= set ? flag_keys[i].flag : 0U;
            return true;
        }
    }
    return false;
}

bool sbom_system_property(struct sbom_system *system, struct vl_span key, struct vl_span value)
{
    static const struct {
        const char *key;
        size_t len;
        size_t field;
    } keys[] = {
        {KEY("vallum:id_like"), offsetof(struct sbom_system, id_like)},
        {KEY("vallum:codename"), offsetof(struct sbom_system, codename)},
        {KEY("vallum:variant_id"), offsetof(struct sbom_system, variant_id)},
        {KEY("vallum:cpe_name"), offsetof(struct sbom_system, cpe_name)},
        {KEY("vallum:pretty_name"), offsetof(struct sbom_system, pretty_name)},
        {KEY("syft:distro:id"), offsetof(struct sbom_system, id)},
        {KEY("syft:distro:idLike:0"), offsetof(struct sbom_system, id_like)},
        {KEY("syft:distro:versionID"), offsetof(struct sbom_system, version)},
        {KEY("syft:distro:versionCodename"), offsetof(struct sbom_system, codename)},
        {KEY("syft:distro:prettyName"), offsetof(struct sbom_system, pretty_name)},
        {KEY("syft:distro:variantID"), offsetof(struct sbom_system, variant_id)},
    };
    if (PKG_STARTS(key, "vallum:") || PKG_STARTS(key, "syft:distro:"))
        system->exact = true;
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++) {
        if (pkg_span_is(key, keys[i].key, keys[i].len)) {
            struct vl_span *field = (void *)((char *)system + keys[i].field);
            *field = value;
            return true;
        }
    }
    return false;
}

int sbom_set_text(struct sbom *sbom, const char **field, struct vl_span text, struct vl_err *err)
{
    if (text.len == 0 || !sbom->inventory)
        return 0;
    if (text.len > SBOM_TEXT_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "a value of %zu bytes is too long", text.len);
    const char *copy = vl_arena_dup_span(sbom->arena, text);
    if (!copy)
        return vl_arena_check(sbom->arena, sbom->name, err);
    *field = copy;
    return 0;
}

static int add_update(struct sbom *sbom, struct vl_span value, struct vl_err *err)
{
    const char **update = vl_vec_push(&sbom->inventory->updates, sbom->name, err);
    return update ? sbom_set_text(sbom, update, value, err) : err->err;
}

/* "vallum:layer", then what else is known of that layer. */
static int layer_property(struct sbom *sbom, struct vl_span key, struct vl_span value, struct vl_err *err)
{
    struct vl_layer *layer = vl_vec_at(&sbom->inventory->layers, sbom->last_layer);
    if (!layer)
        return 0;
    if (PKG_IS(key, "vallum:layer_blob"))
        return sbom_set_text(sbom, &layer->digest, value, err);
    if (PKG_IS(key, "vallum:layer_created_by"))
        return sbom_set_text(sbom, &layer->created_by, value, err);
    layer->base |= PKG_IS(key, "vallum:layer_base") && vl_span_eq_str(value, "true");
    return 0;
}

/* "elf|opt/tool" */
static int add_unidentified(struct sbom *sbom, struct vl_span value, struct vl_err *err)
{
    size_t bar = vl_span_find_char(value, '|');
    struct vl_unidentified *u = vl_vec_push(&sbom->inventory->unidentified, sbom->name, err);
    if (!u)
        return err->err;
    u->layer = VL_LAYER_NONE;
    u->kind = vl_arena_dup_span(sbom->arena, vl_span_slice(value, 0, bar));
    u->path = vl_arena_dup_span(
        sbom->arena, bar == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(value, bar + 1, value.len));
    return vl_arena_check(sbom->arena, sbom->name, err);
}

/* What the first scan did not see is still not seen. */
static void add_partial(struct sbom *sbom, struct vl_span value)
{
    size_t colon = vl_span_find(value, VL_SPAN_LIT(": "));
    char *object = vl_arena_dup_span(sbom->arena, vl_span_slice(value, 0, colon));
    value = colon == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(value, colon + 2, value.len);
    vl_notes_add(sbom->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, object ? object : sbom->name, "%.*s",
        VL_SPAN_FMT(value));
}

static int gap_property(struct sbom *sbom, struct vl_span key, struct vl_span value, struct vl_err *err)
{
    uint64_t n = 0;
    if (PKG_IS(key, "vallum:unidentified"))
        return add_unidentified(sbom, value, err);
    if (PKG_IS(key, "vallum:update"))
        return add_update(sbom, value, err);
    if (PKG_IS(key, "vallum:partial"))
        add_partial(sbom, value);
    if (PKG_IS(key, "vallum:notes_dropped") && vl_span_to_u64(value, &n) && n < UINT32_MAX) {
        sbom->notes->dropped += n;
        sbom->notes->partial = true;
    }
    return 0;
}

/* A layer may occur twice (two empty ones): each is one of the list. */
static int push_layer(struct sbom *sbom, struct vl_span diff_id, struct vl_err *err)
{
    struct vl_map_slot *slot;
    struct vl_layer *layer = vl_vec_push(&sbom->inventory->layers, "layers", err);
    bool added;
    if (!layer)
        return err->err;
    sbom->last_layer = (uint32_t)sbom->inventory->layers.len - 1;
    if (diff_id.len == 0)
        return 0;
    int r = sbom_set_text(sbom, &layer->diff_id, diff_id, err);
    if (r >= 0)
        r = vl_map_put(&sbom->layers, vl_span_str(layer->diff_id), &slot, &added, err);
    if (r >= 0 && added)
        slot->value.num = sbom->last_layer;
    return r;
}

int sbom_target_property(struct sbom *sbom, struct vl_span key, struct vl_span value, struct vl_err *err)
{
    if (!sbom->inventory)
        return 0;
    struct vl_target *t = &sbom->inventory->target;
    const struct {
        const char *key;
        size_t len;
        const char **field;
    } texts[] = {
        {KEY("vallum:image_id"), &t->image_id},
        {KEY("ImageID"), &t->image_id},
        {KEY("vallum:os"), &t->os},
        {KEY("vallum:architecture"), &t->arch},
        {KEY("vallum:variant"), &t->variant},
        {KEY("vallum:os_version"), &t->os_version},
        {KEY("vallum:base_name"), &t->base_name},
        {KEY("vallum:base_digest"), &t->base_digest},
    };
    key = without_trivy(key);
    if (PKG_IS(key, "vallum:layer") || PKG_IS(key, "DiffID"))
        return push_layer(sbom, value, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        if (pkg_span_is(key, texts[i].key, texts[i].len))
            return sbom_set_text(sbom, texts[i].field, value, err);
    }
    size_t at = vl_span_find(value, VL_SPAN_LIT("@sha256:"));
    if (PKG_IS(key, "RepoDigest") && at != SIZE_MAX)
        return sbom_set_text(sbom, &t->digest, vl_span_slice(value, at + 1, value.len), err);
    return PKG_STARTS(key, "vallum:layer_") ? layer_property(sbom, key, value, err)
                                            : gap_property(sbom, key, value, err);
}

int sbom_set_image(struct sbom *sbom, struct vl_span name, struct vl_span version, struct vl_err *err)
{
    if (!sbom->inventory)
        return 0;
    struct vl_target *t = &sbom->inventory->target;
    int r = sbom_set_text(sbom, &t->reference, name, err);
    if (r >= 0 && PKG_STARTS(version, "sha256:"))
        r = sbom_set_text(sbom, &t->digest, version, err);
    return r;
}

int sbom_layer(
    struct sbom *sbom, struct vl_span diff_id, struct vl_span digest, uint32_t *ret_index, struct vl_err *err)
{
    struct vl_map_slot *slot;
    if (diff_id.len == 0 || !sbom->inventory) {
        *ret_index = VL_LAYER_NONE;
        return 0;
    }
    slot = vl_map_get(&sbom->layers, diff_id);
    if (!slot) {
        int r = push_layer(sbom, diff_id, err);
        if (r < 0)
            return r;
        slot = vl_map_get(&sbom->layers, diff_id);
    }
    if (!slot)
        return vl_err_set(err, VL_ERR_INVALID, "a layer has no id");
    struct vl_layer *layer = vl_vec_at(&sbom->inventory->layers, slot->value.num);
    *ret_index = (uint32_t)slot->value.num;
    return !layer || layer->digest ? 0 : sbom_set_text(sbom, &layer->digest, digest, err);
}

void sbom_add_license(struct sbom *sbom, struct sbom_component *component, struct vl_span text)
{
    text = vl_span_trim(text);
    if (text.len == 0 || vl_span_eq_str(text, "NOASSERTION") || vl_span_eq_str(text, "NONE"))
        return;
    for (uint32_t i = 0; i < component->n_licenses; i++) {
        if (vl_span_eq(sbom->license_texts[i], text))
            return;
    }
    if (component->n_licenses == SBOM_LICENSES_MAX)
        sbom->licenses_dropped++;
    else
        sbom->license_texts[component->n_licenses++] = text;
}
