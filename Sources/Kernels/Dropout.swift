import CKernels

extension simile_dropout {
    /// No dropout at all.
    public static let off = simile_dropout(key: 0, threshold: 0, scale: 1)

    /// Drops with `probability` in 0..<1; `key` names the operation and the step.
    public init(key: UInt64, probability: Float) {
        precondition((0..<1).contains(probability), "dropout is in 0..<1, got \(probability)")
        self.init(
            key: key, threshold: UInt32(Double(probability) * 0x1p32), scale: 1 / (1 - probability))
    }
}
