import Serialization

/// A computation in ONNX's operators, built one node at a time.
package final class ONNXGraph {
    /// The result of a node, an input or a constant.
    package struct Value: Hashable, Sendable {
        /// The name that nodes know it by.
        package let name: String
    }

    /// An attribute of a node.
    package enum Attribute {
        case float(Float)
        case int(Int)
        case ints([Int])
    }

    /// A dimension of an input or output.
    package enum Dimension: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
        case fixed(Int)
        /// Known when the model runs; equal names are equal sizes.
        case dynamic(String)

        package init(integerLiteral value: Int) { self = .fixed(value) }
        package init(stringLiteral value: String) { self = .dynamic(value) }
    }

    /// The constants, in the order in which they were added.
    package private(set) var initializers: [ONNXInitializer] = []
    /// The nodes, inputs and outputs.
    private(set) var proto = ProtoGraph()
    private var names: Set<String> = []

    /// Creates an empty graph.
    package init(name: String) { proto.name = name }

    /// Adds an input.
    package func input(_ name: String, _ element: ONNXElement, _ shape: [Dimension]) -> Value {
        proto.input.append(Self.info(claim(name), element, shape))
        return Value(name: name)
    }

    /// Makes `value` an output called `name`.
    package func output(
        _ value: Value, as name: String, _ element: ONNXElement, _ shape: [Dimension]
    ) {
        _ = add("Identity", [value], outputs: [name])
        proto.output.append(Self.info(name, element, shape))
    }

    /// Adds a node and returns its only result.
    package func add(
        _ operation: String, _ inputs: Value..., attributes: [String: Attribute] = [:]
    ) -> Value {
        add(operation, inputs, outputs: ["\(operation)_\(proto.node.count)"], attributes)[0]
    }

    /// Adds a node whose results have the given names, and returns them.
    package func add(
        _ operation: String, _ inputs: [Value], outputs: [String],
        _ attributes: [String: Attribute] = [:]
    ) -> [Value] {
        var node = ProtoNode()
        node.name = "\(operation)_node_\(proto.node.count)"
        node.opType = operation
        node.input = inputs.map(\.name)
        node.output = outputs.map(claim)
        node.attribute = attributes.sorted { $0.key < $1.key }.map(Self.attribute)
        proto.node.append(node)
        return outputs.map(Value.init)
    }

    /// Adds a constant.
    package func initializer(_ initializer: ONNXInitializer) -> Value {
        initializers.append(initializer)
        return Value(name: claim(initializer.name))
    }

    /// A number; equal ones are one constant.
    package func constant(float number: Float) -> Value {
        let name = "float_\(number)"
        if names.contains(name) { return Value(name: name) }
        return initializer(
            ONNXInitializer(name: name, element: .float, shape: []) { try $0.write([number]) })
    }

    /// A byte; equal ones are one constant.
    package func constant(byte: UInt8) -> Value {
        let name = "byte_\(byte)"
        if names.contains(name) { return Value(name: name) }
        return initializer(
            ONNXInitializer(name: name, element: .uint8, shape: []) { try $0.write([byte]) })
    }

    /// A whole number; equal ones are one constant.
    package func constant(_ number: Int) -> Value {
        let name = "int_\(number)"
        if names.contains(name) { return Value(name: name) }
        return initializer(
            ONNXInitializer(name: name, element: .int64, shape: []) {
                try $0.write([Int64(number)])
            })
    }

    /// A list of whole numbers; equal ones are one constant.
    package func constant(_ numbers: [Int]) -> Value {
        let name = "ints_" + numbers.map(String.init).joined(separator: "_")
        if names.contains(name) { return Value(name: name) }
        return initializer(
            ONNXInitializer(name: name, element: .int64, shape: [numbers.count]) {
                try $0.write(numbers.map(Int64.init))
            })
    }

    private func claim(_ name: String) -> String {
        precondition(names.insert(name).inserted, "two values of the graph are called \(name)")
        return name
    }

    private static func attribute(_ name: String, _ value: Attribute) -> ProtoAttribute {
        var attribute = ProtoAttribute()
        attribute.name = name
        switch value {
        case .float(let number):
            attribute.type = .float
            attribute.f = number
        case .int(let number):
            attribute.type = .int
            attribute.i = Int64(number)
        case .ints(let numbers):
            attribute.type = .ints
            attribute.ints = numbers.map(Int64.init)
        }
        return attribute
    }

    private static func info(
        _ name: String, _ element: ONNXElement, _ shape: [Dimension]
    ) -> ProtoValueInfo {
        var info = ProtoValueInfo()
        info.name = name
        info.type.tensorType.elemType = element.proto
        info.type.tensorType.shape.dim = shape.map { dimension in
            var proto = ProtoShape.Dimension()
            switch dimension {
            case .fixed(let size): proto.dimValue = Int64(size)
            case .dynamic(let name): proto.dimParam = name
            }
            return proto
        }
        return info
    }
}
