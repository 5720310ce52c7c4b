import Foundation
import Testing

@testable import Serialization

@Suite struct AtomicFileTests {
    private struct Stopped: Error {}
    private let folder = TemporaryFolder()

    @Test func aFileIsReplacedAsAWhole() throws {
        try AtomicFile.write(Data("old".utf8), to: folder("file"))
        try AtomicFile.write(to: folder("file")) { temporary in
            try Data("new".utf8).write(to: temporary)
            #expect(try Data(contentsOf: folder("file")) == Data("old".utf8))
        }
        #expect(try Data(contentsOf: folder("file")) == Data("new".utf8))
        #expect(folder.entries == ["file"])
    }

    @Test func aFailureLeavesTheOldFile() throws {
        try AtomicFile.write(Data("old".utf8), to: folder("file"))
        #expect(throws: Stopped.self) {
            try AtomicFile.write(to: folder("file")) { temporary in
                try Data("half".utf8).write(to: temporary)
                throw Stopped()
            }
        }
        #expect(try Data(contentsOf: folder("file")) == Data("old".utf8))
        #expect(folder.entries == ["file"])
    }

    @Test func aMissingParentIsNamed() {
        let error = #expect(throws: SerializationError.self) {
            try AtomicFile.write(Data(), to: folder("a/b"))
        }
        #expect(error?.description.contains("there is no folder \(folder("a").path)") == true)
        #expect(error?.description.contains("what was there is unchanged") == true)
    }

    @Test func aFolderIsReplacedAsAWhole() throws {
        func write(_ text: String) throws {
            try AtomicFolder.write(to: folder("model")) { temporary in
                try Data(text.utf8).write(to: temporary.appending(path: "config.json"))
                try Data(text.utf8).write(to: temporary.appending(path: text))
            }
        }
        try write("one")
        try write("two")
        #expect(folder.entries == ["model"])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("model").path)
            .sorted()
        #expect(names == ["config.json", "two"])

        #expect(throws: Stopped.self) {
            try AtomicFolder.write(to: folder("model")) { _ in throw Stopped() }
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder("model").path).sorted()
                == names)
        #expect(folder.entries == ["model"])
    }

    @Test func somebodysFolderIsLeftAlone() throws {
        try FileManager.default.createDirectory(
            at: folder("photos"), withIntermediateDirectories: true)
        try Data("precious".utf8).write(to: folder("photos/a.jpg"))
        try Data("precious".utf8).write(to: folder("file"))
        for name in ["photos", "file"] {
            let error = #expect(throws: SerializationError.self) {
                try AtomicFolder.write(to: folder(name)) { _ in }
            }
            #expect(error == .notAModelFolder(path: folder(name).path))
        }
        #expect(folder.entries == ["file", "photos"])
    }
}
