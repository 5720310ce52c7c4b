import Foundation
import TestSupport
import Testing

extension Interop {
    /// A checkpoint in the hands of h5py.
    @Suite(.enabled(if: Python.has("h5py"), Python.missing("h5py")))
    struct CheckpointTests {
        private struct Found: Decodable {
            let blockSize, version: Int
            let names: [String]
            let isStale: Bool
        }

        /// The documented check of the digest holds, h5py skips the block, and a file that was edited is
        /// read again once it has the documented block.
        @Test func theUserBlockIsAsDocumented() throws {
            let folder = TemporaryFolder()
            let path = try folder.newModel()
            let document = try String(
                contentsOf: CommandRunner.repository.appending(path: "Checkpoints/FORMAT.md"),
                encoding: .utf8)
            let start = try #require(document.firstRange(of: "import hashlib")).lowerBound
            let code = document[start...].prefix { $0 != "`" }.replacing(
                "\"step-00000360.h5\"", with: "path")
            let script = """
                import json, sys, h5py
                path, code = sys.argv[1:]
                exec(code)
                with h5py.File(path) as f:
                    found = {"blockSize": f.userblock_size, "names": list(f["model"]),
                             "version": int(f.attrs["format_version"])}
                with h5py.File(path, "r+") as f:
                    f["model"].attrs.modify("max_seq_length", 17)
                data = open(path, "rb").read()
                found["isStale"] = data[:512] != block(data[512:])
                with open(path + ".edited", "wb") as f:
                    f.write(block(data[512:]) + data[512:])
                print(json.dumps(found))
                """
            let found = try Python.value(of: script, [path, String(code)], as: Found.self)
            #expect(found.blockSize == 512)
            #expect(found.version == 2)
            #expect(found.names.contains("encoder.layer.0.attention.self.query.weight"))
            #expect(found.isStale)
            let stale = try CommandRunner.run(["inspect", path])
            #expect(stale.status == 1)
            #expect(stale.error.contains("SHA-256"), "\(stale.error)")
            let edited = try CommandRunner.run(["inspect", path + ".edited"])
            #expect(edited.status == 0, "\(edited.error)")
            #expect(edited.out.contains("max length       17 tokens"))
        }
    }
}
