/// A source of named Float32 arrays: a safetensors file, a checkpoint.
public protocol WeightReader {
    /// Where the weights come from, for messages; usually a path.
    var source: String { get }
    /// Every name in the source, in the source's order.
    var names: [String] { get }
    /// The shape stored under `name`, or nil when there is none.
    func shape(of name: String) -> [Int]?
    /// Fills `buffer`, which has exactly the array's element count, converting to Float32.
    func read(_ name: String, into buffer: inout MutableSpan<Float>) throws
}
