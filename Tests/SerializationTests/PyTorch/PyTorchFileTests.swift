import Foundation
import ModelLayout
import NeuralNetwork
import TestSupport
import Testing

@testable import Serialization

/// Files that are as PyTorch writes them.
@Suite struct PyTorchFileTests {
    private func open(_ bytes: [UInt8]) throws -> PyTorchFile {
        try PyTorchFile(Data(bytes), path: "pytorch_model.bin")
    }

    private func floats(_ values: [Float]) -> [UInt8] {
        values.flatMap { $0.bitPattern.littleEndianBytes }
    }

    @Test(arguments: [false, true])
    func genuineFiles(isLegacy: Bool) throws {
        let file = try open(isLegacy ? TorchFiles.legacy : TorchFiles.zip)
        #expect(file.names == ["a", "b", "c", "ids", "h", "bf", "d", "s", "e", "flag"])
        let t: [Float] = [0, 0.25, 0.5, 0.75, 1, 1.25]
        let expected: [String: (shape: [Int], values: [Float])] = [
            "a": ([2, 3], t), "b": ([3, 2], [0, 0.75, 0.25, 1, 0.5, 1.25]),
            "c": ([1, 3], [0.75, 1, 1.25]), "ids": ([4], [0, 1, 2, 3]), "h": ([2, 3], t),
            "bf": ([3], [0, 0.25, 0.5]), "d": ([3], [0, 0.25, 0.5]), "s": ([], [3.5]),
            "e": ([0, 4], []), "flag": ([2], [1, 0]),
        ]
        for (name, (shape, values)) in expected {
            #expect(file.shape(of: name) == shape, "\(name)")
            #expect(try file.values(name) == values, "\(name)")
        }
        #expect(file.shape(of: "f") == nil)
        let error = #expect(throws: SerializationError.self) {
            var none: [Float] = []
            var span = none.mutableSpan
            try file.read("f", into: &span)
        }
        #expect(error?.description == "pytorch_model.bin: has no array f")
    }

    @Test func parametersInProtocol5() throws {
        let file = try open(TorchFiles.parameters)
        #expect(file.names == ["weight", "bias"])
        #expect(try file.values("weight") == [0, 0.25, 0.5, 0.75, 1, 1.25])
        #expect(try file.values("bias") == [0, 0.25, 0.5])
    }

    @Test func mappedFromDisk() throws {
        let folder = TemporaryFolder()
        let url = folder("pytorch_model.bin")
        try Data(TorchFiles.zip).write(to: url)
        let file = try PyTorchFile(url)
        #expect(file.source == url.path)
        #expect(try file.values("s") == [3.5])
        let missing = #expect(throws: SerializationError.self) {
            try PyTorchFile(folder("none.bin"))
        }
        #expect(missing?.description.contains("none.bin: cannot be read") == true)
        #expect(throws: SerializationError.self) { try PyTorchFile(folder.url) }
    }

    @Test func wideZipsAndComments() throws {
        let tensor = Pickle.tensor(Pickle.storage("0", 2), [2], [1])
        let pickle = Pickle.whole(Pickle.dictionary([("x", tensor)]))
        var zip = Zip(pickle: pickle, storages: ["0": floats([1, -2])], byteOrder: nil)
        zip.isWide = true
        #expect(try open(zip.bytes).values("x") == [1, -2])
        zip.comment = "a comment"
        #expect(try open(zip.bytes).values("x") == [1, -2])
    }

    @Test func bigEndianNumbers() throws {
        let tensor = Pickle.tensor(Pickle.storage("0", 2), [2], [1])
        let pickle = Pickle.whole(Pickle.dictionary([("x", tensor)]))
        let zip = Zip(
            pickle: pickle, storages: ["0": [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0]], byteOrder: "big")
        #expect(try open(zip.bytes).values("x") == [1, -2])
    }

    /// Views of one storage, in every order of axes; types that `torch.save` gives views of.
    @Test func viewsOfOneStorage() throws {
        let storage = Pickle.storage("7", 24)
        func view(_ offset: Int, _ shape: [Int], _ strides: [Int]) -> [UInt8] {
            Pickle.tensor(storage, offset: offset, shape, strides)
        }
        let pickle = Pickle.whole(
            Pickle.dictionary([
                ("whole", view(0, [2, 3, 4], [12, 4, 1])),
                ("turned", view(0, [4, 3, 2], [1, 4, 12])),
                ("every second", view(1, [2, 2], [12, 2])), ("one", view(23, [], [])),
                ("single axes", view(2, [1, 3, 1], [999, 4, 999])),
                ("none", view(0, [0, 9], [9, 1])),
            ]))
        let values = (0..<24).map { Float($0) }
        let file = try open(Zip(pickle: pickle, storages: ["7": floats(values)]).bytes)
        #expect(try file.values("whole") == values)
        var turned: [Float] = []
        for k in 0..<4 {
            for j in 0..<3 { turned += [Float(4 * j + k), Float(12 + 4 * j + k)] }
        }
        #expect(try file.values("turned") == turned)
        #expect(try file.values("every second") == [1, 3, 13, 15])
        #expect(try file.values("one") == [23])
        #expect(try file.values("single axes") == [2, 6, 10])
        #expect(try file.values("none") == [])
        #expect(file.shape(of: "none") == [0, 9])
    }

    @Test(
        arguments: [
            ("IntStorage", [0xFE, 0xFF, 0xFF, 0xFF], -2), ("ShortStorage", [0xFE, 0xFF], -2),
            ("CharStorage", [0xFE], -2), ("ByteStorage", [0xFE], 254), ("BoolStorage", [0xFE], 1),
            ("LongStorage", [0, 0, 0, 0, 1, 0, 0, 0], 4_294_967_296),
            ("HalfStorage", [1, 0], 0x1p-24), ("BFloat16Storage", [0x80, 0xFF], -.infinity),
        ] as [(String, [UInt8], Float)])
    func everyTypeIsConverted(_ type: String, _ bytes: [UInt8], _ value: Float) throws {
        let tensor = Pickle.tensor(Pickle.storage("0", 1, type), [1], [1])
        let pickle = Pickle.whole(Pickle.dictionary([("x", tensor)]))
        #expect(try open(Zip(pickle: pickle, storages: ["0": bytes]).bytes).values("x") == [value])
    }

    @Test func shards() throws {
        let folder = TemporaryFolder()
        try Data(TorchFiles.zip).write(to: folder("pytorch_model-00001-of-00002.bin"))
        try Data(TorchFiles.parameters).write(to: folder("pytorch_model-00002-of-00002.bin"))
        let index = folder("pytorch_model.bin.index.json")
        try Data(
            """
            {"weight_map": {"s": "pytorch_model-00001-of-00002.bin", \
            "bias": "pytorch_model-00002-of-00002.bin"}}
            """.utf8
        ).write(to: index)
        let weights = try ShardedWeights(index: index)
        #expect(weights.names == ["s", "bias"])
        #expect(weights.shape(of: "bias") == [3])
        #expect(try weights.values("s") == [3.5])
        #expect(try weights.values("bias") == [0, 0.25, 0.5])
    }
}

extension WeightReader {
    func values(_ name: String) throws -> [Float] {
        let count = try #require(shape(of: name)).reduce(1, *)
        var values = [Float](repeating: .nan, count: count)
        var span = values.mutableSpan
        try read(name, into: &span)
        return values
    }
}
