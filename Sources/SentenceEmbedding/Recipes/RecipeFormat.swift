import Foundation

/// How a run's folder keeps its recipe: JSON, or what a program that has a parser for it prefers.
public struct RecipeFormat: Sendable {
    /// The name of the file.
    public let name: String
    let write: @Sendable (Recipe) throws -> String
    let read: @Sendable (_ path: String) throws -> Recipe

    /// Describes a format; `read` throws what is wrong with a file.
    public init(
        name: String, write: @escaping @Sendable (Recipe) throws -> String,
        read: @escaping @Sendable (_ path: String) throws -> Recipe
    ) {
        self.name = name
        self.write = write
        self.read = read
    }

    /// `recipe.json`
    public static let json = RecipeFormat(
        name: "recipe.json", write: { $0.value.text },
        read: { path in
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw RunError.file("\(path): cannot be read, or is not UTF-8 text")
            }
            return try Recipe(json: text)
        })
}
