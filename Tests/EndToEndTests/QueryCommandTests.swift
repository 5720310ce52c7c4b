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
            ["tokenize", start, "--tokens"], input: "\"the dog\"\n{\"text\": \"\"}\n")
        let lines = output.out.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].contains("\"tokens\":[\"[CLS]\",\"the\",\"do"))
        #expect(lines[1].contains("\"ids\":[2,3]"))

        let bad = try CommandRunner.run(["tokenize", start], input: "\"fine\"\nnot json\n")
        #expect(bad.status == 1)
        #expect(bad.error.contains("standard input:2: expected a JSON string"))
    }

    @Test func similarity() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let output = try CommandRunner.run([
            "similarity", start, "a dog", "a dog", "a red car", "--explain",
        ])
        #expect(output.status == 0)
        let rows = output.out.split(separator: "\n")
        #expect(rows.count == 4)
        #expect(rows[0].hasPrefix("index  sentence"))
        #expect(rows[2].hasSuffix("1.0000"))
        for part in ["token ids", "last hidden state", "mask counts", "pooled (mean)", "[3, 32]"] {
            #expect(output.error.contains(part), "\(part)")
        }
        struct Result: Decodable {
            struct Row: Decodable { let index: Int; let sentence: String; let cosine: Float }
            let similarities: [Row]
        }
        let json = try CommandRunner.run([
            "similarity", start, "a dog", "a dog", "a red car", "--json",
        ])
        let result = try JSONDecoder().decode(Result.self, from: Data(json.out.utf8))
        #expect(result.similarities.map(\.index) == [1, 2])
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
    }
}
