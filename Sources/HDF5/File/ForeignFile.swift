import CHDF5
import Foundation
import Support
import Synchronization

/// HDF5 files without a digest of this module's: all that come from elsewhere.
///
/// The C library, as of 1.10.8, crashes on some damaged files or never ends, mostly on strings of
/// variable length and in the oldest layout, which has no checksums. A program that must survive such
/// files has each of them read to its end by another process first; see
/// ``setTrial(program:arguments:)``. Without that, as in a program that does not ask for it, they
/// are opened as they are, and should come from where they can be trusted.
public enum ForeignFile {
    private static let trial = Mutex<(program: URL, arguments: [String])?>(nil)

    /// Has every foreign file read by a process of its own before this one opens it.
    ///
    /// - Parameters:
    ///   - program: The program to start, which passes the path on to ``runTrial(_:)``.
    ///   - arguments: Its arguments, which the file's path follows.
    public static func setTrial(program: URL, arguments: [String]) {
        trial.withLock { $0 = (program, arguments) }
    }

    /// Reads all of a file, within limits on time and memory: all that the process of a trial does.
    ///
    /// An error goes to standard output, for the process that waits.
    ///
    /// - Returns: The status to exit with.
    public static func runTrial(_ path: String) -> Int32 {
        trial.withLock { $0 = nil }
        var status = stat()
        confine(fileSize: stat(path, &status) == 0 ? Int(status.st_size) : 0)
        do throws(HDF5Error) {
            try readAll(of: HDF5File(opening: path))
            return 0
        } catch {
            try? Foundation.FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(error))
            return 1
        }
    }

    /// Throws unless the trial, if there is to be one, ends well.
    static func check(_ place: Place) throws(HDF5Error) {
        guard let (program, arguments) = trial.withLock({ $0 }) else { return }
        let (process, output) = (Process(), Pipe())
        process.executableURL = program
        process.arguments = arguments + [place.file]
        // Freed memory is overwritten, so that what it happened to hold does not hide an error.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["MALLOC_PERTURB_": "85"]) { $1 }
        process.standardInput = Foundation.FileHandle.nullDevice
        process.standardError = Foundation.FileHandle.nullDevice
        process.standardOutput = output
        let answer: Data
        do {
            try process.run()
            answer = try output.fileHandleForReading.readToEnd() ?? Data()
        } catch {
            throw .failed(
                file: place.file, object: place.object, operation: "read it on trial",
                messages: [error.localizedDescription])
        }
        process.waitUntilExit()
        let status = process.terminationStatus
        if process.terminationReason == .uncaughtSignal {
            throw place.damaged(
                [SIGXCPU, SIGKILL, SIGALRM].contains(status)
                    ? "reading it does not end"
                    : "the HDF5 library crashes on it (signal \(status))")
        }
        if status == 0 { return }
        let error = try? JSONDecoder().decode(HDF5Error.self, from: answer)
        guard case .failed(_, let object, let operation, let messages) = error else {
            throw error
                ?? place.damaged("the process that read it on trial ended with status \(status)")
        }
        throw .damaged(
            file: place.file, object: object,
            reason: "cannot \(operation): " + messages.joined(separator: "; "))
    }

    /// Limits this process to more time than even a slow machine needs, and to the memory that reading
    /// and decompression may need.
    private static func confine(fileSize: Int) {
        limit(RLIMIT_CORE, to: 0)
        limit(RLIMIT_CPU, to: 5 + fileSize >> 23)
        // The process that started this one may hold signals back.
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        signal(SIGALRM, SIG_DFL)
        alarm(UInt32(clamping: 120 + fileSize >> 20))
        let used = ProcessMemory.addressSpace
        if used > 0 { limit(RLIMIT_AS, to: used + (1 << 30) + 4 * fileSize) }
        // Memory goes back at once to where freed memory is overwritten.
        Library.locked { _ = H5set_free_list_limits(0, 0, 0, 0, 0, 0) }
    }

    private static func limit(_ resource: __rlimit_resource, to value: Int) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(resource.rawValue)
        getrlimit(resource, &limit)
        limit.rlim_max = min(rlim_t(value), limit.rlim_max)
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    /// Reads all that there is in a file.
    static func readAll(of file: borrowing HDF5File) throws(HDF5Error) {
        let root = file.root
        try read(root)
        for path in try root.pathsBelow() {
            switch try root.kind(of: path) {
            case .group: try read(root.group(named: path))
            case .dataset: try read(root.dataset(named: path))
            case .other: break
            }
        }
    }

    /// Reads the attributes and looks every name up.
    private static func read(_ group: borrowing Group) throws(HDF5Error) {
        try read(group.attributes)
        for name in try group.childNames() {
            try leavingToTheReader { () throws(HDF5Error) in _ = try group.contains(name) }
        }
    }

    /// Reads the attributes and all elements.
    private static func read(_ dataset: borrowing Dataset) throws(HDF5Error) {
        try read(dataset.attributes)
        try leavingToTheReader { () throws(HDF5Error) in
            switch dataset.elementType {
            case .string: _ = try dataset.readStrings()
            case .float16, .float32, .float64: _ = try dataset.read(as: Float.self)
            case .uint64: _ = try dataset.read(as: UInt64.self)
            default: _ = try dataset.read(as: Int64.self)
            }
        }
    }

    private static func read(_ attributes: Attributes) throws(HDF5Error) {
        for name in try attributes.names() {
            try leavingToTheReader { () throws(HDF5Error) in _ = try attributes.strings(name) }
            try leavingToTheReader { () throws(HDF5Error) in
                _ = try attributes.values(name, as: Int64.self)
            }
            try leavingToTheReader { () throws(HDF5Error) in
                _ = try attributes.values(name, as: Double.self)
            }
        }
    }

    /// What this module's own checks find is found again by a reader who needs the object; the others
    /// need not go without the file. What the C library fails at is not to be tried again.
    private static func leavingToTheReader(
        _ body: () throws(HDF5Error) -> Void
    ) throws(HDF5Error) {
        do throws(HDF5Error) { try body() } catch {
            switch error {
            case .wrongType, .unsupported, .damaged: return
            default: throw error
            }
        }
    }
}
