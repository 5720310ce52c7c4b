import Foundation
import ModelLayout
import NeuralNetwork
import TestSupport
import Testing

@testable import Serialization

@Suite struct SafetensorsTests {
    private let folder = TemporaryFolder()

    /// A file with a header of any text and some bytes of data.
    private func file(_ header: String, data: Data = Data(), length: UInt64? = nil) throws -> URL {
        let size = (length ?? UInt64(header.utf8.count)).littleEndianBytes
        let url = folder("test.safetensors")
        try (Data(size) + Data(header.utf8) + data).write(to: url)
        return url
    }

    private func values(_ file: some WeightReader, _ name: String) throws -> [Float] {
        let count = try #require(file.shape(of: name)).reduce(1, *)
        var values = [Float](repeating: .nan, count: count)
        var span = values.mutableSpan
        try file.read(name, into: &span)
        return values
    }

    private func array(_ name: String, _ shape: [Int], _ values: [Float]) -> OutgoingArray {
        OutgoingArray(name: name, shape: shape) { body in try body(values.span) }
    }

    @Test func roundTrip() throws {
        let url = folder("model.safetensors")
        let arrays = [
            array("b.weight", [2, 3], [1, -2, 3.5, .infinity, 0, -0.0]), array("a", [], [7]),
            array("empty", [0, 4], []),
        ]
        try SafetensorsFile.write(arrays, to: url)
        let file = try SafetensorsFile(url)
        #expect(file.names == ["a", "b.weight", "empty"])
        #expect(file.shape(of: "b.weight") == [2, 3])
        #expect(file.shape(of: "c") == nil)
        #expect(
            try values(file, "b.weight").map(\.bitPattern)
                == ([1, -2, 3.5, .infinity, 0, -0.0] as [Float]).map(\.bitPattern))
        #expect(try values(file, "a") == [7])
        #expect(try values(file, "empty") == [])

        let bytes = try Data(contentsOf: url)
        let header = bytes.withUnsafeBytes {
            Int(UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)))
        }
        #expect(header % 8 == 0)
        try SafetensorsFile.write(arrays.reversed(), to: url)
        #expect(try Data(contentsOf: url) == bytes)
    }

    @Test func halfPrecisionIsConverted() throws {
        // 1, the smallest subnormal, infinity, NaN in half precision; 1 and -2 in bfloat16; 0.1 in double.
        let half: [UInt16] = [0x3C00, 0x0001, 0x7C00, 0x7E00]
        let brain: [UInt16] = [0x3F80, 0xC000]
        let double = Double(0.1).bitPattern
        let data = Data((half + brain).flatMap(\.littleEndianBytes) + double.littleEndianBytes)
        let file = try SafetensorsFile(
            file(
                """
                {"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[2],\
                "data_offsets":[8,12]},"d":{"dtype":"F64","shape":[1],"data_offsets":[12,20]}}
                """, data: data))
        let h = try values(file, "h")
        #expect(h[0] == 1)
        #expect(h[1] == 0x1p-24)
        #expect(h[2] == .infinity)
        #expect(h[3].isNaN)
        #expect(try values(file, "b") == [1, -2])
        #expect(try values(file, "d") == [0.1])
    }

    static let broken: [(header: String, dataCount: Int, length: UInt64?, message: String)] = [
        ("{", 0, nil, "its header is not a JSON object"),
        ("[1]", 0, nil, "its header is not a JSON object"),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            4, nil, "the header lists a twice"
        ),
        ("{}", 0, 1 << 40, "its header would be 1099511627776 bytes long"),
        (
            "{}", 0, 100,
            "expected 108 bytes, the file ends after 10; the download or copy was probably cut short"
        ),
        ("{}", 4, nil, "the header lists 0 bytes of data, the file has 4"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, nil, "the file ends after"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, nil,
            "needs 8 bytes, its offsets are [0, 4]"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, nil,
            "the impossible shape [-1]"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,4]}}"#, 4, nil,
            "the impossible shape"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, nil,
            "begins at byte 4 of the data, expected 0"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            4, nil, "begins at byte 0 of the data, expected 4"
        ),
        (
            #"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#, 4, nil,
            "a is stored as F33; supported are F32"
        ),
        (
            #"{"a":{"dtype":"F32","shape":"x","data_offsets":[0,4]}}"#, 4, nil,
            "a has no proper dtype, shape and data_offsets"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, nil,
            "its offsets are [-4, 0]"
        ),
    ]

    @Test(arguments: 0..<broken.count)
    func brokenFilesAreRefused(_ index: Int) throws {
        let test = Self.broken[index]
        let url = try file(test.header, data: Data(count: test.dataCount), length: test.length)
        let error = #expect(throws: SerializationError.self) { try SafetensorsFile(url) }
        #expect(error?.description.contains(test.message) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix(url.path) == true)
    }

    @Test func integersAreListedButNotRead() throws {
        let url = try file(
            #"{"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, data: Data(count: 8))
        let file = try SafetensorsFile(url)
        #expect(file.names == ["i"])
        let error = #expect(throws: SerializationError.self) { try values(file, "i") }
        #expect(error == .unsupportedType(path: url.path, array: "i", type: "I64"))
    }

    @Test func missingFileAndFolder() {
        #expect(throws: SerializationError.self) { try SafetensorsFile(folder("none.safetensors")) }
        #expect(throws: SerializationError.self) { try SafetensorsFile(folder.url) }
    }

    @Test func shards() throws {
        try SafetensorsFile.write(
            [array("a", [1], [1]), array("b", [1], [2])], to: folder("one.safetensors"))
        try SafetensorsFile.write([array("c", [1], [3])], to: folder("two.safetensors"))
        let index = folder("model.safetensors.index.json")
        func write(_ map: String) throws {
            try Data("{\"weight_map\":{\(map)}}".utf8).write(to: index)
        }

        try write(#""a":"one.safetensors","b":"one.safetensors","c":"two.safetensors""#)
        let weights = try ShardedWeights(index: index)
        #expect(weights.names == ["a", "b", "c"])
        #expect(try values(weights, "c") == [3])

        try write(#""a":"../one.safetensors""#)
        #expect(throws: SerializationError.self) { try ShardedWeights(index: index) }
        try write(#""a":"three.safetensors""#)
        #expect(throws: SerializationError.self) { try ShardedWeights(index: index) }
        try write(#""d":"two.safetensors""#)
        let error = #expect(throws: SerializationError.self) { try ShardedWeights(index: index) }
        #expect(
            error?.description.contains("two.safetensors has no d, which the index says it has")
                == true)
    }
}

typealias TemporaryFolder = TestSupport.TemporaryFolder
