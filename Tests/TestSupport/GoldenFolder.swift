import Foundation

/// Values computed by PyTorch, transformers, sentence-transformers and SciPy.
///
/// They are read from `Tests/Golden`, or from the folder that `SIMILE_GOLDEN` names, of the same layout.
package enum GoldenFolder {
    private static let named = ProcessInfo.processInfo.environment["SIMILE_GOLDEN"]

    /// The folder.
    package static let url =
        named.map { URL(filePath: $0) }
        ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden")

    /// A file's contents; nil, which it says, when a folder of the user's own lacks it.
    package static func contents(of file: String) throws -> Data? {
        let url = url.appending(path: file)
        if named != nil && !FileManager.default.fileExists(atPath: url.path) {
            print("\(url.path) is absent: nothing is compared with it")
            return nil
        }
        return try Data(contentsOf: url)
    }
}
