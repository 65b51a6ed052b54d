/* States of an image in a registry, as the guides name them. Stored by number: append only. */
#ifndef VL_SERVER_IMAGE_STATE_H
#define VL_SERVER_IMAGE_STATE_H

enum vl_image_state {
    VL_IMAGE_UNSCANNED = 0,
    VL_IMAGE_IN_PROGRESS = 1,
    VL_IMAGE_ERROR = 2, /* with the reason and the next try */
    VL_IMAGE_COMPLETED = 3,
};

/* "Unscanned", "Scan in progress", "Scan error", "Completed"; never NULL. */
static inline const char *vl_image_state_name(int state)
{
    static const char *const names[] = {"Unscanned", "Scan in progress", "Scan error", "Completed"};
    return state >= 0 && state <= VL_IMAGE_COMPLETED ? names[state] : "Unscanned";
}

#endif
