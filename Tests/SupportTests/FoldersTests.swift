import Foundation
import TestSupport
import Testing

@testable import Support

@Suite struct FoldersTests {
    private let folder = TemporaryFolder()

    @Test func onlyWhatIsCertainlyAbsentIsTakenForIt() throws {
        let files = FileManager.default
        try folder.write("a", to: "file")
        #expect(files.mayExist(atPath: folder.path("file")))
        #expect(!files.mayExist(atPath: folder.path("none")))
        #expect(!files.mayExist(atPath: folder.path("file/inside")))
        #expect(!files.mayExist(atPath: folder.path(String(repeating: "a", count: 300))))
        // A link to itself cannot be looked at: ELOOP, as a disk that fails gives EIO.
        try files.createSymbolicLink(at: folder("loop"), withDestinationURL: folder("loop"))
        #expect(files.mayExist(atPath: folder.path("loop")))
        #expect(!files.fileExists(atPath: folder.path("loop")))
    }

    @Test func foldersAreMadeWithThoseAbove() throws {
        #expect(makeFolders(folder.path("a/b/c")) == 0)
        #expect(makeFolders(folder.path("a/b/c")) == 0)
        #expect(FileManager.default.folderExists(atPath: folder.path("a/b/c")))
        try folder.write("a", to: "file")
        #expect(makeFolders(folder.path("file")) == EEXIST)
        #expect(makeFolders(folder.path("file/d/e")) == ENOTDIR)
        #expect(makeFolders("") == ENOENT)
        // Nobody can make a folder there.
        #expect(makeFolders("/proc/none/inside") == ENOENT)
        #expect(makeFolders(folder.path(String(repeating: "a", count: 300))) == ENAMETOOLONG)
    }

    @Test func severalMakeTheSameFoldersAtOnce() {
        for round in 0..<50 {
            let path = folder.path("\(round)/a/b")
            DispatchQueue.concurrentPerform(iterations: 4) { _ in #expect(makeFolders(path) == 0) }
        }
    }

    /// The file of the listing itself is listed and closed before it is looked at.
    @Test func aFileThatVanishesIsLeftOut() throws {
        _ = try FolderEntry.all(in: "/proc/self/fd")
    }

    @Test func everythingInAFolderIsListed() throws {
        #expect(makeFolders(folder.path("a/b")) == 0)
        try folder.write("1", to: "a/b/.hidden")
        try folder.write("2", to: "file")
        try FileManager.default.createSymbolicLink(
            at: folder("a/up"), withDestinationURL: folder.url)
        let entries = try FolderEntry.all(in: folder.url.path)
        #expect(entries.map(\.path) == ["a", "a/b", "a/b/.hidden", "a/up", "file"])
        #expect(entries.map(\.isFolder) == [true, true, false, false, false])
        // What cannot be listed is an error, where Foundation gives nothing.
        for name in ["none", "file"] {
            #expect(throws: RegularFile.Failure.self) { try FolderEntry.all(in: folder.path(name)) }
        }
    }
}
