import ExampleFiles
import Foundation
import JSON
import Losses
import Tensors
import TestSupport
import Testing

/// A loss of sentence-transformers on given embeddings: its value and gradients.
struct GoldenCase: CustomTestStringConvertible, Sendable {
    let file: String
    /// The name of its class.
    let loss: String
    /// What the options do not say.
    let remark: String?
    let options: JSONValue
    let columns: [Matrix]
    /// A guide's embeddings of each column.
    let guides: [Matrix]
    let label: JSONValue?
    /// Values that parameters are given.
    let weights: [String: Matrix]
    let value: Double
    let gradients: [[Float]]
    let parameterGradients: [String: [Float]]

    var testDescription: String {
        let width = columns.count == 1 ? "1 column" : "\(columns.count) columns"
        return
            "\(file): \(loss) of \(width)\(options.members?.isEmpty ?? true ? "" : " " + options.line)"
            + (remark.map { " (\($0))" } ?? "")
    }

    /// The wrappers around other losses: `NestedCase` has them.
    static let wrappers = ["MatryoshkaLoss", "Matryoshka2dLoss", "AdaptiveLayerLoss"]

    /// The cases of both files; a file that cannot be read is a failure of the test `filesCanBeRead`.
    static let all: [GoldenCase] = (try? read()) ?? []

    static func read() throws -> [GoldenCase] {
        var cases: [GoldenCase] = []
        if let json = try contents(of: "losses.json") { cases += try first(json) }
        if let json = try contents(of: "losses2.json") { cases += try second(json) }
        return cases
    }

    private static func contents(of file: String) throws -> JSONValue? {
        try GoldenFolder.contents(of: file).map { try JSONValue(parsing: $0) }
    }

    /// `losses.json`: each loss with its defaults, on the first embeddings.
    private static func first(_ json: JSONValue) throws -> [GoldenCase] {
        let embeddings = try #require(json["embeddings"]?.elements).map(Matrix.init)
        return try #require(json["losses"]?.members).map { member in
            let columns = try #require(member.value["inputs"]?.int)
            return GoldenCase(
                file: "losses.json", loss: String(member.key.prefix { $0 != "/" }), remark: nil,
                options: [:], columns: Array(embeddings.prefix(columns)), guides: [],
                label: member.value["label"].flatMap { $0 == .null ? nil : $0 }, weights: [:],
                value: try #require(member.value["value"]?.double),
                gradients: try #require(member.value["grad"]?.elements).map(\.numbers),
                parameterGradients: [:])
        }
    }

    /// `losses2.json`: losses and options, on embeddings by name.
    private static func second(_ json: JSONValue) throws -> [GoldenCase] {
        let inputs = try #require(json["inputs"]?.members)
        let matrices = Dictionary(uniqueKeysWithValues: inputs.map { ($0.key, Matrix($0.value)) })
        func matrix(_ name: JSONValue) throws -> Matrix {
            try #require(name.string.flatMap { matrices[$0] })
        }
        return try #require(json["cases"]?.elements).compactMap { item in
            let loss = try #require(item["loss"]?.string)
            if wrappers.contains(loss) { return nil }
            return GoldenCase(
                file: "losses2.json", loss: loss, remark: item["id"]?.string,
                options: try #require(item["options"]),
                columns: try #require(item["inputs"]?.elements).map(matrix),
                guides: try (item["guide"]?.elements ?? []).map(matrix), label: item["label"],
                weights: try Dictionary(
                    uniqueKeysWithValues: (item["weights"]?.members ?? []).map {
                        ($0.key, try matrix($0.value))
                    }),
                value: try #require(item["value"]?.double),
                gradients: try #require(item["grad"]?.elements).map(\.numbers),
                parameterGradients: Dictionary(
                    uniqueKeysWithValues: (item["param_grad"]?.members ?? []).map {
                        ($0.key, $0.value.numbers)
                    }))
        }
    }
}

/// Numbers in rows; a list of numbers has no width.
struct Matrix: Sendable {
    let shape: Shape
    let values: [Float]

    init(_ json: JSONValue) {
        values = json.numbers
        let rows = json.elements?.count ?? 0
        shape = json.elements?.first?.elements.map { [rows, $0.count] } ?? [rows]
    }

    var tensor: Tensor { Tensor(values, shape) }

    func row(_ index: Int) -> [Float] {
        let width = shape.count / shape[0]
        return Array(values[index * width..<(index + 1) * width])
    }
}

extension JSONValue {
    /// Every number in it, in order.
    var numbers: [Float] { elements?.flatMap(\.numbers) ?? double.map { [Float($0)] } ?? [] }
}
