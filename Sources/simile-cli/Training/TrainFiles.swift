import ArgumentParser
import Losses
import Simile

/// What a run is made of, and where it goes.
struct TrainFiles: ParsableArguments {
    @Option(
        help: "A model's folder, run or checkpoint, or the ORG/NAME of a fetched model.",
        completion: .file())
    var model: String?
    @Option(
        help:
            "The training rows; for labelled pairs also three parallel files: FIRST,SECOND,LABELS. May be repeated, as may --dev and the like: all files are one table.",
        completion: .file())
    var train: [String] = []
    @Option(
        name: .shortAndLong, help: "The folder to write to; it must be new or empty.",
        completion: .directory)
    var output: String?
    @Option(help: "Scored pairs that choose the best model.", completion: .file())
    var dev: [String] = []
    @Option(help: "Scored pairs for the final figures.", completion: .file())
    var test: [String] = []
    @Option(help: "Labelled pairs to measure the classifier on.", completion: .file())
    var devNli: [String] = []
    @Option(help: "Labelled pairs for the final figures.", completion: .file())
    var testNli: [String] = []
    @Option(
        help:
            "The loss, by its name or its class's: \(Losses.names.joined(separator: ", ")); cosine by default.",
        completion: .list(Losses.names))
    var loss: String?
    @Option(
        name: .customLong("loss-setting"),
        help: "A setting of the loss, such as scale=20; may be repeated.")
    var lossSettings: [String] = []
    @Option(help: "The names of the classes in the order of their ids, separated by commas.")
    var labels: String?
    @Option(
        help: "\(Self.optimizers.joined(separator: ", ")).", completion: .list(Self.optimizers))
    var optimizer: String?
    @Option(
        help: "A YAML file with settings; each option is a key of it, with _ for -.",
        completion: .file(extensions: ["yaml", "yml"]))
    var recipe: String?
    @Option(
        help:
            "Continue the run in this --output folder with the settings that it was started with.",
        completion: .directory)
    var resume: String?
    @Option(
        help:
            "KEY=VALUE,VALUE...: a run with each value of a key of the recipe, in a folder of its own in --output; may be repeated for the grid of all. Runs that have a result are not taken again."
    )
    var sweep: [String] = []
    @OptionGroup var start: RunStart

    private static let optimizers = Optimizers.all.map { $0.name }

    func validate() throws {
        if start.dryRun, !sweep.isEmpty {
            throw ValidationError("--dry-run is for one run: give it without --sweep")
        }
        if (train + dev + test + devNli + testNli).count(where: { $0 == "-" }) > 1 {
            throw ValidationError("- is standard input, which can be read for one option only")
        }
        if let resume {
            if start.overwrite {
                throw ValidationError("--resume goes on with a run, and --overwrite removes it")
            }
            if !sweep.isEmpty {
                throw ValidationError(
                    "--resume goes on with one run; a sweep goes on with the command that began it")
            }
            if recipe != nil || output != nil {
                throw ValidationError(
                    "--resume takes its settings and its folder from the run: give no --recipe or --output (it is \(resume))"
                )
            }
        } else {
            try requireInputs()
        }
        do {
            if let loss { _ = try Losses.named(loss) }
            if let optimizer { _ = try Optimizers.named(optimizer) }
        } catch { throw ValidationError("\(error)") }
    }

    /// Names all that a new run lacks at once.
    private func requireInputs() throws {
        var missing: [String] = []
        if recipe == nil {
            if model == nil { missing.append("--model <model>") }
            if train.isEmpty { missing.append("--train <train>") }
        }
        if output == nil { missing.append("--output <output>") }
        if missing.isEmpty { return }
        throw MissingArguments.error(missing, example: Train.examples.first)
    }
}
