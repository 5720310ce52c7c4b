import Support

/// Why a file, group, dataset or attribute could not be read or written.
///
/// `file` is the path given by the caller; `object` is the path inside the file, such as
/// `/model/pooler.dense.weight`, with `@name` appended for an attribute.
public enum HDF5Error: Error, Equatable, Codable, Sendable {
    /// There is no file (when reading) or no folder (when creating) at that path.
    case fileMissing(file: String)
    /// The path names something that is not an HDF5 file.
    case notHDF5(file: String, reason: String)
    /// The file ends before the size that it records for itself, in bytes.
    case truncated(file: String, expected: UInt64, found: UInt64)
    /// The operating system refuses access.
    case permissionDenied(file: String)
    /// A file exists where one was to be created.
    case fileExists(file: String)
    /// Another process, or another handle of this one, has the file open.
    case fileInUse(file: String)
    /// The program that wrote the file never closed it.
    case unfinished(file: String)
    /// No space, or no quota, is left on the disk.
    case diskFull(file: String)
    /// There is no such group, dataset or attribute; `present` lists what is there instead.
    case missing(file: String, object: String, present: [String])
    /// A group, dataset or attribute of that name is already there.
    case exists(file: String, object: String)
    /// The object is of another kind, for instance a group where a dataset was asked for.
    case wrongKind(file: String, object: String, expected: String, found: String)
    /// The elements are of another type than was asked for.
    case wrongType(file: String, object: String, expected: String, found: String)
    /// The extents differ from those that were asked for.
    case wrongShape(file: String, object: String, expected: [Int], found: [Int])
    /// The rows asked for are not all within the dataset.
    case rowsOutOfRange(file: String, object: String, rows: Range<Int>, available: Int)
    /// A name is empty, or contains a character that names may not contain.
    case invalidName(file: String, name: String, reason: String)
    /// A string cannot be stored.
    case invalidText(file: String, object: String, reason: String)
    /// The stored bytes do not agree with the checksum stored beside them.
    case checksumMismatch(file: String, object: String)
    /// The file contradicts itself.
    case damaged(file: String, object: String, reason: String)
    /// The file is in order, but uses something that this module does not read.
    case unsupported(file: String, object: String, reason: String)
    /// The file was opened for reading only.
    case readOnly(file: String, object: String)
    /// The file was closed before this use of one of its objects.
    case closed(file: String, object: String)
    /// Any other failure, in the C library's words, innermost first.
    case failed(file: String, object: String, operation: String, messages: [String])
}

extension HDF5Error: CustomStringConvertible {
    /// One sentence with the file, what was found, what was expected and what to do.
    public var description: String {
        switch self {
        case .fileMissing(let file):
            "\(file): no such file or folder; check the path"
        case .notHDF5(let file, let reason):
            "\(file): not an HDF5 file: \(reason)"
        case .truncated(let file, let expected, let found):
            "\(file): truncated: \(found) of \(expected) bytes are there; "
                + "copy or download it again"
        case .permissionDenied(let file):
            "\(file): permission denied; check the rights of the file and of its folder"
        case .fileExists(let file):
            "\(file): already exists; remove it or choose another name"
        case .fileInUse(let file):
            "\(file): in use by another process or handle; close it there first"
        case .unfinished(let file):
            "\(file): never closed by the program that wrote it, so incomplete or still being "
                + "written; use an earlier file"
        case .diskFull(let file):
            "\(file): no space left on the disk; free some and write the file again"
        case .missing(let file, let object, let present):
            "\(file): \(object) does not exist\(Self.hint(for: object, among: present))"
        case .exists(let file, let object):
            "\(file): \(object) already exists; choose another name"
        case .wrongKind(let file, let object, let expected, let found):
            "\(file): \(object) is \(found), expected \(expected)"
        case .wrongType(let file, let object, let expected, let found):
            "\(file): \(object) holds \(found), expected \(expected)"
        case .wrongShape(let file, let object, let expected, let found):
            "\(file): \(object) has shape \(found), expected \(expected)"
        case .rowsOutOfRange(let file, let object, let rows, let available):
            "\(file): \(object) has \(available) rows, so rows "
                + "\(rows.lowerBound)..<\(rows.upperBound) are not all there"
        case .invalidName(let file, let name, let reason):
            "\(file): \"\(name.escaped)\" cannot be a name: \(reason)"
        case .invalidText(let file, let object, let reason):
            "\(file): \(object): \(reason)"
        case .checksumMismatch(let file, let object):
            "\(file): \(object) fails its checksum: the bytes changed after they were written; "
                + "use another copy of the file"
        case .damaged(let file, let object, let reason):
            "\(file): \(object == "/" ? "" : object + " is ")damaged: \(reason); "
                + "use another copy of the file"
        case .unsupported(let file, let object, let reason):
            "\(file): \(object) cannot be read here: \(reason)"
        case .readOnly(let file, let object):
            "\(file): \(object) cannot be written: the file was opened for reading only"
        case .closed(let file, let object):
            "\(file): \(object) was used after the file had been closed"
        case .failed(let file, let object, let operation, let messages):
            "\(file): \(object): cannot \(operation): "
                + (messages.isEmpty ? "no reason given" : messages.joined(separator: "; "))
        }
    }

    private static func hint(for object: String, among present: [String]) -> String {
        guard !present.isEmpty else { return "; nothing is stored there" }
        let start = object.lastIndex { $0 == "/" || $0 == "@" } ?? object.startIndex
        let name = String(object[start...].dropFirst())
        let shown = present.prefix(8).joined(separator: ", ")
        let more = present.count > 8 ? " and \(present.count - 8) more" : ""
        if let closest = closestName(to: name, among: present) {
            return "; did you mean \(closest)? There are: \(shown)\(more)"
        }
        return "; there are: \(shown)\(more)"
    }
}
