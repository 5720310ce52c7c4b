import CHDF5
import Synchronization

/// An open group or dataset.
final class ObjectHandle: Sendable {
    let id: hid_t
    let file: FileHandle
    let place: Place
    /// Set once a dataset's storage has been found fit to read.
    let isVerified = Atomic<Bool>(false)

    init(id: hid_t, file: FileHandle, path: String) {
        self.id = id
        self.file = file
        place = Place(file: file.path, object: path)
    }

    deinit {
        // Closing the file closes its objects, so this one may be closed already.
        Library.locked {
            guard H5Iis_valid(id) > 0 else { return }
            // Closing may write what was held back; closing the file reports if it could not.
            if H5Oclose(id) < 0 { file.giveUp(place.failure("write the object")) }
        }
    }

    /// Runs `body` inside the library, if the file is still open.
    func locked<Result: Sendable>(
        _ body: () throws(HDF5Error) -> Result
    ) throws(HDF5Error) -> Result {
        try Library.locked { () throws(HDF5Error) -> Result in
            try file.guarding { () throws(HDF5Error) -> Result in
                guard H5Iis_valid(id) > 0 else {
                    throw .closed(file: place.file, object: place.object)
                }
                return try body()
            }
        }
    }

    func requireWritable() throws(HDF5Error) {
        if !file.isWritable { throw .readOnly(file: place.file, object: place.object) }
    }

    /// Where attribute `name` of this object is.
    func place(ofAttribute name: String) -> Place {
        Place(file: place.file, object: place.object + "@" + name)
    }
}
