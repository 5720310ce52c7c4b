import Foundation

extension FileManager {
    /// Whether there is a folder at the path, itself or at the end of a symbolic link.
    package func folderExists(atPath path: String) -> Bool {
        var isFolder: ObjCBool = false
        return fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Whether there is something at the path, or may be: what cannot be looked at, for a disk that fails or a
    /// permission that lacks, is not taken for absent, so that an optional file is not left out in silence.
    package func mayExist(atPath path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 || ![ENOENT, ENOTDIR].contains(errno)
    }
}
