import Support

/// Decides which task's batch comes next, where a run has several; it is not asked where there is one.
///
/// A pure function of its seed, the numbers of batches and the epoch, so that a resumed run goes on alike.
public protocol TaskOrder: Sendable {
    /// The name in recipes.
    static var name: String { get }
    /// Creates an order.
    init(seed: UInt64)
    /// The tasks, numbered from 0, in the order in which they give their next batch in an epoch, from 0.
    ///
    /// `batches` says how many each has; none is asked for more.
    func order(batches: [Int], epoch: Int) -> [Int]
}

/// Every batch of every task, in a random order: larger tasks come more often.
public struct Proportional: TaskOrder {
    /// `proportional`
    public static let name = "proportional"
    /// The seed of the order.
    public let seed: UInt64

    /// Creates the order.
    public init(seed: UInt64) { self.seed = seed }

    /// Each task as often as it has batches, shuffled.
    public func order(batches: [Int], epoch: Int) -> [Int] {
        var order = batches.indices.flatMap { Array(repeating: $0, count: batches[$0]) }
        var generator = SplitMix64(seed: seed, stream: 3, epoch: epoch)
        generator.shuffle(&order)
        return order
    }
}

/// One batch of each task in turn, as often as the task with the fewest has one: all come equally often.
public struct RoundRobin: TaskOrder {
    /// `round_robin`
    public static let name = "round_robin"

    /// Creates the order; nothing is random in it.
    public init(seed: UInt64 = 0) {}

    /// The tasks in turn, whole rounds only.
    public func order(batches: [Int], epoch: Int) -> [Int] {
        (0..<(batches.min() ?? 0)).flatMap { _ in batches.indices }
    }
}

/// Every order of tasks by its name.
public enum TaskOrders {
    /// All orders, in the order in which documents show them.
    public static var all: [any TaskOrder.Type] { [Proportional.self, RoundRobin.self] }

    /// The order of a name.
    ///
    /// - Throws: `SamplerError.unknown` with the names that there are.
    public static func named(_ name: String) throws(SamplerError) -> any TaskOrder.Type {
        if let type = all.first(where: { $0.name == name }) { return type }
        throw .unknown("order of tasks", name, among: all.map { $0.name })
    }
}
