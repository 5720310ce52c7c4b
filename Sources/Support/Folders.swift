import Foundation

extension FileManager {
    /// Whether there is a folder at the path, itself or at the end of a symbolic link.
    package func folderExists(atPath path: String) -> Bool {
        var isFolder: ObjCBool = false
        return fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
