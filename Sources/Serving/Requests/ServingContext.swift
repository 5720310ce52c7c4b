import Hummingbird
import Synchronization

/// What belongs to one request while it is answered.
struct ServingContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let work = RequestWork()

    init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }
}

/// What a request made the model compute, for the log.
final class RequestWork: Sendable {
    private let counts = Mutex((texts: 0, tokens: 0))

    var texts: Int { counts.withLock { $0.texts } }
    var tokens: Int { counts.withLock { $0.tokens } }

    func add(_ sequences: TokenSequences) {
        counts.withLock {
            $0.texts += sequences.ids.count
            $0.tokens += sequences.tokens
        }
    }
}
