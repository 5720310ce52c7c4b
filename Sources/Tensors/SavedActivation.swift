import Kernels

/// Numbers that an operation keeps for its backward pass, as they are or as bfloat16.
struct SavedActivation {
    let count: Int
    private let storage: Storage
    private let precision: Tape.ActivationPrecision

    /// Room for numbers, to be written by `write`.
    ///
    /// - Parameter precision: Off the tape float32.
    init(count: Int, _ precision: Tape.ActivationPrecision?) {
        self.count = count
        self.precision = precision ?? .float32
        storage = Storage(self.precision == .float32 ? count : (count + 1) / 2)
    }

    /// Keeps numbers that nobody changes.
    init(_ values: Storage, _ precision: Tape.ActivationPrecision?) {
        count = values.count
        self.precision = precision ?? .float32
        if self.precision == .float32 {
            storage = values
            return
        }
        storage = Storage((count + 1) / 2)
        let halves = halves
        ThreadPool.shared.ranges(count, grain: ThreadPool.elementGrain) { range in
            let first = range.lowerBound
            VectorKernels.best.narrow(halves + first, values.base + first, range.count)
        }
    }

    /// All numbers.
    var values: Storage {
        if precision == .float32 { return storage }
        let values = Storage(count)
        ThreadPool.shared.ranges(count, grain: ThreadPool.elementGrain) { range in
            let first = range.lowerBound
            VectorKernels.best.widen(values.base + first, halves + first, range.count)
        }
        return values
    }

    /// Lends the place of some numbers, few enough to stay in a cache, to be written.
    func write(_ range: Range<Int>, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        if precision == .float32 { return body(storage.base + range.lowerBound) }
        Self.withScratch(range.count) { scratch in
            body(scratch)
            VectorKernels.best.narrow(halves + range.lowerBound, scratch, range.count)
        }
    }

    /// Lends some numbers, few enough to stay in a cache.
    func read(_ range: Range<Int>, _ body: (UnsafePointer<Float>) -> Void) {
        if precision == .float32 { return body(storage.base + range.lowerBound) }
        Self.read(halves + range.lowerBound, count: range.count, body)
    }

    /// Lends what some bfloat16 numbers are.
    static func read(
        _ halves: UnsafePointer<UInt16>, count: Int, _ body: (UnsafePointer<Float>) -> Void
    ) {
        withScratch(count) { scratch in
            VectorKernels.best.widen(scratch, halves, count)
            body(scratch)
        }
    }

    /// The bfloat16 numbers, as which they are kept.
    var halves: UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(storage.base).assumingMemoryBound(to: UInt16.self)
    }

    private static func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, count)) { scratch in
            if let start = scratch.baseAddress { body(start) }
        }
    }
}

extension Range<Int> {
    /// Parts of so many, the last one possibly smaller.
    func blocks(of size: Int) -> [Range<Int>] {
        stride(from: lowerBound, to: upperBound, by: size).map {
            $0..<Swift.min($0 + size, upperBound)
        }
    }
}
