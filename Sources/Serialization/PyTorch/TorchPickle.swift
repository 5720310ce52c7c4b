import Foundation

/// What one call of `torch.save` has put into a file: an object, and where its tensors' bytes are.
struct TorchPickle {
    let root: PickleValue
    let heap: PickleHeap
    /// Byte ranges of the file by the storages' keys.
    let storages: [String: Range<Int>]
    /// Whether the numbers are stored with the highest byte first.
    let isBigEndian: Bool
}

// MARK: - The zip format

extension TorchPickle {
    /// `NAME/data.pkl` is the pickle, `NAME/data/KEY` a storage, `NAME/byteorder` little or big.
    init(zip data: Data, path: String) throws(SerializationError) {
        let archive = try ZipArchive(data, path: path)
        let suffix = "/data.pkl"
        // It is part of each storage's name, so a long one would be costly.
        guard
            let name = archive.names.first(where: { $0.hasSuffix(suffix) && $0.utf8.count < 256 }),
            let pickle = try archive.bytes(of: name)
        else {
            throw .malformed(
                path: path, problem: "a zip file without a data.pkl, so not of PyTorch")
        }
        guard pickle.count <= Unpickler.longest else {
            throw .malformed(
                path: path,
                problem:
                    "its pickle has \(pickle.count) bytes, more than \(Unpickler.longest) are no model's"
            )
        }
        var unpickler = Unpickler(data[pickle])
        root = try unpickler.load(path: path)
        heap = unpickler.heap

        let folder = name.dropLast(suffix.count)
        var storages: [String: Range<Int>] = [:]
        for storage in heap.storages {
            guard let bytes = try archive.bytes(of: "\(folder)/data/\(storage.key)") else {
                continue  // An error only if a tensor of the dictionary needs it.
            }
            let (expected, overflows) = storage.count.multipliedReportingOverflow(
                by: storage.type.size)
            guard !overflows, bytes.count == expected else {
                throw .malformed(
                    path: path,
                    problem:
                        "data/\(storage.key.shown) has \(bytes.count) bytes, its pickle says \(storage.count) elements of \(storage.type)"
                )
            }
            storages[storage.key] = bytes
        }
        self.storages = storages

        if let bytes = try archive.bytes(of: "\(folder)/byteorder") {
            switch String(decoding: data[bytes].prefix(8), as: UTF8.self) {
            case "little": isBigEndian = false
            case "big": isBigEndian = true
            case let order:
                throw .malformed(
                    path: path,
                    problem: "its byteorder is '\(order.shown)', expected 'little' or 'big'")
            }
        } else {
            isBigEndian = false
        }
    }
}

// MARK: - The format before PyTorch 1.6

extension TorchPickle {
    /// Five pickles: a magic number, a version, facts of the machine, the object, the list of keys. The
    /// storages follow in the list's order, each after its number of elements; all is little-endian.
    init(legacy data: Data, path: String) throws(SerializationError) {
        let magic: [UInt8] = [
            0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
        ]
        guard let first = data.prefix(32).firstRange(of: magic) else {
            throw .malformed(
                path: path, problem: "not a file of PyTorch: neither its zip nor its older format")
        }
        var unpickler = Unpickler(data[first.upperBound...].prefix(Unpickler.longest))
        guard case .integer(1001) = try unpickler.load(path: path) else {
            throw .malformed(
                path: path, problem: "the version of PyTorch's older format is not 1001")
        }
        _ = try unpickler.load(path: path)
        root = try unpickler.load(path: path)
        let list = try unpickler.load(path: path)
        heap = unpickler.heap
        isBigEndian = false

        let announced = Dictionary(uniqueKeysWithValues: heap.storages.map { ($0.key, $0) })
        var storages: [String: Range<Int>] = [:]
        var position = first.upperBound + unpickler.position
        for item in heap.sequence(list) ?? [] {
            guard case .text(let key) = item, let storage = announced[key] else {
                throw .malformed(
                    path: path, problem: "its list of storages has one that its pickle has not")
            }
            guard let prefix = data.range(from: position, count: 8) else {
                throw .truncated(path: path, expected: position + 8, found: data.count)
            }
            let count = data[prefix].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            guard count == storage.count else {
                throw .malformed(
                    path: path,
                    problem:
                        "storage \(key.shown) at byte \(position) has \(count) elements, its pickle says \(storage.count)"
                )
            }
            let (size, overflows) = storage.count.multipliedReportingOverflow(by: storage.type.size)
            guard !overflows, let bytes = data.range(from: prefix.upperBound, count: size) else {
                throw .malformed(
                    path: path,
                    problem:
                        "cut short: it ends in storage \(key.shown), whose \(storage.count) elements begin at byte \(prefix.upperBound)"
                )
            }
            storages[key] = bytes
            position = bytes.upperBound
        }
        self.storages = storages
    }
}
