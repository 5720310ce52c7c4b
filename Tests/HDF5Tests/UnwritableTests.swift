import Foundation
import Testing

@testable import HDF5

/// Disks that fail at any write: an error, never a crash, and no file that looks whole.
@Suite struct UnwritableTests {
    private static func write(to path: String, withDigest: Bool) throws(HDF5Error) {
        let file = try HDF5File(creating: path, replacing: true, withDigest: withDigest)
        for name in ["a", "b"] {
            let group = try file.root.createGroup(name)
            try group.attributes.set("text", to: String(repeating: "x", count: 300))
            try group.write([Float](repeating: 1, count: 900), as: "values")
            let growing = try group.createGrowingDataset("rows", rowShape: [50], of: Float.self)
            for _ in 0..<10 { try growing.append([Float](repeating: 2, count: 500)) }
        }
        try file.close()
    }

    /// A limit on the size of files, wherever it lies, stands in for a disk that fills up.
    @Test func wheneverTheDiskIsFull() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            signal(SIGXFSZ, SIG_IGN)
            let path = folder.path("full.h5")
            func open() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            }
            func limit(_ bytes: rlim_t) {
                var limits = rlimit(rlim_cur: bytes, rlim_max: RLIM_INFINITY)
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
            }
            for withDigest in [false, true] {
                limit(RLIM_INFINITY)
                try UnwritableTests.write(to: path, withDigest: withDigest)
                let size = try folder.bytes(of: "full.h5").count
                let before = try open()
                for most in stride(from: 0, to: size, by: 251) {
                    limit(rlim_t(most))
                    do throws(HDF5Error) {
                        try UnwritableTests.write(to: path, withDigest: withDigest)
                        preconditionFailure("a file of \(size) bytes was written to \(most)")
                    } catch {
                        precondition(error == .diskFull(file: path), "\(most): \(error)")
                    }
                    let left = try folder.bytes(of: "full.h5").count
                    precondition(left == 0, "\(most): \(left) bytes are left")
                }
                let after = try open()
                precondition(after == before, "\(before) files were open, now \(after)")
            }
        }
    }

    /// Once a write failed, everything says so, and all can be let go.
    @Test func afterAFailureNothingIsWritten() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            signal(SIGXFSZ, SIG_IGN)
            let path = folder.path("full.h5")
            let file = try HDF5File(creating: path, named: "final.h5")
            let group = try file.root.createGroup("a")
            var limits = rlimit(rlim_cur: 10_000, rlim_max: RLIM_INFINITY)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
            let full = HDF5Error.diskFull(file: "final.h5")
            func expectFull(_ body: () throws(HDF5Error) -> Void) {
                do throws(HDF5Error) {
                    try body()
                    preconditionFailure("no error")
                } catch { precondition(error == full, "\(error)") }
            }
            expectFull { () throws(HDF5Error) in
                try group.write([Float](repeating: 1, count: 100_000), as: "x")
            }
            expectFull { () throws(HDF5Error) in try group.attributes.set("x", to: 1) }
            expectFull { () throws(HDF5Error) in try file.flush() }
            expectFull { () throws(HDF5Error) in try file.close() }
        }
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
        let path = TemporaryFolder().path("x.h5")
        let folder = TemporaryFolder()
        let own = folder.path("x.h5")
        let file = try HDF5File(creating: own)
        try file.root.write([1.5], as: "x")
        try file.flush()
        #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: own) }
        try file.close()
        #expect(try HDF5File(opening: own).root.dataset(named: "x").read(as: Double.self) == [1.5])
        #expect(throws: HDF5Error.fileMissing(file: path)) { _ = try HDF5File(creating: path) }
    }
}
