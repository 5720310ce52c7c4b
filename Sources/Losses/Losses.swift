import Support

/// Every loss by its name.
public enum Losses {
    /// All losses of embeddings, in the order in which documents show them.
    public static var all: [any Loss.Type] {
        [
            CosineSimilarityLoss.self, CoSENTLoss.self, AnglELoss.self, SoftmaxLoss.self,
            ContrastiveLoss.self, OnlineContrastiveLoss.self,
            MultipleNegativesRankingLoss.self, MultipleNegativesSymmetricRankingLoss.self,
            GISTEmbedLoss.self, MegaBatchMarginLoss.self,
            TripletLoss.self, BatchHardTripletLoss.self, BatchSemiHardTripletLoss.self,
            BatchAllTripletLoss.self, BatchHardSoftMarginTripletLoss.self,
            MSELoss.self, EmbedDistillLoss.self, MarginMSELoss.self, DistillKLDivLoss.self,
            ContrastiveTensionLoss.self, ContrastiveTensionLossInBatchNegatives.self,
            GlobalOrthogonalRegularizationLoss.self,
        ]
    }

    /// All losses of tokens, for texts without labels.
    public static var ofSequences: [any SequenceLoss.Type] {
        [MaskedLanguageModelLoss.self, DenoisingAutoEncoderLoss.self]
    }

    /// Every name, in the order in which documents show them.
    public static var names: [String] { all.map { $0.name } + ofSequences.map { $0.name } }

    /// The loss of a name, or of the name of its class: `softmax` and `SoftmaxLoss` are the same.
    ///
    /// - Throws: `LossError.unknown` with the names that there are.
    public static func named(_ name: String) throws(LossError) -> any TaskLoss.Type {
        let types: [any TaskLoss.Type] = all + ofSequences
        if let type = types.first(where: { $0.name == name || "\($0)" == name }) { return type }
        throw .unknown(
            name: name, suggestion: closestName(to: name, among: names + types.map { "\($0)" }),
            known: names)
    }
}
