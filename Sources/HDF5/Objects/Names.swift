/// Rules for the names of groups, datasets and attributes.
enum Names {
    /// Refuses what cannot name a new link: empty, ".", with a slash or with a NUL.
    static func checkNew(_ name: String, in file: String) throws(HDF5Error) {
        try checkPath(name, in: file)
        if name == "." || name.utf8.contains(UInt8(ascii: "/")) {
            throw .invalidName(file: file, name: name, reason: "it is \".\" or contains \"/\"")
        }
    }

    /// Refuses what cannot be looked up, or be an attribute's name: empty or with a NUL.
    ///
    /// A NUL would end the name early in C, and so name another object.
    static func checkPath(_ name: String, in file: String) throws(HDF5Error) {
        if name.isEmpty { throw .invalidName(file: file, name: name, reason: "it is empty") }
        if name.utf8.contains(0) {
            throw .invalidName(file: file, name: name, reason: "it contains a NUL character")
        }
    }

    /// The path of `name` seen from `parent`, which is `/` or starts with it.
    static func join(_ parent: String, _ name: String) -> String {
        if name.hasPrefix("/") { return name }
        return parent == "/" ? "/" + name : parent + "/" + name
    }
}

extension String {
    /// The text with control characters spelt out, fit for one line of a message.
    var escaped: String {
        unicodeScalars.map { $0.value < 32 ? $0.escaped(asASCII: true) : String($0) }.joined()
    }
}
