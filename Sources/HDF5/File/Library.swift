import CHDF5
import Synchronization

/// The C library, entered by one thread at a time.
///
/// HDF5 keeps global state and is usually built without locks of its own, so every call in this
/// module is made inside ``locked(_:)``. The lock is not recursive: handles, which take it when
/// they are destroyed, are therefore made and dropped outside.
enum Library {
    private static let mutex = Mutex(())

    /// Keeps the library from closing what is still open when the process exits.
    ///
    /// It crashes then if a file could not be written, for instance because the disk was full. Has
    /// to come before any other call.
    private static let preparation: Void = { _ = H5dont_atexit() }()

    /// Runs `body` while no other thread is inside the library.
    static func locked<Result: Sendable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try mutex.withLock { (_) throws(Failure) -> Result in
            _ = preparation
            // Printing and the error stack belong to a thread in some builds, so this is not
            // done once only. Errors are collected by `ErrorStack`, never printed.
            H5Eset_auto2(0, nil, nil)
            H5Eclear2(0)
            return try body()
        }
    }

    /// How many files, groups, datasets, attributes, spaces, types and property lists are open.
    static var openIdentifiers: Int {
        locked {
            let kinds = [
                H5I_FILE, H5I_GROUP, H5I_DATATYPE, H5I_DATASPACE, H5I_DATASET, H5I_ATTR,
                H5I_GENPROP_LST,
            ]
            return kinds.reduce(0) { total, kind in
                var count: hsize_t = 0
                H5Inmembers(kind, &count)
                return total + Int(count)
            }
        }
    }
}
