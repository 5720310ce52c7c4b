import Foundation
import Glibc
import Testing

@testable import HDF5

@Suite struct FileTests {
    private let folder: TemporaryFolder

    init() throws { folder = TemporaryFolder() }

    private func writeSample(to path: String) throws {
        let file = try HDF5File(creating: path)
        try file.root.attributes.set("recipe", to: String(repeating: "epochs: 1\n", count: 10_000))
        for group in ["model", "optimizer"] {
            let group = try file.root.createGroup(group)
            for index in 0..<20 {
                let values = (0..<1000).map { Float($0 * index) }
                try group.write(values, shape: [10, 100], as: "layer.\(index)")
                try group.attributes.set("a\(index)", to: index)
            }
            try group.write((0..<1000).map { "word\($0)" }, as: "vocabulary")
        }
        try file.close()
    }

    @Test func equalContentMakesEqualBytes() throws {
        try writeSample(to: folder.path("a.h5"))
        // Times are recorded in seconds, so this would show one.
        sleep(1)
        try writeSample(to: folder.path("b.h5"))
        #expect(try folder.bytes(of: "a.h5") == folder.bytes(of: "b.h5"))
    }

    @Test func pathsThatCannotBeOpened() throws {
        func message(_ path: String) -> String? {
            #expect(throws: HDF5Error.self) { _ = try HDF5File(opening: path) }?.description
        }
        let none = folder.path("none.h5")
        #expect(message(none) == "\(none): no such file or folder; check the path")
        let directory = folder.path("")
        #expect(message(directory) == "\(directory): not an HDF5 file: it is a folder")
        let empty = try folder.write([], to: "empty.h5")
        #expect(message(empty) == "\(empty): not an HDF5 file: it is empty")
        #expect(message("") == ": \"\" cannot be a name: it is empty")
        let pipe = folder.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(message(pipe) == "\(pipe): not an HDF5 file: it is not a regular file")
        #expect(
            throws: HDF5Error.invalidName(
                file: "a\\0b", name: "a\0b", reason: "it contains a NUL character")
        ) { _ = try HDF5File(opening: "a\0b") }
    }

    @Test func filesAreReplacedOnlyWhenAsked() throws {
        let path = folder.path("twice.h5")
        try writeSample(to: path)
        let error = #expect(throws: HDF5Error.self) { _ = try HDF5File(creating: path) }
        #expect(
            error?.description == "\(path): already exists; remove it or choose another name")
        try HDF5File(creating: path, replacing: true).close()
        #expect(try HDF5File(opening: path).root.childNames() == [])
        let lost = folder.path("no/such/folder.h5")
        #expect(throws: HDF5Error.fileMissing(file: lost)) { _ = try HDF5File(creating: lost) }
    }

    @Test func aFileBeingReadIsNotReplaced() throws {
        let path = folder.path("busy.h5")
        try writeSample(to: path)
        let reader = try HDF5File(opening: path)
        #expect(throws: HDF5Error.fileInUse(file: path)) {
            _ = try HDF5File(creating: path, replacing: true)
        }
        let names = try HDF5File(opening: path).root.childNames()
        #expect(try reader.root.childNames() == names)
    }

    /// File systems without locks (NFS, Lustre) refuse to give one, which must not end a run.
    @Test func noLockIsAskedFor() throws {
        let path = folder.path("unlocked.h5")
        let file = try HDF5File(creating: path)
        let other = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(other) }
        #expect(flock(other, LOCK_EX | LOCK_NB) == 0)
        try file.close()
    }

    @Test func readersCannotWrite() throws {
        let path = folder.path("read.h5")
        try writeSample(to: path)
        let file = try HDF5File(opening: path)
        let dataset = try file.root.dataset(named: "model/layer.0")
        let error = HDF5Error.readOnly(file: path, object: "/")
        #expect(throws: error) { _ = try file.root.createGroup("x") }
        #expect(throws: error) { try file.root.write(["a"], as: "x") }
        #expect(throws: error) { try file.root.attributes.set("x", to: 1) }
        let write = #expect(throws: HDF5Error.self) {
            try dataset.write([Float](repeating: 0, count: 1000))
        }
        #expect(
            write?.description == """
                \(path): /model/layer.0 cannot be written: \
                the file was opened for reading only
                """)
    }

    @Test func closingClosesEverything() throws {
        let path = folder.path("closed.h5")
        let file = try HDF5File(creating: path)
        let group = try file.root.createGroup("model")
        let attributes = group.attributes
        try file.close()
        let error = #expect(throws: HDF5Error.self) { _ = try group.childNames() }
        #expect(
            error?.description == "\(path): /model was used after the file had been closed")
        #expect(throws: HDF5Error.closed(file: path, object: "/model")) {
            try attributes.set("x", to: 1)
        }
    }

    @Test func objectsKeepTheirFileOpen() throws {
        let path = folder.path("kept.h5")
        try writeSample(to: path)
        let model = try HDF5File(opening: path).root.group(named: "model")
        #expect(try model.dataset(named: "layer.1").read(as: Float.self)[999] == 999)
    }

    @Test func handlesWorkOnManyThreads() async throws {
        let path = folder.path("threads.h5")
        try writeSample(to: path)
        let sums = try await withThrowingTaskGroup(of: Float.self) { tasks in
            for index in 0..<20 {
                tasks.addTask {
                    let file = try HDF5File(opening: path)
                    let layer = try file.root.dataset(named: "model/layer.\(index)")
                    return try layer.read(as: Float.self).reduce(0, +)
                }
            }
            return try await tasks.reduce(into: Set<Float>()) { $0.insert($1) }
        }
        #expect(sums.count == 20)
    }

    /// In a process of its own, where nothing else has files open.
    @Test func nothingIsLeftOpen() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let bad = try folder.write([1, 2, 3], to: "bad.h5")
            var before = 0
            for cycle in 0..<1000 {
                let path = folder.path("cycle.h5")
                let file = try HDF5File(creating: path, replacing: true)
                let group = try file.root.createGroup("g")
                try group.write([1.5], as: "x")
                try group.write(["a"], as: "s")
                try group.attributes.set("text", to: "t")
                try group.attributes.set("flag", to: true)
                if cycle % 2 == 0 { try file.close() } else { try file.flush() }
                // Every fiftieth time is enough for the slower ways.
                if cycle % 100 == 0 {
                    let read = try HDF5File(opening: path)
                    _ = readEverything(in: read.root)
                    _ = try? read.root.group(named: "none/such")
                    _ = try? read.root.dataset(named: "g")
                    _ = try? HDF5File(opening: bad)
                }
                if cycle == 0 { before = Library.openIdentifiers }
            }
            precondition(Library.openIdentifiers == before)
        }
    }

    /// A limit on the size of files stands in for a full disk.
    @Test func aFullDiskIsReported() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let path = folder.path("full.h5")
            do {
                let file = try HDF5File(creating: path)
                try file.root.write([Float](repeating: 1, count: 1_000_000), as: "x")
                try file.close()
                preconditionFailure("a file larger than the disk was written")
            } catch let error as HDF5Error {
                precondition(error == .diskFull(file: path), error.description)
            }
            // There is room again when the file is gone.
            try FileManager.default.removeItem(atPath: path)
            let file = try HDF5File(creating: path)
            try file.root.write([Float](repeating: 1, count: 1_000), as: "x")
            try file.close()
            _ = try HDF5File(opening: path).root.dataset(named: "x")
        }
    }
}
