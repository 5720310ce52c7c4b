import JSON
import Kernels
import Support

/// The programs and the machine of a run.
enum RunEnvironment {
    /// Versions, processor, threads, who multiplies, and the machine's memory.
    static var json: JSONValue {
        let kernel = Machine.kernel
        return .object([
            JSONValue.Member("simile", .string(Version.simile)),
            JSONValue.Member("swift", .string(Version.swift)),
            JSONValue.Member(
                "system", .string("\(kernel.system) \(kernel.release) \(kernel.architecture)")),
            JSONValue.Member("processor", .string(Machine.processor)),
            JSONValue.Member("threads", .integer(ThreadPool.shared.count)),
            JSONValue.Member("instruction_set", .string(KernelSettings.instructionSetName)),
            JSONValue.Member("kernels", .string(String(cString: VectorKernels.best.name))),
            JSONValue.Member("products", .string(products)),
            JSONValue.Member(
                "memory_mib",
                .integer(Machine.memory.total >> 20)),
        ])
    }

    private static var products: String {
        guard GEMM.Engine.preferred == .library, case .success(let blas) = BLAS.shared else {
            return "own kernels"
        }
        return blas.library
    }
}
