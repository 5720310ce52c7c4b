import Support

/// Every loss by its name.
public enum Losses {
    /// All losses, in the order in which documents show them.
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

    /// The loss of a name.
    ///
    /// - Throws: `LossError.unknown` with the names that there are.
    public static func named(_ name: String) throws(LossError) -> any Loss.Type {
        if let type = all.first(where: { $0.name == name }) { return type }
        let names = all.map { $0.name }
        throw .unknown(name: name, suggestion: closestName(to: name, among: names), known: names)
    }
}
