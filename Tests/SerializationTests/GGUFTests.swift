import Foundation
import Testing

@testable import Serialization

@Suite struct GGUFTests {
    private let folder = TemporaryFolder()

    private func array(_ name: String, _ shape: [Int], _ values: [Float]) -> OutgoingArray {
        OutgoingArray(name: name, shape: shape) { body in try body(values.span) }
    }

    /// A small file against bytes put together by hand.
    @Test func layout() throws {
        var file = GGUFFile()
        file.metadata = [
            ("n", .uint32(258)), ("e", .float32(1)), ("b", .bool(true)), ("s", .string("ü")),
            ("t", .strings(["a", ""])), ("i", .int32s([-1])),
        ]
        file.tensors = [
            .init(array("x", [1, 3], [1, -2, 0.5]), .f32), .init(array("y", [2], [1, -2]), .f16),
        ]
        let url = folder("model.gguf")
        try file.write(to: url)

        func long(_ number: UInt8) -> [UInt8] { [number, 0, 0, 0, 0, 0, 0, 0] }
        func int(_ number: UInt8) -> [UInt8] { [number, 0, 0, 0] }
        var expected: [UInt8] = Array("GGUF".utf8) + int(3) + long(2) + long(6)
        expected += long(1) + Array("n".utf8) + int(4) + [2, 1, 0, 0]
        expected += long(1) + Array("e".utf8) + int(6) + [0, 0, 0x80, 0x3F]
        expected += long(1) + Array("b".utf8) + int(7) + [1]
        expected += long(1) + Array("s".utf8) + int(8) + long(2) + [0xC3, 0xBC]
        expected += long(1) + Array("t".utf8) + int(9) + int(8) + long(2)
        expected += long(1) + Array("a".utf8) + long(0)
        expected += long(1) + Array("i".utf8) + int(9) + int(5) + long(1) + [255, 255, 255, 255]
        // The last dimension comes first; tensors begin at multiples of 32.
        expected += long(1) + Array("x".utf8) + int(2) + long(3) + long(1) + int(0) + long(0)
        expected += long(1) + Array("y".utf8) + int(1) + long(2) + int(1) + long(32)
        while expected.count % 32 != 0 { expected.append(0) }
        expected += [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x3F]
        while expected.count % 32 != 0 { expected.append(0) }
        expected += [0, 0x3C, 0, 0xC0]
        while expected.count % 32 != 0 { expected.append(0) }
        #expect(try Array(Data(contentsOf: url)) == expected)
    }

    @Test func halfPrecisionRoundsToTheNearest() throws {
        // 2049 lies between 2048 and 2050, 2051 between 2050 and 2052: ties go to the even one.
        let values: [Float] = [0.1, 2049, 2051, 1e-8, 65504]
        let encoded = GGUFTensorType.f16.encode(values.span)
        let bytes = try #require(encoded)
        let halves = stride(from: 0, to: bytes.count, by: 2).map {
            UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
        }
        #expect(halves == [0x2E66, 0x6800, 0x6802, 0, 0x7BFF])
    }

    @Test func blocksOfWholeNumbers() throws {
        // The largest magnitude, 254, makes the scale 2: halves are rounded away from zero.
        var values = [Float](repeating: 0, count: 64)
        for (i, value) in [-254, 254, 1, -1, 2.9, 3, -3, 0.9].enumerated() {
            values[i] = Float(value)
        }
        let encoded = GGUFTensorType.q8.encode(values.span)
        let bytes = try #require(encoded)
        #expect(bytes.count == 68)
        #expect(bytes.count == GGUFTensorType.q8.byteCount(64))
        #expect(Array(bytes[0..<2]) == [0x00, 0x40])
        #expect(
            bytes[2..<34].map { Int8(bitPattern: $0) }
                == [-127, 127, 1, -1, 1, 2, -2, 0] + Array(repeating: 0, count: 24))
        #expect(bytes[34...] == Array(repeating: 0, count: 34)[...])
    }

    @Test(arguments: [Float.infinity, .nan, 1e5], [GGUFTensorType.f16, .q8])
    func numbersThatDoNotFitAreRefused(value: Float, type: GGUFTensorType) throws {
        // As the scale of a block, 1e5 does fit.
        let number = type == .q8 && value == 1e5 ? 1e9 : value
        var file = GGUFFile()
        file.tensors = [
            .init(array("w", [32], [Float](repeating: 1, count: 31) + [number]), type)
        ]
        let url = folder("model.gguf")
        try Data("old".utf8).write(to: url)
        let error = #expect(throws: GGUFError.self) { try file.write(to: url) }
        #expect(
            error?.description
                == "\(url.path): a number of w is not finite or too large for \(type.rawValue); export f32, or check the model"
        )
        #expect(try String(contentsOf: url, encoding: .utf8) == "old")
    }

    /// Longer than what is converted at a time.
    @Test func aLargeTensor() throws {
        let values = (0..<100_000).map { Float($0 % 1000) }
        var file = GGUFFile()
        file.tensors = [.init(array("x", [100, 1000], values), .f32)]
        let url = folder("model.gguf")
        try file.write(to: url)
        let bytes = try Data(contentsOf: url)
        #expect(bytes.count == 96 + 400_000)
        #expect(bytes.suffix(400_000) == values.withUnsafeBytes { Data($0) })
    }
}
