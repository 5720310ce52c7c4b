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
            try AtomicFolder.write(to: folder("model"), owns: { _ in true }) { temporary in
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
            try AtomicFolder.write(to: folder("model"), owns: { _ in true }) { _ in throw Stopped()
            }
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder("model").path).sorted()
                == names)
        #expect(folder.entries == ["model"])
    }

    @Test func somebodysFilesAreLeftAlone() throws {
        try FileManager.default.createDirectory(
            at: folder("model/notes"), withIntermediateDirectories: true)
        for name in ["model/config.json", "model/notes/a.txt", "model/z.csv", "file"] {
            try Data("precious".utf8).write(to: folder(name))
        }
        let error = #expect(throws: SerializationError.self) {
            try AtomicFolder.write(to: folder("model"), owns: { $0 == "config.json" }) { _ in }
        }
        #expect(
            error
                == .otherFilesInFolder(
                    path: folder("model").path, files: ["notes/a.txt", "z.csv"]))
        let refusal = #expect(throws: SerializationError.self) {
            try AtomicFolder.write(to: folder("file"), owns: { _ in true }) { _ in }
        }
        #expect(refusal == .unwritable(path: folder("file").path, reason: "it is a file"))
        #expect(folder.entries == ["file", "model"])
        #expect(try Data(contentsOf: folder("model/z.csv")) == Data("precious".utf8))
    }

    @Test func whatADeadProcessLeftIsRemoved() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/true")
        try process.run()
        process.waitUntilExit()
        let dead = ".file.\(process.processIdentifier).1f.part"
        let others = [
            ".file.\(getpid()).1f.part", ".file.part",
            ".other.\(process.processIdentifier).1f.part",
        ]
        for name in [dead] + others { try Data().write(to: folder(name)) }
        try AtomicFile.write(Data("new".utf8), to: folder("file"))
        #expect(folder.entries == (others + ["file"]).sorted())
    }
}
