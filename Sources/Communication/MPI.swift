import CMPI
import Foundation

/// The processes that an MPI launcher started, by the MPI library that is found at run time.
///
/// | variable | meaning |
/// |---|---|
/// | `SIMILE_MPI` | path of the library, or `none`: the processes know nothing of each other |
/// | `SIMILE_MPI_TIMEOUT` | how many seconds to wait for the others in a step; by default what `patience` says |
public final class MPI: Communicator {
    /// This process's number, in 0..<size.
    public let rank: Int
    /// How many processes there are.
    public let size: Int
    /// The file that was loaded.
    public let library: String
    /// What the library says of itself, in a line.
    public let version: String
    /// How many seconds a call waits for the other processes before it takes them for dead: nothing else tells when a
    /// cable was pulled. Four times the longest wait so far, or twice the time that it has computed by itself, if that is more.
    public private(set) var patience = 6.0
    private let givenPatience: Double?
    /// When the latest call was done.
    private var latestEnd = ContinuousClock.now
    private let calls: simile_mpi
    /// Sums under way.
    private var sums: [simile_mpi_request] = []
    /// How many seconds this process has waited for others.
    public private(set) var waited = 0.0

    /// The most numbers in a call: several of this size are faster than one of all, and MPI counts in Int32.
    private static let pieceCount = 1 << 21
    /// The most bytes that a call gathers, for the same reason and for the room that a copy takes.
    private static let gatheredBytes = 1 << 28

    /// Joins the processes that a launcher started; nil where it started one, or was told not to.
    ///
    /// To be called once, on the thread that will make all calls.
    ///
    /// - Throws: `CommunicationError` when there is no library for so many processes, or it sees another number.
    public static func join(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommunicationError) -> MPI? {
        let wanted = environment["SIMILE_MPI"].flatMap { $0.isEmpty ? nil : $0 }
        guard let launcher = Launcher(environment), launcher.size > 1 else { return nil }
        var patience: Double?
        if let text = environment["SIMILE_MPI_TIMEOUT"], !text.isEmpty {
            guard let seconds = Double(text), seconds > 0 else { throw .timeout(text) }
            patience = seconds
        }
        return try MPI(
            launcher, wanted.map { [$0] } ?? launcher.kind.libraries, patience: patience)
    }

    private init(
        _ launcher: Launcher, _ candidates: [String], patience: Double?
    ) throws(CommunicationError) {
        let handle = try Self.open(launcher, candidates)
        guard let symbol = dlsym(handle, "MPI_Init_thread") else {
            throw .missing(function: "MPI_Init_thread", library: candidates[0])
        }
        library = simile_mpi_file_of(symbol).map { String(cString: $0) } ?? candidates[0]
        let isStandard = URL(filePath: library).lastPathComponent.hasPrefix("libmpi_abi")
        let isOpenMPI = dlsym(handle, "ompi_mpi_comm_world") != nil
        calls =
            isStandard ? simile_mpi_standard : isOpenMPI ? simile_mpi_openmpi : simile_mpi_mpich
        if isOpenMPI {
            // Sums in place it would otherwise form in one process and send all to each: log2(processes) times as many bytes
            // on the first one's wire. What is set already, as by `mpirun --mca`, stays.
            setenv("OMPI_MCA_coll_libnbc_iallreduce_algorithm", "rabenseifner", 0)
        }
        if let missing = calls.bind(handle) {
            throw .missing(function: String(cString: missing), library: library)
        }
        let words = Self.text { [calls] in calls.library_version($0, $1) }
        version =
            words.split(whereSeparator: \.isNewline).first.map { String($0.prefix(100)) } ?? ""
        if !isStandard, !isOpenMPI,
            !["MPICH", "Intel(R) MPI", "MVAPICH", "CRAY"].contains(where: words.contains)
        {
            throw .unknownLibrary(path: library, version: version)
        }
        var (rank, size): (Int32, Int32) = (0, 0)
        let code = calls.initialize(&rank, &size)
        if code != 0 { throw .failed(call: "MPI_Init_thread", reason: "error \(code)") }
        self.rank = Int(rank)
        self.size = Int(size)
        givenPatience = patience
        if self.size != launcher.size {
            throw .otherLauncher(launcher: launcher, found: self.size, library: library)
        }
    }

    private static func open(
        _ launcher: Launcher, _ candidates: [String]
    ) throws(CommunicationError) -> UnsafeMutableRawPointer {
        var reasons: [String] = []
        for name in candidates {
            // Global: the modules that some libraries load look for its symbols.
            if let handle = dlopen(name, RTLD_NOW | RTLD_GLOBAL) { return handle }
            reasons.append(dlerror().map { String(cString: $0) } ?? name)
        }
        throw .noLibrary(launcher: launcher, reasons: reasons)
    }

    /// A text that the library writes.
    private static func text(
        _ write: (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int32>) -> Int32
    ) -> String {
        var (bytes, length) = ([CChar](repeating: 0, count: 8192), Int32(0))
        _ = write(&bytes, &length)
        return String(
            decoding: bytes.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    // MARK: - Calls

    /// Begins to replace numbers by their sums over all processes.
    public func startSum(_ values: UnsafeMutableBufferPointer<Float>) {
        startSum(values.baseAddress, values.count, SIMILE_MPI_FLOAT)
    }

    /// Begins the same for bfloat16 numbers, each partial sum rounded.
    public func startSum(bfloat16 values: UnsafeMutableBufferPointer<UInt16>) {
        startSum(values.baseAddress, values.count, SIMILE_MPI_BFLOAT16)
    }

    private func startSum<Number>(
        _ values: UnsafeMutablePointer<Number>?, _ count: Int, _ type: simile_mpi_type
    ) {
        guard let values else { return }
        for first in stride(from: 0, to: count, by: Self.pieceCount) {
            var request = simile_mpi_request()
            check(
                "MPI_Iallreduce",
                calls.all_reduce(
                    values + first, Int32(min(Self.pieceCount, count - first)), type,
                    SIMILE_MPI_SUM, &request))
            sums.append(request)
        }
    }

    /// Lets the sums go on.
    public func progress() {
        // In the order in which they were begun they end: one call moves the data of all.
        while !sums.isEmpty {
            var isDone: Int32 = 0
            check("MPI_Test", calls.test(&sums[0], &isDone))
            if isDone == 0 { return }
            sums.removeFirst()
        }
    }

    /// Waits for all sums that were begun.
    public func finishSums() {
        for sum in sums { finish(sum, "MPI_Iallreduce") }
        sums = []
    }

    /// Replaces each word by the bits that are set in it in any process.
    public func formUnion(_ bits: inout [UInt64]) {
        // Fewer words than processes Open MPI would hand on from each to the next.
        var padded = bits + Array(repeating: 0, count: max(0, size - bits.count))
        let count = Int32(padded.count)
        padded.withUnsafeMutableBytes { words in
            guard let base = words.baseAddress else { return }
            finish("MPI_Iallreduce") {
                calls.all_reduce(base, count, SIMILE_MPI_UINT64, SIMILE_MPI_OR, $0)
            }
        }
        bits = Array(padded[..<bits.count])
    }

    /// Puts the bytes of each process one after the other.
    public func gather(
        _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, counts: [Int]
    ) {
        precondition(
            counts.count == size && counts[rank] == own.count
                && counts.reduce(0, +) <= all.count,
            "gather: \(counts) bytes of \(size) processes into \(all.count)")
        gather(own, into: all, counts: counts, perCall: Self.gatheredBytes, gatherAtOnce)
    }

    private func gatherAtOnce(
        _ own: UnsafeRawBufferPointer, _ all: UnsafeMutableRawBufferPointer, _ counts: [Int]
    ) {
        let offsets = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        guard let base = all.baseAddress, offsets[size] > 0 else { return }
        // The library may read both lists until the call is done.
        let (lengths, places) = (counts.map(Int32.init), offsets.dropLast().map(Int32.init))
        lengths.withUnsafeBufferPointer { lengths in
            places.withUnsafeBufferPointer { places in
                guard let lengths = lengths.baseAddress, let places = places.baseAddress else {
                    return
                }
                finish("MPI_Iallgatherv") {
                    // A process with nothing has an address all the same.
                    calls.all_gather(
                        own.baseAddress ?? UnsafeRawPointer(base), Int32(own.count), base, lengths,
                        places, $0)
                }
            }
        }
    }

    /// Replaces the bytes by those of process 0.
    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        let most = Self.pieceCount * MemoryLayout<Float>.stride
        for first in stride(from: 0, to: bytes.count, by: most) {
            finish("MPI_Ibcast") {
                calls.broadcast(base + first, Int32(min(most, bytes.count - first)), $0)
            }
        }
    }

    /// Waits until every process is here, without end.
    public func wait() { finish("MPI_Ibarrier", within: .infinity) { calls.barrier($0) } }

    // MARK: - Waiting

    private func finish(
        _ call: String, within seconds: Double? = nil,
        _ start: (UnsafeMutablePointer<simile_mpi_request>) -> Int32
    ) {
        var request = simile_mpi_request()
        check(call, start(&request))
        finish(request, call, within: seconds)
    }

    private func finish(
        _ request: simile_mpi_request, _ call: String, within seconds: Double? = nil
    ) {
        var (request, isDone) = (request, Int32(0))
        defer { latestEnd = .now }
        check(call, calls.test(&request, &isDone))
        if isDone != 0 { return }
        // Who has computed for long may be ahead of the others by a share of that.
        let computed = (ContinuousClock.now - latestEnd) / .seconds(1)
        let limit = seconds ?? givenPatience ?? max(patience, 2 * computed)
        var (passed, latest) = (0.0, ContinuousClock.now)
        repeat {
            // Where processes share processors, who waits gives way; after a while, also to save power.
            if passed > 0.02 { usleep(200) } else { sched_yield() }
            check(call, calls.test(&request, &isDone))
            let now = ContinuousClock.now
            // A machine that was put to sleep has not waited.
            passed += min((now - latest) / .seconds(1), 1)
            latest = now
            if isDone == 0, passed > limit {
                endStuckLauncher()
                fail(
                    "process \(rank) of \(size) has waited \(Int(passed)) s for the others in \(call): one of them hangs, or the network is down (SIMILE_MPI_TIMEOUT sets the seconds)"
                )
            }
        } while isDone == 0
        waited += passed
        if seconds == nil { patience = max(patience, 4 * passed) }
    }

    private func check(_ call: String, _ code: Int32) {
        if code == 0 { return }
        let reason = Self.text { calls.error_string(code, $0, $1) }
        fail("\(CommunicationError.failed(call: call, reason: reason))")
    }

    private func fail(_ sentence: String) -> Never {
        // Lost, if nobody hears it.
        _ = Array("Error: \(sentence)\n".utf8).withUnsafeBytes {
            write(STDERR_FILENO, $0.baseAddress, $0.count)
        }
        abort()
    }

    /// Has the launcher ended two seconds from now, unless it is gone then: over a network that is down it waits for the other
    /// machines, Open MPI's for ten minutes.
    private func endStuckLauncher() {
        let parent = getppid()
        let name = (try? String(contentsOfFile: "/proc/\(parent)/comm", encoding: .utf8)) ?? ""
        let known = [
            "mpirun", "mpiexec", "mpiexec.hydra", "orted", "orterun", "prterun", "hydra_pmi_proxy",
        ]
        guard known.contains(name.trimmingCharacters(in: .newlines)) else { return }
        // It has a process group of its own: the launcher ends those of its processes first.
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "sleep 2; kill -9 \(parent) 2>/dev/null"]
        process.standardInput = FileHandle.nullDevice
        try? process.run()
    }

    // MARK: - The end

    /// Leaves the other processes; to be called once, when all have come to their end.
    public func leave() {
        // The library's own way of waiting burns a processor.
        wait()
        _ = calls.finalize()
    }

    /// Ends all processes of the run.
    public func abort(_ code: Int32 = 1) -> Never {
        // The library may itself wait for a network that is down.
        Thread.detachNewThread {
            sleep(2)
            _exit(code)
        }
        _ = calls.abort(code)
        _exit(code)
    }
}
