import Foundation
import Kernels
import Simile
import Testing

/// The commands that read a model and print.
@Suite struct QueryCommandTests {
    @Test func tokenize() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let output = try CommandRunner.run(
            ["tokenize", start, "--tokens", "--jsonl"], input: "\"the dog\"\n{\"text\": \"\"}\n")
        let lines = output.out.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].contains("\"tokens\":[\"[CLS]\",\"the\",\"do"))
        #expect(lines[1].contains("\"ids\":[2,3]"))

        let bad = try CommandRunner.run(
            ["tokenize", start, "--jsonl"], input: "\"fine\"\nnot json\n")
        #expect(bad.status == 1)
        #expect(bad.error.contains("standard input:2: expected a JSON string"), "\(bad.error)")

        // The same text as an argument, a line of standard input, and a line of a file.
        let file = try folder.write("the dog\n\n", to: "texts.txt")
        for (arguments, input) in [
            (["the dog", ""], nil), ([], "the dog\n\n"), (["--file", "-"], "the dog\n\n"),
            (["--file", file], nil),
        ] as [([String], String?)] {
            let plain = try CommandRunner.run(
                ["tokenize", start, "--tokens"] + arguments, input: input)
            #expect(plain.out == output.out, "\(arguments)")
        }
        let both = try CommandRunner.run(["tokenize", start, "a", "--file", file])
        #expect(both.status == 64)
    }

    @Test func similarity() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let output = try CommandRunner.run([
            "similarity", start, "a dog", "a red car", "a dog", "--explain",
        ])
        #expect(output.status == 0)
        let rows = output.out.split(separator: "\n")
        #expect(rows.count == 4)
        #expect(rows[0] == "a dog")
        #expect(rows[1] == "cosine  sentence")
        #expect(rows[2] == "1.0000  a dog", "the most similar comes first")
        #expect(rows[3].hasSuffix("  a red car"))
        for part in ["token ids", "last hidden state", "mask counts", "pooled (mean)", "[3, 32]"] {
            #expect(output.error.contains(part), "\(part)")
        }
        struct Result: Decodable {
            struct Row: Decodable { let index: Int; let sentence: String; let cosine: Float }
            let similarities: [Row]
        }
        let json = try CommandRunner.run([
            "similarity", start, "a dog", "a red car", "a dog", "--json",
        ])
        let result = try JSONDecoder().decode(Result.self, from: Data(json.out.utf8))
        #expect(result.similarities.map(\.index) == [2, 1])
        #expect(abs(result.similarities[0].cosine - 1) < 1e-5)
    }

    @Test func encodeIsWhatTheLibraryGives() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let sentences = ["the dog runs", "", "a cat", "the weather is nice today"]
        let output = try CommandRunner.run(
            ["encode", start, "--chunk", "3"], input: sentences.map { $0 + "\n" }.joined())
        let rows = try output.out.split(separator: "\n").map {
            try JSONDecoder().decode([Float].self, from: Data($0.utf8))
        }
        let expected = try SentenceTransformer(path: start).encode(sentences).values
        #expect(rows.count == 4)
        #expect(zip(rows.joined(), expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func convertThereAndBack() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        #expect(try CommandRunner.run(["export", start, folder("model").path]).status == 0)
        #expect(
            try CommandRunner.run(["import", folder("model").path, folder("again.h5").path]).status
                == 0)
        #expect(
            try CommandRunner.run(["export", folder("again.h5").path, folder("model2").path]).status
                == 0)
        #expect(
            try Data(contentsOf: folder("model/model.safetensors"))
                == Data(contentsOf: folder("model2/model.safetensors")))
        let inspect = try CommandRunner.run(["inspect", folder("again.h5").path, "--parameters"])
        #expect(inspect.out.contains("encoder.layer.0.attention.self.query.weight [32, 32]"))
        let json = try CommandRunner.run([
            "inspect", folder("again.h5").path, "--parameters", "--json",
        ])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any])
        #expect(object["embedding_dimension"] as? Int == 32)
        #expect((object["encoder"] as? [String: Any])?["layers"] as? Int == 1)
        let shapes = try #require(object["parameter_shapes"] as? [String: [Int]])
        #expect(shapes["encoder.layer.0.attention.self.query.weight"] == [32, 32])
    }

    @Test func doctor() throws {
        let output = try CommandRunner.run([
            "doctor", "--json", "--seconds", "0.05", "--threads", "1",
        ])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any])
        #expect(object["threads"] as? Int == 1)
        #expect((object["sgemm_gflops"] as? Double ?? 0) > 0)
        #expect((object["own_gflops"] as? Double ?? 0) > 0)
        #expect(object["products"] as? String == GEMM.Engine.preferred.rawValue)
        #expect((object["library"] as? String)?.contains("blas") == true)
        for key in ["simile", "swift", "os", "kernel", "processor", "hdf5", "zlib", "curl"] {
            let text = try #require(object[key] as? String, "\(key)")
            #expect(!text.isEmpty && text != "unknown", "\(key)")
        }
        #expect((object["memory_bytes"] as? Int ?? 0) > 1 << 20)
        #expect((object["processors"] as? Int ?? 0) >= 1)
    }

    @Test func version() throws {
        let output = try CommandRunner.run(["--version"])
        #expect(output.status == 0)
        #expect(
            output.out.firstMatch(of: #/^simile \d+\.\d+\.\d+.*, Swift \d+\.\d+.*, Linux /#) != nil)
    }

    @Test func moreThreadsThanProcessorsAreNotTaken() throws {
        let count = ProcessorCount.available
        let output = try CommandRunner.run([
            "doctor", "--json", "--seconds", "0.01", "--threads", "1024",
        ])
        #expect(output.out.contains("\"threads\":\(count),"), "\(output.out)")
        #expect(output.error.hasPrefix("--threads 1024: this process may use \(count) processor"))
    }
}
