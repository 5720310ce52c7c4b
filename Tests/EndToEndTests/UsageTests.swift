import ArgumentParser
import Foundation
import Testing

@testable import simile_cli

/// What the command says about itself, and of command lines that are wrong.
@Suite struct UsageTests {
    private static let commands = SimileCommand.configuration.subcommands
        .filter { $0.configuration.shouldDisplay }

    private func run(_ arguments: String...) throws -> CommandRunner.Output {
        try CommandRunner.run(arguments)
    }

    private func expectUsage(
        _ arguments: [String], _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let output = try CommandRunner.run(arguments)
        #expect(output.status == 64, "\(output.error)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(output.error.contains(part), "\(output.error)", sourceLocation: sourceLocation)
        }
    }

    @Test func everyCommandShowsExamples() throws {
        for command in Self.commands {
            let name = command._commandName
            let help = SimileCommand.helpMessage(for: command, columns: 80)
            #expect(help.contains("EXAMPLES:\n  "), "\(name)")
            #expect(help.contains("--quiet") && help.contains("--verbose"), "\(name)")
            // The parser has its line of usage in one.
            for line in help.split(separator: "\n")
            where !line.contains("http") && !line.hasPrefix("USAGE:") {
                #expect(line.count <= 80, "\(name): \(line)")
            }
        }
    }

    /// What the examples name is there to be given.
    @Test func examplesParse() throws {
        for case let command as any Subcommand.Type in Self.commands {
            for example in command.examples {
                let own = example.split(separator: "|").last ?? ""
                let words = Self.words(own.replacing("\\\n", with: " ").prefix { $0 != ">" })
                    .drop { $0.contains("=") && !$0.hasPrefix("-") }
                #expect(words.first == "simile", "\(example)")
                #expect(throws: Never.self, "\(example)") {
                    let parsed = try SimileCommand.parseAsRoot(
                        SimileCommand.checked(Array(words.dropFirst())))
                    #expect(type(of: parsed) == command)
                }
            }
        }
    }

    private static func words(_ text: some StringProtocol) -> [String] {
        String(text).matches(of: /"([^"]*)"|(\S+)/).map { match in
            String(match.1 ?? match.2 ?? "")
        }
    }

    @Test func trainBeginsWithWhatItNeeds() throws {
        let help = try run("train", "--help").out
        #expect(help.contains("USAGE: simile train --model MODEL --train FILE --output FOLDER"))
        let places = [
            "--model <model>", "--train <train>", "--output <output>", "--batch-size", "--columns",
            "--quiet",
        ].map { help.range(of: "\n  \($0)")?.lowerBound ?? help.range(of: $0)?.lowerBound }
        #expect(!places.contains(nil))
        #expect(places.compactMap(\.self) == places.compactMap(\.self).sorted())
    }

    @Test func everythingMissingIsNamedAtOnce() throws {
        try expectUsage(
            ["train"], "missing: --model <model>, --train <train>, --output <output>; for example:",
            "Usage: simile train --model MODEL")
        try expectUsage(["train", "--recipe", "r.yaml"], "missing: --output <output>; for")
        try expectUsage(
            ["pretrain", "--epochs", "1"], "missing: --texts <texts>, --output <output>; for")
        try expectUsage(
            ["similarity"], "missing: <model>, <sentence>, <others>; for example:\n  simile sim")
        try expectUsage(["similarity", "m", "a"], "missing: <others>; for example")
        try expectUsage(["merge", "-o", "x"], "missing: <models>; for")
        try expectUsage(["encode", "--chunk", "5"], "missing: <model>; for")
        // What is not known is said first.
        try expectUsage(
            ["encode", "--chnk", "5"], "Unknown option '--chnk'. Did you mean '--chunk'")
    }

    @Test(arguments: [
        (["trian"], "there is no command 'trian'; did you mean 'train'?"),
        (["trian", "--recipe", "r"], "there is no command 'trian'; did you mean 'train'?"),
        (["encod", "m"], "did you mean 'encode'?"), (["help", "trian"], "did you mean 'train'?"),
        (["embed", "m"], "did you mean 'encode'?"), (["version"], "did you mean '--version'?"),
        (["zzzzzzzz"], "the commands are train, pretrain, "),
        (
            ["train", "--model", "m", "--train", "t", "--output", "o", "--loss", "softmx"],
            "'softmax'?"
        ),
        (
            ["train", "--model", "m", "--train", "t", "--output", "o", "--optimizer", "adamv"],
            "there is no optimizer 'adamv'; did you mean 'adamw'?"
        ),
        (
            ["train", "--model", "m", "--train", "t", "--output", "o", "--schedule", "cosin"],
            "--schedule is cosin; expected linear, "
        ),
        (
            ["train", "--model", "m", "--train", "t", "--output", "o", "--schedule", "cosin"],
            "did you mean 'cosine'?"
        ),
        (
            [
                "train", "--model", "m", "--train", "t", "--output", "o", "--sampler",
                "no_duplicate",
            ],
            "--sampler is no_duplicate; expected shuffled, "
        ),
        (
            [
                "train", "--model", "m", "--train", "t", "--output", "o", "--sampler",
                "no_duplicate",
            ],
            "did you mean 'no_duplicates'?"
        ),
        (["encode", "m", "--quiet", "--verbose"], "give --quiet or --verbose, not both"),
    ])
    func mistypedNamesAreWrongUsage(_ arguments: [String], _ message: String) throws {
        try expectUsage(arguments, message)
    }

    /// What a command finds wrong while it runs comes with its own usage.
    @Test func checksOfRunShowTheCommandsUsage() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        try expectUsage(
            ["evaluate", start, "--queries", "q.tsv"], "give --queries, --corpus and --relevant",
            "Usage: simile evaluate", "See 'simile evaluate --help'")
        try expectUsage(["doctor", "--threads", "0"], "expected 1...1024", "Usage: simile doctor")
    }

    @Test func otherToolsNamesAreTaken() throws {
        func parsed(_ arguments: [String]) throws -> Train {
            let words = try SimileCommand.checked(["train"] + arguments)
            return try #require(try SimileCommand.parseAsRoot(words) as? Train)
        }
        let ours = [
            "--model", "m", "--train", "t", "--output", "o", "--learning-rate", "1e-4", "--epochs",
            "2", "--batch-size", "8", "--warmup-ratio", "0.2", "--schedule", "constant", "--loss",
            "multiple_negatives_ranking", "--optimizer", "adamw", "--evaluate-every", "7",
        ]
        let theirs = [
            "--model_name_or_path", "m", "--train_file=t", "--output-dir", "o", "--lr=1e-4",
            "--num_train_epochs", "2", "--per-device-train-batch-size", "8", "--warmup_ratio",
            "0.2",
            "--lr_scheduler_type", "ConstantLR", "--loss", "mnrl", "--optim=adamw_torch",
            "--eval_steps", "7",
        ]
        let (a, b) = (try parsed(ours), try parsed(theirs))
        #expect(a.files.model == b.files.model && a.files.train == b.files.train)
        #expect(a.files.output == b.files.output && a.files.loss == b.files.loss)
        #expect(a.files.optimizer == b.files.optimizer)
        let (one, other) = (
            a.hyperparameters.applied(to: .init()), b.hyperparameters.applied(to: .init())
        )
        #expect(one == other)
        #expect(one.learningRate == 1e-4 && one.batchSize == 8)
        // Values are not names, and after -- nothing is an option.
        let words = try SimileCommand.checked(["tokenize", "m", "lr", "--", "--lr"])
        #expect(words == ["tokenize", "m", "lr", "--", "--lr"])
        try expectUsage(
            ["train", "--lr", "1", "--learning-rate", "2"], "--learning-rate is given twice")
    }

    @Test func quietAndVerbose() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let plain = try run("export", start, folder("a").path)
        #expect(plain.error.contains("a sentence-transformers folder"))
        #expect(try run("export", start, folder("b").path, "--quiet").error == "")
        let verbose = try run("export", start, folder("c").path, "-v").error
        #expect(verbose.contains("opening \(start)"))
        #expect(verbose.firstMatch(of: /\n[0-9.]+ s\n$/) != nil, "\(verbose)")
        let wrong = try run("export", "/nowhere/m", folder("d").path, "-q")
        #expect(wrong.status == 1 && wrong.error.hasPrefix("Error: /nowhere/m"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsKnowFilesAndNames(_ shell: String) throws {
        let script = try run("--generate-completion-script", shell).out
        #expect(script.contains("multiple_negatives_ranking"), "the losses")
        #expect(script.contains("inverse_sqrt"), "the schedules")
        #expect(script.contains("group_by_label"), "the samplers")
        let files = ["bash": "add_completions -f", "zsh": "_files", "fish": "fish_complete_path"]
        #expect(script.contains(files[shell] ?? "-f") || script.contains("-rF"), "files")
    }

    @Test func theManualHasEveryCommand() throws {
        let page = try run("manual").out
        #expect(page.hasPrefix(".TH SIMILE 1"))
        for command in Self.commands {
            #expect(page.contains("\n.SH simile \(command._commandName)\n"))
        }
        #expect(page.contains("\\fB\\-\\-learning\\-rate\\fR \\fIlearning\\-rate\\fR"))
        #expect(!page.contains("read-hdf5"))
    }
}
