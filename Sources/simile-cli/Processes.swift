import ArgumentParser
import Foundation
import Kernels
import Simile

/// The processes that mpirun or srun started as one run: the first one speaks and writes, the others compute with it.
enum Processes {
    /// What started this process, if it started several.
    static let launcher: Launcher? = {
        Launcher(ProcessInfo.processInfo.environment).flatMap { $0.size > 1 ? $0 : nil }
    }()

    /// The others, once joined; nil for one process.
    nonisolated(unsafe) private(set) static var joined: MPI?

    /// Whether this process speaks and writes files.
    static var isFirst: Bool { launcher.map { $0.rank == 0 } ?? true }

    /// Joins the other processes for a command that all share; of any other command the first process does everything, and
    /// the others end here.
    ///
    /// - Throws: `CommunicationError`.
    static func join(for command: any Subcommand) throws {
        if launcher == nil { return }
        guard type(of: command).isShared else {
            if !isFirst { exit(0) }
            return
        }
        guard let processes = try MPI.join() else { return }
        joined = processes
        agreeOnInstructionSet(processes)
    }

    /// Says how many processes there are, and what each has.
    static func noteThreads() {
        guard let joined, let launcher else { return }
        let machines = Set(joined.gather(ProcessInfo.processInfo.hostName)).count
        let (threads, all) = (ThreadPool.shared.count, ProcessInfo.processInfo.processorCount)
        Console.note(
            "\(joined.size) processes of \(threads) thread\(threads == 1 ? "" : "s") on \(machines) machine\(machines == 1 ? "" : "s"), started by \(launcher)"
                + (ProcessorCount.isBound
                    ? "; the first may use \(ProcessorCount.available) of \(all) processors ('mpirun --bind-to none' lifts that)"
                    : ""))
        Console.detail("\(joined.library): \(joined.version)")
    }

    /// Has every process compute with the least of their instruction sets: rounding differs between them.
    private static func agreeOnInstructionSet(_ processes: MPI) {
        let own = KernelSettings.instructionSetNumber
        let all = processes.gather([UInt64(own)]).map { Int($0[0]) }
        guard let least = all.min(), all.contains(where: { $0 != least }) else { return }
        let name = KernelSettings.limit(toInstructionSet: least)
        Console.note(
            "the processors differ: all compute with \(name), which each of them has")
    }

    /// The threads of each process where none are asked for: an equal share of the machine, unless the launcher has bound
    /// each process to processors of its own.
    static var threads: Int {
        let available = ProcessorCount.available
        guard let local = launcher?.localSize, !ProcessorCount.isBound else { return available }
        return max(1, available / local)
    }

    /// The first process's number, once every process is here.
    static func ofFirst(_ number: UInt64) -> UInt64 {
        guard let joined else { return number }
        joined.wait()
        return joined.gather([number])[0][0]
    }

    /// Refuses processes that do not have the same as the first, once each has read it.
    static func require(same what: String, _ own: @autoclosure () -> String) throws {
        guard let joined else { return }
        let own = own()
        joined.wait()
        if let other = joined.difference(own) {
            throw CommandError.input(
                "process \(other.process) does not have the \(what) of process 0; all need the same files"
            )
        }
    }

    /// Ends this process when all have come to their end, and says how long they have waited for each other.
    static func leave() {
        guard let joined else { return }
        joined.wait()
        let waited = joined.gather([joined.waited.bitPattern]).map { Double(bitPattern: $0[0]) }
        let mean = waited.reduce(0, +) / Double(waited.count)
        Console.note(
            "the processes waited \(mean.fixed(1)) s for each other on average, at most \((waited.max() ?? 0).fixed(1)) s"
        )
        joined.leave()
    }

    /// Ends all processes because of an error of this one. Mostly all have the same, and then the first one says it.
    static func end(by error: any Error, of command: any ParsableCommand.Type) -> Never {
        if let launcher, !isFirst {
            sleep(2)
            Console.isMute = false
            Console.error("process \(launcher.rank) of \(launcher.size):")
        }
        let code = SimileCommand.exitCode(for: error).rawValue
        if let error = error as? ValidationError {
            WrongUsage.say(error, of: command)
        } else {
            Console.error(SimileCommand.fullMessage(for: error))
        }
        joined?.abort(code)
        exit(code)
    }
}
