import ArgumentParser
import Simile

/// What is put in front of every sentence.
struct PromptOptions: ParsableArguments {
    @Option(
        help: """
            Put the model's prompt of this name in front of every sentence; without it, the model's default prompt, \
            if it has one.
            """)
    var prompt: String?
    @Option(help: "Put this text in front of every sentence; '' for none.")
    var promptText: String?

    func validate() throws {
        if prompt != nil, promptText != nil {
            throw ValidationError("give --prompt or --prompt-text, not both")
        }
    }

    func apply(to model: SentenceTransformer) throws {
        try model.setPrompt(name: prompt, text: promptText)
    }
}
