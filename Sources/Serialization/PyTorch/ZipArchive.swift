import Foundation

/// The directory of a zip file whose members are stored as they are, the form in which PyTorch saves.
///
/// Only the directory is read. Checksums are not compared: PyTorch may be told not to compute them.
struct ZipArchive {
    private struct Member {
        let isStored: Bool
        let size: Int
        /// Where its local header begins.
        let start: Int
    }

    /// A directory longer than this is no model's: PyTorch needs about 100 bytes for each tensor.
    static let longestDirectory = 4 << 20

    /// The members' names in the directory's order.
    let names: [String]
    private let members: [String: Member]
    private let data: Data
    private let path: String

    /// Whether the bytes begin as a zip file does.
    static func isArchive(_ data: Data) -> Bool { data.starts(with: [0x50, 0x4B, 3, 4]) }

    init(_ data: Data, path: String) throws(SerializationError) {
        (self.data, self.path) = (data, path)
        do throws(ZipDirectory.Damage) {
            var directory = try ZipDirectory(data)
            var (names, members): ([String], [String: Member]) = ([], [:])
            while let entry = try directory.next() {
                names.append(entry.name)
                members[entry.name] = Member(
                    isStored: entry.method == 0 && entry.flags & 1 == 0
                        && entry.storedSize == entry.size,
                    size: entry.size, start: entry.start)
            }
            guard members.count == names.count else {
                throw ZipDirectory.Damage(what: "two members have the same name")
            }
            (self.names, self.members) = (names, members)
        } catch {
            throw .malformed(path: path, problem: "not a whole zip file: \(error.what)")
        }
    }

    /// Where in the file the bytes of a member are, or nil when there is no such member.
    ///
    /// - Throws: `SerializationError.malformed` when it is compressed, or not inside the file.
    func bytes(of name: String) throws(SerializationError) -> Range<Int>? {
        guard let member = members[name] else { return nil }
        guard member.isStored else {
            throw .malformed(
                path: path,
                problem: "\(name.shown) is compressed or encrypted, which PyTorch never does")
        }
        let headerSize = 30
        let header = data.range(from: member.start, count: headerSize)
        guard let header, data[header].starts(with: [0x50, 0x4B, 3, 4]) else {
            throw .malformed(
                path: path, problem: "\(name.shown) does not begin at byte \(member.start)")
        }
        // Two lengths of 16 bits end the header: of the name, and of the padding that aligns the data.
        let lengths = data[header].suffix(4).map(Int.init)
        let skipped = lengths[0] + lengths[1] << 8 + lengths[2] + lengths[3] << 8
        guard let bytes = data.range(from: header.upperBound + skipped, count: member.size) else {
            throw .malformed(
                path: path,
                problem:
                    "\(name.shown) of \(member.size) bytes does not fit into the file of \(data.count)"
            )
        }
        return bytes
    }
}

extension Data {
    /// Indices of `count` bytes from `start`, or nil when they are not all there.
    func range(from start: Int, count: Int) -> Range<Int>? {
        let (end, overflows) = start.addingReportingOverflow(count)
        return start >= 0 && count >= 0 && !overflows && end <= self.count ? start..<end : nil
    }
}

extension String {
    /// A name from a file as it is put into messages: not too long, without control characters.
    var shown: String {
        let longest = 100
        var text = ""
        for scalar in unicodeScalars.prefix(longest) {
            text.unicodeScalars.append(scalar.properties.generalCategory == .control ? "?" : scalar)
        }
        return unicodeScalars.count > longest ? text + "..." : text
    }
}
