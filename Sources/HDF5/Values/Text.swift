import CHDF5

/// Strings as the library stores them.
enum Text {
    /// How the strings of a type are stored; to be made inside the lock.
    struct Layout {
        let isVariable: Bool
        /// Bytes of each string, if all have the same.
        let size: Int
        let padding: H5T_str_t

        init(of type: hid_t, _ place: Place) throws(HDF5Error) {
            isVariable = try place.ask(H5Tis_variable_str(type), "read the type")
            size = H5Tget_size(type)
            padding = H5Tget_strpad(type)
            if size == 0 { throw place.failure("read the type") }
        }

        /// The strings in `bytes`, which holds some of `size` bytes each.
        func decode(_ bytes: [UInt8], _ place: Place) throws(HDF5Error) -> [String] {
            var strings: [String] = []
            strings.reserveCapacity(bytes.count / size)
            for start in stride(from: 0, to: bytes.count, by: size) {
                var text = bytes[start..<start + size]
                switch padding {
                case H5T_STR_NULLTERM: text = text.prefix { $0 != 0 }
                case H5T_STR_SPACEPAD: text.trimEnd(of: UInt8(ascii: " "))
                default: text.trimEnd(of: 0)
                }
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw Text.notUTF8(place)
                }
                strings.append(string)
            }
            return strings
        }
    }

    static func notUTF8(_ place: Place) -> HDF5Error { place.damaged("a string is not UTF-8") }

    /// The strings at the addresses that the library has filled in; none stands for "".
    static func decode(
        _ pointers: [UnsafeMutablePointer<CChar>?], _ place: Place
    ) throws(HDF5Error) -> [String] {
        var strings: [String] = []
        strings.reserveCapacity(pointers.count)
        for pointer in pointers {
            guard let pointer else {
                strings.append("")
                continue
            }
            guard let string = String(validatingCString: pointer) else { throw notUTF8(place) }
            strings.append(string)
        }
        return strings
    }

    /// The bytes of the longest string, at least 1, as no type may be empty.
    static func fixedSize(of strings: [String], _ place: Place) throws(HDF5Error) -> Int {
        for string in strings where string.utf8.contains(0) {
            throw .invalidText(
                file: place.file, object: place.object,
                reason: "\"\(string.escaped)\" contains a NUL character, which cannot be stored")
        }
        return max(1, strings.map(\.utf8.count).max() ?? 1)
    }

    /// A type for UTF-8 strings of `size` bytes; to be called inside the lock.
    static func fixedType(size: Int, _ place: Place) throws(HDF5Error) -> hid_t {
        let type = try place.check(H5Tcopy(chdf5_string_type()), "make the type")
        guard H5Tset_size(type, size) >= 0, H5Tset_cset(type, H5T_CSET_UTF8) >= 0,
            H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0
        else {
            let error = place.failure("make the type")
            H5Tclose(type)
            throw error
        }
        return type
    }

    /// A type for reading the variable-length strings of `stored`; to be called inside the lock.
    static func variableType(like stored: hid_t, _ place: Place) throws(HDF5Error) -> hid_t {
        let type = try place.check(H5Tcopy(chdf5_string_type()), "make the type")
        guard H5Tset_size(type, chdf5_variable_length()) >= 0,
            H5Tset_cset(type, H5Tget_cset(stored)) >= 0
        else {
            let error = place.failure("make the type")
            H5Tclose(type)
            throw error
        }
        return type
    }

    /// The strings one after the other, each filled up with NUL to `size` bytes.
    static func padded(_ strings: ArraySlice<String>, size: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(strings.count * size)
        for string in strings {
            bytes.append(contentsOf: string.utf8)
            bytes.append(contentsOf: repeatElement(0, count: size - string.utf8.count))
        }
        return bytes
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func trimEnd(of filler: UInt8) {
        while last == filler { removeLast() }
    }
}
