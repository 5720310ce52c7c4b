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
}
