import Foundation
import Testing

@testable import HDF5

/// Disks that fail at any write: an error, never a crash, and no file that looks whole.
@Suite struct UnwritableTests {
    /// A limit on the size of files, wherever it lies, stands in for a disk that fills up.
    @Test func wheneverTheDiskIsFull() async {
        await #expect(processExitsWith: .success) { try FullDisk.everywhere() }
    }

    /// Once a write failed, everything says so, and all can be let go.
    @Test func afterAFailureNothingIsWritten() async {
        await #expect(processExitsWith: .success) { try FullDisk.afterwards() }
    }

    @Test func onlyFilesAreWritten() throws {
        let folder = TemporaryFolder()
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        for path in [folder.path("pipe"), "/dev/null"] {
            #expect(throws: HDF5Error.notHDF5(file: path, reason: "it is not a regular file")) {
                _ = try HDF5File(creating: path, replacing: true)
            }
        }
    }

    @Test func aFileBeingWrittenIsNotRead() throws {
        let folder = TemporaryFolder()
        let path = folder.path("x.h5")
        let file = try HDF5File(creating: path)
        try file.root.write([1.5], as: "x")
        try file.flush()
        #expect(throws: HDF5Error.fileInUse(file: path)) { _ = try HDF5File(opening: path) }
        try file.close()
        #expect(try HDF5File(opening: path).root.dataset(named: "x").read(as: Double.self) == [1.5])
    }
}

/// What is done on a full disk, in a process of its own.
private enum FullDisk {
    private static func limit(_ bytes: rlim_t) {
        var limits = rlimit(rlim_cur: bytes, rlim_max: .max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
    }

    private static func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    private static func write(to path: String, withDigest: Bool) throws(HDF5Error) {
        let file = try HDF5File(creating: path, replacing: true, withDigest: withDigest)
        for name in ["a", "b"] {
            let group = try file.root.createGroup(name)
            try group.attributes.set("text", to: String(repeating: "x", count: 300))
            try group.write([Float](repeating: 1, count: 900), as: "values")
            var growing = try group.createGrowingDataset("rows", rowShape: [50], of: Float.self)
            for _ in 0..<10 { try growing.append([Float](repeating: 2, count: 500)) }
        }
        try file.close()
    }

    static func everywhere() throws {
        signal(SIGXFSZ, SIG_IGN)
        let folder = TemporaryFolder()
        let path = folder.path("full.h5")
        for withDigest in [false, true] {
            limit(.max)
            try write(to: path, withDigest: withDigest)
            let size = try folder.bytes(of: "full.h5").count
            let before = try openFiles()
            for most in stride(from: 0, to: size, by: 251) {
                limit(rlim_t(most))
                do throws(HDF5Error) {
                    try write(to: path, withDigest: withDigest)
                    preconditionFailure("a file of \(size) bytes was written to \(most)")
                } catch {
                    precondition(error == .diskFull(file: path), "\(most): \(error)")
                }
                let left = try folder.bytes(of: "full.h5").count
                precondition(left == 0, "\(most): \(left) bytes are left")
            }
            let after = try openFiles()
            precondition(after == before, "\(before) files were open, now \(after)")
        }
    }

    static func afterwards() throws {
        signal(SIGXFSZ, SIG_IGN)
        let folder = TemporaryFolder()
        let file = try HDF5File(creating: folder.path("full.h5"), named: "final.h5")
        let group = try file.root.createGroup("a")
        limit(10_000)
        expectFull { () throws(HDF5Error) in
            try group.write([Float](repeating: 1, count: 1_000_000), as: "x")
        }
        expectFull { () throws(HDF5Error) in try group.attributes.set("x", to: 1) }
        expectFull { () throws(HDF5Error) in try file.flush() }
        do throws(HDF5Error) {
            try file.close()
            preconditionFailure("it was closed")
        } catch { precondition(error == full, "\(error)") }
    }

    private static let full = HDF5Error.diskFull(file: "final.h5")

    private static func expectFull(_ body: () throws(HDF5Error) -> Void) {
        do throws(HDF5Error) {
            try body()
            preconditionFailure("no error")
        } catch { precondition(error == full, "\(error)") }
    }
}
