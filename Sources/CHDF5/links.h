// Links that lead into other files.
#ifndef CHDF5_LINKS_H
#define CHDF5_LINKS_H

#include <hdf5.h>

// Refuses them: a file from elsewhere must not choose what else is opened.
static inline herr_t chdf5_refuse_external_link(
    const char *parent_file, const char *parent_group, const char *child_file,
    const char *child_object, unsigned *flags, hid_t access, void *data) {
    (void)parent_file, (void)parent_group, (void)child_file, (void)child_object;
    (void)flags, (void)access, (void)data;
    return -1;
}

static inline herr_t chdf5_refuse_external_links(hid_t link_access) {
    return H5Pset_elink_cb(link_access, chdf5_refuse_external_link, NULL);
}

static inline int chdf5_is_external_link(hid_t group, const char *name, hid_t access) {
    H5L_info_t info;
    return H5Lget_info(group, name, &info, access) >= 0 && info.type == H5L_TYPE_EXTERNAL;
}

#endif
