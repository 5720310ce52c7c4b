import Foundation
import Simile
import Testing

/// Options of one file that hold for it alone, several files of one role, and recipes with both.
@Suite struct PairOptionsTests {
    private static let nli = """
        neutral\tA dog runs.\tA cat sleeps.
        entailment\tA man walks.\tA person moves.
        contradiction\tIt rains.\tThe sun shines.

        """
    private static let stsBenchmark = """
        main-captions\tMSRvid\t2012test\t0001\t5.000\tA plane takes off.\tAn air plane takes off.
        main-captions\tMSRvid\t2012test\t0004\t3.800\tA man plays a flute.\tA man eats pasta.
        main-captions\tMSRvid\t2012test\t0005\t0.500\tA man runs.\tA woman sings.

        """

    private func train(
        _ folder: TemporaryFolder, _ start: String, _ arguments: [String]
    ) throws -> CommandRunner.Output {
        let output = folder("run").path
        try? FileManager.default.removeItem(atPath: output)
        return try CommandRunner.run(
            ["train", "--model", start, "--output", output, "--max-steps", "1"] + arguments)
    }

    @Test func numbersOfColumnsDescribeTheTrainingFileOnly() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let nli = try folder.write(Self.nli, to: "nli.tsv")
        let dev = try folder.write(Self.stsBenchmark, to: "dev.csv")
        let output = try train(
            folder, start,
            ["--loss", "softmax", "--train", nli, "--label", "1", "--first", "2", "--second", "3"]
                + ["--dev", dev])
        #expect(output.status == 0, "\(output.error)")
        #expect(output.error.contains("own format, using column 6, column 7, column 5;"))
        let alone = try CommandRunner.run(["evaluate", start, "--data", dev])
        let figure = try #require(
            alone.out.split(separator: "\n").first?.split(separator: " ").last)
        #expect(output.error.contains("before training, dev: spearman_cosine \(figure)\n"))
    }

    @Test func rangesOfEachFile() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let own = try folder.write(
            "sentence1,sentence2,score\nA dog.,A cat.,0.25\nIt rains.,It pours.,1\n", to: "own.csv")
        let dev = try folder.write(Self.stsBenchmark, to: "dev.csv")
        let percent = try folder.write(
            "sentence1,sentence2,score\nA dog.,A cat.,25\nIt rains.,It pours.,100\n", to: "test.csv"
        )
        let base = ["--train", own, "--score-range", "0...1", "--dev", dev, "--test", percent]

        let refused = try train(folder, start, base)
        #expect(refused.status == 1)
        #expect(
            refused.error.contains(
                "test.csv:2: score 25 is outside 0...1, as are 2 of 2 scores, which lie in 25...100; "
                    + "state --test-score-range 0...100 if that is the range of this file"))
        let output = try train(folder, start, base + ["--test-score-range", "0...100"])
        #expect(output.status == 0, "\(output.error)")
        #expect(output.error.contains("dev.csv: 3 pairs, as "))

        let narrow = try train(folder, start, ["--train", own, "--score-range", "0...5"])
        #expect(
            narrow.error.contains(
                "Warning: the scores seen lie in 0.25...1, less than half of the range 0...5; if that "
                    + "is not their range, state --score-range 0...1."))
    }

    @Test func aHeldOutFileTakesTheTrainingFilesOptionsAndSaysSo() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let rows = "7\tA dog.\tA cat.\t25\n2\tIt rains.\tIt pours.\t100\n"
        let file = try folder.write(rows, to: "train.tsv")
        let dev = try folder.write(rows, to: "dev.tsv")
        let base = ["--train", file, "--score", "4", "--score-range", "0...100", "--dev", dev]
        let output = try train(folder, start, base)
        #expect(output.status == 0, "\(output.error)")
        #expect(
            output.error.contains(
                " As the training file, where not stated: --dev-score and "
                    + "--dev-score-range."))
        let other = try folder.write("7\tA dog.\tA cat.\t25\t1\n", to: "other.tsv")
        let refused = try train(folder, start, base + ["--test", other])
        #expect(refused.status == 1)
        #expect(
            refused.error.contains(
                "other.tsv: more than one column could be the score: column 1 ('7'), column 4 ('25') "
                    + "and column 5 ('1'); state the column by name or number from 1: --test-score")
        )
    }

    @Test func optionsOfAFileThatIsNotGiven() throws {
        for (arguments, message) in [
            (
                ["--dev-first", "2"],
                "--dev-first describes the file of --dev, which is not given"
            ),
            (
                ["--no-test-nli-quoting"],
                "--test-nli-quoting describes the file of --test-nli, which is not given"
            ),
        ] {
            let output = try CommandRunner.run(
                ["train", "--model", "m", "--train", "t", "--output", "o"] + arguments)
            #expect(output.status == 64)
            #expect(output.error.contains(message), "\(output.error)")
        }
        let useless = try CommandRunner.run(
            ["train", "--model", "m", "--train", "t", "--output", "o"]
                + ["--dev", "d", "--dev-label", "1"])
        #expect(useless.status == 1)
        #expect(
            useless.error.contains(
                "dev: label is given, but it says nothing about rows for similarity; leave it out"))
        let two = try CommandRunner.run(
            ["evaluate", "m", "--data", "d", "--nli", "n", "--first", "1"])
        #expect(two.status == 64)
        #expect(
            two.error.contains("--first describes one file, but --data and --nli are two"))
    }

    @Test func severalFilesAreOneTable() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let header = "sentence1\tsentence2\tscore\n"
        let a = try folder.write(header + "A dog.\tA cat.\t1\nA car.\tA bus.\t4\n", to: "a.tsv")
        let b = try folder.write(header + "It rains.\tIt pours.\t5\n", to: "b.tsv")
        let bad = try folder.write(header + "It rains.\tIt pours.\t5\nA.\tB.\t9\n", to: "bad.tsv")
        let dev = ["--dev", a, "--dev", b, "--score-range", "0...5"]
        let output = try train(folder, start, ["--train", a, "--train", b, "--epochs", "3"] + dev)
        #expect(output.status == 0, "\(output.error)")
        let steps = try String(contentsOf: folder("run/steps.csv"), encoding: .utf8)
        #expect(steps.split(separator: "\n").last?.split(separator: ",")[4] == "3")
        let card = try String(contentsOf: folder("run/model/README.md"), encoding: .utf8)
        #expect(card.contains("a.tsv, b.tsv"))
        let recipe = try String(contentsOf: folder("run/recipe.yaml"), encoding: .utf8)
        #expect(recipe.contains("\ntrain:\n- \(a)\n- \(b)\n"), "\(recipe)")
        let resumed = try CommandRunner.run(["train", "--resume", folder("run").path])
        #expect(resumed.status == 0, "\(resumed.error)")

        let twice = try train(folder, start, ["--train", a, "--train", a] + dev)
        #expect(twice.status == 1)
        #expect(twice.error.contains("train is \(a) twice; expected each file once"))
        let refused = try train(folder, start, ["--train", a, "--train", bad] + dev)
        #expect(refused.error.contains("bad.tsv:3: score 9 is outside 0...5"))
    }

    @Test func recipesWithOptionsOfEachFile() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let own = try folder.write("0.25,A dog.,A cat.,7\n1,It rains.,It pours.,2\n", to: "own.csv")
        let dev = try folder.write(Self.stsBenchmark, to: "dev.csv")
        let test = try folder.write("x,2\n", to: "unused.csv")
        let recipe = try folder.write(
            """
            model: \(start)
            train: {path: \(own), score: 1, score_range: 0...1}
            dev:
              path: \(dev)
              first: 7
              second: 6
            test:
              - \(dev)
            max_steps: 1
            learning_rate: 1.5e-5
            data:
              max_rejected_share: 1.2345678901234568e-05
            """, to: "recipe.yaml")
        #expect(FileManager.default.fileExists(atPath: test))
        let output = try CommandRunner.run(
            ["train", "--recipe", recipe, "--output", folder("run").path])
        #expect(output.status == 0, "\(output.error)")
        #expect(output.error.contains("using column 7, column 6, column 5;"))
        #expect(output.error.contains("other columns are stated and were used."))
        #expect(output.error.contains("using column 6, column 7, column 5;"))
        let written = try String(contentsOf: folder("run/recipe.yaml"), encoding: .utf8)
        for line in [
            "  path: \(dev)\n", "  first: 7\n", "learning_rate: 1.5e-05\n",
            "  max_rejected_share: 1.2345678901234568e-05\n",
        ] { #expect(written.contains(line), "\(written)") }
        // The recipe of the run is one to start from, and to resume by.
        let again = try CommandRunner.run(
            ["train", "--recipe", folder("run/recipe.yaml").path, "--output", folder("two").path])
        #expect(again.status == 0, "\(again.error)")
        #expect(try String(contentsOf: folder("two/recipe.yaml"), encoding: .utf8) == written)
        let resumed = try CommandRunner.run(
            ["train", "--resume", folder("run").path, "--dev-first", "7"])
        #expect(resumed.status == 0, "\(resumed.error)")
        let changed = try CommandRunner.run(
            ["train", "--resume", folder("run").path, "--dev-first", "6"])
        #expect(changed.status == 64)
        #expect(changed.error.contains("the options change dev"), "\(changed.error)")
    }

    /// Named columns for everything, as recipes had it before files had options of their own.
    @Test func oldRecipesAreReadAsBefore() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let rows = "a|b|c\nA dog.|A cat.|1\nIt rains.|It pours.|5\n"
        let (train, dev) = (
            try folder.write(rows, to: "t.txt"), try folder.write(rows, to: "d.txt")
        )
        let recipe = try folder.write(
            """
            model: \(start)
            loss: cosine
            train: \(train)
            dev: \(dev)
            max_steps: 1
            data: {format: auto, delimiter: '|', first: a, second: b, score: c, filters: [],
              score_range: 0...5, labels: [contradiction, entailment, neutral],
              skipped_labels: ['-', '-1'], max_rejected_share: 0}
            """, to: "recipe.yaml")
        let output = try CommandRunner.run(
            ["train", "--recipe", recipe, "--output", folder("run").path])
        #expect(output.status == 0, "\(output.error)")
        #expect(output.error.contains("d.txt: 2 pairs, as text separated by '|'"))
    }

    @Test(arguments: [
        (
            ["evaluate", "m", "--data", "a", "--data", "b"],
            "--data is given twice, as 'a' and as 'b'"
        ),
        (["train", "--model", "a", "--model=b"], "--model is given twice, as 'a' and as 'b'"),
        (
            ["train", "--epochs", "1", "--json", "--epochs=2"],
            "--epochs is given twice, as '1' and"
        ),
        (
            ["train", "--dev-first", "1", "--dev-first", "x"],
            "--dev-first is given twice, as '1' and"
        ),
        (
            ["encode", "m", "-o", "a.npy", "--output", "b.npy"],
            "--output is given twice, as 'a.npy'"
        ),
        (
            ["export", "m", "o", "--type", "f16", "--type", "f32"],
            "--type is given twice, as 'f16'"
        ),
        (
            ["tokenize", "m", "--max-length", "3", "--max-length", "3"],
            "is given twice, as '3' and"
        ),
        (["new", "o", "--texts", "t", "--seed", "1", "--seed", "2"], "--seed is given twice"),
        (
            ["doctor", "--seconds", "1", "--seconds", "2"],
            "--seconds is given twice, as '1' and as"
        ),
        (["train", "--quoting", "--no-quoting"], "--no-quoting"),
    ])
    func anOptionGivenTwice(arguments: [String], message: String) throws {
        let output = try CommandRunner.run(arguments)
        #expect(output.status == 64)
        #expect(output.error.contains(message), "\(output.error)")
    }

    @Test func repeatableOptionsMayBeRepeated() throws {
        let output = try CommandRunner.run(
            ["train", "--model", "m", "--train", "/nowhere", "--freeze", "a", "--freeze", "b"]
                + ["--where", "a=b", "--where", "c=d", "--output", "o"])
        #expect(output.status == 1)
        #expect(!output.error.contains("twice"), "\(output.error)")
    }

    @Test(arguments: [
        ("epochs: 1\nloss: cosine\nepochs: 2\n", ":3: 'epochs' is given twice, first in line 1"),
        (
            "dev:\n  path: a\n  first: 1\n  path: b\n",
            ":4: 'path' is given twice, first in line 2"
        ),
        ("a: &a [x]\ndata: *a\n", ":2: recipes take no aliases such as *a; write the value itself"),
        ("data: \(String(repeating: "[", count: 2000))\n", "2000 lists and mappings"),
        ("epochs: [1\n", "not a YAML file that can be read: did not find"),
        ("dev: {path: a, frst: 2}\n", ":1: there is no setting 'dev.frst'; did you mean 'first'?"),
        ("dev: {path: a, labels: [a, b]}\n", ":1: there is no setting 'dev.labels'"),
        ("dev: {first: 2}\n", ":1: no dev.path is given"),
        ("test: [a, {path: b, score_range: 5...0}]\n", "'5...0' is not a score range"),
        ("epochs\n", "expected settings, such as 'epochs: 4'"),
    ])
    func badRecipes(text: String, message: String) throws {
        let folder = TemporaryFolder()
        let recipe = try folder.write(text, to: "r.yaml")
        let output = try CommandRunner.run(
            ["train", "--recipe", recipe, "--output", folder("out").path])
        #expect(output.status == 1)
        #expect(output.error.contains(message), "\(output.error)")
        #expect(output.error.split(separator: "\n").count == 1, "\(output.error)")
    }

    @Test func aRunWhoseRecipeIsEmptyIsNotResumed() throws {
        let folder = TemporaryFolder()
        _ = try folder.write("", to: "recipe.yaml")
        let output = try CommandRunner.run(["train", "--resume", folder.url.path])
        #expect(output.status == 1)
        #expect(output.error.contains("no model is given"))
    }

    /// Accents are stripped by this tokenizer, so that nothing is left of a lone one.
    @Test func aSentenceWithoutATokenIsNamed() throws {
        let folder = TemporaryFolder()
        let start = try folder.newModel()
        let header = "sentence1\tsentence2\tscore\n"
        let file = try folder.write(header + "A.\tB.\t1\nA.\t\u{301}\u{308}\t2\n", to: "marks.tsv")
        let fine = try folder.write(header + "A.\tB.\t1\nA.\tC.\t2\n", to: "fine.tsv")
        let message =
            "marks.tsv:3: the second text is empty: the model's tokenizer makes no token"
        let range = ["--score-range", "0...3"]
        let evaluated = try CommandRunner.run(["evaluate", start, "--data", file] + range)
        #expect(evaluated.status == 1)
        #expect(evaluated.error.contains(message), "\(evaluated.error)")
        for roles in [["--train", file], ["--train", fine, "--test", file]] {
            let trained = try train(folder, start, roles + range)
            #expect(trained.status == 1)
            #expect(trained.error.contains(message), "\(trained.error)")
        }
    }
}
