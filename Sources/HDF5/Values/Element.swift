import CHDF5

/// A number that can be an element of a dataset, or the value of an attribute.
///
/// Conforming types are those below; do not add conformances.
public protocol HDF5Element: BitwiseCopyable, Sendable, AdditiveArithmetic {
    /// The type of the elements of a dataset created for this Swift type.
    static var elementType: ElementType { get }
}

extension Float: HDF5Element {
    /// `float32`.
    public static var elementType: ElementType { .float32 }
}
extension Double: HDF5Element {
    /// `float64`.
    public static var elementType: ElementType { .float64 }
}
extension Int: HDF5Element {
    /// `int64`.
    public static var elementType: ElementType { .int64 }
}
extension Int8: HDF5Element {
    /// `int8`.
    public static var elementType: ElementType { .int8 }
}
extension Int16: HDF5Element {
    /// `int16`.
    public static var elementType: ElementType { .int16 }
}
extension Int32: HDF5Element {
    /// `int32`.
    public static var elementType: ElementType { .int32 }
}
extension Int64: HDF5Element {
    /// `int64`.
    public static var elementType: ElementType { .int64 }
}
extension UInt8: HDF5Element {
    /// `uint8`.
    public static var elementType: ElementType { .uint8 }
}
extension UInt16: HDF5Element {
    /// `uint16`.
    public static var elementType: ElementType { .uint16 }
}
extension UInt32: HDF5Element {
    /// `uint32`.
    public static var elementType: ElementType { .uint32 }
}
extension UInt64: HDF5Element {
    /// `uint64`.
    public static var elementType: ElementType { .uint64 }
}

extension ElementType {
    /// The library's identifiers of the type in memory and in a file; nil if it is not a number.
    var number: (memory: hid_t, file: hid_t, size: Int)? {
        switch self {
        case .float32: (chdf5_native_float(), chdf5_file_float32(), 4)
        case .float64: (chdf5_native_double(), chdf5_file_float64(), 8)
        case .int8: (chdf5_native_int8(), chdf5_file_int8(), 1)
        case .int16: (chdf5_native_int16(), chdf5_file_int16(), 2)
        case .int32: (chdf5_native_int32(), chdf5_file_int32(), 4)
        case .int64: (chdf5_native_int64(), chdf5_file_int64(), 8)
        case .uint8: (chdf5_native_uint8(), chdf5_file_uint8(), 1)
        case .uint16: (chdf5_native_uint16(), chdf5_file_uint16(), 2)
        case .uint32: (chdf5_native_uint32(), chdf5_file_uint32(), 4)
        case .uint64: (chdf5_native_uint64(), chdf5_file_uint64(), 8)
        case .float16, .bool, .string, .other: nil
        }
    }

    /// Whether every value of this type can be read as `target`.
    ///
    /// Floats may become floats of another precision, as weights do; integers only integers
    /// that can hold them all, since a clipped token id would go unnoticed.
    func converts(to target: ElementType) -> Bool {
        switch (self, target) {
        case (.float16, .float32), (.float16, .float64), (.float32, .float64),
            (.float64, .float32):
            return true
        case _ where self == target: return target.number != nil
        default:
            guard let (signed, bits) = integer, let (targetSigned, targetBits) = target.integer
            else { return false }
            return signed == targetSigned
                ? targetBits >= bits : targetSigned && targetBits > bits
        }
    }

    private var integer: (isSigned: Bool, bits: Int)? {
        switch self {
        case .int8: (true, 8)
        case .int16: (true, 16)
        case .int32: (true, 32)
        case .int64: (true, 64)
        case .uint8: (false, 8)
        case .uint16: (false, 16)
        case .uint32: (false, 32)
        case .uint64: (false, 64)
        default: nil
        }
    }
}
