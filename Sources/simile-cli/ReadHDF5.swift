import ArgumentParser
import Foundation
import HDF5
import Simile

/// What the command starts itself with to read a foreign HDF5 file on trial; nobody need know of it.
struct ReadHDF5: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read-hdf5",
        abstract: "Reads all of an HDF5 file, within limits on time and memory.",
        shouldDisplay: false)

    @Argument(help: "The file.")
    var file: String

    func run() throws { throw ExitCode(ForeignFile.runTrial(file)) }

    /// From now on, a file that the HDF5 library does not survive ends only the process that tries it.
    static func beforeOpening() {
        ForeignFile.setTrial(
            program: URL(filePath: "/proc/self/exe"), arguments: ["read-hdf5", "--"])
    }
}
