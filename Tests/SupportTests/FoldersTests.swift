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
