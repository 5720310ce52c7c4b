import Foundation
import JSON
import Settings
import Support

/// What some schedules of learning rates may be told besides peak, warm-up and length, under Hugging Face's
/// names.
public struct ScheduleSettings: Settings, Equatable {
    /// The form of a warm-up or of the decay of `warmup_stable_decay`.
    public enum Form: String, Sendable, CaseIterable {
        /// A straight line.
        case linear
        /// Half a cosine.
        case cosine
        /// 1 minus a square root: 1 − √progress when falling, 1 − √(1 − progress) when rising.
        case squareRoot = "1-sqrt"

        func rising(_ progress: Double) -> Double {
            switch self {
            case .linear: progress
            case .cosine: 1 - halfCosine(progress)
            case .squareRoot: 1 - (1 - progress).squareRoot()
            }
        }

        func falling(_ progress: Double, _ cycles: Double) -> Double {
            switch self {
            case .linear: 1 - progress
            case .cosine: halfCosine(cycles * 2 * progress)
            case .squareRoot: 1 - progress.squareRoot()
            }
        }
    }

    /// Cosines between warm-up and end: 0.5, and 1 for restarts, when absent.
    public var cycles: Float?
    /// The power of `polynomial`.
    public var power: Float = 1
    /// The rate at the end of `polynomial`, to be below the peak.
    public var endRate: Float = 1e-7
    /// The step from the start of the curve at which `inverse_sqrt` has the peak: when absent the warm-up's, or
    /// 10,000.
    public var timescale: Int?
    /// Steps of `warmup_stable_decay` that decay; a tenth of all, rounded up, when absent.
    public var decaySteps: Int?
    /// Steps of `warmup_stable_decay` at the peak; those that warm-up and decay leave when absent.
    public var stableSteps: Int?
    /// The form of the warm-up of `warmup_stable_decay`.
    public var warmupType = Form.linear
    /// The form of the decay of `warmup_stable_decay`.
    public var decayType = Form.cosine
    /// The least rate as a share of the peak: when absent 0, and 0.1 for `cosine_with_min_lr`.
    public var leastShare: Float?
    /// The least rate of `cosine_with_min_lr`, instead of a share.
    public var leastRate: Float?

    /// Creates the defaults.
    public init() {}

    /// Checks the values, and that a schedule of a kind falls with them.
    ///
    /// - Parameter peak: The learning rate, which the rate at the end or the least rate has to be below.
    /// - Throws: `SettingError.invalid` for a value that is none of those expected, and for `lr_end` of `polynomial`
    ///   and `min_lr` of `cosine_with_min_lr` that are not below the learning rate: with them the rate would rise.
    public func validate(kind: LearningRateSchedule.Kind, peak: Float) throws(SettingError) {
        try validate()
        let (key, rate): (String, Float?) =
            switch kind {
            case .polynomial: ("lr_end", endRate)
            case .cosineWithLeastRate: ("min_lr", leastRate)
            default: ("", nil)
            }
        if let rate, rate >= peak {
            throw .invalid(
                key: key, found: "\(rate)",
                expected: "a rate below the learning rate, which is \(peak)")
        }
    }

    /// Every setting.
    public static let settings = [
        Setting(
            "num_cycles", \Self.cycles, .above(0),
            "Cosines between warm-up and end; by default 0.5, with restarts 1."),
        Setting("power", \Self.power, .above(0), "The power of the polynomial."),
        Setting("lr_end", \Self.endRate, .atLeast(0), "The rate at the end of the polynomial."),
        Setting(
            "timescale", \Self.timescale, 1...Int(Int32.max),
            "Steps after which the inverse square root begins to fall; by default the warm-up's, or 10000."
        ),
        Setting(
            "num_decay_steps", \Self.decaySteps, 0...Int(Int32.max),
            "Steps of the decay at the end; by default a tenth of all."),
        Setting(
            "num_stable_steps", \Self.stableSteps, 0...Int(Int32.max),
            "Steps at the peak; by default all that warm-up and decay leave."),
        Setting("warmup_type", \Self.warmupType, "The form of the warm-up."),
        Setting("decay_type", \Self.decayType, "The form of the decay."),
        Setting(
            "min_lr_ratio", \Self.leastShare, .from(0, to: 1),
            "The least rate as a share of the peak; by default 0."),
        Setting(
            "min_lr_rate", \Self.leastShare, .from(0, to: 1),
            "The least rate as a share of the peak; by default 0.1."),
        Setting(
            "min_lr", \Self.leastRate, .atLeast(0),
            "The least rate, instead of a share of the peak."),
    ]
}

extension ScheduleSettings {
    /// The keys by what they set: some schedules have another name for it.
    package static let synonyms: [[String]] =
        keys.filter { $0 != "min_lr_rate" }
        .map { $0 == "min_lr_ratio" ? [$0, "min_lr_rate"] : [$0] }
}

extension LearningRateSchedule.Kind {
    /// The settings that the schedule has.
    public var settingKeys: [String] {
        switch self {
        case .linear, .constant, .constantWithWarmup: []
        case .cosine, .cosineWithRestarts: ["num_cycles"]
        case .cosineWithLeastRate: ["num_cycles", "min_lr_rate", "min_lr"]
        case .polynomial: ["power", "lr_end"]
        case .inverseSquareRoot: ["timescale"]
        case .warmupStableDecay:
            [
                "num_decay_steps", "num_stable_steps", "warmup_type", "decay_type", "min_lr_ratio",
                "num_cycles",
            ]
        }
    }

    /// Reads the schedule's settings from the text of a JSON object.
    ///
    /// - Throws: `SettingError` for a value that is none of those expected, and for a setting that the schedule
    ///   does not have.
    public func settings(json: String) throws(SettingError) -> ScheduleSettings {
        let settings = try ScheduleSettings(json: json)
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: json.utf8) } catch {
            throw .notAnObject(path: "the settings", found: "\(error)")
        }
        try check(value, path: "")
        return settings
    }

    /// The schedule's settings among `settings`, as the text of a JSON object that `settings(json:)` reads.
    public func json(_ settings: ScheduleSettings) -> String {
        let members = settings.value.members ?? []
        return JSONValue.object(members.filter { settingKeys.contains($0.key) }).line
    }

    /// Reads the schedule's settings from an object that stands in a file under `path`, beside the keys
    /// `others`.
    package func settings(
        _ value: JSONValue, path: String, others: [String] = []
    ) throws(SettingError) -> ScheduleSettings {
        let settings = try ScheduleSettings(value, path: path, others: others)
        try check(value, path: path, others: others)
        return settings
    }

    private func check(
        _ value: JSONValue, path: String, others: [String] = []
    ) throws(SettingError) {
        let keys = (value.members ?? []).map(\.key)
        for key in keys where !(settingKeys + others).contains(key) {
            throw .unknown(
                key: path + key, suggestion: closestName(to: key, among: settingKeys + others),
                known: settingKeys + others)
        }
        if keys.contains("min_lr"), keys.contains("min_lr_rate") {
            throw .invalid(
                key: path + "min_lr", found: "given beside min_lr_rate",
                expected: "one of the two: they both say the least rate")
        }
    }
}
