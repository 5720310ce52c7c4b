import ExampleFiles
import JSON
import Losses
import ModelLayout
import NeuralNetwork
import Settings
import Tensors
import TestSupport
import Testing

/// Every loss against sentence-transformers': values, gradients of the embeddings and of parameters.
@Suite("Golden losses") struct GoldenLosses {
    @Test func filesCanBeRead() throws {
        let cases = try GoldenCase.read()
        #expect(Set(cases.map(\.testDescription)).count == cases.count, "cases are told apart")
    }

    @Test(arguments: GoldenCase.all) func agreesWithSentenceTransformers(_ golden: GoldenCase)
        throws
    {
        print(golden.testDescription)
        // The gradient-cached classes compute the same in parts.
        let name = golden.loss.hasPrefix("Cached") ? golden.loss.dropFirst(6) : golden.loss[...]
        let type = try #require(
            Losses.all.first { "\($0)" == name }, "there is no loss \(golden.loss)")
        try compare(type, golden)
    }

    private func compare<L: Loss>(_: L.Type, _ golden: GoldenCase) throws {
        let configuration = try L.Configuration(json: try settings(golden).line)
        let labels = labels(golden, asClasses: L.Label.self == Int32.self)
        var (classNames, labelWidth) = ([String](), 1)
        switch labels {
        case .classes(_, let names): classNames = names
        case .vectors(_, _, let width): labelWidth = width
        case .none, .scores: break
        }
        let store = ParameterStore(
            source: golden.weights.isEmpty
                ? .random(seed: 0) : .weights(GoldenWeights(matrices: golden.weights)))
        let loss = try L(
            configuration,
            LossContext(
                dimension: golden.columns[0].shape[1], columns: golden.columns.count,
                classNames: classNames, labelWidth: labelWidth, hasLabels: golden.label != nil),
            in: store.root)
        try store.validate()
        #expect(L.problem(with: labels) == nil)
        let rows = 0..<golden.columns[0].shape[0]
        let values = try #require(
            L.Label.values(of: labels, rows: rows), "\(L.name) takes no \(labels.description)")

        let tape = Tape()
        let columns = golden.columns.map { tape.watch($0.tensor) }
        let value = loss(columns, labels: values)
        #expect(abs(Double(value.item()) - golden.value) <= 1e-5 * max(1, abs(golden.value)))
        let gradients = tape.backward(from: value)

        let largest = (golden.gradients.flatMap(\.self)).map(abs).max() ?? 0
        for (column, expected) in golden.gradients.enumerated() {
            let found =
                gradients[columns[column]]?.values ?? Array(repeating: 0, count: expected.count)
            expectClose(found, expected, 1e-4 * largest + 1e-7, "gradient of column \(column + 1)")
        }
        #expect(Set(store.map(\.name)) == Set(golden.parameterGradients.keys))
        for parameter in store {
            let expected = golden.parameterGradients[parameter.name] ?? []
            let found = try #require(parameter.gradient).values
            let largest = expected.map(abs).max() ?? 0
            expectClose(found, expected, 1e-4 * largest + 1e-7, "gradient of \(parameter.name)")
        }
    }

    private func expectClose(
        _ found: [Float], _ expected: [Float], _ tolerance: Float, _ name: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(
            found.count == expected.count && worst <= tolerance, "\(name) is off by \(worst)",
            sourceLocation: sourceLocation)
    }

    /// What a case's rows are labelled with.
    private func labels(_ golden: GoldenCase, asClasses: Bool) -> LabelColumn {
        if !golden.guides.isEmpty {
            let guides = golden.guides
            return .vectors(
                { row in guides.flatMap { $0.row(row) } }, count: guides[0].shape[0],
                width: guides.reduce(0) { $0 + $1.shape[1] })
        }
        guard let label = golden.label, let rows = label.elements else { return .none }
        if asClasses, let ids = label.integers {
            return .classes(
                ids.map(Int32.init), names: (0...(ids.max() ?? 0)).map { "class \($0)" })
        }
        guard rows.first?.elements != nil else { return .scores(label.numbers) }
        let vectors = rows.map(\.numbers)
        return .vectors({ vectors[$0] }, count: vectors.count, width: vectors[0].count)
    }

    /// The options in our words; those that we do not know stay as they are, and are refused.
    private func settings(_ golden: GoldenCase) throws -> JSONValue {
        var settings: [JSONValue.Member] = []
        for option in try #require(golden.options.members) {
            switch (option.key, option.value) {
            // How much is computed at once: the result is the same.
            case ("mini_batch_size", _), ("use_mini_batched_version", _): continue
            case ("mean_weight", .null), ("second_moment_weight", .null):
                settings.append(.init(option.key, 0))
            case (_, .string(let name)):
                settings.append(.init(option.key, .string(Self.names[name] ?? name)))
            default: settings.append(option)
            }
        }
        // Options that are objects are in the remark alone.
        if let remark = golden.remark {
            for (phrase, key) in [
                ("HuberLoss delta ", "delta"), ("label smoothing ", "label_smoothing"),
                ("class weights ", "class_weights"),
            ] where remark.hasPrefix(phrase) {
                let numbers = remark.dropFirst(phrase.count).split(separator: ", ")
                    .compactMap { Double($0) }
                settings.append(
                    .init(
                        key,
                        key == "class_weights"
                            ? .array(numbers.map(JSONValue.number)) : .number(numbers[0])))
            }
        }
        return .object(settings)
    }

    /// Our names of what sentence-transformers passes as functions and classes.
    private static let names = [
        "cos_sim": "cosine", "pairwise_cos_sim": "cosine", "dot_score": "dot",
        "pairwise_dot_score": "dot", "euclidean_sim": "euclidean",
        "pairwise_euclidean_sim": "euclidean", "manhattan_sim": "manhattan",
        "pairwise_manhattan_sim": "manhattan", "COSINE": "cosine", "COSINE_DISTANCE": "cosine",
        "cosine_distance": "cosine", "EUCLIDEAN": "euclidean", "eucledian_distance": "euclidean",
        "MANHATTAN": "manhattan", "MSELoss": "mse", "L1Loss": "l1", "SmoothL1Loss": "smooth_l1",
        "HuberLoss": "huber", "BCEWithLogitsLoss": "bce_with_logits", "Identity": "identity",
        "Sigmoid": "sigmoid", "Tanh": "tanh", "ReLU": "relu",
    ]
}

/// The parameters of a case.
private struct GoldenWeights: WeightReader {
    let matrices: [String: Matrix]
    let source = "losses2.json"
    var names: [String] { matrices.keys.sorted() }
    func shape(of name: String) -> [Int]? { matrices[name]?.shape.array }
    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws {
        let values = try #require(matrices[name]).values
        for i in values.indices { buffer[i] = values[i] }
    }
}
