import Foundation

/// A path with the home folder in place of a `~` at its start.
///
/// Foundation's URLs replace it, its file manager and the system do not: to mean the same place everywhere, a path is
/// given to none of them before this.
package func expandingHome(_ path: String) -> String {
    guard path == "~" || path.hasPrefix("~/") else { return path }
    let home = ProcessInfo.processInfo.environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
    return (home ?? NSHomeDirectory()) + path.dropFirst()
}
