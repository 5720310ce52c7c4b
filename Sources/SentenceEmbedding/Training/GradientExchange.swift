import Tensors

/// Makes the gradients of all processes of a run one.
public protocol GradientExchange: AnyObject {
    /// The number of this process, from 0, which alone writes files.
    var rank: Int { get }
    /// The number of processes.
    var count: Int { get }
    /// Replaces every gradient by its mean over all processes; of row-sparse ones the union of the touched rows.
    func average(_ parameters: [Parameter]) throws
    /// True in every process when any gives true, so that all end after the same step.
    func any(_ flag: Bool) throws -> Bool
}

/// One process.
public final class Alone: GradientExchange {
    /// 0
    public let rank = 0
    /// 1
    public let count = 1
    /// Creates it.
    public init() {}
    /// Does nothing.
    public func average(_ parameters: [Parameter]) {}
    /// `flag`
    public func any(_ flag: Bool) -> Bool { flag }
}
