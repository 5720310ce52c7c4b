import CHDF5
import Glibc

/// Has a child process read the whole structure of a file, and throws if that ends badly.
///
/// The C library, as of 1.10.8, crashes or loops for ever on some damaged files, mostly where
/// variable-length strings are involved. Data of checksummed datasets, and plain numbers, are not
/// read, so for files written by this module the rehearsal costs milliseconds. If no child can be
/// made, for want of memory, the file is opened without.
func rehearse(_ place: Place) throws(HDF5Error) {
    var outcome = chdf5_outcome()
    let wasTried = Library.locked { chdf5_rehearse(place.file, &outcome) != 0 }
    if !wasTried || outcome.finished != 0 { return }
    let object = withUnsafeBytes(of: &outcome.object) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let reason =
        if outcome.unreadable == Int32(chdf5_unreadable_strings) {
            "its strings cannot be read"
        } else if outcome.unreadable == Int32(chdf5_unreadable_attributes) {
            "its attributes cannot be read"
        } else if [SIGXCPU, SIGKILL, SIGALRM].contains(outcome.signal) {
            "reading it does not end"
        } else {
            "the HDF5 library crashes on it (signal \(outcome.signal))"
        }
    let path = object.hasPrefix("/") ? object : "/" + object
    throw Place(file: place.file, object: path).damaged(reason)
}
