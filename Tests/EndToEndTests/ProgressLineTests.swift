import Simile
import Testing

@testable import simile_cli

@Suite struct ProgressLineTests {
    private var line: ProgressLine {
        var line = ProgressLine()
        line.add("1:02:03 left", rank: 0)
        line.add("[########............]", rank: 4)
        line.add("step 12345/36000", rank: 1)
        line.add("loss 0.0275", rank: 2)
        line.add("46 pairs/s", rank: 3)
        line.add("1612 MiB", rank: 5)
        line.add("lr 1.67e-05", rank: 6)
        line.add("1329 tokens/s", rank: 7)
        return line
    }

    /// What is left comes first and stays on any terminal; what matters least goes first.
    @Test func aNarrowTerminalHasLess() {
        #expect(
            line.text()
                == "1:02:03 left  [########............]  step 12345/36000  loss 0.0275  46 pairs/s  1612 MiB  lr 1.67e-05  1329 tokens/s"
        )
        let usual = line.text(width: 79)
        #expect(usual.count <= 79)
        #expect(
            usual
                == "1:02:03 left  [########............]  step 12345/36000  loss 0.0275  46 pairs/s"
        )
        #expect(line.text(width: 45) == "1:02:03 left  step 12345/36000  loss 0.0275")
        #expect(line.text(width: 14) == "1:02:03 left")
        #expect(line.text(width: 3) == "1:02:03 left")
    }

    @Test func times() {
        #expect(ProgressLine.time(0) == "0:00")
        #expect(ProgressLine.time(41.6) == "0:42")
        #expect(ProgressLine.time(3599) == "59:59")
        #expect(ProgressLine.time(3723) == "1:02:03")
        #expect(ProgressLine.time(-1) == "0:00")
    }

    /// Steps and evaluations are timed apart, and both are still to come.
    @Test func whatIsLeft() {
        var pace = Pace()
        #expect(pace.left(steps: 10, evaluations: 2) == 0)
        pace.evaluation(took: 6)
        for _ in 0..<4 { pace.step(took: 0.5) }
        #expect(pace.left(steps: 10, evaluations: 2) == 5 + 12)
        #expect(pace.rate(64) == 32)
    }

    @Test func theTableOfChanges() {
        let table = RunOutput.table([
            FigureChange(
                name: "dev_spearman_cosine", before: 0.8672, after: 0.8944, direction: .higher,
                interval: 0.0181...0.0364),
            FigureChange(
                name: "test_ndcg@10", before: nil, after: .nan, direction: .higher, interval: nil),
        ])
        #expect(table[1] == "dev_spearman_cosine  0.8672  0.8944     +0.0272  +0.0181 to +0.0364")
        #expect(table[2] == "test_ndcg@10                 undefined")
    }
}
