/// Which program this is.
package enum Version {
    /// Simile's own version; the Makefile reads it here too.
    package static let simile = "0.1.0"

    /// The version of the compiler that made it, as far as source code can tell.
    package static let swift: String = {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }()
}
