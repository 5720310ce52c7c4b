import Foundation
import TestSupport
import Testing

@testable import SentenceEmbedding

@Suite struct RunFolderTests {
    /// Neither what was just written nor what others put there.
    @Test func onlyOlderCheckpointsAreRemoved() throws {
        let folder = TemporaryFolder()
        let checkpoints = folder("checkpoints")
        try FileManager.default.createDirectory(
            at: checkpoints, withIntermediateDirectories: true)
        let others = ["best.h5", "step-00000002-mine.h5", "step-00000009.h5", "step-final.h5"]
        for name in (1...4).map({ "step-0000000\($0).h5" }) + others {
            try Data([1]).write(to: checkpoints.appending(path: name))
        }
        let problems = RunFolder(folder.url.path, format: .json).removeCheckpoints(
            upTo: 4, keeping: 2)
        #expect(problems.isEmpty)
        let left = try FileManager.default.contentsOfDirectory(atPath: checkpoints.path).sorted()
        #expect(left == (["step-00000003.h5", "step-00000004.h5"] + others).sorted())
    }
}
