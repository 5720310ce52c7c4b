import Foundation
import Testing

@testable import Serialization

@Suite struct FileLockTests {
    private let folder = TemporaryFolder()

    private func failure(_ name: String) -> FileLock.Failure? {
        do throws(FileLock.Failure) {
            _ = try FileLock(folder(name), holder: "the second")
            return nil
        } catch { return error }
    }

    @Test func onlyOneHasIt() throws {
        var first: FileLock? = try FileLock(folder("lock"), holder: "the first")
        guard case .held(let holder) = failure("lock") else {
            Issue.record("it was taken twice")
            return
        }
        #expect(holder == "the first")
        #expect(first != nil)
        first = nil
        #expect(folder.entries.isEmpty)
        #expect(failure("lock") == nil)
    }

    /// A process that was killed leaves the file, and no lock on it.
    @Test func whatIsLeftIsTaken() throws {
        try folder.write("process 1 on a machine\n", to: "lock")
        let lock = try FileLock(folder("lock"), holder: "the next")
        #expect(String(decoding: try folder.bytes(of: "lock"), as: UTF8.self) == "the next\n")
        withExtendedLifetime(lock) {}
    }

    @Test func noFolderForIt() {
        guard case .unwritable(let reason) = failure("no/lock") else {
            Issue.record("no error")
            return
        }
        #expect(reason == "No such file or directory")
    }
}
