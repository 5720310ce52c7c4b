import CCurl
import CHDF5
import CZlib

/// The C libraries that the command is linked with.
enum LinkedLibraries {
    /// Their names and versions.
    static var all: [(key: String, name: String, version: String)] {
        var numbers: (UInt32, UInt32, UInt32) = (0, 0, 0)
        H5get_libversion(&numbers.0, &numbers.1, &numbers.2)
        let curl = String(cString: curl_version()).split(separator: " ").first ?? "unknown"
        return [
            ("hdf5", "HDF5", "\(numbers.0).\(numbers.1).\(numbers.2)"),
            ("zlib", "zlib", String(cString: zlibVersion())),
            ("curl", "curl", String(curl.replacing("libcurl/", with: ""))),
        ]
    }
}
