import Foundation
import Support
import TestSupport
import Testing

@Suite struct RegularFileTests {
    private let folder = TestSupport.TemporaryFolder()

    private func reason(_ path: String) -> String? {
        do throws(RegularFile.Failure) {
            _ = try RegularFile.bytes(path)
            return nil
        } catch { return error.reason }
    }

    @Test func allBytesOrTheFirst() throws {
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let path = try folder.write(bytes, to: "file")
        #expect(try RegularFile.bytes(path) == bytes)
        #expect(try RegularFile.bytes(path, first: 3) == [0, 7, 14])
        #expect(try RegularFile.bytes(try folder.write("", to: "empty")) == [])
    }

    /// Nobody writes to the pipe: to open it as files are opened would wait for ever.
    @Test func nothingElseIsReadOrWaitedFor() throws {
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        #expect(reason(folder.path("pipe")) == "it is a pipe, not a regular file")
        #expect(reason("/dev/zero") == "it is a device, not a regular file")
        #expect(reason(folder.url.path) == "it is a folder, not a regular file")
        #expect(reason(folder.path("none")) == "No such file or directory")
        #expect(RegularFile.otherKind(folder.path("pipe")) == "a pipe")
        #expect(RegularFile.otherKind(folder.path("none")) == nil)
    }

    @Test func theHomeFolder() {
        let home = ProcessInfo.processInfo.environment["HOME"] ?? NSHomeDirectory()
        #expect(expandingHome("~") == home)
        #expect(expandingHome("~/run") == home + "/run")
        for path in ["run", "/run", "a/~/b", "~root/x", "./~", ""] {
            #expect(expandingHome(path) == path)
        }
    }
}
