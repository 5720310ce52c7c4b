@_exported import CKernels

/// The vector loops of the best instruction set that this processor has and `KernelSettings` allow.
public enum VectorKernels {
    /// The table every operation calls.
    public static let best: simile_kernel_table = {
        // The settings name none that the processor has not.
        guard let table = simile_kernels(KernelSettings.current.instructionSet) else {
            preconditionFailure("no vector kernels for this processor")
        }
        return table.pointee
    }()
}
