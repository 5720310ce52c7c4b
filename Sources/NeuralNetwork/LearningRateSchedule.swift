import Foundation

/// The learning rate of each optimizer step, from step 0.
public struct LearningRateSchedule: Sendable, Codable, Equatable {
    /// What happens after the warm-up.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Falls in a straight line to 0 at the last step; Sentence-BERT's.
        case linear
        /// Stays at the peak.
        case constant
        /// Falls along half a cosine to 0 at the last step.
        case cosine
    }

    /// What happens after the warm-up.
    public var kind: Kind
    /// The largest rate.
    public var peak: Float
    /// Steps during which the rate rises in a straight line from 0, which step 0 gets.
    public var warmupSteps: Int
    /// Steps in the whole run.
    public var totalSteps: Int

    /// Creates a schedule.
    public init(_ kind: Kind = .linear, peak: Float, warmupSteps: Int, totalSteps: Int) {
        self.kind = kind
        self.peak = peak
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
    }

    /// Creates a schedule whose warm-up takes a share of the steps, as `warmup_ratio` of Hugging Face does.
    ///
    /// The warm-up begins with rate 0. It therefore leaves the peak at least one step: a run of a single step
    /// has none, and a share of 1 is all steps but the last.
    public init(_ kind: Kind = .linear, peak: Float, warmupRatio: Double, totalSteps: Int) {
        let warmup = Self.warmupSteps(ratio: warmupRatio, totalSteps: totalSteps)
        self.init(
            kind, peak: peak, warmupSteps: min(warmup, totalSteps - 1), totalSteps: totalSteps)
    }

    /// The steps that a share of all comes to, rounded up.
    public static func warmupSteps(ratio: Double, totalSteps: Int) -> Int {
        Int((Double(totalSteps) * ratio).rounded(.up))
    }

    /// The learning rate of a step.
    public func callAsFunction(_ step: Int) -> Float {
        if step < warmupSteps { return peak * Float(Double(step) / Double(max(1, warmupSteps))) }
        let left = Double(totalSteps - step) / Double(max(1, totalSteps - warmupSteps))
        switch kind {
        case .linear: return peak * Float(max(0, left))
        case .constant: return peak
        case .cosine: return peak * Float(0.5 * (1 + cos(.pi * (1 - min(max(left, 0), 1)))))
        }
    }
}
