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

    /// A folder that cannot be looked at is not said to be absent.
    @Test func aFolderThatCannotBeLookedAt() throws {
        let loop = folder("loop")
        try FileManager.default.createSymbolicLink(at: loop, withDestinationURL: loop)
        let error = #expect(throws: SerializationError.self) {
            try AtomicFile.write(Data(), to: loop.appending(path: "file"))
        }
        #expect(
            error?.description.contains("symbolic links") == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("no folder") == false)
    }

    @Test func errorsDoNotNameTemporaryFiles() {
        let error = SerializationError.unwritable(
            path: "/a/.out.1.part/vocab.txt", reason: "there is no folder /a/.out.1.part")
        #expect(
            error.renaming("/a/.out.1.part", to: "/a/out")
                == .unwritable(path: "/a/out/vocab.txt", reason: "there is no folder /a/out"))
    }

    /// Process numbers mean nothing without the machine, and without the container, that they belong to.
    @Test func temporaryNamesSayWhereTheyAreFrom() throws {
        var name = ""
        try AtomicFile.write(to: folder("file")) { temporary in
            name = temporary.lastPathComponent
            try Data().write(to: temporary)
        }
        let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        #expect(boot.filter(\.isHexDigit).hasSuffix(Temporary.machine.prefix { $0 != "-" }))
        let container = try FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/ns/pid")
        #expect(container.hasSuffix("[\(Temporary.machine.split(separator: "-").last ?? "")]"))
        #expect(name.hasPrefix(".file.\(Temporary.machine).\(getpid())."))
        #expect(name.hasSuffix(".part"))
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
        let (here, gone) = (Temporary.machine, process.processIdentifier)
        let dead = ".file.\(here).\(gone).1f.part"
        let others = [
            ".file.\(here).\(getpid()).1f.part", ".file.part", ".other.\(here).\(gone).1f.part",
            // Of another machine or container, where a process may well have this number.
            ".file.\(gone).1f.part", ".file.0123456789abcdef-4026531836.\(gone).1f.part",
            // Nothing that this program would call a file.
            ".file.\(here).\(gone).part", ".file.\(here).\(gone).notes.part",
            ".file.\(here).\(gone).1f.part.orig", ".file.\(here).\(gone).1f..part",
        ]
        for name in [dead] + others { try Data().write(to: folder(name)) }
        try AtomicFile.write(Data("new".utf8), to: folder("file"))
        #expect(folder.entries == (others + ["file"]).sorted())
    }
}
