import ArgumentParser
import Foundation
import Kernels
import Simile
import Support

/// The `simile` command; each subcommand has a file of its own.
@main
struct SimileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simile",
        abstract: "Fine-tunes BERT into sentence-embedding models on CPUs.",
        discussion: """
            MODEL is a Hugging Face or sentence-transformers folder, a checkpoint (.h5), the folder of a run, or the \
            ORG/NAME of a model that 'simile fetch' has downloaded.
            Exit codes: 0 success; 1 an error, described on standard error; 64 wrong usage; \
            130 stopped by Ctrl-C, SIGTERM, SIGHUP or SIGUSR1, what was trained saved.
            """,
        version: Version.line,
        subcommands: [
            Train.self, Pretrain.self, Report.self, Evaluate.self, Encode.self, Similarity.self,
            Serve.self,
            Tokenize.self,
            New.self, Student.self, Prune.self, Merge.self, Import.self, Export.self,
            Inspect.self, Fetch.self, Doctor.self, ReadHDF5.self, Manual.self,
        ])

    static func main() {
        Console.prepare()
        Console.isMute = !Processes.isFirst
        // As early as can be: a signal then is a stop, and no death.
        if ["train", "pretrain"].contains(CommandLine.arguments.dropFirst().first) {
            Interruption.install()
        }
        // The environment's wish would go before what is asked for each file: no file of ours needs a lock.
        setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1)
        ReadHDF5.beforeOpening()
        var meant: any ParsableCommand.Type = Self.self
        do {
            try refuseOtherEncodings()
            let words = HomePaths.expanded(in: Array(CommandLine.arguments.dropFirst()))
            meant = configuration.subcommands.first { $0._commandName == words.first } ?? meant
            var command = try parseAsRoot(checked(words))
            if let own = command as? any Subcommand { Console.verbosity = own.console.verbosity }
            let begun = ContinuousClock.now
            if let own = command as? any Subcommand { try Processes.join(for: own) }
            try command.run()
            Console.detail("\(((ContinuousClock.now - begun) / .seconds(1)).fixed(2)) s")
            Processes.leave()
        } catch {
            // Nobody reads what the first process prints: the others do not know.
            if error as? ExitCode == .success { Processes.joined?.abort(0) }
            // What ends all processes in the same way is no error of one.
            if error is ExitCode || exitCode(for: error) == .success {
                Processes.leave()
                if !Processes.isFirst { Foundation.exit(exitCode(for: error).rawValue) }
                exit(withError: error)
            }
            Processes.end(by: error, of: meant)
        }
    }

    /// Refuses a word that is not UTF-8: as a file's name it would become another.
    private static func refuseOtherEncodings() throws {
        for case let word? in UnsafeBufferPointer(
            start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        where String(validatingCString: word) == nil {
            throw ValidationError(
                "'\(String(cString: word))' is not UTF-8; rename the file, or use a terminal with UTF-8"
            )
        }
    }

    /// The words as the parser is to have them.
    ///
    /// - Throws: `ValidationError` for what the parser would drop, or name one at a time.
    static func checked(_ words: [String]) throws -> [String] {
        let simile = try CommandDescription.simile()
        try WrongUsage.refuseUnknownCommand(words, in: simile)
        guard let name = words.first,
            let description = simile.subcommands?.first(where: { $0.commandName == name }),
            let type = configuration.subcommands.first(where: { $0._commandName == name })
        else { return words }
        let own = PeerNames.replaced(in: words.dropFirst(), of: description)
        try RepeatedOptions.refuse(in: own[...], of: description)
        try MissingArguments.refuse(
            in: own[...], of: description, example: (type as? any Subcommand.Type)?.examples.first)
        return [name] + own
    }
}

/// What every command that computes takes.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Number of threads; by default all processors available to the process.")
    var threads: Int?

    /// Sets the threads and checks what the environment asks for, so that what is wrong is reported now.
    func prepare() throws {
        try KernelSettings.validate()
        if let threads {
            guard (1...1024).contains(threads) else {
                throw ValidationError("--threads is \(threads); expected 1...1024")
            }
            let available = ProcessorCount.available
            if threads > available {
                Console.note(
                    "--threads \(threads): this process may use \(available) processor\(available == 1 ? "" : "s"), so \(available) (SIMILE_THREADS=\(threads) insists)"
                )
            }
            ThreadPool.configure(threads: min(threads, available))
        } else if Processes.launcher != nil, try KernelSettings.threads() == nil {
            ThreadPool.configure(threads: Processes.threads)
        }
        Processes.noteThreads()
        if GEMM.Engine.preferred == .library, case .success(let blas) = BLAS.shared,
            let replaced = blas.replacedCoreType, let used = blas.coreType
        {
            Console.note(
                "OPENBLAS_CORETYPE=\(replaced) in the environment asks for less than this processor can do; using \(used) (SIMILE_CORETYPE=\(replaced) insists)"
            )
        }
    }
}
