import CKernels

/// Row-major matrix products on all threads.
public enum GEMM {
    /// Whether an operand is used as it lies in memory or transposed.
    public enum Operand: Int32, Sendable {
        case plain = 111
        case transposed = 112
    }

    /// Who multiplies.
    public enum Engine: String, Sendable {
        /// Our own kernels, on packed panels.
        case own
        /// The BLAS library, each thread a part.
        case library

        /// The one that is used: what `SIMILE_BLAS` asks for, else our own where it was measured to be faster,
        /// which is with AVX-512, else OpenBLAS, and our own where that cannot be loaded.
        public static let preferred = choose(KernelSettings.current) {
            if case .success = BLAS.shared { true } else { false }
        }

        static func choose(_ settings: KernelSettings, libraryCanBeLoaded: () -> Bool) -> Engine {
            if let engine = settings.engine { return engine }
            let isSlower = settings.instructionSet.rawValue < SIMILE_AVX512.rawValue
            return isSlower && libraryCanBeLoaded()
                ? .library : .own
        }
    }

    /// What the numbers of both sides of a product are rounded to; sums are float32 always.
    public enum Precision: String, Sendable {
        /// As they are.
        case float32
        /// 8 bits of mantissa, to nearest even, with the range of float32: twice as fast with AVX512-BF16, or faster with AMX.
        case bfloat16
        /// 8-bit integers with scales, only as `PackedMatrix` has them: four times as fast with AVX512-VNNI, or faster with AMX.
        case int8

        /// Whether this processor multiplies such numbers; nothing does it slower in its place.
        public var isAvailable: Bool {
            switch self {
            case .float32: true
            case .bfloat16: Self.pairs != nil
            case .int8: simile_int8_products_of(KernelSettings.current.instructionSet) != nil
            }
        }

        /// The order of sums in this precision on this processor, by a name: where it is another, the last bits are others.
        public var arithmetic: String {
            self == .bfloat16 && KernelSettings.current.instructionSet == SIMILE_AMX
                ? "AMX bfloat16" : rawValue
        }

        /// The kernels of a precision that is available.
        var kernels: simile_product_kernels {
            switch self {
            case .float32: return VectorKernels.best.products
            case .bfloat16:
                guard let pairs = Self.pairs else {
                    preconditionFailure("this processor does not multiply bfloat16 numbers")
                }
                return pairs
            case .int8:
                preconditionFailure("int8 is for weights that were packed before")
            }
        }

        /// Those of bfloat16, of the instruction set that `KernelSettings` allow.
        private static let pairs: simile_product_kernels? =
            simile_bfloat16_products(KernelSettings.current.instructionSet)?.pointee
    }

    /// y = f(x) for each of n numbers, such as `gelu_forward`.
    public typealias ElementFunction =
        @convention(c) (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void

    /// A product c[m, n] = beta · c + f(a)[m, k] · b[k, n] of contiguous matrices, where `a` and `b` may be
    /// stored transposed.
    public struct Product {
        let a: UnsafePointer<Float>
        let opA: Operand
        let b: UnsafePointer<Float>
        let opB: Operand
        let c: UnsafeMutablePointer<Float>
        let m: Int
        let n: Int
        let k: Int
        let beta: Float
        let bias: UnsafePointer<Float>?
        let activation: ElementFunction?
        let precision: Precision

        /// Creates a product; its memory must stay where it is until `run` has returned.
        ///
        /// - Parameters:
        ///   - a: [m, k], or [k, m] when it is stored transposed.
        ///   - b: [k, n], or [n, k] when it is stored transposed.
        ///   - c: [m, n].
        ///   - beta: 0 or 1; 0 with a bias.
        ///   - bias: What every row of c begins with: [n].
        ///   - activation: f, applied to each number of a plain `a` while it is in cache; the result is not
        ///     kept.
        ///   - precision: What the numbers of both sides are rounded to before they are multiplied.
        public init(
            _ a: UnsafePointer<Float>, _ opA: Operand, _ b: UnsafePointer<Float>, _ opB: Operand,
            into c: UnsafeMutablePointer<Float>, m: Int, n: Int, k: Int, beta: Float,
            bias: UnsafePointer<Float>? = nil, activation: ElementFunction? = nil,
            precision: Precision = .float32
        ) {
            precondition(
                precision != .int8 && precision.isAvailable,
                "this processor does not multiply \(precision) numbers")
            precondition(
                beta == 0 || beta == 1 && bias == nil, "beta is 0, or 1 without a bias")
            precondition(
                activation == nil || opA == .plain, "only a plain operand is activated")
            self.a = a
            self.opA = opA
            self.b = b
            self.opB = opB
            self.c = c
            self.m = m
            self.n = n
            self.k = k
            self.beta = beta
            self.bias = bias
            self.activation = activation
            self.precision = precision
        }

        /// Floats between the rows of `a` as stored.
        var strideA: Int { opA == .plain ? k : m }
        /// Floats between the rows of `b` as stored.
        var strideB: Int { opB == .plain ? n : k }
        /// Multiplications.
        var work: Int { m * n * k }

        /// c as it is before the first multiplication.
        fileprivate func beginRows() {
            for i in 0..<m {
                if let bias {
                    (c + i * n).update(from: bias, count: n)
                } else if beta == 0 {
                    (c + i * n).update(repeating: 0, count: n)
                }
            }
        }
    }

    /// Multiplies. Products that do not depend on each other are computed together, which keeps all threads
    /// busy: none may read or write what another writes.
    public static func run(_ products: [Product], engine: Engine = .preferred) {
        for product in products where product.k == 0 { product.beginRows() }
        let products = products.filter { $0.work > 0 }
        switch engine {
        case .library:
            for product in products where product.precision == .float32 { product.runLibrary() }
            runPacked(products.filter { $0.precision != .float32 })
        case .own: runPacked(products)
        }
    }

    /// Multiplies, a single product.
    public static func run(_ product: Product, engine: Engine = .preferred) {
        run([product], engine: engine)
    }

    /// Cuts 0..<n into a part for each thread, in multiples of 16 (a cache line), for work of `n` × `width`
    /// operations; one part when there is too little to share.
    public static func parts(_ n: Int, width: Int, _ body: (Range<Int>) -> Void) {
        let pool = ThreadPool.shared
        let tiles = (n + 15) / 16
        let pieces = isSmall(n * width) ? 1 : min(pool.count, tiles)
        if n == 0 { return }
        pool.run(pieces) { piece, _ in
            let tile = ThreadPool.piece(piece, of: pieces, count: tiles)
            body(tile.lowerBound * 16..<min(tile.upperBound * 16, n))
        }
    }

    /// Whether so many operations are too few for more than one thread.
    static func isSmall(_ operations: Int) -> Bool { operations < 1 << 18 }
}
