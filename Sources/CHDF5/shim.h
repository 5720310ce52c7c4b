// HDF5's C interface, and the parts of it that are macros, which Swift cannot see.
#ifndef CHDF5_SHIM_H
#define CHDF5_SHIM_H

#include <hdf5.h>

// Types in memory, in this machine's byte order.
static inline hid_t chdf5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t chdf5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t chdf5_native_int8(void) { return H5T_NATIVE_INT8; }
static inline hid_t chdf5_native_int16(void) { return H5T_NATIVE_INT16; }
static inline hid_t chdf5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t chdf5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t chdf5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t chdf5_native_uint16(void) { return H5T_NATIVE_UINT16; }
static inline hid_t chdf5_native_uint32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t chdf5_native_uint64(void) { return H5T_NATIVE_UINT64; }

// Types in a file: little-endian whatever the machine, so that files do not depend on it.
static inline hid_t chdf5_file_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t chdf5_file_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t chdf5_file_int8(void) { return H5T_STD_I8LE; }
static inline hid_t chdf5_file_int16(void) { return H5T_STD_I16LE; }
static inline hid_t chdf5_file_int32(void) { return H5T_STD_I32LE; }
static inline hid_t chdf5_file_int64(void) { return H5T_STD_I64LE; }
static inline hid_t chdf5_file_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t chdf5_file_uint16(void) { return H5T_STD_U16LE; }
static inline hid_t chdf5_file_uint32(void) { return H5T_STD_U32LE; }
static inline hid_t chdf5_file_uint64(void) { return H5T_STD_U64LE; }
// IEEE 754's binary16, which HDF5 has no name for before 1.14.4; the caller closes it.
static inline hid_t chdf5_make_file_float16(void) {
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    if (type >= 0 && H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(type, 2) >= 0 && H5Tset_ebias(type, 15) >= 0)
        return type;
    if (type >= 0) H5Tclose(type);
    return -1;
}
static inline hid_t chdf5_string_type(void) { return H5T_C_S1; }
static inline size_t chdf5_variable_length(void) { return H5T_VARIABLE; }

// Classes of property lists.
static inline hid_t chdf5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_link_create(void) { return H5P_LINK_CREATE; }
static inline hid_t chdf5_attribute_create(void) { return H5P_ATTRIBUTE_CREATE; }
static inline hid_t chdf5_link_access(void) { return H5P_LINK_ACCESS; }

// Constants.
static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_whole_space(void) { return H5S_ALL; }
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline hsize_t chdf5_unlimited(void) { return H5S_UNLIMITED; }
static inline haddr_t chdf5_undefined_address(void) { return HADDR_UNDEF; }
static inline hid_t chdf5_minor_truncated(void) { return H5E_TRUNCATED; }
static inline hid_t chdf5_minor_not_hdf5(void) { return H5E_NOTHDF5; }

#endif
