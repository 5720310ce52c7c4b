import JSON
import Settings

/// How often something happens in a run.
public enum StepInterval: Sendable, Equatable {
    /// Every so many steps; 0: never.
    case steps(Int)
    /// Each time that this share of the run is done, above 0 and below 1: 0.1 is ten times in the run.
    case share(Double)

    /// Whether it is time after a step, from 1, of a run of so many.
    public func isDue(after step: Int, of totalSteps: Int) -> Bool {
        switch self {
        case .steps(let steps): return steps > 0 && step % steps == 0
        case .share(let share):
            // A step counts for the last share that it completes; rounding must not put one off by a step.
            func completed(_ step: Int) -> Double {
                (Double(step) / (share * Double(totalSteps)) + 1e-9).rounded(.down)
            }
            return completed(step) > completed(step - 1)
        }
    }
}

extension StepInterval: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    /// Every so many steps.
    public init(integerLiteral steps: Int) { self = .steps(steps) }
    /// Each share of the run.
    public init(floatLiteral share: Double) { self = .share(share) }
}

extension StepInterval: SettingValue {
    package static let expected = "a number of steps, or a share of the run above 0 and below 1"
    package static let isList = false

    package var settingJSON: JSONValue {
        switch self {
        case .steps(let steps): .integer(steps)
        case .share(let share): .number(share)
        }
    }

    package init?(settingJSON json: JSONValue) {
        if let steps = json.int, steps >= 0 {
            self = .steps(steps)
        } else if let share = json.double, share > 0, share < 1 {
            self = .share(share)
        } else {
            return nil
        }
    }
}
