import Settings

extension TaskLoss {
    /// Checks the settings' ranges and the number of texts in a row.
    ///
    /// The `init` of a loss calls it first, and so does `LossModule`.
    ///
    /// - Throws: `LossError.settings` and `LossError.unusable`.
    public static func check(
        _ configuration: Configuration, _ context: LossContext
    ) throws(LossError) {
        do throws(SettingError) { try configuration.validate() } catch { throw .settings(error) }
        guard columns.contains(context.columns) else {
            let needed =
                columns.upperBound == .max
                ? "\(columns.lowerBound) or more"
                : columns.count == 1
                    ? "\(columns.lowerBound)" : "\(columns.lowerBound) to \(columns.upperBound)"
            throw unusable(
                needs: "rows of \(needed) text\(needed == "1" ? "" : "s")",
                found: "these have \(context.columns)")
        }
    }

    /// The error that such data cannot be used; `found` is a clause of its own, such as "these have 3".
    public static func unusable(needs: String, found: String) -> LossError {
        .unusable(loss: name, needs: needs, found: found)
    }

    /// The error that a setting does not go with the others or with the data.
    static func invalid(_ key: String, found: String, expected: String) -> LossError {
        .settings(.invalid(key: key, found: found, expected: expected))
    }
}
