import ArgumentParser
import JSON
import Simile
import Testing

@testable import simile_cli

/// Every setting is a flag, from the one place where it is written.
@Suite struct SettingFlagsTests {
    private struct All: ParsableCommand {
        @OptionGroup var adapters: SettingFlags<AdapterSettings>
        @OptionGroup var setup: SettingFlags<RunSetup>
        @OptionGroup var task: SettingFlags<TaskSettings>
        @OptionGroup var training: SettingFlags<TrainingConfiguration>
    }

    private func parse(_ arguments: [String]) throws -> All {
        try #require(try All.parseAsRoot(arguments) as? All)
    }

    private func message(_ arguments: [String]) -> String {
        do {
            _ = try All.parseAsRoot(arguments)
            return "no error"
        } catch { return All.fullMessage(for: error) }
    }

    private func flag(_ key: String) -> String { "--" + key.replacing("_", with: "-") }

    @Test func everySettingIsInTheHelp() {
        let help = All.helpMessage(columns: 100_000)
        func check<S: Settings>(_: S.Type) {
            for setting in S.settings {
                let name =
                    setting.isSwitch
                    ? "\(flag(setting.key))/\(flag("no_" + setting.key))" : flag(setting.key) + " "
                #expect(help.contains(name), "\(setting.key)")
                #expect(help.contains(setting.help), "\(setting.key)")
                if !setting.isSwitch {
                    #expect(help.contains("(\(setting.expected)"), "\(setting.key)")
                }
            }
        }
        check(AdapterSettings.self)
        check(RunSetup.self)
        check(TaskSettings.self)
        check(TrainingConfiguration.self)
        #expect(help.contains("(1...1000000; 16)"), "the default is shown")
    }

    /// A value that the setting takes, other than its default.
    private func sample<S: Settings>(_ setting: Setting<S>) -> (text: String, value: String)? {
        let texts = ["0.25", "3", "cosine", "linear", "all", "abc", "0.001", "7"]
        for text in setting.choices.isEmpty ? texts : setting.choices {
            var settings = S()
            let own = SettingFlagsTests.json(text)
            guard setting.read(&settings, own) || setting.read(&settings, .string(text)) else {
                continue
            }
            let found = setting.write(settings)
            if found != setting.write(S()) { return (text, found.line) }
        }
        return nil
    }

    private static func json(_ text: String) -> JSONValue {
        (try? JSONValue(parsing: text.utf8)) ?? .string(text)
    }

    @Test func everyFlagSetsItsSetting() throws {
        func check<S: Settings>(
            _: S.Type, _ group: KeyPath<All, SettingFlags<S>>
        ) throws {
            for setting in S.settings {
                let before = S()
                if setting.isSwitch {
                    let isOn = setting.write(before) == .bool(true)
                    let arguments = [isOn ? flag("no_" + setting.key) : flag(setting.key)]
                    let after = try parse(arguments)[keyPath: group].applied(to: before)
                    #expect(setting.write(after) == .bool(!isOn), "\(setting.key)")
                } else if setting.isList {
                    if setting.key == "learning_rates" {
                        let rates = try parse([flag(setting.key), "a=1", flag(setting.key), "b=2"])
                        let found = setting.write(rates[keyPath: group].applied(to: before))
                        #expect(found["a"]?.double == 1 && found["b"]?.double == 2)
                        continue
                    }
                    var settings = before
                    let takesTexts = setting.read(&settings, .array([.string("a")]))
                    let (a, b) = takesTexts ? ("a", "b") : ("3", "4")
                    let expected = takesTexts ? #"["a","b"]"# : "[3,4]"
                    let arguments = [flag(setting.key), a, flag(setting.key), b]
                    let after = try parse(arguments)[keyPath: group].applied(to: before)
                    let line = setting.write(after).line.replacing(".0", with: "")
                    #expect(line == expected, "\(setting.key)")
                    if takesTexts { continue }
                    let joined = try parse([flag(setting.key), "3,4"])[keyPath: group]
                    #expect(setting.write(joined.applied(to: before)) == setting.write(after))
                } else {
                    let (text, value) = try #require(sample(setting), "\(setting.key)")
                    for arguments in [[flag(setting.key), text], [flag(setting.key) + "=" + text]] {
                        let after = try parse(arguments)[keyPath: group].applied(to: before)
                        #expect(setting.write(after).line == value, "\(setting.key)")
                    }
                }
            }
        }
        try check(AdapterSettings.self, \.adapters)
        try check(RunSetup.self, \.setup)
        try check(TaskSettings.self, \.task)
        try check(TrainingConfiguration.self, \.training)
    }

    /// What is not given stays as the recipe has it; a list that is given takes the place of the recipe's.
    @Test func nothingElseChanges() throws {
        var settings = TrainingConfiguration()
        settings.epochs = 9
        settings.seed = 3
        let after = try parse(["--batch-size", "4"]).training.applied(to: settings)
        settings.batchSize = 4
        #expect(after == settings)
        var setup = RunSetup()
        setup.freeze = ["embeddings"]
        #expect(
            try parse(["--freeze", "encoder"]).setup.applied(to: setup).freeze
                == ["encoder"])
    }

    @Test(arguments: [
        (["--epochs", "0"], "--epochs is 0; expected 1...1000000"),
        (["--epochs", "1.5"], "--epochs is 1.5; expected 1...1000000"),
        (["--epochs", "many"], "--epochs is many; expected 1...1000000"),
        (["--learning-rate", "0"], "--learning-rate is 0; expected a number above 0"),
        (["--learning-rate", "nan"], "--learning-rate is "),
        (["--warmup-ratio=1.5"], "--warmup-ratio is 1.5; expected 0...1"),
        (["--weight-decay=-1"], "--weight-decay is -1; expected 0..<1"),
        (["--schedule", "steep"], "--schedule is steep; expected linear, constant"),
        (["--seed=-1"], "--seed is -1; expected a whole number from 0"),
        (["--task-batch-size", "0"], "--task-batch-size is 0; expected 1...1000000"),
        (["--max-seq-length", "2"], "--max-seq-length is 2; expected 3...1000000"),
        (
            ["--batch-size", "9223372036854775808"],
            "--batch-size is 9.223372036854776e+18; expected 1...1000000"
        ),
        (["--epoch", "3"], "Unknown option '--epoch'. Did you mean '--epochs'?"),
    ])
    func whatIsOutOfRangeNamesTheFlag(_ arguments: [String], _ expected: String) {
        let message = message(arguments)
        #expect(message.contains(expected), "\(message)")
    }

    /// The largest seed is a whole number, also beyond what is one to most.
    @Test func aLargeSeed() throws {
        let after = try parse(["--seed", "18446744073709551615"]).training
            .applied(to: TrainingConfiguration())
        #expect(after.seed == .max)
    }
}
