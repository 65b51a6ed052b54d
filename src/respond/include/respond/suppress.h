/* Which alerts a suppression rule is about: the scope of Microsoft.Security/alertsSuppressionRules
 * (2019-01-01-preview), {"allOf":[{"field":"entities.TYPE.PROPERTY","in":["…"]} or {…,"contains":"…"}]}. */
#ifndef VL_RESPOND_SUPPRESS_H
#define VL_RESPOND_SUPPRESS_H

#include "base/err.h"
#include "codec/doc.h"

#define VL_SUPPRESS_CONDITIONS_MAX 20
#define VL_SUPPRESS_VALUES_MAX     200  /* of one "in" */
#define VL_SUPPRESS_VALUE_MAX      1024 /* bytes */
#define VL_SUPPRESS_FIELD_MAX      256
#define VL_SUPPRESS_ENTITIES_MAX   1000 /* of an alert that are looked at: all that it may have */

/* Whether it is such a scope; NULL is (all alerts of the type). VL_ERR_INVALID names the member. */
VL_MUST_CHECK int vl_suppress_check(const struct vl_doc_node *scope, struct vl_err *err);

/* Whether all conditions hold for these entities (an array of objects with "type"). Each condition may be met
 * by another entity. Types, names and values compare case-blind (ASCII). A scope without conditions, or NULL,
 * holds for all. `scope` has been checked. */
bool vl_suppress_matches(const struct vl_doc_node *scope, const struct vl_doc_node *entities);

#endif
