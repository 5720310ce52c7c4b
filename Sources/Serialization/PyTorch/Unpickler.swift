/// Runs a pickle of tensors and containers: a small stack machine that can make nothing else.
///
/// A pickle is a program. The instructions here are those that `torch.save` writes in protocols 2 to 5; a
/// class or function that is not a `PickleGlobal` is refused by name, and nothing is ever called. Each
/// instruction makes at most one small value, so a pickle takes time in proportion to its length, and memory
/// of at most about 100 times its length.
struct Unpickler {
    /// Why a pickle is refused.
    enum Refusal: Error {
        case asksFor(String)
        case damaged(String)
    }

    /// A pickle longer than this is no model's: about 120 bytes describe a tensor.
    static let longest = 1 << 20

    /// What the pickles have made so far.
    private(set) var heap = PickleHeap()
    private var storagePlaces: [String: Int] = [:]
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var cursor: ByteCursor

    init(_ bytes: some Sequence<UInt8>) { cursor = ByteCursor(bytes) }

    /// Where the last pickle ended.
    var position: Int { cursor.position }

    /// Runs one pickle and returns the object that it leaves.
    ///
    /// - Parameter path: The file's, for messages.
    mutating func load(path: String) throws(SerializationError) -> PickleValue {
        (stack, marks, memo) = ([], [], [:])
        while true {
            let place = position
            do {
                let instruction = try cursor.byte()
                if instruction == UInt8(ascii: ".") { return try pop() }
                try run(instruction)
            } catch Refusal.asksFor(let name) {
                throw .forbiddenCode(path: path, name: name.shown)
            } catch Refusal.damaged(let problem) {
                throw .malformed(path: path, problem: "byte \(place) of its pickle \(problem)")
            } catch {
                throw .malformed(
                    path: path, problem: "its pickle ends in the instruction at byte \(place)")
            }
        }
    }

    private mutating func run(_ instruction: UInt8) throws {
        switch instruction {
        case 0x80: try checkProtocol()
        case 0x95: _ = try cursor.take(8)  // The length of a frame: a hint for buffers.
        case "(": marks.append(stack.count)
        case "0": _ = try pop()
        case "1": _ = try popToMark()
        case "2": stack.append(try top())

        case "N": stack.append(.none)
        case 0x88: stack.append(.boolean(true))
        case 0x89: stack.append(.boolean(false))
        case "J": stack.append(.integer(Int(Int32(bitPattern: try cursor.integer()))))
        case "K": stack.append(.integer(Int(try cursor.byte())))
        case "M": stack.append(.integer(try cursor.count(UInt16.self)))
        case 0x8A: stack.append(try long(byteCount: Int(cursor.byte())))
        case 0x8B: stack.append(try long(byteCount: cursor.count(UInt32.self)))
        case "G":
            let bits = try cursor.integer(UInt64.self).byteSwapped
            stack.append(.number(Double(bitPattern: bits)))
        case 0x8C, "U": stack.append(try text(length: Int(cursor.byte())))
        case "X", "T": stack.append(try text(length: cursor.count(UInt32.self)))
        case 0x8D: stack.append(try text(length: cursor.count(UInt64.self)))

        case ")": pushSequence([], PickleValue.tuple)
        case 0x85, 0x86, 0x87:
            pushSequence(try pop(count: Int(instruction) - 0x84), PickleValue.tuple)
        case "t": pushSequence(try popToMark(), PickleValue.tuple)
        case "]": pushSequence([], PickleValue.list)
        case "l": pushSequence(try popToMark(), PickleValue.list)
        case "a": try append([try pop()])
        case "e": try append(try popToMark())
        case "}": pushDictionary()
        case "d":
            let items = try popToMark()
            pushDictionary()
            try set(items)
        case "s": try set(try pop(count: 2))
        case "u": try set(try popToMark())

        case "q": memo[Int(try cursor.byte())] = try top()
        case "r": memo[try cursor.count(UInt32.self)] = try top()
        case 0x94: memo[memo.count] = try top()
        case "h": stack.append(try remembered(Int(cursor.byte())))
        case "j": stack.append(try remembered(cursor.count(UInt32.self)))

        case "c": stack.append(try global(module: cursor.line(), name: cursor.line()))
        case 0x93:
            guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
                throw Refusal.damaged("asks for a class whose name is not a str")
            }
            stack.append(try global(module: module, name: name))
        case "R": try reduce()
        case "b": try build()
        case "Q": stack.append(.storage(try storage(try pop())))
        default:
            let code = String(instruction, radix: 16, uppercase: true)
            throw Refusal.damaged(
                "is the instruction 0x\(code), which tensors and containers do not need")
        }
    }
}

// MARK: - Instructions

extension Unpickler {
    private mutating func checkProtocol() throws {
        let version = try cursor.byte()
        guard (2...5).contains(version) else {
            throw Refusal.damaged("says protocol \(version), expected 2 to 5")
        }
    }

    /// A whole number, little-endian in two's complement.
    private mutating func long(byteCount: Int) throws -> PickleValue {
        let bytes = try cursor.take(byteCount)
        guard byteCount <= 8 else {
            throw Refusal.damaged("is a number of \(byteCount) bytes, expected 8 at most")
        }
        let isNegative = (bytes.last ?? 0) >= 128
        return .integer(
            bytes.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) })
    }

    private mutating func text(length: Int) throws -> PickleValue {
        .text(String(decoding: try cursor.take(length), as: UTF8.self))
    }

    private mutating func pushSequence(_ items: [PickleValue], _ make: (Int) -> PickleValue) {
        stack.append(make(heap.sequences.count))
        heap.sequences.append(items)
    }

    private mutating func pushDictionary() {
        stack.append(.dictionary(heap.dictionaries.count))
        heap.dictionaries.append([])
    }

    private mutating func append(_ items: [PickleValue]) throws {
        guard case .list(let place) = try top() else {
            throw Refusal.damaged("adds an item to \(try top().kind), expected a list")
        }
        heap.sequences[place] += items
    }

    /// Sets items given as key, value, key, value.
    private mutating func set(_ items: [PickleValue]) throws {
        guard case .dictionary(let place) = try top(), items.count.isMultiple(of: 2) else {
            throw Refusal.damaged("sets items of \(try top().kind), expected pairs for a dict")
        }
        for i in stride(from: 0, to: items.count, by: 2) {
            heap.dictionaries[place].append((items[i], items[i + 1]))
        }
    }

    private func remembered(_ place: Int) throws -> PickleValue {
        guard let value = memo[place] else {
            throw Refusal.damaged("recalls \(place), which was never stored")
        }
        return value
    }

    private func global(module: String, name: String) throws -> PickleValue {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw Refusal.asksFor("\(module).\(name)")
        }
        return .global(global)
    }

    /// Where the items end that the instructions since the last mark have left.
    private var floor: Int { marks.last ?? 0 }

    private func top() throws -> PickleValue {
        guard stack.count > floor, let value = stack.last else {
            throw Refusal.damaged("needs a value, there is none")
        }
        return value
    }

    private mutating func pop() throws -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(count: Int) throws -> [PickleValue] {
        guard stack.count >= floor + count else {
            throw Refusal.damaged("needs \(count) values, there are \(stack.count - floor)")
        }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else {
            throw Refusal.damaged("needs a mark, there is none")
        }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }
}

// MARK: - Objects

extension Unpickler {
    /// What calling a class or function with a tuple of arguments would make.
    private mutating func reduce() throws {
        guard let arguments = heap.sequence(try pop()), case .global(let global) = try pop() else {
            throw Refusal.damaged("calls what is no class or function, or without arguments")
        }
        switch (global, arguments.count, arguments.first) {
        case (.orderedDictionary, 0, _): pushDictionary()
        case (.size, 1, .some(.tuple(let place))): stack.append(.tuple(place))
        case (.rebuildTensor, 6, .some(.storage(let place))):
            stack.append(.tensor(heap.tensors.count))
            heap.tensors.append(try tensor(heap.storages[place], arguments))
        case (.rebuildParameter, 3, .some(.tensor(let place))): stack.append(.tensor(place))
        default: throw Refusal.damaged("makes a \(global) of unexpected arguments")
        }
    }

    /// A tensor from the arguments storage, offset, shape, strides, requires_grad and hooks.
    private func tensor(_ storage: TorchStorage, _ arguments: [PickleValue]) throws -> TorchTensor {
        guard case .integer(let offset) = arguments[1], let shape = heap.integers(arguments[2]),
            let strides = heap.integers(arguments[3])
        else { throw Refusal.damaged("makes a tensor without a proper offset, shape and strides") }
        let tensor = TorchTensor(storage: storage, offset: offset, shape: shape, strides: strides)
        guard let tensor else {
            throw Refusal.damaged(
                "makes a tensor \(shape) with strides \(strides) from element \(offset), which does not fit into its storage of \(storage.count) elements"
            )
        }
        return tensor
    }

    /// Attributes for the object on top: PyTorch sets only `_metadata` of a dictionary, not needed here.
    private mutating func build() throws {
        _ = try pop()
        guard case .dictionary = try top() else {
            throw Refusal.damaged("sets attributes of \(try top().kind), expected a dict")
        }
    }

    /// The place of the storage that a tuple `("storage", class, key, device, count)` announces.
    ///
    /// The older format adds None, or which part of another storage this one is.
    private mutating func storage(_ value: PickleValue) throws -> Int {
        guard let parts = heap.sequence(value), (5...6).contains(parts.count),
            case .text("storage") = parts[0], case .global(.storage(let type)) = parts[1],
            case .text(let key) = parts[2], key.utf8.count <= 64,
            case .integer(let count) = parts[4], count >= 0
        else { throw Refusal.damaged("announces no storage of a tensor") }
        if parts.count == 6 {
            guard case .none = parts[5] else {
                throw Refusal.damaged("announces a part of a storage, as PyTorch before 0.4 did")
            }
        }
        let storage = TorchStorage(key: key, type: type, count: count)
        if let place = storagePlaces[key] {
            guard heap.storages[place] == storage else {
                throw Refusal.damaged("announces storage \(key.shown) in a second type or size")
            }
            return place
        }
        storagePlaces[key] = heap.storages.count
        heap.storages.append(storage)
        return heap.storages.count - 1
    }
}

/// Lets instructions be written as the characters that they are.
private func ~= (character: Unicode.Scalar, byte: UInt8) -> Bool {
    character.isASCII && UInt8(ascii: character) == byte
}
