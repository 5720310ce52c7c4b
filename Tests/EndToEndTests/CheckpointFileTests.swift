import Foundation
import HDF5
import Simile
import TestSupport
import Testing

/// Damaged checkpoints and HDF5 files from elsewhere: a line that names the file, and status 1.
@Suite struct CheckpointFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = TemporaryFolder() }

    private func inspect(_ url: URL) throws -> CommandRunner.Output {
        try CommandRunner.run(["inspect", url.path])
    }

    @Test func aDamagedCheckpointIsRefused() throws {
        let url = URL(filePath: try folder.newModel())
        let whole = try Data(contentsOf: url)
        for byte in [5, 100, 600, whole.count / 2, whole.count - 1] {
            var bytes = whole
            bytes[byte] ^= 1
            try bytes.write(to: url)
            let output = try inspect(url)
            #expect(output.status == 1)
            #expect(output.error.hasPrefix("Error: \(url.path): damaged: its "), "\(output.error)")
        }
    }

    /// Nothing but a trial in another process, and checksums, stands between this file and HDF5.
    @Test func version1() throws {
        let file = CommandRunner.repository.appending(path: "Tests/Version1/step-00000002.h5")
        let sound = try inspect(file)
        #expect(sound.status == 0, "\(sound.error)")
        #expect(sound.out.contains("the softmax loss, 2 steps, 1 whole epochs"))
        let whole = try Data(contentsOf: file)
        let used = whole.indices.filter { whole[$0] != 0 }
        var refused = 0
        for index in stride(from: 0, to: used.count, by: used.count / 20) {
            var bytes = whole
            bytes[used[index]] ^= 0xFF
            try bytes.write(to: folder("a.h5"))
            let output = try inspect(folder("a.h5"))
            #expect([0, 1].contains(output.status), "byte \(used[index])")
            if output.status == 1 {
                refused += 1
                #expect(
                    output.error.hasPrefix("Error: \(folder("a.h5").path): "), "\(output.error)")
            }
        }
        #expect(refused >= 15)
    }

    /// A Keras file that lies about the length of its strings, which the HDF5 library does not survive
    /// everywhere.
    @Test func damagedKeras() throws {
        let model = folder("model")
        let export = try CommandRunner.run(["export", try folder.newModel(), model.path])
        try #require(export.status == 0, "\(export.error)")
        try folder.removeManifest(of: "model")
        try FileManager.default.removeItem(at: model.appending(path: "model.safetensors"))
        let url = model.appending(path: "tf_model.h5")
        let file = try HDF5File(creating: url.path)
        try file.root.attributes.set("layer_names", to: ["bert"])
        try file.root.createGroup("bert").write([Float](repeating: 1.5, count: 1000), as: "x")
        try file.close()
        let other = try inspect(model)
        #expect(other.status == 1)
        #expect(other.error.contains("tf_model.h5: /bert@weight_names does not exist"))

        var bytes = try Data(contentsOf: url)
        let numbers = try #require(
            bytes.firstRange(of: Data([0, 0, 0xC0, 0x3F, 0, 0, 0xC0, 0x3F])))
        bytes[numbers.lowerBound + 400] ^= 1
        try bytes.write(to: url)
        let damaged = try inspect(model)
        #expect(damaged.status == 1)
        #expect(
            damaged.error == """
                Error: \(url.path): /bert/x fails its checksum: the bytes changed after they were \
                written; use another copy of the file

                """)
    }
}
