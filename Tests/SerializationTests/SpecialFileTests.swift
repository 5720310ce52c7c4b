import Foundation
import JSON
import Testing

@testable import ModelFolders
@testable import Serialization

/// Pipes, devices and permissions.
@Suite struct SpecialFileTests {
    private let folder = TemporaryFolder()

    private func mode(_ name: String) -> mode_t {
        var status = stat()
        return lstat(folder.path(name), &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func nothingButAFileIsReplaced() throws {
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        symlink(folder.path("pipe"), folder.path("link"))
        for name in ["pipe", "link"] {
            #expect(
                throws: SerializationError.unwritable(
                    path: folder.path(name), reason: "it is a pipe")
            ) { try AtomicFile.write(Data(), to: folder(name)) }
        }
        #expect(throws: SerializationError.unwritable(path: "/dev/null", reason: "it is a device"))
        { try AtomicFile.write(Data(), to: URL(filePath: "/dev/null")) }
        #expect(
            throws: SerializationError.unwritable(path: folder.path("pipe"), reason: "it is a pipe")
        ) {
            try AtomicFolder.write(to: folder("pipe"), owns: { _ in true }) { _ in }
        }
        #expect(folder.entries == ["link", "pipe"])
    }

    /// A link itself is replaced, as before; what it led to stays.
    @Test func linksAreReplacedThemselves() throws {
        try folder.write("old", to: "target")
        symlink(folder.path("target"), folder.path("link"))
        try AtomicFile.write(Data("new".utf8), to: folder("link"))
        #expect(try folder.bytes(of: "target") == Array("old".utf8))
        #expect(try folder.bytes(of: "link") == Array("new".utf8))
    }

    @Test(arguments: [0o600, 0o640, 0o444] as [mode_t])
    func permissionsStay(_ mode: mode_t) throws {
        try folder.write("old", to: "file")
        chmod(folder.path("file"), mode)
        try AtomicFile.write(Data("new".utf8), to: folder("file"))
        #expect(self.mode("file") == mode)
        func write(_ text: String) throws {
            try AtomicFolder.write(to: folder("model"), owns: { _ in true }) { temporary in
                try Data(text.utf8).write(to: temporary.appending(path: "a"))
            }
        }
        try write("one")
        chmod(folder.path("model/a"), mode)
        chmod(folder.path("model"), 0o700)
        try write("two")
        #expect(self.mode("model/a") == mode)
        #expect(self.mode("model") == 0o700)
    }

    /// Errors name the file that was wanted, and not its unfinished one.
    @Test func errorsNameTheRealFile() throws {
        let error = #expect(throws: SerializationError.self) {
            try AtomicFolder.write(to: folder("model"), owns: { _ in true }) { temporary in
                try AtomicFile.write(Data(), to: temporary.appending(path: "no/config.json"))
            }
        }
        #expect(error?.description.hasPrefix("\(folder.path("model/no/config.json")): ") == true)
    }

    @Test func weightsAndDescriptionsAreNotWaitedFor() throws {
        #expect(mkfifo(folder.path("model.safetensors"), 0o600) == 0)
        #expect(
            throws: SerializationError.unreadable(
                path: folder.path("model.safetensors"), reason: "it is a pipe, not a regular file")
        ) { _ = try SafetensorsFile(folder("model.safetensors")) }
        #expect(mkfifo(folder.path("config.json"), 0o600) == 0)
        let error = #expect(throws: ModelFolderError.self) {
            _ = try ModelFolder(reading: folder.url)
        }
        #expect(error?.description.contains("it is a pipe") == true)
    }
}
