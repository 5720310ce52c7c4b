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
}
