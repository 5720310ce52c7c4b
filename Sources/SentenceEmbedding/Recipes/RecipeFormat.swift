import Foundation
import Support

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
            let text: String
            do throws(RegularFile.Failure) { text = try TextFile.read(path) } catch {
                throw RunError.file("\(path): cannot be read: \(error.reason)")
            }
            return try Recipe(json: text)
        })
}
