import CKernels
import CSystemCalls
import Foundation

/// The BLAS library behind large products that are not our own kernels', opened at first use.
///
/// OpenBLAS reads the processor's name when it is loaded, and an older OpenBLAS on a newer processor
/// falls back to kernels several times too slow. So the core type is chosen here from what the processor
/// can do, and put into `OPENBLAS_CORETYPE` before loading. A value that is already there stays when it asks
/// for as much; one that asks for less (often meant for another program) halves the speed and is replaced.
/// `SIMILE_CORETYPE` overrides everything.
public struct BLAS: Sendable {
    typealias SGEMM =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32,
            UnsafePointer<Float>, Int32, Float, UnsafeMutablePointer<Float>, Int32
        ) -> Void

    let sgemm: SGEMM
    /// The file that was loaded.
    public let library: String
    /// What the library says of its build, or nil when it does not say.
    public let version: String?
    /// The core type OpenBLAS runs with, or nil for another library.
    public let coreType: String?
    /// The value of `OPENBLAS_CORETYPE` that was replaced because it asked for less than the processor can do.
    public let replacedCoreType: String?

    /// The library, or why there is none.
    public static let shared: Result<BLAS, BLASError> = {
        do throws(BLASError) { return .success(try BLAS()) } catch { return .failure(error) }
    }()

    /// The core type of OpenBLAS for a processor with this instruction set.
    static func coreType(for set: simile_instruction_set) -> String {
        switch set {
        case SIMILE_AVX512, SIMILE_AMX: "SkylakeX"
        case SIMILE_AVX2: "Haswell"
        default: simile_has_avx() != 0 ? "Sandybridge" : "Nehalem"
        }
    }

    /// The instruction set that a core type of OpenBLAS uses.
    static func instructionSet(ofCoreType name: String) -> simile_instruction_set {
        switch name.lowercased() {
        case "skylakex", "cooperlake", "sapphirerapids": SIMILE_AVX512
        case "haswell", "zen", "excavator": SIMILE_AVX2
        default: SIMILE_BASELINE
        }
    }

    /// Puts the core type into the environment; returns the value that had to give way.
    private static func chooseCoreType(_ settings: KernelSettings) -> String? {
        #if arch(x86_64)
            let best = settings.instructionSet
            let given = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"]
                .flatMap { $0.isEmpty ? nil : $0 }
            if let forced = settings.coreType {
                setenv("OPENBLAS_CORETYPE", forced, 1)
                return nil
            }
            if let given, instructionSet(ofCoreType: given).rawValue >= best.rawValue { return nil }
            setenv("OPENBLAS_CORETYPE", coreType(for: best), 1)
            return given
        #else
            return nil
        #endif
    }

    private init() throws(BLASError) {
        let settings = KernelSettings.current
        replacedCoreType = Self.chooseCoreType(settings)
        // Our threads call it, each for a part: threads of its own would only get in the way.
        setenv("OPENBLAS_NUM_THREADS", "1", 1)

        let asked = settings.library
        let candidates = asked.map { [$0] } ?? ["libopenblas.so.0", "libopenblas.so"]
        var reasons: [String] = []
        var opened: (handle: UnsafeMutableRawPointer, name: String)?
        for name in candidates where opened == nil {
            if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
                opened = (handle, name)
            } else {
                reasons.append(dlerror().map { String(cString: $0) } ?? name)
            }
        }
        guard let (handle, name) = opened else {
            throw .notFound(asked: asked, reason: reasons.first ?? "")
        }
        guard let symbol = dlsym(handle, "cblas_sgemm") else { throw .noSGEMM(library: name) }
        sgemm = unsafeBitCast(symbol, to: SGEMM.self)

        for setter in [
            "openblas_set_num_threads", "MKL_Set_Num_Threads", "bli_thread_set_num_threads",
        ] {
            guard let symbol = dlsym(handle, setter) else { continue }
            // BLIS takes a 64-bit integer; a small number is passed alike.
            unsafeBitCast(symbol, to: (@convention(c) (Int) -> Void).self)(1)
        }
        func text(_ function: String) -> String? {
            guard let symbol = dlsym(handle, function) else { return nil }
            let call = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafePointer<CChar>?).self)
            return call().map { String(cString: $0) }
        }
        version = text("openblas_get_config") ?? text("bli_info_get_version_str")
        coreType = text("openblas_get_corename")
        library = simile_library_of(symbol).map { String(cString: $0) } ?? name
    }
}

/// Why no BLAS library could be used.
public enum BLASError: Error, Equatable, CustomStringConvertible {
    /// No library could be opened.
    case notFound(asked: String?, reason: String)
    /// The library has no `cblas_sgemm`.
    case noSGEMM(library: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .notFound(let asked?, let reason):
            "SIMILE_BLAS names \(asked), which cannot be loaded (\(reason)): give the path of a shared BLAS library, or unset it"
        case .notFound(nil, let reason):
            "OpenBLAS cannot be loaded (\(reason)): install it (Debian: apt-get install libopenblas0-pthread), or set SIMILE_BLAS to the path of another BLAS library"
        case .noSGEMM(let library):
            "\(library) has no cblas_sgemm: it is not a BLAS library with the C interface"
        }
    }
}
