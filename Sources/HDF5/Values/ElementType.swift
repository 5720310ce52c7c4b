import CHDF5

/// What the elements of a dataset or attribute are.
public enum ElementType: Hashable, Sendable {
    case float16, float32, float64
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    /// True or false, stored as h5py does: an enumeration of FALSE and TRUE over 8-bit integers.
    case bool
    /// Strings, which all take as many bytes, or each as many as it needs.
    case string
    /// Any other type, which this module does not read; in words.
    case other(String)
}

extension ElementType: CustomStringConvertible {
    /// The name as in Python: `float32`, `uint8`, `string`.
    public var description: String {
        switch self {
        case .float16: "float16"
        case .float32: "float32"
        case .float64: "float64"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .uint8: "uint8"
        case .uint16: "uint16"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .bool: "bool"
        case .string: "string"
        case .other(let words): words
        }
    }
}

extension ElementType {
    /// The type with identifier `type`; to be called inside the lock.
    ///
    /// Only the exact layouts of the common types are recognised, in either byte order: the
    /// format can describe others, with odd widths or offsets, which no tensor file needs.
    init(of type: hid_t) {
        let size = H5Tget_size(type)
        switch H5Tget_class(type) {
        case H5T_INTEGER where H5Tget_precision(type) == 8 * size && H5Tget_offset(type) == 0:
            let isSigned = H5Tget_sign(type) == H5T_SGN_2
            switch (size, isSigned) {
            case (1, true): self = .int8
            case (2, true): self = .int16
            case (4, true): self = .int32
            case (8, true): self = .int64
            case (1, false): self = .uint8
            case (2, false): self = .uint16
            case (4, false): self = .uint32
            case (8, false): self = .uint64
            default: self = .other("\(8 * size)-bit integers")
            }
        case H5T_INTEGER: self = .other("integers of an unusual layout")
        case H5T_FLOAT: self = Self.floatingPoint(type, size: size)
        case H5T_STRING: self = .string
        case H5T_ENUM: self = Self.isBool(type) ? .bool : .other("an enumeration")
        case H5T_COMPOUND: self = .other("compound records")
        case H5T_ARRAY: self = .other("arrays")
        case H5T_VLEN: self = .other("variable-length lists")
        case H5T_REFERENCE: self = .other("references")
        case H5T_OPAQUE: self = .other("opaque bytes")
        case H5T_BITFIELD: self = .other("bit fields")
        default: self = .other("an unknown type")
        }
    }

    private static func floatingPoint(_ type: hid_t, size: Int) -> ElementType {
        var (sign, exponent, exponentSize, mantissa, mantissaSize) = (0, 0, 0, 0, 0)
        let unusual = ElementType.other("\(8 * size)-bit floats of an unusual layout")
        guard H5Tget_fields(type, &sign, &exponent, &exponentSize, &mantissa, &mantissaSize) >= 0,
            H5Tget_precision(type) == 8 * size, H5Tget_offset(type) == 0,
            [H5T_ORDER_LE, H5T_ORDER_BE].contains(H5Tget_order(type)),
            H5Tget_norm(type) == H5T_NORM_IMPLIED,
            mantissa == 0, exponent == mantissaSize, sign == 8 * size - 1,
            sign == exponent + exponentSize,
            H5Tget_ebias(type) == (1 << (exponentSize - 1)) - 1
        else { return unusual }
        switch (size, exponentSize) {
        case (2, 5): return .float16
        case (4, 8): return .float32
        case (8, 11): return .float64
        default: return unusual
        }
    }

    private static func isBool(_ type: hid_t) -> Bool {
        guard H5Tget_size(type) == 1, H5Tget_nmembers(type) == 2 else { return false }
        return ["FALSE", "TRUE"].enumerated().allSatisfy { index, name in
            var value: Int8 = -1
            return H5Tget_member_value(type, UInt32(index), &value) >= 0 && value == index
                && name.withCString { H5Tget_member_index(type, $0) } == Int32(index)
        }
    }
}
