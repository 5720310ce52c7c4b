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
            #expect(output.error.hasPrefix("\(folder(name).path): \(note), "))
            #expect(output.error.hasSuffix(" MB\n"))
            #expect(try Data(contentsOf: folder(name)).starts(with: start))
        }
        let output = try CommandRunner.run([
            "export", model, folder("c").path, "--format", "gguf", "--type", "q8_0",
        ])
        #expect(output.error.hasPrefix("\(folder("c").path): a GGUF model, q8_0, "))
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
        (
            ["m.safetensors"], 64,
            "give the name of a folder, which will have model.safetensors in it"
        ),
        (["m.h5"], 64, "no format for .h5; 'simile import' writes HDF5 checkpoints"),
        (["kept.gguf"], 1, "kept.gguf: exists already; give another name, or --overwrite"),
    ])
    func mistakes(arguments: [String], status: Int32, message: String) throws {
        let folder = TemporaryFolder()
        let model = try folder.newModel()
        try FileManager.default.createDirectory(
            at: folder("taken.onnx"), withIntermediateDirectories: false)
        _ = try folder.write("precious", to: "kept.gguf")
        let before = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        let output = try CommandRunner.run(["export", model] + arguments, in: folder.url)
        #expect(output.status == status)
        #expect(output.error.contains(message), "\(output.error)")
        let after = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(after.sorted() == before.sorted())
        #expect(try String(contentsOf: folder("kept.gguf"), encoding: .utf8) == "precious")
    }

    @Test func whatIsThereIsReplacedOnlyWhenAskedFor() throws {
        let folder = TemporaryFolder()
        let model = try folder.newModel()
        let path = folder("m").path
        #expect(try CommandRunner.run(["export", model, path]).status == 0)
        #expect(try CommandRunner.run(["export", model, path]).status == 1)
        let again = try CommandRunner.run(["export", model, path, "--overwrite", "--json"])
        #expect(again.status == 0 && again.error == "")
        #expect(again.out.contains(#""format":"folder""#))
        #expect(again.out.contains(#""embedding_dimension":32"#))
        // An empty file is nothing to lose.
        let empty = try folder.write("", to: "empty.gguf")
        #expect(try CommandRunner.run(["export", model, empty]).status == 0)
        let checkpoint = folder("m.h5").path
        let imported = try CommandRunner.run(["import", path, checkpoint, "--json"])
        #expect(imported.out.contains(#""format":"checkpoint""#))
        #expect(try CommandRunner.run(["import", path, checkpoint]).status == 1)
    }

    /// Where sentence-transformers looks for it.
    @Test func anONNXFolder() throws {
        let folder = TemporaryFolder()
        let model = try folder.newModel()
        let output = try CommandRunner.run([
            "export", model, folder("m").path, "--format", "onnx",
        ])
        #expect(output.error.contains("a folder with an ONNX model as onnx/model.onnx"))
        for name in ["onnx/model.onnx", "tokenizer.json", "config.json", "modules.json"] {
            #expect(FileManager.default.fileExists(atPath: folder("m/\(name)").path), "\(name)")
        }
        // It is a model's folder, and replaced as one.
        #expect(try CommandRunner.run(["inspect", folder("m").path]).status == 0)
        let again = try CommandRunner.run(["export", model, folder("m").path, "--overwrite"])
        #expect(again.status == 0, "\(again.error)")
        #expect(!FileManager.default.fileExists(atPath: folder("m/onnx").path))
    }
}
