/// Why processes cannot work together.
public enum CommunicationError: Error, Equatable, CustomStringConvertible {
    /// A launcher started several processes, but there is no MPI library to join them.
    case noLibrary(launcher: Launcher, reasons: [String])
    /// The library lacks a function.
    case missing(function: String, library: String)
    /// An MPI library of a family that is not known.
    case unknownLibrary(path: String, version: String)
    /// The library sees another number of processes than the launcher started.
    case otherLauncher(launcher: Launcher, found: Int, library: String)
    /// `SIMILE_MPI_TIMEOUT` is no number of seconds.
    case timeout(String)
    /// A call gave an error.
    case failed(call: String, reason: String)

    /// What was found, what was expected and what to do.
    public var description: String {
        switch self {
        case .noLibrary(let launcher, let reasons):
            "\(launcher) started \(launcher.size) processes, but no MPI library can be loaded (\(reasons.joined(separator: "; "))): install \(launcher.kind.package), or set SIMILE_MPI to the path of the library that belongs to \(launcher); SIMILE_MPI=none makes \(launcher.size) runs that know nothing of each other"
        case .missing(let function, let library):
            "\(library): has no \(function); expected a library of MPI 3 or later"
        case .unknownLibrary(let path, let version):
            "\(path): says that it is '\(version)'; expected Open MPI, MPICH or one of its kin, or libmpi_abi.so of MPI 5"
        case .otherLauncher(let launcher, let found, let library):
            "\(launcher) started \(launcher.size) processes, but \(library) sees \(found): it belongs to another launcher; use that one, or set SIMILE_MPI to the library that belongs to \(launcher)"
        case .timeout(let found):
            "SIMILE_MPI_TIMEOUT is '\(found)' in the environment; expected seconds above 0, or unset it"
        case .failed(let call, let reason):
            "\(call): \(reason)"
        }
    }
}
