import Communication
import Kernels
import NeuralNetwork
import Tensors

/// Makes the gradients of all processes their sum, while the backward pass goes on.
///
/// The gradients of a layer are sent as soon as they are complete. Large arrays are summed where they lie, the small ones of
/// a layer together; of an embedding table travel the rows that any process has touched. Every process begins the same
/// sums in the same order, also one that had no sequence of the batch.
final class GradientSum {
    private let communicator: any Communicator
    private let compresses: Bool
    /// Those of the highest layer first; last what is in no layer.
    private let groups: [Group]
    private let tables: [Parameter]
    private var startedCount = 0

    /// Sums the gradients of one step.
    ///
    /// - Parameter compresses: Whether numbers travel as bfloat16.
    init(_ parameters: [Parameter], _ communicator: any Communicator, compresses: Bool) {
        self.communicator = communicator
        self.compresses = compresses
        let trained = parameters.filter(\.isTrained)
        tables = trained.filter(\.isRowSparse)
        let byLayer = Dictionary(grouping: trained.filter { !$0.isRowSparse }) {
            LearningRates.layer(of: $0.name) ?? -1
        }
        groups = byLayer.sorted { $0.key > $1.key }.map {
            Group(layer: $0.key, parameters: $0.value)
        }
    }

    /// Begins the sums of the layers from this one up.
    func start(fromLayer layer: Int) {
        while startedCount < groups.count, groups[startedCount].layer >= layer {
            start(groups[startedCount])
            startedCount += 1
        }
    }

    /// Begins the sums that are left, and waits for all.
    func finish() {
        start(fromLayer: -1)
        let (hasGradient, rows) = agreed()
        let packed = zip(tables, rows).map { start($0, $1) }
        communicator.finishSums()
        var number = 0
        for group in groups {
            group.unpack()
            for parameter in group.parameters {
                if hasGradient[number] { parameter.declareGradient() }
                number += 1
            }
        }
        for (table, (rows, values)) in zip(tables, zip(rows, packed)) where !rows.isEmpty {
            values.widen()
            table.replaceRowGradients(rows, values.numbers.base)
        }
    }

    private func start(_ group: Group) {
        group.pack(compressed: compresses)
        for values in group.large { communicator.startSum(values.buffer) }
        start(group.bundle)
    }

    /// Which dense parameters have a gradient in any process, and which rows of each table.
    private func agreed() -> (dense: [Bool], rows: [[Int32]]) {
        let dense = groups.flatMap(\.parameters)
        let counts = tables.map { $0.shape[0] }
        var bits = [UInt64](
            repeating: 0, count: (dense.count + counts.reduce(0, +) + 63) / 64)
        func set(_ bit: Int) { bits[bit / 64] |= 1 << UInt64(bit % 64) }
        func isSet(_ bit: Int) -> Bool { bits[bit / 64] >> UInt64(bit % 64) & 1 != 0 }
        for (number, parameter) in dense.enumerated() where parameter.hasGradient { set(number) }
        var first = dense.count
        for (table, count) in zip(tables, counts) {
            for row in table.touchedRows { set(first + Int(row)) }
            first += count
        }
        communicator.formUnion(&bits)
        first = dense.count
        let rows = counts.map { count in
            defer { first += count }
            return (0..<count).filter { isSet(first + $0) }.map(Int32.init)
        }
        return (dense.indices.map(isSet), rows)
    }

    private func start(_ table: Parameter, _ rows: [Int32]) -> Bundle {
        let width = table.shape.count / max(table.shape[0], 1)
        let bundle = Bundle(rows.count * width)
        let own = Set(table.touchedRows)
        for (entry, row) in rows.enumerated() {
            let place = bundle.numbers.base + entry * width
            if own.contains(row), let gradient = table.rawGradient {
                place.update(from: gradient.base + Int(row) * width, count: width)
            } else {
                place.update(repeating: 0, count: width)
            }
        }
        if compresses { bundle.narrow() }
        start(bundle)
        return bundle
    }

    private func start(_ bundle: Bundle) {
        if let narrow = bundle.narrowNumbers {
            communicator.startSum(bfloat16: narrow)
        } else {
            communicator.startSum(bundle.numbers.buffer)
        }
    }
}

/// Numbers that travel together.
private final class Bundle {
    let numbers: Storage
    private(set) var narrowNumbers: UnsafeMutableBufferPointer<UInt16>?

    init(_ count: Int) { numbers = Storage(count) }

    deinit { narrowNumbers?.deallocate() }

    func narrow() {
        let narrow = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: numbers.count)
        if let base = narrow.baseAddress {
            VectorKernels.best.narrow(base, numbers.base, numbers.count)
        }
        narrowNumbers = narrow
    }

    /// Takes the sums of what was narrowed, if anything was.
    func widen() {
        guard let base = narrowNumbers?.baseAddress else { return }
        VectorKernels.best.widen(numbers.base, base, numbers.count)
    }
}

/// The dense parameters of a layer.
private final class Group {
    /// Arrays of so many numbers travel by themselves.
    private static let largeCount = 1 << 16

    let layer: Int
    let parameters: [Parameter]
    /// The gradients that are summed where they lie.
    private(set) var large: [Storage] = []
    /// The others, one after the other.
    private(set) var bundle = Bundle(0)
    private var small: [Storage] = []

    init(layer: Int, parameters: [Parameter]) {
        self.layer = layer
        self.parameters = parameters
    }

    func pack(compressed: Bool) {
        let gradients = parameters.map { $0.gradientToWrite() }
        large = compressed ? [] : gradients.filter { $0.count >= Self.largeCount }
        small = compressed ? gradients : gradients.filter { $0.count < Self.largeCount }
        bundle = Bundle(small.reduce(0) { $0 + $1.count })
        var place = bundle.numbers.base
        for gradient in small {
            place.update(from: gradient.base, count: gradient.count)
            place += gradient.count
        }
        if compressed { bundle.narrow() }
    }

    func unpack() {
        bundle.widen()
        var place = bundle.numbers.base
        for gradient in small {
            gradient.base.update(from: place, count: gradient.count)
            place += gradient.count
        }
    }
}

extension Storage {
    fileprivate var buffer: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: base, count: count)
    }
}
