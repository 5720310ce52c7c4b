import Foundation
import Serialization
import Support

/// Keeps other processes away from a run's folder for as long as it is there, or its process is.
final class RunClaim {
    /// The name of the file that is locked, gone when nobody works on the run.
    static let fileName = "run.lock"

    private var lock: FileLock?
    private let path: String
    /// Whether there was no folder before.
    private let madeFolder: Bool

    /// Takes a folder, and makes it if need be.
    ///
    /// - Parameter note: Hears that the file system has no locks.
    /// - Throws: `RunError.inUse`, or `RunError.outputUnwritable`.
    init(_ folder: RunFolder, note: (TrainingNote) -> Void) throws {
        path = folder.path
        madeFolder = !FileManager.default.mayExist(atPath: folder.path)
        try folder.make()
        do throws(FileLock.Failure) {
            lock = try FileLock(folder.file(Self.fileName), holder: Self.holder)
        } catch {
            switch error {
            case .held(let holder): throw RunError.inUse(path: path, holder: holder)
            case .unwritable(let reason):
                throw RunError.outputUnwritable(path: path, reason: reason)
            case .unsupported(let reason):
                note(
                    .other(
                        "\(path): this file system has no locks (\(reason)): see to it that no other process works on the run"
                    ))
            }
        }
    }

    deinit {
        lock = nil
        // Goes only if nothing came into it.
        if madeFolder { rmdir(path) }
    }

    private static var holder: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(
            decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "process \(getpid()) on \(host)"
    }
}
