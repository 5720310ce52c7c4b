import Settings
import Support

/// Which tokens are to be predicted, and what stands in their places: of those selected 80 % are masked, 10 % are
/// another token and 10 % stay. Devlin et al. 2019, arXiv:1810.04805, section 3.1.
public struct TokenMasking: Settings, Equatable {
    /// The share of the tokens that are selected, each by itself; one of each text at least.
    public var probability: Float = 0.15
    /// Whether whole words are selected, and not single pieces of them.
    public var wholeWord = false

    /// Creates the defaults, those of the paper.
    public init() {}

    /// `mlm_probability`, `whole_word`
    public static let settings = [
        Setting(
            "mlm_probability", \Self.probability, .from(0.01, to: 0.99),
            "The share of the tokens that are to be predicted."),
        Setting("whole_word", \Self.wholeWord, "Select all pieces of a word together."),
    ]
}

/// A sequence with tokens hidden.
public struct MaskedSequence: Sendable, Equatable {
    /// The ids that the encoder reads.
    public var ids: [Int32]
    /// The places of the tokens to be predicted, in ascending order.
    public var places: [Int]
    /// The tokens that were there.
    public var labels: [Int32]

    /// Describes a sequence.
    public init(ids: [Int32], places: [Int] = [], labels: [Int32] = []) {
        self.ids = ids
        self.places = places
        self.labels = labels
    }
}

extension TokenMasking {
    /// Hides tokens of a text, never special ones.
    ///
    /// A text of nothing but special tokens stays as it is.
    ///
    /// - Parameters:
    ///   - maskID: What stands in the place of most.
    ///   - seed: Decides which they are.
    ///   - number: Tells the texts of a seed apart.
    public func callAsFunction(
        _ ids: [Int32], _ tokens: TokenKinds, maskID: Int32, seed: UInt64, number: Int
    ) -> MaskedSequence {
        var random = SplitMix64.ofText(number, seed: seed)
        let units = (wholeWord ? tokens.words(of: ids) : ids.indices.map { $0..<$0 + 1 })
            .filter { !tokens.isSpecial[Int(ids[$0.lowerBound])] }
        var masked = MaskedSequence(ids: ids)
        if units.isEmpty { return masked }
        let draws = units.map { _ in random.unit() }
        var selected = units.indices.filter { draws[$0] < Double(probability) }
        if selected.isEmpty {
            selected = [units.indices.min { (draws[$0], $0) < (draws[$1], $1) } ?? 0]
        }
        for place in selected.flatMap({ units[$0] }) {
            masked.places.append(place)
            masked.labels.append(ids[place])
            let draw = random.unit()
            if draw < 0.8 {
                masked.ids[place] = maskID
            } else if draw < 0.9 {
                masked.ids[place] = tokens.ordinary[random.below(tokens.ordinary.count)]
            }
        }
        return masked
    }
}

extension SplitMix64 {
    /// The numbers of a text of a step. Streams below 1 << 32 have other purposes.
    static func ofText(_ number: Int, seed: UInt64) -> SplitMix64 {
        SplitMix64(seed: seed, stream: 1 << 32 + UInt64(number))
    }

    /// A number in 0..<1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
