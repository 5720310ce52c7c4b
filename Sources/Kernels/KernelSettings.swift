import CKernels
import Foundation

/// What the environment asks of the kernels, read once; a program can do without.
///
/// | variable | meaning |
/// |---|---|
/// | `SIMILE_THREADS` | number of threads, 1...1024; by default all processors available to the process |
/// | `SIMILE_INSTRUCTION_SET` | `baseline`, `avx2`, `avx512` or `amx`: at most this one of those the processor has |
/// | `SIMILE_BLAS` | path of the BLAS library that multiplies, or `none` for our own kernels |
/// | `SIMILE_CORETYPE` | the core type that OpenBLAS is loaded with; by default what the processor can do |
public struct KernelSettings: Sendable {
    let threads: Int?
    /// The one that kernels are chosen for.
    let instructionSet: simile_instruction_set
    /// Who multiplies, if it is asked for.
    let engine: GEMM.Engine?
    /// The library that is asked for.
    let library: String?
    let coreType: String?

    /// The instruction sets by the names of `SIMILE_INSTRUCTION_SET`, in rising order.
    static let instructionSets: [(name: String, set: simile_instruction_set)] = [
        ("baseline", SIMILE_BASELINE), ("avx2", SIMILE_AVX2), ("avx512", SIMILE_AVX512),
        ("amx", SIMILE_AMX),
    ]

    /// Checks the environment, so that what is wrong in it is an error now and not a trap at the first product.
    ///
    /// - Throws: `KernelSettingsError` for a value that cannot be used; `BLASError` when the library that
    ///   `SIMILE_BLAS` names cannot be loaded.
    public static func validate() throws {
        let settings = try read.get()
        if settings.library != nil { _ = try BLAS.shared.get() }
    }

    /// The instruction set that kernels will be chosen for, as a number: one with a higher number has all of the lower ones.
    /// To be asked before anything is computed.
    public static var instructionSetNumber: Int {
        let settings = try? KernelSettings(ProcessInfo.processInfo.environment)
        return Int((settings?.instructionSet ?? simile_best_instruction_set()).rawValue)
    }

    /// The name of the instruction set that kernels are chosen for: `baseline`, `avx2`, `avx512` or `amx`.
    public static var instructionSetName: String { name(ofInstructionSet: current.instructionSet) }

    private static func name(ofInstructionSet set: simile_instruction_set) -> String {
        instructionSets.first { $0.set == set }?.name ?? ""
    }

    /// Has kernels chosen for no more than an instruction set, and gives its name; to be called before anything is computed.
    public static func limit(toInstructionSet number: Int) -> String {
        let name = name(ofInstructionSet: simile_instruction_set(UInt32(number)))
        setenv("SIMILE_INSTRUCTION_SET", name, 1)
        return name
    }

    /// The number of threads that the environment asks for, if it does.
    ///
    /// - Throws: `KernelSettingsError`.
    public static func threads() throws(KernelSettingsError) -> Int? { try read.get().threads }

    /// The settings; an environment that cannot be used is a trap with the sentence of `validate`.
    static let current: KernelSettings = {
        switch read {
        case .success(let settings): return settings
        case .failure(let error): preconditionFailure("\(error)")
        }
    }()

    private static let read: Result<KernelSettings, KernelSettingsError> = {
        do throws(KernelSettingsError) {
            return .success(try KernelSettings(ProcessInfo.processInfo.environment))
        } catch {
            return .failure(error)
        }
    }()

    /// Reads the settings from an environment.
    init(_ environment: [String: String]) throws(KernelSettingsError) {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let blas = value("SIMILE_BLAS")
        library = blas == "none" ? nil : blas
        engine = blas == nil ? nil : library == nil ? .own : .library
        coreType = value("SIMILE_CORETYPE")
        threads = try value("SIMILE_THREADS").map { text throws(KernelSettingsError) in
            guard let count = Int(text), (1...1024).contains(count) else { throw .threads(text) }
            return count
        }
        guard let name = value("SIMILE_INSTRUCTION_SET") else {
            instructionSet = simile_best_instruction_set()
            return
        }
        let known = Self.instructionSets
        guard let asked = known.first(where: { $0.name == name.lowercased() }) else {
            throw .unknownInstructionSet(name, known: known.map(\.name))
        }
        guard simile_has(asked.set) != 0 else {
            throw .missingInstructionSet(
                asked.name, available: known.filter { simile_has($0.set) != 0 }.map(\.name))
        }
        instructionSet = asked.set
    }
}

/// A value in the environment that the kernels cannot be set to.
public enum KernelSettingsError: Error, Equatable, CustomStringConvertible {
    /// `SIMILE_THREADS` is no number of threads.
    case threads(String)
    /// `SIMILE_INSTRUCTION_SET` is none of those there are kernels for.
    case unknownInstructionSet(String, known: [String])
    /// `SIMILE_INSTRUCTION_SET` is one that this processor has not.
    case missingInstructionSet(String, available: [String])

    /// What was found, what was expected and what to do.
    public var description: String {
        switch self {
        case .threads(let found):
            "SIMILE_THREADS is '\(found)' in the environment; expected a number in 1...1024, or unset it to use all processors"
        case .unknownInstructionSet(let found, let known):
            "SIMILE_INSTRUCTION_SET is '\(found)' in the environment; expected one of \(known.joined(separator: ", ")), or unset it to use the best"
        case .missingInstructionSet(let found, let available):
            "SIMILE_INSTRUCTION_SET is '\(found)' in the environment, which this processor has not; it has \(available.joined(separator: ", "))"
        }
    }
}
