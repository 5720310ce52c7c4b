import ArgumentParser

/// What every command of `simile` has.
protocol Subcommand: ParsableCommand {
    /// Command lines that show its use, the commonest first.
    static var examples: [String] { get }
    /// Whether the processes that mpirun or srun starts do its work together; else the first one does it.
    static var isShared: Bool { get }
    var console: ConsoleOptions { get }
}

extension Subcommand {
    static var isShared: Bool { false }
}

extension CommandConfiguration {
    /// A command whose help ends with examples.
    init(
        abstract: String, usage: String? = nil, discussion: String = "", examples: [String]
    ) {
        let lines = examples.map { "  " + $0.replacing("\n", with: "\n  ") }
        let shown = "EXAMPLES:\n" + lines.joined(separator: "\n")
        self.init(
            abstract: abstract, usage: usage,
            discussion: [discussion, shown].filter { !$0.isEmpty }.joined(separator: "\n\n"))
    }
}

/// How much a command says; the same in all.
struct ConsoleOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Say nothing on standard error but what is wrong.")
    var quiet = false
    @Flag(
        name: .shortAndLong,
        help: "Say more on standard error: what is opened, and how long it takes.")
    var verbose = false

    func validate() throws {
        if quiet, verbose { throw ValidationError("give --quiet or --verbose, not both") }
    }

    var verbosity: Console.Verbosity { quiet ? .quiet : verbose ? .verbose : .normal }
}
