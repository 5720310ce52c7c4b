@_exported import CKernels

/// The vector loops of the best instruction set that this processor has.
public enum VectorKernels {
    /// The table every operation calls.
    public static let best: simile_kernel_table = {
        // The baseline is always there.
        guard let table = simile_kernels(simile_best_instruction_set()) else {
            preconditionFailure("no vector kernels for this processor")
        }
        return table.pointee
    }()
}
