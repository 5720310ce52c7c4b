import Foundation
import Serialization
import SwiftProtobuf
import TestSupport
import Testing

@testable import ONNX

@Suite struct ONNXFileTests {
    private let folder = TemporaryFolder()

    private func read(_ graph: ONNXGraph) throws -> ProtoModel {
        let url = folder("model.onnx")
        try graph.write(to: url, description: "a test")
        return try ProtoModel(serializedBytes: Data(contentsOf: url))
    }

    @Test func everyFieldCanBeReadAgain() throws {
        let graph = ONNXGraph(name: "test")
        let x = graph.input("x", .int64, ["batch", 3])
        let weight = graph.initializer(
            ONNXInitializer(name: "weight", element: .int8, shape: [2, 2]) {
                try $0.write([1, -2, 3, -4] as [Int8])
            })
        let y = graph.add(
            "Do", x, weight,
            attributes: ["to": .int(0), "axes": .ints([-1, 300]), "epsilon": .float(1e-12)])
        graph.output(y, as: "y", .float, ["batch"])
        let model = try read(graph)

        #expect(model.irVersion == 8)
        #expect(model.producerName == "Simile")
        #expect(model.docString == "a test")
        #expect(model.opsetImport.map(\.version) == [17])
        #expect(model.graph.name == "test")
        #expect(model.graph.node.map(\.opType) == ["Do", "Identity"])
        let node = try #require(model.graph.node.first)
        #expect(node.input == ["x", "weight"])
        #expect(node.output == ["Do_0"])
        #expect(node.attribute.map(\.name) == ["axes", "epsilon", "to"])
        #expect(node.attribute.map(\.type) == [.ints, .float, .int])
        #expect(node.attribute[0].ints == [-1, 300])
        #expect(node.attribute[1].f == 1e-12)
        #expect(node.attribute[2].hasI && node.attribute[2].i == 0)
        let input = try #require(model.graph.input.first)
        #expect(input.name == "x")
        #expect(input.type.tensorType.elemType == .int64)
        #expect(
            input.type.tensorType.shape.dim.map(\.value) == [.dimParam("batch"), .dimValue(3)])
        #expect(model.graph.output.map(\.name) == ["y"])
        let tensor = try #require(model.graph.initializer.first)
        #expect(tensor.name == "weight")
        #expect(tensor.dims == [2, 2])
        #expect(tensor.dataType == .int8)
        #expect(Array(tensor.rawData) == [1, 0xFE, 3, 0xFC])
    }

    /// Lengths of one, two and three bytes.
    @Test(arguments: [0, 1, 100, 127, 128, 20000, 1 << 15])
    func constantsOfAnySize(count: Int) throws {
        let graph = ONNXGraph(name: "test")
        let values = (0..<count).map { Float($0) / 8 }
        _ = graph.initializer(
            ONNXInitializer(name: "a", element: .float, shape: [count]) { try $0.write(values) })
        _ = graph.constant(float: 0.5)
        let model = try read(graph)
        #expect(model.graph.initializer.map(\.name) == ["a", "float_0.5"])
        #expect(model.graph.initializer[0].rawData == values.withUnsafeBytes { Data($0) })
        #expect(model.graph.initializer[1].dims == [])
        #expect(model.graph.initializer[1].rawData == Data([0, 0, 0, 0x3f]))
    }

    @Test func equalConstantsAreOne() throws {
        let graph = ONNXGraph(name: "test")
        #expect(graph.constant(float: 1) == graph.constant(float: 1))
        #expect(graph.constant(1) == graph.constant(1))
        #expect(graph.constant([1]) == graph.constant([1]))
        #expect(graph.initializers.map(\.name) == ["float_1.0", "int_1", "ints_1"])
        #expect(
            try read(graph).graph.initializer.map { Array($0.rawData) } == [
                [0, 0, 0x80, 0x3f], [1, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0],
            ])
    }

    @Test func aModelAboveTheLimitIsRefused() throws {
        let url = folder("model.onnx")
        try Data("old".utf8).write(to: url)
        let graph = ONNXGraph(name: "test")
        _ = graph.initializer(
            ONNXInitializer(name: "a", element: .float, shape: [1 << 15, 1 << 14]) { _ in
                Issue.record("written")
            })
        let error = #expect(throws: ONNXError.self) {
            try graph.write(to: url, description: "")
        }
        #expect(
            error?.description
                == "\(url.path): the model takes 2147483703 bytes, but an ONNX file has at most 2147483647 (protobuf's limit); export int8 weights, or another format"
        )
        #expect(try String(contentsOf: url, encoding: .utf8) == "old")
    }

    @Test func aFailureLeavesTheOldFile() throws {
        let url = folder("model.onnx")
        try Data("old".utf8).write(to: url)
        let graph = ONNXGraph(name: "test")
        _ = graph.initializer(
            ONNXInitializer(name: "a", element: .float, shape: [2]) { _ in
                throw ONNXError.tooLarge(path: "a", bytes: 1)
            })
        #expect(throws: ONNXError.tooLarge(path: "a", bytes: 1)) {
            try graph.write(to: url, description: "")
        }
        #expect(try String(contentsOf: url, encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 1)
    }
}

typealias TemporaryFolder = TestSupport.TemporaryFolder
