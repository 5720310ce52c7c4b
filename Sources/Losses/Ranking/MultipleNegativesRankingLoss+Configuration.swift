import Settings

extension MultipleNegativesRankingLoss {
    /// Which texts compete with the positive.
    public enum Direction: String, CaseIterable, Sendable {
        /// All positives and negatives, as matches of the anchor.
        case queryToDoc = "query_to_doc"
        /// The other anchors, as matches of the anchor.
        case queryToQuery = "query_to_query"
        /// All anchors, as matches of the positive.
        case docToQuery = "doc_to_query"
        /// The other rows' positives and negatives, as matches of the positive.
        case docToDoc = "doc_to_doc"
    }

    /// How the competitors of several directions are put together.
    public enum PartitionMode: String, CaseIterable, Sendable {
        /// One softmax over all of them.
        case joint
        /// The mean of a softmax for each direction.
        case perDirection = "per_direction"
    }

    /// Which negatives count more the more alike they are to the anchor.
    public enum HardnessMode: String, CaseIterable, Sendable {
        /// Those of other rows.
        case inBatchNegatives = "in_batch_negatives"
        /// The row's own.
        case hardNegatives = "hard_negatives"
        /// All.
        case allNegatives = "all_negatives"
    }

    /// The settings.
    public struct Configuration: Settings {
        /// What similarities are multiplied with, an inverse temperature.
        public var scale: Float = 20
        /// How alike two embeddings are.
        public var similarity = Similarity.cosine
        /// Which texts compete with the positive; query_to_doc is always among them.
        public var directions = [Direction.queryToDoc]
        /// How the competitors of several directions are put together.
        public var partitionMode = PartitionMode.joint
        /// Which negatives count more the more alike they are to the anchor; nil for none.
        public var hardnessMode: HardnessMode?
        /// How much more they count.
        public var hardnessStrength: Float = 0

        /// `scale`, `similarity_fct`, `directions`, `partition_mode`, `hardness_mode`, `hardness_strength`
        public static let settings = [
            Setting("scale", \Self.scale, .above(0), "What similarities are multiplied with."),
            Setting("similarity_fct", \Self.similarity, "How alike two embeddings are."),
            Setting(
                "directions", \Self.directions,
                "Which texts compete with the positive; query_to_doc is always among them."),
            Setting(
                "partition_mode", \Self.partitionMode,
                "Whether directions share a softmax or have one each."),
            Setting(
                "hardness_mode", \Self.hardnessMode,
                "Which negatives count more the more alike they are to the anchor."),
            Setting(
                "hardness_strength", \Self.hardnessStrength, .atLeast(0),
                "How much more hard negatives count."),
        ]
        /// Creates the defaults.
        public init() {}
    }
}
