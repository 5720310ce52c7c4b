import ExampleFiles
import NeuralNetwork
import Settings
import Tensors

/// Tells whether two embeddings are of the same text by their dot product: `Σ log(1 + e^z) − y z` with z = u · v.
///
/// | Columns | Labels |
/// |---|---|
/// | two texts | 1 when they are the same, 0 when not |
///
/// It needs no similar texts, only texts: pair each with itself once and with several others. Carlsson et al. 2021,
/// "Semantic Re-tuning with Contrastive Tension" (ICLR). The paper trains two copies of the encoder; with one copy the
/// two embeddings of a text differ by dropout alone. `ContrastiveTensionLossInBatchNegatives` needs no pairs of unlike
/// texts and learns faster.
///
/// ```swift
/// let loss = try ContrastiveTensionLoss(.init(), LossContext(dimension: 384, columns: 2), in: store.root)
/// let value = loss([u, v], labels: [1, 0])
/// ```
public struct ContrastiveTensionLoss: Loss {
    /// `contrastive_tension`
    public static let name = "contrastive_tension"
    /// Two.
    public static let columns = 2...2

    /// Scores other than 0 and 1.
    public static func problem(with labels: LabelColumn) -> LabelProblem? {
        problemWithBinaryScores(labels)
    }

    /// Creates the loss; it has no parameters and no settings.
    public init(
        _ configuration: NoSettings, _ context: LossContext, in scope: ParameterScope
    ) throws(LossError) {
        try Self.check(configuration, context)
    }

    /// The sum over a batch, a scalar; 1 or 0 for each pair.
    public func callAsFunction(_ embeddings: [Tensor], labels: [Float]) -> Tensor {
        let logits = embeddings[0].dot(embeddings[1])
        return (logits.softplus() - logits * Tensor(labels)).sum()
    }
}
