/// How PyTorch stores the elements of an array.
enum TorchElementType {
    case float64, float32, float16, bfloat16
    case int64, int32, int16, int8, uint8, bool

    init?(storageClass name: String) {
        switch name {
        case "DoubleStorage": self = .float64
        case "FloatStorage": self = .float32
        case "HalfStorage": self = .float16
        case "BFloat16Storage": self = .bfloat16
        case "LongStorage": self = .int64
        case "IntStorage": self = .int32
        case "ShortStorage": self = .int16
        case "CharStorage": self = .int8
        case "ByteStorage": self = .uint8
        case "BoolStorage": self = .bool
        default: return nil
        }
    }

    /// Bytes for each element.
    var size: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }
}

/// The bytes that one or several tensors are views of, as a pickle announces them.
struct TorchStorage: Equatable {
    let key: String
    let type: TorchElementType
    /// The number of elements.
    let count: Int
}

/// A view of a storage, in elements.
struct TorchTensor {
    let storage: TorchStorage
    let offset: Int
    let shape: [Int]
    let strides: [Int]

    /// Checks that every element lies in the storage, so that reading needs no checks.
    ///
    /// A tensor with more elements than its storage, one repeated by a stride of 0, is refused: a few
    /// bytes would stand for an array of any size.
    init?(storage: TorchStorage, offset: Int, shape: [Int], strides: [Int]) {
        guard offset >= 0, shape.count == strides.count, (shape + strides).allSatisfy({ $0 >= 0 })
        else { return nil }
        // The number of elements, were no axis empty, and the place of the last one.
        var (count, last) = (1, offset)
        for (size, stride) in zip(shape.map { max(1, $0) }, strides) {
            let (product, countOverflows) = count.multipliedReportingOverflow(by: size)
            let (way, wayOverflows) = stride.multipliedReportingOverflow(by: size - 1)
            let (sum, sumOverflows) = last.addingReportingOverflow(way)
            if countOverflows || wayOverflows || sumOverflows { return nil }
            (count, last) = (product, sum)
        }
        guard shape.contains(0) || last < storage.count && count <= storage.count else {
            return nil
        }
        (self.storage, self.offset, self.shape, self.strides) = (storage, offset, shape, strides)
    }

    /// Whether there is no element.
    var isEmpty: Bool { shape.contains(0) }

    /// Whether the elements lie in the storage in row-major order without gaps.
    var isContiguous: Bool {
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            if stride != expected { return false }
            expected *= size
        }
        return true
    }
}

extension TorchTensor {
    /// Fills `buffer`, which has as many places as the shape says, with the elements as Float32.
    ///
    /// - Parameter bytes: The storage's bytes, all of them.
    func read(
        from bytes: UnsafeRawBufferPointer, isBigEndian: Bool, into buffer: inout MutableSpan<Float>
    ) {
        if buffer.isEmpty { return }
        func fill<Bits: FixedWidthInteger>(_ convert: (Bits) -> Float) {
            forEachRun { place, offset, count, stride in
                for i in 0..<count {
                    let bits = bytes.loadUnaligned(
                        fromByteOffset: (offset + i * stride) * MemoryLayout<Bits>.size,
                        as: Bits.self)
                    buffer[place + i] = convert(
                        isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
                }
            }
        }
        switch storage.type {
        case .float32 where isContiguous && !isBigEndian:
            let elements = bytes[offset * 4..<(offset + buffer.count) * 4]
            buffer.withUnsafeMutableBytes { $0.copyMemory(from: .init(rebasing: elements)) }
        case .float32: fill { (bits: UInt32) in Float(bitPattern: bits) }
        case .float64: fill { (bits: UInt64) in Float(Double(bitPattern: bits)) }
        case .float16: fill { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
        case .bfloat16: fill { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
        case .int64: fill { (bits: Int64) in Float(bits) }
        case .int32: fill { (bits: Int32) in Float(bits) }
        case .int16: fill { (bits: Int16) in Float(bits) }
        case .int8: fill { (bits: Int8) in Float(bits) }
        case .uint8: fill { (bits: UInt8) in Float(bits) }
        case .bool: fill { (bits: UInt8) in bits == 0 ? 0 : 1 }
        }
    }

    /// Visits the elements in row-major order, a run along the last axis at a time.
    private func forEachRun(
        _ body: (_ place: Int, _ offset: Int, _ count: Int, _ stride: Int) -> Void
    ) {
        let (length, stride) = (shape.last ?? 1, strides.last ?? 1)
        var index = shape.dropLast().map { _ in 0 }
        var (place, start) = (0, offset)
        let runs = shape.dropLast().reduce(1, *)
        for _ in 0..<runs {
            body(place, start, length, stride)
            place += length
            for axis in index.indices.reversed() {
                index[axis] += 1
                start += strides[axis]
                if index[axis] < shape[axis] { break }
                start -= shape[axis] * strides[axis]
                index[axis] = 0
            }
        }
    }
}
