import Foundation
import Support

/// Every batch sampler by its name.
public enum BatchSamplers {
    /// All samplers, in the order in which documents show them.
    public static var all: [any BatchSampler.Type] {
        [
            ShuffledBatchSampler.self, LengthGroupedBatchSampler.self,
            NoDuplicatesBatchSampler.self, GroupByLabelBatchSampler.self,
        ]
    }

    /// The sampler of a name.
    ///
    /// - Throws: `SamplerError.unknown` with the names that there are.
    public static func named(_ name: String) throws(SamplerError) -> any BatchSampler.Type {
        if let type = all.first(where: { $0.name == name }) { return type }
        throw .unknown("batch sampler", name, among: all.map { $0.name })
    }
}

/// Why there is no batch sampler, or none for some rows.
public enum SamplerError: Error, Equatable, LocalizedError, CustomStringConvertible {
    /// There is none of this name; `kind` says of what.
    case unknown(kind: String, name: String, suggestion: String?, known: [String])
    /// A sampler cannot make batches of a size.
    case batchSize(sampler: String, found: Int, expected: String)
    /// The rows are not what a sampler needs.
    case unusable(sampler: String, needs: String, source: String)

    static func unknown(_ kind: String, _ name: String, among names: [String]) -> SamplerError {
        .unknown(
            kind: kind, name: name, suggestion: closestName(to: name, among: names), known: names)
    }

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .unknown(let kind, let name, let suggestion, let known):
            "there is no \(kind) '\(name)'; "
                + (suggestion.map { "did you mean '\($0)'?" }
                    ?? "expected one of \(known.joined(separator: ", "))")
        case .batchSize(let sampler, let found, let expected):
            "the batch size is \(found); the sampler \(sampler) needs \(expected)"
        case .unusable(let sampler, let needs, let source):
            "\(source): the sampler \(sampler) needs \(needs)"
        }
    }

    /// `description`
    public var errorDescription: String? { description }
}
