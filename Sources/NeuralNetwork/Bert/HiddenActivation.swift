import Tensors

/// The function inside the feed-forward blocks of an encoder, by the names that Hugging Face's `hidden_act` has
/// for it: several names for one function are kept apart, so that a model is written as it was read.
public enum HiddenActivation: String, Codable, CaseIterable, Sendable {
    /// `x · Φ(x)` (Hendrycks and Gimpel 2016, arXiv:1606.08415): that of BERT.
    case gelu
    /// The same as `gelu`.
    case geluPython = "gelu_python"
    /// `x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`, the approximation of `gelu` in Google's first code.
    case geluNew = "gelu_new"
    /// The same as `geluNew`.
    case geluTanh = "gelu_pytorch_tanh"
    /// The same as `geluNew`.
    case geluFast = "gelu_fast"
    /// `max(x, 0)`
    case relu
    /// `x / (1 + e^−x)`
    case silu
    /// The same as `silu`.
    case swish

    /// The function itself.
    public enum Function: Sendable {
        /// `x · Φ(x)`
        case gelu
        /// `x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`
        case tanhGELU
        /// `max(x, 0)`
        case relu
        /// `x / (1 + e^−x)`
        case silu
    }

    /// The function that the name stands for.
    public var function: Function {
        switch self {
        case .gelu, .geluPython: .gelu
        case .geluNew, .geluTanh, .geluFast: .tanhGELU
        case .relu: .relu
        case .silu, .swish: .silu
        }
    }

    /// The names as a list, for messages.
    public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

extension HiddenActivation.Function {
    /// The factor in front of `x + 0.044715 x³` in `tanhGELU`, √(2/π).
    package static let tanhFactor: Float = 0.797_884_6
    /// The factor of x³ in `tanhGELU`.
    package static let cubeFactor: Float = 0.044715

    /// The function of each element.
    func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .gelu: return x.gelu()
        case .tanhGELU:
            let inner = (x + x.squared() * x * Self.cubeFactor) * Self.tanhFactor
            return x * (inner.tanh() + 1) * 0.5
        case .relu: return x.relu()
        case .silu: return x * x.sigmoid()
        }
    }
}
