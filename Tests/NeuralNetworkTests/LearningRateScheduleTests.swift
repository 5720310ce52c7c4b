import Settings
import Testing

@testable import NeuralNetwork

@Suite struct LearningRateScheduleTests {
    @Test func linearRisesFromZeroAndFallsToZero() {
        let schedule = LearningRateSchedule(peak: 1e-5, warmupSteps: 2, totalSteps: 10)
        let expected: [Float] = [
            0, 0.5e-5, 1e-5, 0.875e-5, 0.75e-5, 0.625e-5, 0.5e-5, 0.375e-5, 0.25e-5, 0.125e-5, 0, 0,
        ]
        for (step, rate) in expected.enumerated() {
            #expect(abs(schedule(step) - rate) < 1e-10, "step \(step)")
        }
    }

    @Test func withoutWarmUpItStartsAtThePeak() {
        for kind in LearningRateSchedule.Kind.allCases {
            #expect(LearningRateSchedule(kind, peak: 2, warmupSteps: 0, totalSteps: 4)(0) == 2)
        }
        #expect(LearningRateSchedule(.constant, peak: 2, warmupSteps: 0, totalSteps: 4)(3) == 2)
        #expect(
            abs(LearningRateSchedule(.cosine, peak: 2, warmupSteps: 0, totalSteps: 4)(2) - 1) < 1e-6
        )
        #expect(LearningRateSchedule(.cosine, peak: 2, warmupSteps: 0, totalSteps: 4)(9) == 0)
    }

    /// A warm-up of all steps would train nothing, or never reach the peak.
    @Test(
        arguments: [
            (1, 0.1, [2]), (1, 1, [2]), (1, 0, [2]), (2, 0.1, [0, 2]), (2, 1, [0, 2]),
            (3, 1, [0, 1, 2]), (5, 1, [0, 0.5, 1, 1.5, 2]), (3, 0.9, [0, 1, 2]),
        ] as [(Int, Double, [Float])])
    func theWarmUpLeavesAStep(_ steps: Int, _ ratio: Double, _ expected: [Float]) {
        for kind in LearningRateSchedule.Kind.allCases {
            let schedule = LearningRateSchedule(
                kind, peak: 2, warmupRatio: ratio, totalSteps: steps)
            #expect((0..<steps).map { schedule($0) } == expected, "\(kind)")
        }
    }

    /// Every other run has Hugging Face's schedule: ⌈ratio · steps⌉ rising from 0, then down to 0.
    @Test(arguments: [(2, 0.1), (10, 0.1), (11, 0.1), (360, 0.1), (10, 0.9), (7, 0), (3, 0.5)])
    func ordinaryRunsHaveTheUsualSchedule(_ steps: Int, _ ratio: Double) {
        let schedule = LearningRateSchedule(peak: 1, warmupRatio: ratio, totalSteps: steps)
        let warmup = Int((Double(steps) * ratio).rounded(.up))
        #expect(schedule.warmupSteps == warmup)
        for step in 0..<steps {
            let rate =
                step < warmup
                ? Double(step) / Double(warmup) : Double(steps - step) / Double(steps - warmup)
            #expect(schedule(step) == Float(rate), "step \(step)")
        }
    }

    @Test func settingsBelongToTheirSchedule() throws {
        typealias Kind = LearningRateSchedule.Kind
        let settings = try Kind.polynomial.settings(json: #"{"power": 2, "lr_end": 0.5}"#)
        #expect(settings.power == 2 && settings.endRate == 0.5)
        #expect(Kind.polynomial.json(settings) == #"{"power":2.0,"lr_end":0.5}"#)
        #expect(Kind.linear.json(settings) == "{}")
        for kind in Kind.allCases {
            #expect(try kind.settings(json: kind.json(ScheduleSettings())) == ScheduleSettings())
        }
        for (kind, json) in [
            (Kind.cosine, #"{"power": 2}"#), (.polynomial, #"{"power": 0}"#),
            (.cosineWithLeastRate, #"{"min_lr": 0.1, "min_lr_rate": 0.1}"#), (.linear, "[]"),
        ] {
            #expect(throws: SettingError.self, "\(json)") { try kind.settings(json: json) }
        }
    }

    /// With a rate at the end that is not below the peak a schedule would rise.
    @Test func ratesAtTheEndAreBelowThePeak() throws {
        var settings = ScheduleSettings()
        settings.endRate = 0.5
        settings.leastRate = 0.25
        for (kind, key, rate) in [
            (LearningRateSchedule.Kind.polynomial, "lr_end", Float(0.5)),
            (.cosineWithLeastRate, "min_lr", 0.25),
        ] {
            try settings.validate(kind: kind, peak: rate.nextUp)
            for peak in [rate, rate / 2] {
                #expect(
                    throws: SettingError.invalid(
                        key: key, found: "\(rate)",
                        expected: "a rate below the learning rate, which is \(peak)")
                ) { try settings.validate(kind: kind, peak: peak) }
            }
        }
        // The other schedules do not have these settings.
        for kind in LearningRateSchedule.Kind.allCases
        where kind != .polynomial && kind != .cosineWithLeastRate {
            try settings.validate(kind: kind, peak: 0.01)
        }
        settings.power = 0
        #expect(throws: SettingError.self) { try settings.validate(kind: .linear, peak: 1) }
    }

    /// A rate instead of a share, and a decay that is a tenth of all steps unless said.
    @Test func defaultsOfDecays() throws {
        let least = LearningRateSchedule(
            .cosineWithLeastRate, peak: 2, warmupSteps: 0, totalSteps: 10,
            settings: try .init(json: #"{"min_lr": 0.5}"#))
        #expect(least(10) == 0.5)
        let stable = LearningRateSchedule(
            .warmupStableDecay, peak: 2, warmupSteps: 0, totalSteps: 20)
        #expect(stable(18) == 2 && stable(19) == 1 && stable(20) == 0)
    }
}
