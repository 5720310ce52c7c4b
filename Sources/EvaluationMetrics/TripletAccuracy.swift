/// How often an anchor is closer to its positive than to its negative, as `TripletEvaluator`.
public enum TripletAccuracy {
    /// The share of triplets whose positive similarity is above the negative one by more than `margin`; NaN of
    /// no triplets.
    ///
    /// Distances are given negated. A NaN is not above anything.
    public static func figure(
        positive: [Float], negative: [Float], margin: Float = 0
    ) -> Figure {
        precondition(positive.count == negative.count, "two similarities for every triplet")
        return Figure("accuracy", mean(zip(positive, negative).map { $0 > $1 + margin ? 1 : 0 }))
    }
}
