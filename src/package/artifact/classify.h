/* content/classifiers.tsv as the build turns it into C. */
#ifndef VL_PACKAGE_ARTIFACT_CLASSIFY_H
#define VL_PACKAGE_ARTIFACT_CLASSIFY_H

#include "base/span.h"

struct art_classifier {
    const char *package;
    const char *head, *tail; /* of the file name, around the star */
    bool star;
    struct vl_span before;
    struct vl_span start; /* "*" stands for what the star stood for */
    struct vl_span after;
    bool letters; /* in the version */
    bool added;   /* digits and dots, then what a packager added, which is no part of the version */
};

extern const struct art_classifier art_classifiers[];
extern const size_t art_n_classifiers;

/* The version that a file of this name tells; empty where it tells none. `content` is searched. */
struct vl_span art_classifier_find(
    const struct art_classifier *classifier, struct vl_span base, struct vl_span content);

#endif
