import Foundation
import Testing

@Suite struct ExportCommandTests {
    @Test func theNameTellsTheFormat() throws {
        let folder = TemporaryFolder()
        let model = try folder.newModel()
        for (name, start, note) in [
            ("a.onnx", [0x08, 0x08], "an ONNX model"),
            ("b.gguf", Array("GGUF".utf8), "a GGUF model, f32"),
        ] as [(String, [UInt8], String)] {
            let output = try CommandRunner.run(["export", model, folder(name).path])
            #expect(output.status == 0)
            #expect(output.error == "\(folder(name).path): \(note)\n")
            #expect(try Data(contentsOf: folder(name)).starts(with: start))
        }
        let output = try CommandRunner.run([
            "export", model, folder("c").path, "--format", "gguf", "--type", "q8_0",
        ])
        #expect(output.error == "\(folder("c").path): a GGUF model, q8_0\n")
        let smaller = try Data(contentsOf: folder("c"))
        #expect(try smaller.count < Data(contentsOf: folder("b.gguf")).count)
    }

    @Test(arguments: [
        (["model", "--type", "f16"], 64, "--type is for gguf; the format is folder"),
        (["m.gguf", "--quantize", "int8"], 64, "--quantize is for onnx; the format is gguf"),
        (["m.onnx", "--type", "f16"], 64, "--type is for gguf; the format is onnx"),
        (["m.gguf", "--type", "q4_0"], 64, "'q4_0' is invalid for '--type <type>'"),
        (["x/m.onnx"], 1, "cannot be written (there is no folder"),
        (["taken.onnx"], 1, "taken.onnx: is a folder, but onnx is one file; give a file's name"),
    ])
    func mistakes(arguments: [String], status: Int32, message: String) throws {
        let folder = TemporaryFolder()
        let model = try folder.newModel()
        try FileManager.default.createDirectory(
            at: folder("taken.onnx"), withIntermediateDirectories: false)
        let before = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        let output = try CommandRunner.run(["export", model] + arguments, in: folder.url)
        #expect(output.status == status)
        #expect(output.error.contains(message), "\(output.error)")
        let after = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(after.sorted() == before.sorted())
    }
}
