import ModelLayout
import Tensors

/// Where the values of a model's parameters come from: one or the other, never a mixture in silence.
public enum ParameterSource {
    /// Every parameter gets its initializer's values.
    case random(seed: UInt64)
    /// Every parameter is read under its name.
    case weights(any WeightReader)
}

/// Every parameter of a model in declaration order: what optimizers, checkpoints and freezing work on.
public final class ParameterStore: Sequence {
    /// Nil once every parameter has its values, so that the file they came from is not held open.
    private var source: ParameterSource?
    private var parameters: [Parameter] = []
    private var names: Set<String> = []
    private var problems = WeightProblems()

    /// Parameters that the source lacked and may lack, such as BERT's unused pooler, and so were initialised.
    public private(set) var initialized: [String] = []

    /// Creates an empty store; layers add their parameters as they are made.
    public init(source: ParameterSource) { self.source = source }

    /// The scope of the outermost names.
    public var root: ParameterScope { ParameterScope(path: "", store: self) }

    /// Iterates over the parameters in declaration order.
    public func makeIterator() -> IndexingIterator<[Parameter]> { parameters.makeIterator() }

    /// Checks, once the model is made, that the source had each parameter in its shape, and no others, and
    /// lets go of the source.
    ///
    /// - Throws: `ParameterError` naming every missing, misshapen, unreadable and unexpected array, or those
    ///   with numbers that are not finite.
    public func validate() throws(ParameterError) {
        defer { source = nil }
        guard case .weights(let reader) = source else { return }
        problems.unexpected = reader.names.filter { !names.contains($0) }
        if !problems.isEmpty { throw ParameterError(source: reader.source, problems: problems) }
    }

    /// Freezes every parameter all of whose names match, and returns the names.
    ///
    /// Query, key and value are one parameter: a pattern that matches only some of them freezes none.
    @discardableResult
    public func freeze(where matches: (String) -> Bool) -> [String] {
        let frozen = parameters.filter { $0.parts.allSatisfy { matches($0.name) } }
        for parameter in frozen { parameter.isFrozen = true }
        return frozen.flatMap { $0.parts.map(\.name) }
    }

    func add(
        _ parts: [Parameter.Part], _ shape: Shape, _ initial: Initializer, isRowSparse: Bool,
        mayBeMissing: Bool
    ) -> Parameter {
        for part in parts {
            precondition(names.insert(part.name).inserted, "two parameters are called \(part.name)")
            check(part, mayBeMissing: mayBeMissing)
        }
        // With a problem the model is refused: no memory is taken for shapes that no weights bear out.
        let parameter = Parameter(
            parts: parts, shape: shape, isRowSparse: isRowSparse, hasValues: problems.fit)
        if problems.fit {
            for part in parts {
                parameter.setValues(of: part) { values in fill(part, &values, initial) }
            }
        }
        parameters.append(parameter)
        return parameter
    }

    /// Notes what is wrong with the weights for a part, without reading them.
    private func check(_ part: Parameter.Part, mayBeMissing: Bool) {
        guard case .weights(let reader) = source else { return }
        guard let found = reader.shape(of: part.name) else {
            if mayBeMissing {
                initialized.append(part.name)
            } else {
                problems.missing.append(part.name)
            }
            return
        }
        if found != part.shape.array {
            problems.misshapen.append((part.name, part.shape.array, found))
        }
    }

    private func fill(
        _ part: Parameter.Part, _ values: inout MutableSpan<Float>, _ initial: Initializer
    ) {
        func initialize(seed: UInt64) {
            values.withUnsafeMutableBufferPointer { initial.fill($0, name: part.name, seed: seed) }
        }
        switch source {
        case nil: preconditionFailure("\(part.name) is added to a store that is complete")
        case .random(let seed): initialize(seed: seed)
        case .weights(let reader):
            if reader.shape(of: part.name) == nil { return initialize(seed: 0) }
            do { try reader.read(part.name, into: &values) } catch {
                problems.unreadable.append((part.name, "\(error)"))
                return
            }
            let array = values.withUnsafeMutableBufferPointer {
                NonFiniteArray(part.name, part.shape, UnsafeBufferPointer($0))
            }
            if let array { problems.notFinite.append(array) }
        }
    }
}

extension Sequence<Parameter> {
    /// Replaces the values of every parameter by those under its name.
    ///
    /// - Throws: `ParameterError` naming every missing, misshapen, unreadable and unexpected array; no value is then
    ///   changed.
    public func read(from weights: any WeightReader) throws(ParameterError) {
        let store = ParameterStore(source: .weights(weights))
        let copies = map {
            store.add(
                $0.parts, $0.shape, .zeros, isRowSparse: $0.isRowSparse, mayBeMissing: false)
        }
        try store.validate()
        for (parameter, copy) in zip(self, copies) { parameter.copyValues(of: copy) }
    }
}

/// A place in the tree of names: `scope / "encoder" / "layer.0"`.
public struct ParameterScope {
    private let path: String
    private let store: ParameterStore

    init(path: String, store: ParameterStore) {
        self.path = path
        self.store = store
    }

    /// The scope one level down.
    public static func / (scope: ParameterScope, child: String) -> ParameterScope {
        ParameterScope(path: scope.path(of: child), store: scope.store)
    }

    /// Adds the parameter `name` of this scope.
    ///
    /// With `mayBeMissing` a source of weights may lack it: then it is initialised and the store says so.
    public func parameter(
        _ name: String, _ shape: Shape, _ initial: Initializer, isRowSparse: Bool = false,
        mayBeMissing: Bool = false
    ) -> Parameter {
        let part = Parameter.Part(name: path(of: name), shape: shape, offset: 0)
        return store.add(
            [part], shape, initial, isRowSparse: isRowSparse, mayBeMissing: mayBeMissing)
    }

    /// Adds one parameter made of equal arrays on top of each other, each with its own name in files:
    /// `name` of the scopes `children`.
    public func stacked(
        _ children: [String], _ name: String, _ shape: Shape, _ initial: Initializer
    ) -> Parameter {
        let parts = children.enumerated().map { index, child in
            Parameter.Part(
                name: (self / child).path(of: name), shape: shape, offset: index * shape.count)
        }
        let whole = Shape([children.count * shape[0]] + shape.array.dropFirst())
        return store.add(parts, whole, initial, isRowSparse: false, mayBeMissing: false)
    }

    private func path(of child: String) -> String { path.isEmpty ? child : path + "." + child }
}
