import Foundation

/// The values computed by the reference implementations.
///
/// They are in `Tests/Golden`, or in the folder that `SIMILE_GOLDEN` names, of the same layout.
public enum GoldenFolder {
    /// The folder.
    public static let url =
        ProcessInfo.processInfo.environment["SIMILE_GOLDEN"].map { URL(filePath: $0) }
        ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden")

    /// The bytes of one of its files.
    public static func data(_ file: String) throws -> Data {
        try Data(contentsOf: url.appending(path: file))
    }
}
