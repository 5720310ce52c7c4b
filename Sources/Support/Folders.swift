import Foundation

extension FileManager {
    /// Whether there is a folder at the path, itself or at the end of a symbolic link.
    package func folderExists(atPath path: String) -> Bool {
        var isFolder: ObjCBool = false
        return fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Whether there is something at the path, or may be: what cannot be looked at, for a disk that fails or a
    /// permission that lacks, is not taken for absent, so that an optional file is not left out in silence.
    ///
    /// A name that is too long for the file system is absent: no file has it.
    package func mayExist(atPath path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 || ![ENOENT, ENOTDIR, ENAMETOOLONG].contains(errno)
    }
}

/// Makes a folder, and those above it, where there is none, and returns the number of the error that prevented it, or 0.
///
/// Foundation's own loses the number for some errors.
package func makeFolders(_ path: String) -> Int32 {
    let number = makeFolder(path)
    if number != ENOENT { return number }
    let above = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if above == path { return number }
    let failure = makeFolders(above)
    return failure != 0 ? failure : makeFolder(path)
}

/// Makes a folder where there is none, and returns the number of the error that prevented it, or 0.
private func makeFolder(_ path: String) -> Int32 {
    if mkdir(path, 0o777) == 0 { return 0 }
    let number = errno
    // Of a folder that exists, a file system on a network or one that is only read may say something else than EEXIST;
    // and another process may make it in between.
    return number != ENOENT && FileManager.default.folderExists(atPath: path) ? 0 : number
}

/// Something in a folder, or in a folder in it.
package struct FolderEntry {
    /// The path inside the folder.
    package let path: String
    package let isFolder: Bool
}

extension FolderEntry {
    /// All that is in a folder and in the folders in it, in the order of the paths; links are not followed.
    ///
    /// Foundation's own leaves out, in silence, what cannot be looked at.
    package static func all(in folder: String) throws(RegularFile.Failure) -> [FolderEntry] {
        var found: [FolderEntry] = []
        var waiting = [""]
        while let inside = waiting.popLast() {
            for name in try names(in: folder + "/" + inside) {
                let path = inside.isEmpty ? name : inside + "/" + name
                var status = stat()
                guard lstat(folder + "/" + path, &status) == 0 else {
                    // Another process has deleted it since it was listed.
                    if errno == ENOENT { continue }
                    throw RegularFile.Failure(reason: systemReason())
                }
                let isFolder = status.st_mode & S_IFMT == S_IFDIR
                found.append(FolderEntry(path: path, isFolder: isFolder))
                if isFolder { waiting.append(path) }
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    private static func names(in folder: String) throws(RegularFile.Failure) -> [String] {
        guard let stream = opendir(folder) else { throw .init(reason: systemReason()) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            // Only this tells the end from an error.
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw .init(reason: systemReason()) }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }
}
