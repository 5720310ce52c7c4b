import Foundation
import Support

/// Git's large file storage, which leaves small files of text where large ones belong.
package enum GitLFS {
    private static let start = Array("version https://git-lfs.github.com/spec/".utf8)

    /// Whether bytes are a pointer to a file instead of the file.
    package static func isPointer(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.starts(with: start)
    }

    /// Whether a file is a pointer; false when it cannot be read.
    package static func isPointer(_ file: URL) -> Bool {
        (try? RegularFile.bytes(file.path, first: start.count)).map(isPointer) ?? false
    }

    /// The sentence for the person who has a pointer in place of a file.
    package static func problem(_ path: String) -> String {
        "\(path): a pointer of Git LFS, not the file itself; run 'git lfs pull' in its repository, or download the file"
    }
}
