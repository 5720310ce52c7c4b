/// The texts of a request as ids, special ones included.
struct TokenSequences: Sendable {
    let ids: [[Int32]]
    /// How many at the start of each are a prompt's and not pooled.
    let unpooledTokens: Int
    let tokens: Int

    init(_ ids: [[Int32]], unpooledTokens: Int = 0) {
        self.ids = ids
        self.unpooledTokens = unpooledTokens
        tokens = ids.reduce(0) { $0 + $1.count }
    }
}
