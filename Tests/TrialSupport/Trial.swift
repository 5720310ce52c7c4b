import Foundation
import HDF5

/// Has this process try foreign HDF5 files as the `simile` command does, by the command that was built
/// beside the tests.
package func setTrial() {
    let program = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "simile")
    guard let program else { preconditionFailure("the tests have no folder") }
    ForeignFile.setTrial(program: program, arguments: ["read-hdf5", "--"])
}
