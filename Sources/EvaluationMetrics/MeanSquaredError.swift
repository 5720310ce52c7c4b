/// How far a student's embeddings are from a teacher's, as `MSEEvaluator`.
public enum MeanSquaredError {
    /// `negative_mse`: the mean of squared differences times -100, so that larger is better. NaN of no numbers.
    ///
    /// - Parameters:
    ///   - student: Embeddings [rows, width] one after the other.
    ///   - teacher: As many.
    public static func figure(student: [Float], teacher: [Float]) -> Figure {
        precondition(student.count == teacher.count, "embeddings of the same shape")
        var sum = 0.0
        for i in student.indices {
            let difference = Double(student[i] - teacher[i])
            sum += difference * difference
        }
        return Figure("negative_mse", -100 * sum / Double(student.count))
    }
}
