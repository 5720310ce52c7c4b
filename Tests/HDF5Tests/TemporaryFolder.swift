import Foundation
import HDF5
import TestSupport

typealias TemporaryFolder = TestSupport.TemporaryFolder

/// Everything below a group read once; returns the errors met.
func readEverything(in group: borrowing Group, depth: Int = 0) -> [HDF5Error] {
    var errors: [HDF5Error] = []
    func attempt(_ body: () throws(HDF5Error) -> Void) {
        do throws(HDF5Error) { try body() } catch { errors.append(error) }
    }
    func readAttributes(_ attributes: Attributes) throws(HDF5Error) {
        for name in try attributes.names() {
            attempt { () throws(HDF5Error) in _ = try attributes.strings(name) }
            attempt { () throws(HDF5Error) in _ = try attributes.values(name, as: Int64.self) }
        }
    }
    var names: [String] = []
    do throws(HDF5Error) {
        try readAttributes(group.attributes)
        names = try group.childNames()
    } catch {
        return errors + [error]
    }
    for name in names where depth < 16 {
        do throws(HDF5Error) {
            if try group.kind(of: name) == .group {
                errors += readEverything(in: try group.group(named: name), depth: depth + 1)
                continue
            }
            let dataset = try group.dataset(named: name)
            try readAttributes(dataset.attributes)
            switch dataset.elementType {
            case .string: _ = try dataset.readStrings()
            case .float16, .float32, .float64: _ = try dataset.read(as: Float.self)
            default: _ = try dataset.read(as: Int64.self)
            }
        } catch {
            errors.append(error)
        }
    }
    return errors.filter { if case .wrongType = $0 { false } else { true } }
}
