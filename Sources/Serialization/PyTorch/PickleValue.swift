/// What a pickle of tensors may consist of.
///
/// Containers and tensors are places in a `PickleHeap`: a pickle may share them, have a list contain
/// itself, or nest them a million deep, and none of that costs more than its bytes.
enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case global(PickleGlobal)
    case storage(Int)
    case tensor(Int)

    /// For messages: what was found.
    var kind: String {
        switch self {
        case .none: "None"
        case .boolean: "a bool"
        case .integer: "an int"
        case .number: "a float"
        case .text: "a str"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dict"
        case .global: "a class or function"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// The classes and functions that a pickle may ask for; each is a constant here, none is ever looked up.
enum PickleGlobal {
    case orderedDictionary
    case size
    case rebuildTensor
    case rebuildParameter
    case storage(TorchElementType)

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("torch", "Size"): self = .size
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", _):
            guard let type = TorchElementType(storageClass: name) else { return nil }
            self = .storage(type)
        default: return nil
        }
    }
}

/// The containers, storages and tensors that a pickle makes.
struct PickleHeap {
    /// Tuples and lists.
    var sequences: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [TorchStorage] = []
    var tensors: [TorchTensor] = []

    /// More axes than any array of a model has.
    static let highestRank = 8

    /// The whole numbers of a shape or of strides; nil if it is anything else.
    func integers(_ value: PickleValue) -> [Int]? {
        guard let items = sequence(value), items.count <= Self.highestRank else { return nil }
        var integers: [Int] = []
        for item in items {
            guard case .integer(let integer) = item else { return nil }
            integers.append(integer)
        }
        return integers
    }

    func sequence(_ value: PickleValue) -> [PickleValue]? {
        switch value {
        case .tuple(let place), .list(let place): sequences[place]
        default: nil
        }
    }
}
