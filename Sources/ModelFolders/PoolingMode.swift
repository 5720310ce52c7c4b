import Serialization

/// How the token vectors of a sentence become one, in the order in which several are joined.
public enum PoolingMode: String, CaseIterable, Sendable {
    /// The first token's vector.
    case cls
    /// The largest entry of each column.
    case max
    /// The mean.
    case mean
    /// The sum divided by the square root of the length.
    case meanSqrtLength = "mean_sqrt_len_tokens"
    /// The mean with weights 1, 2, 3, ...
    case weightedMean = "weightedmean"
    /// The last token's vector.
    case lastToken = "lasttoken"

    /// The flag in the legacy `1_Pooling/config.json`.
    var legacyKey: String {
        switch self {
        case .cls: "pooling_mode_cls_token"
        case .max: "pooling_mode_max_tokens"
        case .mean: "pooling_mode_mean_tokens"
        case .meanSqrtLength: "pooling_mode_mean_sqrt_len_tokens"
        case .weightedMean: "pooling_mode_weightedmean_tokens"
        case .lastToken: "pooling_mode_lasttoken"
        }
    }
}
