import Foundation

/// The learning rate of each optimizer step, from step 0, as Hugging Face's schedules of the same names.
///
/// After the last step the rate stays what it is there, but for `inverse_sqrt`, which goes on falling. (Hugging
/// Face's cosines rise again.)
public struct LearningRateSchedule: Sendable, Equatable {
    /// What happens after the warm-up.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Falls in a straight line to 0 at the last step; Sentence-BERT's.
        case linear
        /// Stays at the peak.
        case constant
        /// Falls along half a cosine to 0 at the last step, or along `num_cycles` cosines.
        case cosine
        /// `constant`, under the name that Hugging Face has for it.
        case constantWithWarmup = "constant_with_warmup"
        /// Falls along half a cosine to 0, starts again at the peak, and so `num_cycles` times.
        case cosineWithRestarts = "cosine_with_restarts"
        /// Falls along half a cosine to the least rate.
        case cosineWithLeastRate = "cosine_with_min_lr"
        /// Falls to `lr_end` as a power of the share of steps that are left.
        case polynomial
        /// Falls as 1 / √step.
        case inverseSquareRoot = "inverse_sqrt"
        /// Stays at the peak and falls within the last `num_decay_steps` (Hu et al. 2024, arXiv:2404.06395).
        case warmupStableDecay = "warmup_stable_decay"
    }

    /// What happens after the warm-up.
    public var kind: Kind
    /// The largest rate.
    public var peak: Float
    /// Steps during which the rate rises in a straight line from 0, which step 0 gets.
    public var warmupSteps: Int
    /// Steps in the whole run.
    public var totalSteps: Int
    /// What the kind may be told besides.
    public var settings: ScheduleSettings

    /// Creates a schedule.
    public init(
        _ kind: Kind = .linear, peak: Float, warmupSteps: Int, totalSteps: Int,
        settings: ScheduleSettings = ScheduleSettings()
    ) {
        self.kind = kind
        self.peak = peak
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
        self.settings = settings
    }

    /// Creates a schedule whose warm-up takes a share of the steps, as `warmup_ratio` of Hugging Face does.
    ///
    /// The warm-up begins with rate 0. It therefore leaves the peak at least one step: a run of a single step
    /// has none, and a share of 1 is all steps but the last.
    public init(
        _ kind: Kind = .linear, peak: Float, warmupRatio: Double, totalSteps: Int,
        settings: ScheduleSettings = ScheduleSettings()
    ) {
        let warmup = Self.warmupSteps(ratio: warmupRatio, totalSteps: totalSteps)
        self.init(
            kind, peak: peak, warmupSteps: min(warmup, totalSteps - 1), totalSteps: totalSteps,
            settings: settings)
    }

    /// The steps that a share of all comes to, rounded up.
    public static func warmupSteps(ratio: Double, totalSteps: Int) -> Int {
        Int((Double(totalSteps) * ratio).rounded(.up))
    }

    /// The learning rate of a step.
    public func callAsFunction(_ step: Int) -> Float {
        if step < warmupSteps {
            return peak * Float(warmup(Double(step) / Double(max(1, warmupSteps))))
        }
        let left = Double(totalSteps - step) / Double(max(1, totalSteps - warmupSteps))
        return peak * Float(max(0, factor(step, left: min(max(left, 0), 1))))
    }

    /// The share of the peak at a share of the warm-up.
    private func warmup(_ progress: Double) -> Double {
        guard kind == .warmupStableDecay else { return progress }
        return aboveLeast(settings.warmupType.rising(progress))
    }

    /// The share of the peak at a step after the warm-up, `left` being the share of the steps that are left.
    private func factor(_ step: Int, left: Double) -> Double {
        let done = 1 - left
        switch kind {
        case .linear: return left
        case .constant, .constantWithWarmup: return 1
        case .cosine: return halfCosine(cycles * 2 * done)
        case .cosineWithRestarts:
            return left == 0
                ? 0 : halfCosine((cycles * done).truncatingRemainder(dividingBy: 1))
        case .cosineWithLeastRate: return aboveLeast(halfCosine(cycles * 2 * done))
        case .polynomial:
            guard peak > 0 else { return 1 }
            let end = Double(settings.endRate) / Double(peak)
            return (1 - end) * pow(left, Double(settings.power)) + end
        case .inverseSquareRoot:
            let scale = settings.timescale ?? (warmupSteps > 0 ? warmupSteps : 10_000)
            return 1 / (Double(step + scale - warmupSteps) / Double(scale)).squareRoot()
        case .warmupStableDecay:
            // A tenth of all steps, as the paper proposes.
            let decay = settings.decaySteps ?? (totalSteps + 9) / 10
            let stable = settings.stableSteps ?? max(0, totalSteps - warmupSteps - decay)
            let over = step - warmupSteps - stable
            if over < 0 { return 1 }
            if over >= decay { return least }
            return aboveLeast(settings.decayType.falling(Double(over) / Double(decay), cycles))
        }
    }

    private var cycles: Double {
        Double(settings.cycles ?? (kind == .cosineWithRestarts ? 1 : 0.5))
    }

    /// The least share of the peak.
    private var least: Double {
        if let rate = settings.leastRate, peak > 0 { return Double(rate) / Double(peak) }
        return Double(settings.leastShare ?? (kind == .cosineWithLeastRate ? 0.1 : 0))
    }

    private func aboveLeast(_ factor: Double) -> Double { factor * (1 - least) + least }
}

/// From 1 at 0 to 0 at 1, and on.
func halfCosine(_ progress: Double) -> Double { 0.5 * (1 + cos(.pi * progress)) }
