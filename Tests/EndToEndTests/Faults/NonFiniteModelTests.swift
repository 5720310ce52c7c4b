import Foundation
import Simile
import TestSupport
import Testing

/// What is said of a model whose training diverged: no command passes it on as if it were one.
@Suite struct NonFiniteModelTests {
    private static let name = "encoder.layer.0.output.dense.bias"

    /// A folder with a weight that is not finite.
    private static func brokenModel(_ value: Float, in folder: TemporaryFolder) throws -> String {
        let start = try folder.newModel()
        try #require(
            try CommandRunner.run(["export", start, folder("broken").path]).status == 0)
        let file = folder("broken/model.safetensors")
        var bytes = try Data(contentsOf: file)
        let length = bytes.prefix(8).enumerated().reduce(0) {
            $0 + Int($1.element) << (8 * $1.offset)
        }
        let header = try #require(
            try JSONSerialization.jsonObject(with: bytes.subdata(in: 8..<8 + length))
                as? [String: [String: Any]])
        let offsets = try #require(header[name]?["data_offsets"] as? [Int])
        for index in 0..<3 {
            let start = 8 + length + offsets[0] + 4 * index
            bytes.replaceSubrange(start..<start + 4, with: value.bitPattern.littleEndianBytes)
        }
        try bytes.write(to: file)
        return folder("broken").path
    }

    @Test(arguments: [Float.nan, -.infinity])
    func nothingIsMadeOfIt(_ value: Float) throws {
        let folder = TemporaryFolder()
        let model = try Self.brokenModel(value, in: folder)
        let before = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        let problem =
            "\(Self.name): 3 of its 32 numbers are NaN or infinite, the first at [0]; training diverged"
        for arguments in [
            ["export", model, folder("out").path], ["export", model, folder("out.onnx").path],
            ["export", model, folder("out.onnx").path, "--quantize", "int8"],
            ["export", model, folder("out.gguf").path],
            ["export", model, folder("out.gguf").path, "--type", "q8_0"],
            ["import", model, folder("out.h5").path], ["similarity", model, "a dog", "a cat"],
            ["inspect", model], ["encode", model, "-o", folder("out.npy").path],
            ["merge", model, model, "--output", folder("out").path],
        ] {
            let output = try CommandRunner.run(arguments)
            #expect(output.status == 1, "\(arguments)")
            #expect(output.error.contains(problem), "\(arguments): \(output.error)")
            #expect(output.out == "")
        }
        let after = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(after.sorted() == before.sorted())
    }
}
