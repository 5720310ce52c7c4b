import Foundation
import HDF5
import Simile
import Testing

/// `simile encode`: what it reads, what it writes and what it refuses.
@Suite struct EncodeCommandTests {
    private let folder: TemporaryFolder
    private let start: String
    private static let sentences = ["the dog runs", "", "a cat", "the weather is nice today"]
    private static let input = sentences.map { $0 + "\n" }.joined()

    init() throws {
        folder = TemporaryFolder()
        start = try folder.newModel()
    }

    private func encode(
        _ arguments: String..., input: String = Self.input
    ) throws -> CommandRunner.Output {
        try CommandRunner.run(["encode", start] + arguments, in: folder.url, input: input)
    }

    private var embeddings: Tensor {
        get throws { try SentenceTransformer(path: start).encode(Self.sentences) }
    }

    /// Chunks do not change the rows; the name of the file says the format.
    @Test func files() throws {
        let expected = try embeddings.values
        let npy = try encode("-o", "a.npy", "--chunk", "3")
        #expect(npy.status == 0, "\(npy.error)")
        #expect(npy.out == "")
        #expect(npy.error.contains("a.npy: 4 embeddings of 32 numbers, float32"))
        let bytes = try Data(contentsOf: folder("a.npy"))
        let values = bytes[128...].withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        #expect(bytes.count == 128 + 4 * 32 * 4)
        #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-6 })

        #expect(try encode("-o", "a.hdf5", "--chunk", "3", "--normalize").status == 0)
        let dataset = try HDF5File(opening: folder("a.hdf5").path).root.dataset(named: "embeddings")
        #expect(dataset.shape == [4, 32])
        #expect(try dataset.attributes.string("model") == start)
        #expect(try dataset.attributes.bool("normalized"))
        let unit = try embeddings.normalized().values
        #expect(
            zip(try dataset.read(as: Float.self), unit).allSatisfy { abs($0 - $1) < 1e-6 })

        #expect(try encode("-o", "a.csv").status == 0)
        #expect(try encode("-o", "a.txt", "--format", "csv").status == 0)
        #expect(
            try Data(contentsOf: folder("a.csv")) == Data(contentsOf: folder("a.txt")))
        #expect(try encode("--format", "csv").out.split(separator: "\n").count == 4)
    }

    @Test func quantized() throws {
        let bits = try encode("--precision", "ubinary")
        let quantizer = EmbeddingQuantizer(.ubinary)
        let rows = try bits.out.split(separator: "\n").flatMap {
            try JSONDecoder().decode([UInt8].self, from: Data($0.utf8))
        }
        #expect(try quantizer(embeddings) == .uint8(rows))

        let bytes = try encode("--precision", "int8", "-o", "a.h5")
        #expect(bytes.error.contains("the ranges come from the first 4 sentences"))
        _ = try folder.write("a dog\na red car\nthe rain\n", to: "typical.txt")
        let calibrated = try encode(
            "--precision", "int8", "--calibration", "typical.txt", "--chunk", "2", "-o", "b.h5")
        #expect(calibrated.status == 0, "\(calibrated.error)")
        #expect(!calibrated.error.contains("no --calibration"))
        let ranges = EmbeddingRanges(
            try SentenceTransformer(path: start).encode(["a dog", "a red car", "the rain"]))
        let stored = try HDF5File(opening: folder("b.h5").path).root.dataset(named: "ranges")
            .read(as: Float.self)
        #expect(
            zip(stored, ranges.minima + ranges.maxima).allSatisfy { abs($0 - $1) < 1e-6 })

        let one = try encode("--precision", "uint8", "-o", "c.npy", input: "one\n")
        #expect(one.status == 1)
        #expect(one.error.contains("uint8 needs the range of each number over many embeddings"))
        #expect(!FileManager.default.fileExists(atPath: folder("c.npy").path))
    }

    @Test func inputs() throws {
        let expected = try encode().out
        let objects = Self.sentences.map { "{\"id\": 1, \"text\": \"\($0)\"}\n" }.joined()
        #expect(try encode("--jsonl", input: objects).out == expected)
        #expect(
            try encode(folder.write(objects, to: "in.jsonl"), input: "").out == expected)
        #expect(try encode(folder.write(Self.input, to: "in.txt"), input: "").out == expected)
        #expect(try encode(input: "").out == "")
        #expect(try encode("-o", "none.npy", input: "").status == 0)
        let none = try Data(contentsOf: folder("none.npy"))
        #expect(String(decoding: none[10...], as: UTF8.self).contains("'shape': (0, 32), }"))
    }

    @Test func whatIsWrongIsNamed() throws {
        try (Data("fine\n".utf8) + Data([0xe9, 0x0a])).write(to: folder("latin.txt"))
        try Data("old".utf8).write(to: folder("a.npy"))
        let taken = try encode("latin.txt", "-o", "a.npy")
        #expect(taken.status == 1 && taken.error.contains("a.npy: exists already"))
        let latin = try encode("latin.txt", "-o", "a.npy", "--chunk", "1", "--overwrite")
        #expect(latin.status == 1)
        #expect(latin.error.contains("latin.txt:2: not valid UTF-8"))
        #expect(try Data(contentsOf: folder("a.npy")) == Data("old".utf8))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path).allSatisfy {
                !$0.hasSuffix(".part")
            })

        let json = try encode("--jsonl", input: "\"fine\"\n5\n")
        #expect(json.status == 1)
        #expect(json.error.contains("standard input:2: expected a JSON string"))
        let nowhere = try encode("-o", "nowhere/a.npy")
        #expect(nowhere.status == 1)
        #expect(nowhere.error.contains("a.npy: cannot be written (there is no folder"))
    }

    @Test(arguments: [
        (["--format", "npy"], "--format npy needs --output FILE"),
        (["-o", "a.bin"], "the name of --output a.bin says no format"),
        (["--calibration", "x"], "--calibration is for --precision int8 and uint8 only"),
        (["--chunk", "0"], "--chunk is 0; expected 1 or more"),
    ])
    func wrongUsage(_ arguments: [String], _ message: String) throws {
        let output = try CommandRunner.run(
            ["encode", start] + arguments, in: folder.url, input: "")
        #expect(output.status == 64)
        #expect(output.error.contains(message), "\(output.error)")
    }

    /// The reader takes one line and goes away.
    @Test func aClosedPipeEndsQuietly() throws {
        let many = try folder.write(
            String(repeating: "the dog runs\n", count: 3000), to: "many.txt")
        let process = Process()
        process.executableURL = CommandRunner.program("simile")
        process.arguments = ["encode", start, many, "--chunk", "100"]
        let (out, error) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = error
        try process.run()
        let first = try out.fileHandleForReading.read(upToCount: 10)
        try out.fileHandleForReading.close()
        process.waitUntilExit()
        #expect(first?.first == UInt8(ascii: "["))
        #expect(process.terminationStatus == 0)
        #expect(process.terminationReason == .exit)
        let said = String(
            decoding: try error.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(!said.contains("Error"), "\(said)")
    }
}
