// A driver for HDF5 files that are written, whose errors wait until the file is closed.
//
// HDF5 as of 1.10.8 crashes when a driver fails while a file is closed, and leaves its objects half-way when it fails
// before. To the library this driver never fails at writing: the first error is kept, nothing is written from then
// on, and who closed the file asks for it.
#ifndef CHDF5_DRIVER_H
#define CHDF5_DRIVER_H

#include <stdint.h>

// A file that is written: opened and closed by the caller, and longer-lived than HDF5's own of it.
typedef struct {
    int descriptor;
    // The number of the first error, 0 if there was none.
    int error;
} chdf5_output;

// The driver's identifier, negative if it cannot be registered; registered once.
int64_t chdf5_output_driver(void);

// Has the file that is created with an access list written to `output`; negative if that fails.
int chdf5_set_output(int64_t access_list, chdf5_output *output);

#endif
