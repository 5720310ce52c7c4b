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
            MODEL is a Hugging Face or sentence-transformers folder, a checkpoint (.h5), or the ORG/NAME \
            of a model that 'simile fetch' has downloaded.
            Exit codes: 0 success; 1 an error, described on standard error; 64 wrong usage; \
            130 stopped by Ctrl-C, SIGTERM or SIGHUP after saving.
            """,
        version: Version.simile,
        subcommands: [
            Train.self, Pretrain.self, Report.self, Evaluate.self, Encode.self, Similarity.self,
            Serve.self,
            Tokenize.self,
            New.self, Student.self, Prune.self, Merge.self, Import.self, Export.self,
            Inspect.self, Fetch.self, Doctor.self, ReadHDF5.self,
        ])

    static func main() {
        Console.prepare()
        // The environment's wish would go before what is asked for each file: no file of ours needs a lock.
        setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1)
        ReadHDF5.beforeOpening()
        do {
            try RepeatedOptions.refuse(in: Array(CommandLine.arguments.dropFirst()))
        } catch {
            exit(withError: error)
        }
        main(nil)
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
            ThreadPool.configure(threads: threads)
        }
        if GEMM.Engine.preferred == .library, case .success(let blas) = BLAS.shared,
            let replaced = blas.replacedCoreType, let used = blas.coreType
        {
            Console.note(
                "OPENBLAS_CORETYPE=\(replaced) in the environment asks for less than this processor can do; using \(used) (SIMILE_CORETYPE=\(replaced) insists)"
            )
        }
    }
}
